/* SPDX-License-Identifier: BSD-3-Clause */
/* An endpoint: one session's local address and port pair, with its flows, as an lcore sees it.
 *
 * Every lcore has a table of its own, indexed by local address and port; WebRTC sessions, which share a port,
 * are told apart by dataplane/demux.h. One lcore owns an endpoint; in the
 * others' tables stands which one, and what RSS brings them goes there by ring. When three quarters of an
 * endpoint's packets arrive elsewhere, the command thread has it moved: the owner puts the endpoint itself
 * into the ring to its new owner, ahead of any packet that it passes on from then. Endpoints are built by the
 * command thread, handed over ready, and handed back to be freed.
 *
 *   slot of the table | 0: nobody's | pointer: ours | lcore << 1 | 1: that lcore's
 *   entry of a ring   | pointer of an mbuf | pointer of an endpoint | 1
 */
#ifndef DATAPLANE_ENDPOINT_H
#define DATAPLANE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "dataplane/command.h"
#include "dataplane/meta.h"
#include "dataplane/wheel.h"

struct lcore;
struct flow;
struct webrtc;
struct endpoint_table;

#define ENDPOINT_TAG       1u  /* in a slot: another lcore's; in a ring: an endpoint */
#define ENDPOINT_ANY_LOCAL 255 /* struct endpoint: taken on every address of ours */
#define ENDPOINT_HOPS_MAX  4   /* a packet that has been passed on this often belongs to nobody */

struct endpoint {
	/* read-mostly, but for the counts: of up to eight flows two lines */
	_Alignas(64) uint16_t port; /* RTP; RTCP is taken on it and on the next */
	uint8_t local;              /* index of our address, or ENDPOINT_ANY_LOCAL */
	uint8_t flow_count;
	bool paused;   /* being finalised: packets are dropped as such */
	uint8_t owner; /* lcore */
	uint8_t passed_from;
	uint32_t passed_pkts;  /* since the last look at it: came by ring from that lcore, less those from
	                          others */
	uint32_t own_pkts;     /* all */
	uint32_t ssrc_bound;   /* bit i: ssrcs[i] is bound, or the only one that flow i takes */
	struct webrtc *webrtc; /* dataplane/webrtc.h; NULL: an RTP port pair. In its sources are all SSRCs,
	                          below only those of media */
	uint32_t ssrcs[LIMIT_TRACKS_PER_SESSION];
	struct flow *flows[LIMIT_TRACKS_PER_SESSION];
	/* cold */
	uint32_t feedback_ssrcs[2]; /* our SSRC in reports, and another for when a sender turns out to have it
	                             */
	uint32_t report_indices[2]; /* SRTCP's of each: of all flows together, as several may have one key */
	uint32_t ended_told;        /* flows whose end the command thread has been told */
	char cname[32];
	struct wheel_timer timer; /* on the owner's wheel: when it is looked at next (dataplane/feedback.h) */
	struct command *moving;   /* travels along, is the answer of the new owner */
	struct command bye, astray; /* what the owner tells the command thread unasked */
	void *session;              /* the command thread's, opaque here */
};

/* A table for ports [first, last] of @locals addresses. 0, -EINVAL (no port, no address), -ENOMEM. Command
 * thread. */
int endpoint_table_create(struct endpoint_table **ret_table, uint16_t first, uint16_t last, unsigned locals);
void endpoint_table_free(struct endpoint_table *table);

/* Second stage: find each packet's endpoint (meta.endpoint), bulk and prefetching; pass on what another lcore
 * owns. */
unsigned endpoint_lookup_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Take what other lcores have passed on (packets; endpoints that move); returns packets put into @pkts. They
 * go through endpoint_lookup_burst like any other. */
unsigned endpoint_take_forwarded(struct lcore *lc, struct rte_mbuf **pkts, unsigned max);

/* Pass @mbuf on to the lcore @owner, or drop it with a counted reason. */
void endpoint_pass_on(struct lcore *lc, struct rte_mbuf *mbuf, unsigned owner);

/* Make @ep this lcore's own. It is a matter of dataplane/command.c, as are all below. For a WebRTC session's
 * see dataplane/endpoint_webrtc.h, too. */
void endpoint_install(struct lcore *lc, struct endpoint *ep);

/* Whose the endpoint at @local and @port is from now on. */
void endpoint_point(struct lcore *lc, unsigned local, uint16_t port, unsigned owner);

/* Forget what is at @local and @port. */
void endpoint_remove(struct lcore *lc, unsigned local, uint16_t port);

/* Whether @ep is in this lcore's hands; only then it may be touched. @local and @port are its address. */
bool endpoint_is_own(const struct lcore *lc, const struct endpoint *ep, unsigned local, uint16_t port);

/* Send @ep with @moving to the lcore @to. False: the ring is full, nothing has changed. */
bool endpoint_move(struct lcore *lc, struct endpoint *ep, unsigned to, struct command *moving);

/* It is not this lcore's own any more; the caller sees to its slots. */
void endpoint_let_go(struct lcore *lc, struct endpoint *ep);

/* How many endpoints the lcore owns. */
unsigned endpoint_own_count(const struct lcore *lc);

#endif
