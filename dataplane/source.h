/* SPDX-License-Identifier: BSD-3-Clause */
/* The SSRCs of a WebRTC endpoint: which flow each belongs to, and what of it it carries.
 *
 * A new SSRC is placed by what the packet says of itself: its RTP stream id (rid, RFC 8852) and media id
 * (mid, RFC 9143 section 15) in header extensions, which only the first packets of an SSRC bear; by what the
 * offer said (a=ssrc, a=ssrc-group); else by its payload type, where only one flow has it. Once one of its
 * packets is authentic it is bound, and needs no extensions any more. A new media SSRC of a flow that has one
 * takes its place (a device was changed, the page began anew): the recording goes on. It does so at once if
 * it says whose it is; else, and when it was replaced itself before, once the other has fallen silent, as
 * dataplane/flow.h has it. Retransmissions and FEC of the SSRC before it are then to be bound anew. Poll loop
 * only.
 */
#ifndef DATAPLANE_SOURCE_H
#define DATAPLANE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "dataplane/meta.h"

struct endpoint;
struct flow;
struct lcore;
struct rtp_header;

/* What an SSRC's packets are, by the payload type of each: an SSRC of media may carry RED too. */
enum source_role { SOURCE_MEDIA, SOURCE_RTX, SOURCE_FEC };
#define SOURCE_NONE -1

struct source {
	uint32_t ssrc;
	uint8_t flow;  /* index */
	uint8_t role;  /* enum source_role */
	uint32_t used; /* when, by the table's count of packets: the longest silent one gives way */
};

struct source_table {
	unsigned count;
	uint32_t packets;
	uint32_t ssrcs[LIMIT_SOURCES]; /* searched side by side */
	struct source sources[LIMIT_SOURCES];
};

/* What packets of a payload type are to a flow: an enum source_role, or SOURCE_NONE when it negotiated no
 * such type. */
int source_role(const struct flow *flow, uint8_t payload_type);

/* Which flow and role a packet has; not bound yet: a guess from what the packet says. False: nobody's. Sets
 * m->flow, m->role and m->named; m->payload_type and m->packet.ssrc are set. */
bool source_match(
        const struct endpoint *ep, struct meta *m, const uint8_t *data, const struct rtp_header *header);

/* The same for one that says nothing of itself, by one of the same SSRC that came in the same burst, before
 * it: @earlier has matched. */
bool source_follow(struct meta *m, const struct meta *earlier);

/* The packet was authentic: its SSRC is bound, and used. It goes to the flow that its SSRC is bound to by
 * now. False: its place could not be had, as the flow's media has another SSRC that goes on. */
bool source_bind(struct lcore *lc, struct endpoint *ep, struct meta *m);

/* The source of @ssrc, or NULL. */
const struct source *source_find(const struct source_table *table, uint32_t ssrc);

#endif
