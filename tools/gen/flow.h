/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow: one RTP stream of one clip, with its keys, clock, impairments and account. Driven by virtual time,
 * in nanoseconds since the run began: it says when it wants to be called next and is called then. One thread.
 */
#ifndef TOOLS_GEN_FLOW_H
#define TOOLS_GEN_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/codec.h"
#include "tools/gen/account.h"
#include "tools/gen/clip.h"
#include "tools/gen/hold.h"
#include "tools/gen/impair.h"
#include "tools/gen/pay.h"
#include "tools/gen/rng.h"

#define FLOW_NEVER UINT64_MAX

struct options;
struct output;
struct protect;
struct protect_key;

/* What a receiver is told beforehand. */
struct flow_cfg {
	enum codec codec;
	enum profile profile;
	uint8_t key[PROFILE_KEY_BYTES];
	uint8_t feedback_key[PROFILE_KEY_BYTES]; /* of the receiver's RTCP, if has_feedback_key; else it is
	                                            key */
	bool has_feedback_key;
	uint8_t payload_type;
	uint32_t ssrc;
};

struct flow {
	unsigned index, session;
	struct flow_cfg cfg;
	bool wrong_key;
	const struct options *options;
	const struct clip *clip;
	struct output *output;
	FILE *frames_file; /* NULL: none */

	/* The stream under way. */
	uint32_t ssrc;
	uint64_t seq;                  /* extended, of the next packet */
	uint64_t rtp_base, ticks_base; /* RTP time = rtp_base + (ticks - ticks_base), unwrapped */
	uint64_t ticks;                /* of the frame under way, since the flow began */
	uint64_t highest_sent;
	bool any_sent;
	uint32_t sender_packets, sender_bytes;
	uint64_t last_rtp; /* of the frame under way */

	/* When. */
	uint64_t begin_ns, end_ns;               /* of the flow; no frame begins at or after end_ns */
	uint64_t frame_ns, packet_ns, report_ns; /* packet_ns never goes back: jitter keeps order */
	uint64_t wall_ns;                        /* Unix time at virtual 0 */
	bool changed, restarted, paused, ended;

	/* The frame under way. */
	size_t at; /* in the clip, of the next frame */
	unsigned packet, packets;
	bool intact, key_wanted;
	uint64_t nominal_ns, jitter_ns; /* of the next packet: packet_ns without jitter, and the jitter */

	struct protect *protect; /* of RTCP */
	struct protect_key *key; /* of RTP; NULL: plain */
	struct pay pay;
	struct impair impair;
	struct rng rng;
	struct hold hold;
	struct account account;
};

struct flow_place {
	unsigned index, session;
	const struct clip *clip;
	struct output *output;
	FILE *frames_file;
	uint64_t begin_ns, end_ns, wall_ns;
};

/* Prepare a zeroed flow. 0, -ENOMEM or -EINVAL (no keys can be derived). */
int flow_init(struct flow *flow, const struct flow_cfg *cfg, const struct flow_place *place,
        const struct options *options);
void flow_free(struct flow *flow);

/* When to call flow_step next; FLOW_NEVER: it has ended. */
uint64_t flow_due(const struct flow *flow);
/* Do what is due first: send one packet, a sender report, or the end. 0 or -errno (of the output: logged;
 * -ENOMEM). */
int flow_step(struct flow *flow);

/* End with the frame that is under way, at @now_ns at the earliest. */
void flow_stop(struct flow *flow, uint64_t now_ns);

/* RTCP that came back for the flow's session, still protected; @data is overwritten. True: it was readable
 * with this flow's key, so there is no need to try the session's others. Only what names this flow's SSRC is
 * acted upon, which must be tried for every flow of the session with what flow_open gave. */
bool flow_open_rtcp(struct flow *flow, uint8_t *data, size_t *len);
void flow_hear_rtcp(struct flow *flow, const uint8_t *data, size_t len);

#endif
