/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow: one track's RTP stream, as its lcore sees it. And the stage that finds a packet's flow.
 *
 * A flow is found by the SSRC that is bound to it, else by its payload type. A new SSRC is bound when a
 * packet of it has been authenticated: at once to a flow that has none; to one that has another only when
 * that has fallen silent (a sender that began anew), else the two would collide and the first goes on (RFC
 * 3550 section 8.2). What is plain RTP binds to the first source that speaks; until a second packet in
 * sequence has confirmed it (RFC 3550 A.1, MIN_SEQUENTIAL) another may take its place. The packet on
 * probation is recorded all the same: it may begin a key frame. Built by the command thread, then in the
 * hands of the lcore that owns its endpoint.
 */
#ifndef DATAPLANE_FLOW_H
#define DATAPLANE_FLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rte_prefetch.h>
#include "dataplane/meta.h"
#include "dataplane/sequence.h"

struct endpoint;
struct lcore;
struct track;
struct crypto;
struct fec;
struct msg_track;
struct nack;

#define FLOW_SILENCE_NS                                                                                      \
	(50ull * 1000000) /* of the old SSRC, before several packets of a new one bind that                  \
	                   */
#define FLOW_ABANDONED_NS (1000ull * 1000000) /* of the old SSRC, before one packet does */
#define FLOW_RIVAL_PKTS   3

struct flow {
	/* line 0: read-mostly */
	_Alignas(64) uint64_t *slot; /* STAT_FLOW counters */
	struct crypto *crypto;       /* NULL: plain RTP */
	struct track *track;
	struct nack *nack; /* NULL: not negotiated */
	struct fec *fec;   /* NULL: not negotiated */
	uint32_t clock_rate;
	uint32_t roc; /* upper bits of the first extended sequence number */
	uint8_t payload_type, index, writer;
	/* WebRTC; a payload type of 0: not negotiated */
	uint8_t rtx_type, red_type, red_rtx_type, ulpfec_type, flexfec_type;
	uint8_t feedback;  /* MSG_FEEDBACK_… */
	uint8_t layer;     /* of its track's simulcast layers; several flows then have one track */
	uint8_t key_group; /* flows of an endpoint with the same key: one may speak for the other */
	bool ssrc_known;   /* takes no other than the one it was built with */
	bool video;
	bool ended;     /* by BYE */
	bool confirmed; /* plain: the source is settled */
	bool has_rtp_peer;
	/* line 1: written per packet */
	bool shedding;      /* frames are given up until one begins with room in the ring */
	bool restart;       /* a packet that said so was given up: the next one has to say it */
	uint8_t local;      /* our address that the sender speaks to */
	bool begin_known;   /* begin_ssrc is */
	bool first_noted;   /* first_pkt_unix_ns is */
	uint16_t first_seq; /* plain, on probation: of the packet before */
	uint32_t shed_rtp, shed_pkts;
	uint32_t sequence_ssrc; /* whose sequence is */
	uint32_t begin_ssrc;    /* whose first packet roc is of */
	uint64_t spoke_unix_ns; /* its last authentic packet */
	struct peer rtp_peer;
	uint32_t rival_pkts; /* of rival_ssrc, since ours spoke last */
	/* line 2, and of its windows the line where the packet is */
	_Alignas(64) struct sequence sequence;
	/* cold */
	const struct msg_track *offered; /* mid, rid, SSRCs of the offer; the session's, read only */
	struct peer rtcp_peer;           /* where feedback goes: here if it has spoken, else rtp_peer */
	uint16_t rtcp_local_port;        /* of ours, that it spoke to */
	bool has_rtcp_peer;
	bool has_former;          /* WebRTC: it had another SSRC before */
	uint32_t former_ssrc;     /* that one: a late packet of it does not bring it back */
	uint32_t rival_ssrc;      /* another SSRC with our payload type */
	uint32_t key_frames_seen; /* of track_key_frames_wanted */
	bool key_frame_asked;
	uint32_t last_sr; /* middle of the last report's NTP time; 0: none */
	uint64_t last_sr_mono_ns, bye_unix_ns;
	uint64_t reported_pkts; /* STAT_FLOW_pkts at the last report */
	uint64_t next_report_tsc, next_pli_tsc;
	uint64_t remb_lost, remb_expected;  /* of its sequence, at the last REMB */
	uint8_t fir_seq;                    /* of the last FIR: RFC 5104 section 4.3.1.1 */
	_Atomic uint64_t first_pkt_unix_ns; /* read by the command thread; 0: none yet */
};
static_assert(offsetof(struct flow, shedding) == 64, "what is read of a flow is one line");
static_assert(offsetof(struct flow, sequence) == 128, "what is written of it, but for its sequence, another");

/* Fetch what every packet of @flow touches, for writing. */
static inline void flow_prefetch(const struct flow *flow)
{
	rte_prefetch0(flow);
	rte_prefetch0_write(&flow->shedding);
	rte_prefetch0_write(&flow->sequence);
	rte_prefetch0_write(&flow->sequence.window[0]);
	rte_prefetch0_write(&flow->sequence.window[8]);
}

/* Stamp the first valid packet. */
static inline void flow_note_first(struct flow *flow, uint64_t now_unix_ns)
{
	if (flow->first_noted)
		return;
	flow->first_noted = true;
	atomic_store_explicit(&flow->first_pkt_unix_ns, now_unix_ns, memory_order_relaxed);
}

/* The flow to which @ssrc is bound, or NULL. */
struct flow *flow_by_ssrc(const struct endpoint *ep, uint32_t ssrc);

/* The flows that might take a new SSRC with that payload type, one a call: *@at begins at 0. Those without an
 * SSRC come first. FLOW_ANY_TYPE: whatever theirs is. NULL: no more. */
#define FLOW_ANY_TYPE 255
struct flow *flow_candidate(const struct endpoint *ep, uint8_t payload_type, unsigned *at);

/* Whether @ssrc is the one bound to @flow. */
bool flow_has_ssrc(const struct endpoint *ep, const struct flow *flow, uint32_t ssrc);

/* An authenticated packet of @ssrc, which is not bound: may @flow take it? True: it is bound from here on.
 * Counts rivals. */
bool flow_bind(struct lcore *lc, struct endpoint *ep, struct flow *flow, uint32_t ssrc);

/* Whether two datagrams came from one place: address and port. */
bool flow_same_peer(const struct peer *a, const struct peer *b);

#endif
