/* SPDX-License-Identifier: BSD-3-Clause */
/* An endpoint: one session's local address and port pair, with its flows, as an lcore sees it.
 *
 * Every lcore has a table of its own, indexed by local address and port. One lcore owns an endpoint; in the others' tables
 * stands which one, and what RSS brings them goes there by ring. When most of an endpoint's packets arrive
 * elsewhere, the command thread has it moved: the owner puts the endpoint itself into the ring to its new owner, ahead
 * of any packet that it passes on from then.
 * Endpoints are built by the command thread, handed over ready, and handed back to be freed.
 */
#ifndef DATAPLANE_ENDPOINT_H
#define DATAPLANE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "dataplane/meta.h"

struct lcore;
struct flow;
struct endpoint_table;

struct endpoint {
	/* read-mostly */
	uint16_t port;         /* RTP; RTCP is taken on it and on the next */
	uint8_t local;         /* index of our address */
	uint8_t flow_count;
	bool paused;           /* being finalised: packets are dropped as such */
	uint8_t owner;         /* lcore */
	uint32_t ssrc_bound;   /* bit i: ssrcs[i] is bound */
	uint32_t ssrcs[LIMIT_TRACKS_PER_SESSION];
	struct flow *flows[LIMIT_TRACKS_PER_SESSION];
	/* written as packets come */
	bool has_rtp_peer, has_rtcp_peer;
	struct peer rtp_peer, rtcp_peer; /* where feedback goes: rtcp_peer if it has spoken, else rtp_peer */
	uint32_t feedback_ssrc;          /* our SSRC in reports */
	char cname[32];
	uint64_t next_report_tsc;
	struct endpoint *prev, *next;    /* the owner's ring of endpoints, for its timer */
	void *session;                   /* the command thread's, opaque here */
};

/* A table for ports [first, last] of @locals addresses. 0, -ENOMEM. Command thread. */
int endpoint_table_create(struct endpoint_table **ret_table, uint16_t first, uint16_t last, unsigned locals);
void endpoint_table_free(struct endpoint_table *table);

/* Second stage: find each packet's endpoint (meta.endpoint), bulk and prefetching; pass on what another lcore owns. */
unsigned endpoint_lookup_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Take what other lcores have passed on (packets; endpoints that move); returns packets put into @pkts. */
unsigned endpoint_take_forwarded(struct lcore *lc, struct rte_mbuf **pkts, unsigned max);

#endif
