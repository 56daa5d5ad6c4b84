/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on ingest.address: the dataplane answers for it, and nobody else is to. */
#include "tools/wirespool/doctor.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The interface by which the kernel has @addr, too. False: it has not. */
static bool find_in_kernel(
        const struct ifaddrs *all, const struct conf_addr *addr, char *ret_iface, size_t size)
{
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		const void *bytes;

		if (!one->ifa_addr || one->ifa_addr->sa_family != (addr->is_v6 ? AF_INET6 : AF_INET))
			continue;
		if (addr->is_v6)
			bytes = &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
		else
			bytes = &((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
		if (memcmp(bytes, addr->bytes, addr->is_v6 ? 16 : 4))
			continue;
		snprintf(ret_iface, size, "%s", one->ifa_name);
		return true;
	}
	return false;
}

static bool is_in_prefix(const struct conf_addr *addr, const struct conf_addr *net)
{
	unsigned whole = net->prefix / 8, bits = net->prefix % 8;

	if (addr->is_v6 != net->is_v6 || memcmp(addr->bytes, net->bytes, whole))
		return false;
	return !bits || !((addr->bytes[whole] ^ net->bytes[whole]) & (0xFF00 >> bits & 0xFF));
}

/* A gateway that is not a neighbour cannot be asked for its MAC address. */
static void check_gateway(struct doctor *doctor, const char *text)
{
	struct conf_addr gateway, net;

	if (conf_addr_parse(text, false, &gateway))
		return;
	for (char **address = doctor->conf->ingest_address; *address; address++)
		if (!conf_addr_parse(*address, true, &net) && is_in_prefix(&gateway, &net))
			return;
	doctor_say(doctor, DOCTOR_PROBLEM, "correct ingest.gateway, or the prefix length in ingest.address",
	        "gateway %s is in no prefix of ingest.address: senders behind it get no answers", text);
}

static void check_address(struct doctor *doctor, const struct ifaddrs *all, const char *text)
{
	char iface[64], remedy[DOCTOR_REMEDY_BYTES];
	struct conf_addr addr;

	if (conf_addr_parse(text, true, &addr))
		return;
	if (conf_addr_is_loopback(&addr)) {
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "an address of the network that the port is in, and nobody else has",
		        "%s is a loopback address: nothing comes from a network to it", text);
	} else if (find_in_kernel(all, &addr, iface, sizeof(iface))) {
		snprintf(remedy, sizeof(remedy),
		        "ip addr del %s dev %s, or another address in ingest.address", text, iface);
		doctor_say(doctor, DOCTOR_WARNING, remedy,
		        "%s is the kernel's, too (%s), which answers ARP and ICMP for it beside the "
		        "dataplane",
		        text, iface);
	} else {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is not the kernel's", text);
	}
}

void doctor_address(struct doctor *doctor)
{
	struct ifaddrs *all = NULL;

	getifaddrs(&all);
	for (char **address = doctor->conf->ingest_address; *address; address++)
		check_address(doctor, all, *address);
	for (char **gateway = doctor->conf->ingest_gateway; gateway && *gateway; gateway++)
		check_gateway(doctor, *gateway);
	if (all)
		freeifaddrs(all);
}
