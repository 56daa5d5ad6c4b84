/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2198. Senders send one packet for each of their encoder's, so a block is as many sequence numbers older
 * than its packet as there are blocks between; the RFC gives only its time. */
#include <string.h>
#include "base/limits.h"
#include "base/red.h"
#include "dataplane/fec.h"
#include "dataplane/flow.h"
#include "dataplane/source.h"
#include "dataplane/unwrap.h"

/* A block's place by its number holds only if time runs the same way: each block is younger than the one
 * before it, and older than the packet. */
static bool in_order(const struct red_block *blocks, unsigned at)
{
	return blocks[at].timestamp_offset > blocks[at + 1].timestamp_offset;
}

/* The redundant block @at of @count: a packet, if that is missing; or FEC that rides on media (RFC 5109
 * section 14.2). */
static void take_redundant(
        struct unwrap *u, const struct meta *m, const struct red_block *blocks, unsigned count, unsigned at)
{
	const struct red_block *block = &blocks[at];
	uint16_t seq = (uint16_t)(m->packet.ext_seq - (count - 1 - at));
	uint8_t packet[RTP_HEADER_BYTES + RED_BLOCK_MAX];

	if (source_role(m->flow, block->payload_type) == SOURCE_FEC && m->flow->fec)
		fec_repair(m->flow->fec, (uint16_t)m->packet.ext_seq, block->data, block->bytes);
	if (block->payload_type != m->flow->payload_type || block->bytes == 0 || !in_order(blocks, at) ||
	        u->added_count == LCORE_EXTRA || !unwrap_wants(u, m->flow, seq))
		return;
	rtp_build(packet, block->payload_type, false, seq, m->packet.rtp_time - block->timestamp_offset,
	        m->packet.ssrc);
	memcpy(packet + RTP_HEADER_BYTES, block->data, block->bytes);
	unwrap_add(u, m, SOURCE_MEDIA, packet, (size_t)RTP_HEADER_BYTES + block->bytes);
}

uint32_t unwrap_red(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header)
{
	struct meta *m = meta_of(mbuf);
	struct red_block blocks[LIMIT_RED_BLOCKS];
	int bytes = rtp_payload_bytes(header, meta_data(mbuf), m->data_len);
	const struct red_block *primary;
	int count;

	if (bytes < 0)
		return STAT_LCORE_drop_rtp_malformed;
	if (bytes == 0)
		return UNWRAP_ON; /* padding, which has its number */
	count = red_parse(blocks, LIMIT_RED_BLOCKS, m->packet.payload, (size_t)bytes);
	if (count < 0)
		return STAT_LCORE_drop_red_malformed;
	primary = &blocks[count - 1];
	if (primary->payload_type != m->flow->payload_type &&
	        source_role(m->flow, primary->payload_type) != SOURCE_FEC)
		return STAT_LCORE_drop_no_track;
	for (unsigned i = 0; i + 1 < (unsigned)count; i++)
		take_redundant(u, m, blocks, (unsigned)count, i);
	unwrap_cut(mbuf, header->payload_offset, (unsigned)(primary->data - m->packet.payload));
	unwrap_set_type(mbuf, primary->payload_type);
	return UNWRAP_ON;
}
