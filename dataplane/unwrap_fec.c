/* SPDX-License-Identifier: BSD-3-Clause */
/* FEC to and from dataplane/fec.h. FEC that has the media's SSRC, in RED or not, has numbers between the
 * media's: it goes on without a payload, as padding does, so that no gap is seen where nothing was lost. */
#include "dataplane/endpoint.h"
#include "dataplane/fec.h"
#include "dataplane/flow.h"
#include "dataplane/source.h"
#include "dataplane/unwrap.h"

#define PADDED 0x20u /* P */

static void make_empty(struct rte_mbuf *mbuf, const struct rtp_header *header)
{
	struct meta *m = meta_of(mbuf);

	meta_data(mbuf)[0] &= (uint8_t)~PADDED;
	m->data_len = header->payload_offset;
	m->packet.flags &= (uint8_t)~PACKET_MARKER;
}

uint32_t unwrap_fec(struct unwrap *u, struct rte_mbuf *mbuf, const struct rtp_header *header)
{
	struct meta *m = meta_of(mbuf);
	int bytes = rtp_payload_bytes(header, meta_data(mbuf), m->data_len);
	bool between_media = flow_has_ssrc(m->endpoint, m->flow, m->packet.ssrc);

	if (bytes < 0)
		return STAT_LCORE_drop_rtp_malformed;
	if (bytes > 0 && m->flow->fec &&
	        fec_repair(m->flow->fec, (uint16_t)m->packet.ext_seq, m->packet.payload, (size_t)bytes) < 0)
		return STAT_LCORE_drop_fec_malformed;
	if (!between_media)
		return bytes > 0 ? STAT_LCORE_fec_pkts : STAT_LCORE_drop_probe;
	make_empty(mbuf, header);
	return UNWRAP_ON;
}

void unwrap_fec_media(struct rte_mbuf *mbuf, const struct rtp_header *header)
{
	const struct meta *m = meta_of(mbuf);

	/* A retransmission's header extensions are not those that FEC was reckoned over. */
	if (!(m->packet.flags & PACKET_REPAIRED))
		fec_media(m->flow->fec, meta_data(mbuf), m->data_len);
}

void unwrap_fec_take(struct unwrap *u, const struct meta *m)
{
	uint8_t packet[LIMIT_PACKET_BYTES];
	struct flow *flow = m->flow;
	uint32_t ssrc = m->endpoint->ssrcs[flow->index];
	size_t len;

	/* What there is no room for comes with the next packet. */
	while (u->added_count < LCORE_EXTRA &&
	        (len = fec_take(flow->fec, ssrc, packet, sizeof(packet))) > 0) {
		uint16_t seq = (uint16_t)(packet[2] << 8 | packet[3]);
		if ((packet[1] & 0x7F) == flow->payload_type && unwrap_wants(u, flow, seq))
			unwrap_add(u, m, SOURCE_FEC, packet, len);
	}
}
