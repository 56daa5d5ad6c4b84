/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/checksum.h"

#include <netinet/in.h>
#include <string.h>

/* Two words of eight bytes: a register of any x86-64, where a wider type would live in memory. */
typedef uint64_t vector __attribute__((vector_size(16)));

/* Two bytes of a sum whose carries have not come back yet (RFC 1071 section 2 (C)). */
static uint16_t fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

static vector load(const uint8_t *at, unsigned len)
{
	vector words = { 0 };

	memcpy(&words, at, len);
	return words;
}

/* Words of four bytes, in sums of eight that a packet is far too short to run over. */
static uint64_t add(const uint8_t *at, unsigned len)
{
	vector low = { 0 }, high = { 0 }, more = { 0 };

	for (; len >= 2 * sizeof(low); at += 2 * sizeof(low), len -= 2 * (unsigned)sizeof(low)) {
		vector a = load(at, sizeof(a)), b = load(at + sizeof(a), sizeof(b));
		low += a & UINT32_MAX;
		more += b & UINT32_MAX;
		high += (a >> 32) + (b >> 32);
	}
	for (; len; at += sizeof(low)) {
		unsigned n = len < sizeof(low) ? len : (unsigned)sizeof(low);
		vector a = load(at, n);
		low += a & UINT32_MAX;
		high += a >> 32;
		len -= n;
	}
	low += high + more;
	return low[0] + low[1];
}

uint16_t checksum_sum(const void *bytes, unsigned len)
{
	return fold(add(bytes, len));
}

/* Addresses, protocol and length stand in front of the datagram; with its checksum all adds up to ones. */
static bool holds(const void *addresses, unsigned bytes, const struct rte_udp_hdr *udp, unsigned len)
{
	uint64_t sum = add(addresses, bytes) + add((const uint8_t *)udp, len);

	return fold(sum + rte_cpu_to_be_16(IPPROTO_UDP) + rte_cpu_to_be_16((uint16_t)len)) == UINT16_MAX;
}

bool checksum_udp4(const struct rte_ipv4_hdr *ip, const struct rte_udp_hdr *udp, unsigned len)
{
	return holds(&ip->src_addr, 8, udp, len);
}

bool checksum_udp6(const struct rte_ipv6_hdr *ip, const struct rte_udp_hdr *udp, unsigned len)
{
	return holds(ip->src_addr, 32, udp, len);
}
