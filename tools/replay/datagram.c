/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   Ethernet: … | type 2 | (802.1Q: TCI 2 | type 2) | IPv4: 20..60 bytes | UDP: sport 2 | dport 2 | … |
 * payload | IPv6: 40 bytes     |
 */
#include "tools/replay/datagram.h"

#include <netinet/in.h>
#include <string.h>

#define TYPE_IPV4  0x0800
#define TYPE_IPV6  0x86DD
#define TYPE_VLAN  0x8100
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define UDP_BYTES  8

static uint16_t read_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool look_at_udp(const uint8_t *at, uint32_t len, struct datagram *d)
{
	if (len < UDP_BYTES)
		return false;
	d->dst_port = read_be16(at + 2);
	d->has_payload = len > UDP_BYTES;
	d->first = d->has_payload ? at[UDP_BYTES] : 0;
	return true;
}

static bool look_at_ipv4(const uint8_t *at, uint32_t len, struct datagram *d)
{
	uint32_t header;

	if (len < IPV4_BYTES)
		return false;
	header = (at[0] & 15u) * 4;
	if (at[0] >> 4 != 4 || header < IPV4_BYTES || header > len || at[9] != IPPROTO_UDP ||
	        read_be16(at + 6) & 0x1FFF)
		return false;
	memcpy(d->dst, at + 16, 4);
	return look_at_udp(at + header, len - header, d);
}

static bool look_at_ipv6(const uint8_t *at, uint32_t len, struct datagram *d)
{
	if (len < IPV6_BYTES || at[0] >> 4 != 6 || at[6] != IPPROTO_UDP)
		return false;
	d->is_v6 = true;
	memcpy(d->dst, at + 24, 16);
	return look_at_udp(at + IPV6_BYTES, len - IPV6_BYTES, d);
}

bool datagram_look(const struct link_frame *frame, struct datagram *ret_datagram)
{
	const uint8_t *at = frame->rest;
	uint32_t len = frame->rest_len;
	uint16_t type = read_be16(frame->header + LINK_HEADER_BYTES - 2);
	struct datagram d = { 0 };
	bool found;

	if (type == TYPE_VLAN && len >= 4) {
		type = read_be16(at + 2);
		at += 4;
		len -= 4;
	}
	if (type == TYPE_IPV4)
		found = look_at_ipv4(at, len, &d);
	else
		found = type == TYPE_IPV6 && look_at_ipv6(at, len, &d);
	if (found)
		*ret_datagram = d;
	return found;
}
