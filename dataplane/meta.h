/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a packet beside its bytes: the private area of its mbuf, filled stage by stage.
 *
 *   mbuf | struct packet (goes to the writer) | the lcore's own line | headroom, bytes
 */
#ifndef DATAPLANE_META_H
#define DATAPLANE_META_H

#include <rte_ether.h>
#include <rte_mbuf.h>
#include "writers/packet.h"

struct endpoint;
struct flow;

/* Where a datagram came from, and so where an answer goes: the MAC and VLAN are those that brought it. */
struct peer {
	uint8_t addr[16]; /* network order; IPv4 in the first four, the rest zero */
	uint16_t port;    /* host order */
	uint16_t vlan;    /* tag control information, 0: none */
	struct rte_ether_addr mac;
	uint8_t is_v6;
	uint8_t port_id; /* DPDK port */
};

struct meta {
	struct packet packet;      /* first: meta_mbuf relies on it */
	struct endpoint *endpoint; /* set by endpoint_lookup_burst */
	struct flow *flow;         /* set by flow_match_burst */
	struct peer src;           /* set by classify_burst, as all below */
	uint16_t data_offset;      /* of the UDP payload in the mbuf's data */
	uint16_t data_len;         /* of it, as UDP says */
	uint16_t local_port;
	uint8_t local;        /* index of our address in ingest.address */
	uint8_t is_rtcp;      /* set by flow_match_burst */
	uint8_t hops;         /* lcores that passed it on */
	uint8_t from;         /* the last of them */
	uint8_t role;         /* enum source_role, of WebRTC; set by flow_match_burst */
	uint8_t payload_type; /* of RTP; set by flow_match_burst */
	uint8_t named;        /* WebRTC: its header says whose it is; set by flow_match_burst */
};

#define META_BYTES RTE_ALIGN(sizeof(struct meta), 64)
static_assert(sizeof(struct meta) <= 128, "two cache lines");

static inline struct meta *meta_of(struct rte_mbuf *mbuf)
{
	return (struct meta *)rte_mbuf_to_priv(mbuf);
}

static inline struct rte_mbuf *meta_mbuf(struct packet *packet)
{
	return (struct rte_mbuf *)((char *)packet - sizeof(struct rte_mbuf));
}

static inline uint8_t *meta_data(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, meta_of(mbuf)->data_offset);
}

#endif
