/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf_parse.h"

/* The address alone; @len bytes of @text. */
static int parse_host(const char *text, size_t len, struct conf_addr *ret_addr)
{
	char host[INET6_ADDRSTRLEN];
	struct conf_addr addr = { 0 };

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, addr.bytes) == 1)
		addr.is_v6 = true;
	else if (inet_pton(AF_INET, host, addr.bytes) != 1)
		return -EINVAL;
	addr.prefix = addr.is_v6 ? 128 : 32;
	*ret_addr = addr;
	return 0;
}

/* Whether one host can have it: not 0.0.0.0, ::, multicast or broadcast. */
static bool is_host_address(const struct conf_addr *addr)
{
	static const uint8_t zero[16];
	size_t len = addr->is_v6 ? 16 : 4;

	if (!memcmp(addr->bytes, zero, len))
		return false;
	return addr->is_v6 ? addr->bytes[0] != 0xff : addr->bytes[0] < 224;
}

int conf_addr_parse(const char *text, bool want_prefix, struct conf_addr *ret_addr)
{
	size_t len = strcspn(text, "/");
	struct conf_addr addr;
	int err = parse_host(text, len, &addr);

	if (err || !is_host_address(&addr) || (text[len] == '/') != want_prefix)
		return -EINVAL;
	if (want_prefix) {
		const char *number = text + len + 1;
		long prefix = conf_parse_number(&number, addr.prefix);

		if (prefix < 1 || *number)
			return -EINVAL;
		addr.prefix = (uint8_t)prefix;
	}
	*ret_addr = addr;
	return 0;
}

bool conf_addr_is_loopback(const struct conf_addr *addr)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	return addr->is_v6 ? !memcmp(addr->bytes, loopback6, 16) : addr->bytes[0] == 127;
}

int conf_listen_parse(const char *text, struct conf_addr *ret_addr, uint16_t *ret_port)
{
	const char *host = text + (*text == '['), *end = strchr(text, *text == '[' ? ']' : ':'), *number;
	struct conf_addr addr;
	bool bracketed = *text == '[';
	long port;

	if (!end || (bracketed && end[1] != ':'))
		return -EINVAL;
	number = end + 1 + bracketed;
	port = conf_parse_number(&number, UINT16_MAX);
	if (port < 0 || *number)
		return -EINVAL;
	if (end - host == 9 && !bracketed && !strncmp(host, "localhost", 9)) {
		host = "127.0.0.1";
		end = host + 9;
	}
	if (parse_host(host, (size_t)(end - host), &addr) || addr.is_v6 != bracketed)
		return -EINVAL;
	*ret_addr = addr;
	*ret_port = (uint16_t)port;
	return 0;
}

int conf_mac_parse(const char *text, uint8_t ret_mac[6])
{
	uint8_t mac[6], any = 0;

	for (int i = 0; i < 6; i++, text += 3) {
		const char pair[3] = { text[0], text[0] ? text[1] : '\0', '\0' };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return -EINVAL;
		if (text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
		any |= mac[i];
	}
	if (!any || mac[0] & 1)
		return -EINVAL;
	memcpy(ret_mac, mac, sizeof(mac));
	return 0;
}
