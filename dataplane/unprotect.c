/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/source.h"
#include "dataplane/stages.h"
#include "dataplane/webrtc.h"

#define NO_REASON UINT32_MAX

/* Why a packet is dropped, by the verdict on it; counted for its flow. */
static uint32_t reason_of(enum crypto_verdict verdict, const struct flow *flow)
{
	switch (verdict) {
	case CRYPTO_FORGED:
		stat_add(flow->slot, STAT_FLOW_auth_failed_pkts, 1);
		return STAT_LCORE_drop_auth;
	case CRYPTO_REPLAYED:
		stat_add(flow->slot, STAT_FLOW_replayed_pkts, 1);
		return STAT_LCORE_drop_replay;
	case CRYPTO_REFUSED:
		return STAT_LCORE_drop_no_track;
	default:
		return STAT_LCORE_drop_crypto;
	}
}

/* Plain RTP: the source that began stays, once it is off probation. */
static bool source_allowed(const struct flow *flow, const struct meta *m)
{
	if (flow->crypto || !flow->has_rtp_peer || !flow->confirmed)
		return true;
	if (!m->is_rtcp)
		return flow_same_peer(&flow->rtp_peer, &m->src);
	return memcmp(flow->rtp_peer.addr, m->src.addr, sizeof(m->src.addr)) == 0;
}

/* The sender of an authentic RTP packet: feedback goes where it came from. @roc is SRTP's for it. */
static void follow_source(const struct lcore *lc, struct flow *flow, const struct meta *m, uint32_t roc)
{
	uint16_t seq = (uint16_t)m->packet.ext_seq;

	if (!flow->crypto && !flow->confirmed && flow->has_rtp_peer) {
		if (!flow_same_peer(&flow->rtp_peer, &m->src)) {
			/* Another takes the place of one on probation. */
			flow->sequence.started = false;
			flow->restart = true;
		} else if (seq == (uint16_t)(flow->first_seq + 1)) {
			flow->confirmed = true;
		}
	}
	if (!flow->begin_known || flow->begin_ssrc != m->packet.ssrc) {
		/* A stream's extended numbers begin where its roll-over counter is; a second plain one's at
		 * 0. */
		if (flow->crypto)
			flow->roc = roc;
		else if (flow->begin_known)
			flow->roc = 0;
		flow->begin_ssrc = m->packet.ssrc;
		flow->begin_known = true;
	}
	flow->first_seq = seq;
	flow->rtp_peer = m->src;
	flow->has_rtp_peer = true;
	flow->local = m->local;
	flow->rival_pkts = 0;
	flow->spoke_unix_ns = lc->now_unix_ns;
	stat_set(flow->slot, STAT_FLOW_ssrc, m->packet.ssrc);
}

/* Packets of bound SSRCs gathered to be opened together. */
struct batch {
	unsigned count;
	unsigned at[CRYPTO_BURST]; /* in the burst */
	struct crypto_packet packets[CRYPTO_BURST];
};

static void fill(struct crypto_packet *p, struct crypto *crypto, const struct meta *m, uint8_t *data)
{
	p->crypto = crypto;
	p->data = data;
	p->len = m->data_len;
	p->header_bytes = m->is_rtcp ? 0 : (uint16_t)(m->packet.payload - data);
	p->ssrc = m->packet.ssrc;
	p->is_rtcp = m->is_rtcp;
}

/* What became of a packet that was opened with the key of its flow. */
static uint32_t judge(struct lcore *lc, struct meta *m, const struct crypto_packet *p)
{
	struct endpoint *ep = m->endpoint;

	if (p->verdict != CRYPTO_OK)
		return reason_of(p->verdict, m->flow);
	m->data_len = p->len;
	if (ep->webrtc && ep->webrtc->ice.rival >= 0)
		ice_follow(&ep->webrtc->ice, &m->src, m->local);
	if (m->is_rtcp)
		return NO_REASON;
	if (ep->webrtc && !source_bind(lc, ep, m))
		return STAT_LCORE_drop_no_track;
	/* The flow is its media's; what repairs it has other numbers. */
	if (!ep->webrtc || flow_has_ssrc(ep, m->flow, m->packet.ssrc))
		follow_source(lc, m->flow, m, (uint32_t)(p->index >> 16));
	return NO_REASON;
}

static void open_batch(struct lcore *lc, struct batch *b, struct rte_mbuf **pkts, uint32_t *reasons)
{
	crypto_unprotect(lc->crypto, b->packets, b->count);
	for (unsigned i = 0; i < b->count; i++) {
		struct meta *m = meta_of(pkts[b->at[i]]);
		reasons[b->at[i]] = judge(lc, m, &b->packets[i]);
	}
	b->count = 0;
}

/* A packet that @flow's key has opened, of an SSRC that is bound to none. */
static uint32_t take_new(struct lcore *lc, struct flow *flow, struct meta *m, const struct crypto_packet *p)
{
	m->data_len = p->len;
	m->flow = flow;
	if (m->is_rtcp)
		return NO_REASON;
	if (!flow_bind(lc, m->endpoint, flow, m->packet.ssrc))
		return STAT_LCORE_drop_no_track;
	follow_source(lc, flow, m, (uint32_t)(p->index >> 16));
	return NO_REASON;
}

/* A packet of an SSRC that is bound to no flow: the first flow whose key opens it may take it. */
static uint32_t admit_new(struct lcore *lc, struct meta *m, uint8_t *data)
{
	uint8_t type = m->is_rtcp ? FLOW_ANY_TYPE : data[1] & 0x7F;
	uint32_t reason = STAT_LCORE_drop_no_track;
	struct crypto_packet p = { .len = m->data_len };
	const struct flow *first = NULL;
	struct flow *flow;
	unsigned at = 0;

	while ((flow = flow_candidate(m->endpoint, type, &at)) != NULL) {
		bool allowed = source_allowed(flow, m);
		p.verdict = CRYPTO_OK;
		if (allowed && flow->crypto) {
			fill(&p, flow->crypto, m, data);
			crypto_unprotect(lc->crypto, &p, 1);
		}
		if (allowed && p.verdict == CRYPTO_OK)
			return take_new(lc, flow, m, &p);
		if (!first)
			reason = allowed ? reason_of(p.verdict, flow) : STAT_LCORE_drop_wrong_source;
		first = first ? first : flow;
	}
	return reason;
}

/* Admit the packet @at of the burst, or put it into the batch. What binds an SSRC comes after all that was
 * there before it: whose a packet is depends on that. */
static void admit(struct lcore *lc, struct batch *b, struct rte_mbuf **pkts, unsigned at, uint32_t *reasons)
{
	struct meta *m = meta_of(pkts[at]);
	uint8_t *data = meta_data(pkts[at]);
	struct flow *flow = m->flow;

	if (m->endpoint->webrtc) {
		/* One key for all: whose it is is settled when it is open. */
		fill(&b->packets[b->count], m->endpoint->webrtc->crypto, m, data);
		b->at[b->count++] = at;
		return;
	}
	/* A packet before it in the burst may have bound its SSRC, or bound the flow to another. */
	if (!flow_has_ssrc(m->endpoint, flow, m->packet.ssrc))
		flow = flow_by_ssrc(m->endpoint, m->packet.ssrc);
	if (!flow) {
		open_batch(lc, b, pkts, reasons);
		reasons[at] = admit_new(lc, m, data);
	} else if (!m->is_rtcp && flow->payload_type != (data[1] & 0x7F)) {
		reasons[at] = STAT_LCORE_drop_no_track;
	} else if (flow->crypto) {
		m->flow = flow;
		fill(&b->packets[b->count], flow->crypto, m, data);
		b->at[b->count++] = at;
	} else {
		reasons[at] = source_allowed(flow, m) ? NO_REASON : STAT_LCORE_drop_wrong_source;
		if (reasons[at] != NO_REASON)
			return;
		m->flow = flow;
		if (!m->is_rtcp)
			follow_source(lc, flow, m, 0);
	}
}

unsigned unprotect_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	uint32_t reasons[LCORE_BURST];
	struct batch batch;
	unsigned out = 0;

	static_assert(LCORE_BURST <= CRYPTO_BURST, "a burst is one batch at most");
	assert(count <= LCORE_BURST);
	batch.count = 0;
	for (unsigned i = 0; i < count; i++)
		admit(lc, &batch, pkts, i, reasons);
	open_batch(lc, &batch, pkts, reasons);
	for (unsigned i = 0; i < count; i++) {
		if (reasons[i] == NO_REASON)
			pkts[out++] = pkts[i];
		else
			lcore_drop(lc, pkts[i], reasons[i]);
	}
	return out;
}
