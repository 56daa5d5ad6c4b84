/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the stage unwrap_burst share (dataplane/stages.h): a burst under way, and packets made of
 * redundancy, which go on behind those that came.
 *
 * Behind this stage a packet is what its sender's encoder made: the media's SSRC, payload type and sequence
 * number, in the header's bytes too. Poll loop only.
 */
#ifndef DATAPLANE_UNWRAP_H
#define DATAPLANE_UNWRAP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/rtp.h"
#include "dataplane/lcore.h"

#define UNWRAP_ON UINT32_MAX /* the packet goes on; else: the counter that it leaves by */

struct unwrap {
	struct lcore *lc;
	struct rte_mbuf **pkts; /* those that go on, so far */
	unsigned count, added_count;
	struct rte_mbuf *added[LCORE_EXTRA];
};

/* A retransmission (RFC 4588 section 4) becomes what it retransmits. */
uint32_t unwrap_rtx(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header);

/* RED (RFC 2198) becomes its primary block; of the others the missing ones are added. FEC in it is taken. */
uint32_t unwrap_red(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header);

/* A FEC packet: ULPFEC or FlexFEC by itself, or ULPFEC that was in RED. */
uint32_t unwrap_fec(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header);

/* Remember a media packet of a flow with FEC. */
void unwrap_fec_media(struct rte_mbuf *mbuf, const struct rtp_header *header);

/* Add what FEC brings back of @m's flow now. */
void unwrap_fec_take(struct unwrap *u, const struct meta *m);

/* Whether the media packet @seq of @flow is wanted: it is missing, and not in this burst either. */
bool unwrap_wants(const struct unwrap *u, const struct flow *flow, uint16_t seq);

/* Add a packet, whole, of the flow of @cause; it came back by what @role says. False: there is no room. */
bool unwrap_add(struct unwrap *u, const struct meta *cause, uint8_t role, const uint8_t *packet, size_t len);

/* Take @bytes off the front of the payload, which begins at @header_bytes: the header moves up to it. */
void unwrap_cut(struct rte_mbuf *mbuf, unsigned header_bytes, unsigned bytes);

/* Set the payload type. */
void unwrap_set_type(struct rte_mbuf *mbuf, uint8_t payload_type);

#endif
