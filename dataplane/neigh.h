/* SPDX-License-Identifier: BSD-3-Clause */
/* The host stage: who we are on the wire, and the few answers a host owes its neighbours so that media
 * reaches it.
 *
 * ARP requests (RFC 826) and neighbour solicitations (RFC 4861) for our addresses are answered, echo requests
 * too (RFC 792, RFC 4443); gateways are asked for their MAC until they answer, and again every
 * NEIGH_REFRESH_S; our addresses are announced at start (RFC 5227 section 3, RFC 4861 section 7.2.6). Media
 * goes back to the MAC that brought it, so no table of neighbours is kept beyond the gateways. Poll loop
 * only; everything is answered in the mbuf that asked.
 */
#ifndef DATAPLANE_NEIGH_H
#define DATAPLANE_NEIGH_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include "base/conf.h"
#include "base/limits.h"

#define NEIGH_REFRESH_S 30

struct lcore;

struct host_gateway {
	struct conf_addr addr;
	uint8_t local; /* our address on its link */
	struct rte_ether_addr mac[LIMIT_PORTS];
	bool known[LIMIT_PORTS];
	uint64_t asked_tsc[LIMIT_PORTS];
};

/* Ours. Read-only once built, but for the gateways, which lcore 0 writes. */
struct host {
	unsigned addr_count, gateway_count, port_count;
	struct conf_addr addrs[LIMIT_LOCAL_ADDRS];
	struct host_gateway gateways[2];
	struct rte_ether_addr mac[LIMIT_PORTS];
	uint8_t link_local[LIMIT_PORTS]
	                  [16]; /* fe80::/64 with the MAC as EUI-64: answered for, not recorded on */
	uint64_t *port_slots[LIMIT_PORTS]; /* STAT_PORT */
};

/* Parse ingest.address and ingest.gateway. 0; -EINVAL (an address twice, too many, a gateway on no link of
 * ours), with a sentence in *ret_why. */
int neigh_host_init(struct host *host, const struct conf *conf, const char **ret_why);

/* Set a port's MAC, and so its link-local address. */
void neigh_host_set_mac(struct host *host, unsigned port, const struct rte_ether_addr *mac);

/* Index of our address, or -1. @is_v6: 16 bytes of it, else 4. */
int neigh_local(const struct host *host, const uint8_t *addr, bool is_v6);

/* Handle frames that are not UDP; each consumes @mbuf. @l3 is the offset of the ARP, IPv4 or IPv6 header. */
void neigh_arp(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3);
void neigh_icmp4(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3, unsigned l4, unsigned l4_len);
void neigh_icmp6(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3, unsigned l4, unsigned l4_len);

/* Ask for gateways that are due; announce our addresses on the first call. Lcore 0, about every 100 ms. */
void neigh_timer(struct lcore *lc);

#endif
