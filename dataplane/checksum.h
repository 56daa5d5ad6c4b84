/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum (RFC 1071), for what no device has checked: by vectors, where DPDK's takes two bytes
 * at a time. Poll loop. */
#ifndef DATAPLANE_CHECKSUM_H
#define DATAPLANE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_ip.h>
#include <rte_udp.h>

/* The one's complement sum of @len bytes, not inverted, as two bytes in the order in which they would be in
 * the packet (RFC 1071 section 2 (B)). */
uint16_t checksum_sum(const void *bytes, unsigned len);

/* Whether the checksum of a UDP datagram, which is not zero, holds for its @len bytes, header included, and
 * the addresses around it (RFC 768, RFC 8200 section 8.1). */
bool checksum_udp4(const struct rte_ipv4_hdr *ip, const struct rte_udp_hdr *udp, unsigned len);
bool checksum_udp6(const struct rte_ipv6_hdr *ip, const struct rte_udp_hdr *udp, unsigned len);

#endif
