/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/doctor_numa.h"

#include <stdio.h>
#include <string.h>
#include "tools/wirespool/sysfile.h"

bool doctor_port_is_pci(const char *port, char ret_address[DOCTOR_PCI_BYTES])
{
	unsigned domain = 0, bus, device, function;
	int used = 0;

	if (sscanf(port, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &function, &used) != 4 || port[used]) {
		domain = 0;
		used = 0;
		if (sscanf(port, "%2x:%2x.%1u%n", &bus, &device, &function, &used) != 3 || port[used])
			return false;
	}
	snprintf(ret_address, DOCTOR_PCI_BYTES, "%04x:%02x:%02x.%u", domain & 0xFFFF, bus & 0xFF,
	        device & 0xFF, function & 7);
	return true;
}

bool doctor_port_iface(const char *port, char *ret_iface, size_t size)
{
	const char *at = strstr(port, ",iface=");

	if (!at || !strncmp(port, "net_tap", 7)) /* which makes it */
		return false;
	at += strlen(",iface=");
	snprintf(ret_iface, size, "%.*s", (int)strcspn(at, ","), at);
	return true;
}

int doctor_numa_of_cpu(const struct doctor *doctor, unsigned cpu)
{
	for (int node = 0; node < DOCTOR_NUMA_NODES; node++) {
		cpu_set_t cpus;

		if (sysfile_cpus(doctor->root, &cpus, "/sys/devices/system/node/node%d/cpulist", node) &&
		        CPU_ISSET(cpu, &cpus))
			return node;
	}
	return -1;
}

int doctor_numa_of_port(const struct doctor *doctor, const char *port)
{
	char address[DOCTOR_PCI_BYTES], iface[64];
	int64_t node = -1;

	if (doctor_port_is_pci(port, address))
		sysfile_number(doctor->root, &node, "/sys/bus/pci/devices/%s/numa_node", address);
	else if (doctor_port_iface(port, iface, sizeof(iface)))
		sysfile_number(doctor->root, &node, "/sys/class/net/%s/device/numa_node", iface);
	return (int)node;
}

int doctor_numa_of_ports(const struct doctor *doctor)
{
	int node = -1;

	for (char **port = doctor->conf->dataplane_port; *port && node < 0; port++)
		node = doctor_numa_of_port(doctor, *port);
	return node;
}
