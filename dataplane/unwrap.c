/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/unwrap.h"

#include <assert.h>
#include <string.h>
#include "base/cur.h"
#include "base/msg.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/source.h"
#include "dataplane/stages.h"
#include "dataplane/twcc.h"
#include "dataplane/webrtc.h"

#define ORIENTATION_BITS 0x0F

void unwrap_cut(struct rte_mbuf *mbuf, unsigned header_bytes, unsigned bytes)
{
	struct meta *m = meta_of(mbuf);
	uint8_t *data = meta_data(mbuf);

	memmove(data + bytes, data, header_bytes);
	m->data_offset = (uint16_t)(m->data_offset + bytes);
	m->data_len = (uint16_t)(m->data_len - bytes);
	m->packet.payload += bytes;
}

void unwrap_set_type(struct rte_mbuf *mbuf, uint8_t payload_type)
{
	uint8_t *data = meta_data(mbuf);

	data[1] = (uint8_t)((data[1] & 0x80) | payload_type);
	meta_of(mbuf)->payload_type = payload_type;
}

static bool is_packet(struct rte_mbuf *mbuf, const struct flow *flow, uint16_t seq)
{
	const struct meta *m = meta_of(mbuf);

	return m->flow == flow && !m->is_rtcp && (uint16_t)m->packet.ext_seq == seq;
}

bool unwrap_wants(const struct unwrap *u, const struct flow *flow, uint16_t seq)
{
	if (!sequence_is_missing(&flow->sequence, seq))
		return false;
	for (unsigned i = 0; i < u->count; i++)
		if (is_packet(u->pkts[i], flow, seq))
			return false;
	for (unsigned i = 0; i < u->added_count; i++)
		if (is_packet(u->added[i], flow, seq))
			return false;
	return true;
}

/* When it was captured: the sender's clock, as its reports have it. The longer form is of one that passes on
 * what another captured, and tells how far the clocks are apart. */
static void note_capture_time(struct packet *packet, const struct rtp_extension *e)
{
	struct cur c = cur_of(e->data, e->len);

	packet->ntp = cur_u64(&c);
	if (e->len == 16)
		packet->ntp -= cur_u64(&c);
	packet->flags |= PACKET_CAPTURED;
}

static void note_transport_seq(
        const struct lcore *lc, const struct webrtc *webrtc, const struct rtp_extension *e)
{
	struct cur c = cur_of(e->data, e->len);

	if (webrtc->twcc && e->len >= 2)
		twcc_note(webrtc->twcc, cur_u16(&c), lc->now_mono_ns);
}

/* What the header says besides; @came: it is from the wire. Where FEC is reckoned over the packet, what its
 * sender filled in later is zeroed, as it was when that reckoned. */
static void note_extensions(
        const struct lcore *lc, struct meta *m, uint8_t *data, const struct rtp_header *header, bool came)
{
	const struct webrtc *webrtc = m->endpoint->webrtc;
	const uint8_t *ids = webrtc->extensions;
	struct rtp_extension list[LIMIT_HEADER_EXTENSIONS];
	unsigned count = rtp_extensions(header, data, list, LIMIT_HEADER_EXTENSIONS);

	/* An id is never 0, which stands for what was not negotiated. */
	for (unsigned i = 0; i < count; i++) {
		const struct rtp_extension *e = &list[i];
		bool late = e->id == ids[MSG_EXTENSION_TWCC] || e->id == ids[MSG_EXTENSION_SEND_TIME];
		if (came && e->id == ids[MSG_EXTENSION_TWCC])
			note_transport_seq(lc, webrtc, e);
		else if (e->id == ids[MSG_EXTENSION_CAPTURE_TIME] && (e->len == 8 || e->len == 16))
			note_capture_time(&m->packet, e);
		else if (e->id == ids[MSG_EXTENSION_ORIENTATION] && e->len == 1) {
			m->packet.orientation = e->data[0] & ORIENTATION_BITS;
			m->packet.flags |= PACKET_ORIENTATION;
		}
		if (late && m->flow->fec)
			memset(data + (e->data - data), 0, e->len);
	}
}

bool unwrap_add(struct unwrap *u, const struct meta *cause, uint8_t role, const uint8_t *packet, size_t len)
{
	struct rtp_header header;
	struct rte_mbuf *mbuf;
	struct meta *m;
	uint8_t *data;

	if (u->added_count == LCORE_EXTRA || rtp_parse(&header, packet, len) < 0)
		return false;
	mbuf = rte_pktmbuf_alloc(u->lc->pool);
	if (!mbuf)
		return false;
	data = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)len);
	if (!data) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	memcpy(data, packet, len);
	m = meta_of(mbuf);
	*m = *cause;
	m->data_offset = 0;
	m->data_len = (uint16_t)len;
	m->is_rtcp = 0;
	m->role = role;
	m->payload_type = header.payload_type;
	m->packet = (struct packet){ .payload = data + header.payload_offset,
		.ext_seq = header.seq,
		.rtp_time = header.timestamp,
		.ssrc = header.ssrc,
		.layer = m->flow->layer & 3,
		.flags = PACKET_REPAIRED | (header.marker ? PACKET_MARKER : 0) };
	note_extensions(u->lc, m, data, &header, false);
	u->added[u->added_count++] = mbuf;
	lcore_count(u->lc, STAT_LCORE_recovered_pkts, 1);
	return true;
}

/* From the outside in: a retransmission may be of RED, and that may hold FEC. */
static uint32_t unwrap(struct unwrap *u, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	struct flow *flow = m->flow;
	struct rtp_header header;
	uint32_t verdict = UNWRAP_ON;

	if (rtp_parse(&header, meta_data(mbuf), m->data_len) < 0)
		return STAT_LCORE_drop_rtp_malformed;
	m->endpoint->webrtc->received_bytes += m->data_len;
	m->packet.layer = flow->layer & 3;
	note_extensions(u->lc, m, meta_data(mbuf), &header, true);
	if (m->role == SOURCE_RTX)
		verdict = unwrap_rtx(u, mbuf, &header);
	if (verdict == UNWRAP_ON && flow->red_type && m->payload_type == flow->red_type)
		verdict = unwrap_red(u, mbuf, &header);
	if (verdict == UNWRAP_ON && source_role(flow, m->payload_type) == SOURCE_FEC)
		verdict = unwrap_fec(u, mbuf, &header);
	else if (verdict == UNWRAP_ON && flow->fec)
		unwrap_fec_media(mbuf, &header);
	return verdict;
}

unsigned unwrap_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	struct unwrap u = { .lc = lc, .pkts = pkts };

	assert(count <= LCORE_BURST);
	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = pkts[i];
		const struct meta *m = meta_of(mbuf);
		uint32_t verdict = UNWRAP_ON;
		bool is_ours = m->endpoint->webrtc && !m->is_rtcp;
		if (is_ours)
			verdict = unwrap(&u, mbuf);
		if (verdict == UNWRAP_ON)
			pkts[u.count++] = mbuf;
		if (is_ours && m->flow->fec)
			unwrap_fec_take(&u, m);
		if (verdict != UNWRAP_ON)
			lcore_drop(lc, mbuf, verdict);
	}
	for (unsigned i = 0; i < u.added_count; i++)
		pkts[u.count++] = u.added[i];
	return u.count;
}
