/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 4588 section 4, by SSRC (section 5.3):
 *
 *   | RTP header: its own SSRC, numbers, payload type | original sequence number, 16 | original payload |
 */
#include "base/cur.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/unwrap.h"

#define OSN_BYTES 2

/* Whether the flow's media is known by its numbers: without them an original's number says nothing. */
static bool has_media(const struct endpoint *ep, const struct flow *flow)
{
	return flow->sequence.started && flow_has_ssrc(ep, flow, flow->sequence_ssrc);
}

uint32_t unwrap_rtx(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header)
{
	struct meta *m = meta_of(mbuf);
	struct flow *flow = m->flow;
	uint8_t *data = meta_data(mbuf);
	int bytes = rtp_payload_bytes(header, data, m->data_len);
	bool is_red = flow->red_rtx_type && m->payload_type == flow->red_rtx_type;

	lcore_count(u->lc, STAT_LCORE_rtx_pkts, 1);
	if (bytes == 0)
		return STAT_LCORE_drop_probe;
	if (bytes < OSN_BYTES)
		return STAT_LCORE_drop_rtp_malformed;
	if (!has_media(m->endpoint, flow))
		return STAT_LCORE_drop_rtx;
	m->packet.ext_seq = (uint16_t)(m->packet.payload[0] << 8 | m->packet.payload[1]);
	m->packet.ssrc = flow->sequence_ssrc;
	m->packet.flags |= PACKET_REPAIRED;
	unwrap_cut(mbuf, header->payload_offset, OSN_BYTES);
	unwrap_set_type(mbuf, is_red ? flow->red_type : flow->payload_type);
	data = meta_data(mbuf);
	cur_put16(data + 2, (uint16_t)m->packet.ext_seq);
	cur_put32(data + 8, m->packet.ssrc);
	return UNWRAP_ON;
}
