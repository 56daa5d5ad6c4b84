/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet frames of an output that has no kernel below it: UDP over IPv4 (RFC 768, RFC 791) and ARP (RFC
 * 826).
 *
 *   Ethernet 14 | IPv4 20 | UDP 8 | payload
 *   Ethernet 14 | ARP 28
 *
 * Pure over bytes; what comes in is checked for its lengths. */
#ifndef TOOLS_GEN_ETHERNET_H
#define TOOLS_GEN_ETHERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETHERNET_UDP_BYTES 42 /* headers before the payload */
#define ETHERNET_ARP_BYTES 42 /* a whole ARP frame */

/* Addresses in network byte order, ports in the host's. */
struct ethernet_path {
	uint8_t src_mac[6], dst_mac[6];
	uint32_t src_ip_be, dst_ip_be;
	uint16_t src_port, dst_port;
};

/* What all datagrams of a path begin with, but for their lengths. */
struct ethernet_head {
	_Alignas(64) uint8_t bytes[ETHERNET_UDP_BYTES];
	uint16_t ip_sum; /* in one's complement, of the IP header without its length and checksum */
};

void ethernet_make_head(struct ethernet_head *ret_head, const struct ethernet_path *path);

/* Write the headers of a datagram of @len payload bytes, which lie at @frame + ETHERNET_UDP_BYTES, without a
 * UDP checksum; to the head's port, or as many after as @port_offset says. */
void ethernet_write_udp(uint8_t *frame, const struct ethernet_head *head, unsigned port_offset, size_t len);
/* Add the UDP checksum to a frame whose payload stands. */
void ethernet_sum_udp(uint8_t *frame);

/* The payload of a UDP datagram for @ip_be; *ret_path tells its addresses, *ret_len its length. NULL:
 * something else, a fragment, or lengths that do not fit. */
uint8_t *ethernet_read_udp(
        uint8_t *frame, size_t len, uint32_t ip_be, struct ethernet_path *ret_path, size_t *ret_len);

/* Write the question who has @ip_be, from path->src_mac and src_ip_be. */
void ethernet_write_arp_request(uint8_t *frame, const struct ethernet_path *path, uint32_t ip_be);
/* Write the answer to the question in @request that it be us, path->src_mac and src_ip_be. False: it is not
 * asked for us. */
bool ethernet_answer_arp(
        uint8_t *frame, const uint8_t *request, size_t len, const struct ethernet_path *path);
/* Whether it is an ARP frame that tells @ip_be's MAC address, which goes to @ret_mac. */
bool ethernet_learn_arp(const uint8_t *frame, size_t len, uint32_t ip_be, uint8_t *ret_mac);

#endif
