/* SPDX-License-Identifier: BSD-3-Clause */
/* First stage: from an Ethernet frame to a UDP datagram that is ours (IEEE 802.3, 802.1Q, RFC 791, RFC 8200,
 * RFC 768). ARP, neighbour discovery and ICMP go to dataplane/neigh.h, which answers them. Fragments are
 * dropped and counted. */
#ifndef DATAPLANE_CLASSIFY_H
#define DATAPLANE_CLASSIFY_H

#include <rte_mbuf.h>

struct lcore;

/* Fill in each packet's meta (src, data_offset, data_len, local, local_port). Returns how many go on. */
unsigned classify_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

#endif
