/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include "base/limits.h"
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/stages.h"

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

static enum crypto_verdict open_packet(struct flow *flow, struct meta *m, uint8_t *data)
{
	if (!flow->crypto)
		return CRYPTO_OK;
	return (m->is_rtcp ? crypto_unprotect_rtcp : crypto_unprotect_rtp)(
	        flow->crypto, data, &m->data_len, m->packet.ssrc);
}

/* The sender of an authentic RTP packet: feedback goes where it came from. */
static void follow_source(const struct lcore *lc, struct flow *flow, const struct meta *m)
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
			flow->roc = crypto_roc(flow->crypto, m->packet.ssrc);
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

/* A packet of an SSRC that is bound to @flow. */
static uint32_t admit_bound(const struct lcore *lc, struct flow *flow, struct meta *m, uint8_t *data)
{
	enum crypto_verdict verdict;

	if (!source_allowed(flow, m))
		return STAT_LCORE_drop_wrong_source;
	verdict = open_packet(flow, m, data);
	if (verdict != CRYPTO_OK)
		return reason_of(verdict, flow);
	m->flow = flow;
	if (!m->is_rtcp)
		follow_source(lc, flow, m);
	return NO_REASON;
}

/* A packet of an SSRC that is bound to no flow: the first flow whose key opens it may take it. Not all
 * libraries leave a packet alone that they refuse, so it is tried on a copy. */
static uint32_t admit_new(struct lcore *lc, struct meta *m, uint8_t *data)
{
	uint8_t type = m->is_rtcp ? FLOW_ANY_TYPE : data[1] & 0x7F, copy[LIMIT_PACKET_BYTES];
	uint32_t reason = STAT_LCORE_drop_no_track;
	const struct flow *first = NULL;
	struct flow *flow;
	unsigned at = 0;

	if (m->data_len > sizeof(copy))
		return STAT_LCORE_drop_truncated;
	memcpy(copy, data, m->data_len);
	for (; (flow = flow_candidate(m->endpoint, type, &at)) != NULL; memcpy(data, copy, m->data_len)) {
		enum crypto_verdict verdict = CRYPTO_OK;
		bool allowed = source_allowed(flow, m);
		if (allowed)
			verdict = open_packet(flow, m, data);
		if (allowed && verdict == CRYPTO_OK) {
			m->flow = flow;
			if (m->is_rtcp)
				return NO_REASON;
			if (!flow_bind(lc, m->endpoint, flow, m->packet.ssrc))
				return STAT_LCORE_drop_no_track;
			follow_source(lc, flow, m);
			return NO_REASON;
		}
		if (!first)
			reason = allowed ? reason_of(verdict, flow) : STAT_LCORE_drop_wrong_source;
		first = first ? first : flow;
	}
	return reason;
}

static uint32_t admit(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	uint8_t *data = meta_data(mbuf);
	struct flow *flow = m->flow;

	/* A packet before it in the burst may have bound its SSRC, or bound the flow to another. */
	if (!flow_has_ssrc(m->endpoint, flow, m->packet.ssrc))
		flow = flow_by_ssrc(m->endpoint, m->packet.ssrc);
	if (!flow)
		return admit_new(lc, m, data);
	if (!m->is_rtcp && flow->payload_type != (data[1] & 0x7F))
		return STAT_LCORE_drop_no_track;
	return admit_bound(lc, flow, m, data);
}

unsigned unprotect_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t reason = admit(lc, pkts[i]);
		if (reason == NO_REASON)
			pkts[out++] = pkts[i];
		else
			lcore_drop(lc, pkts[i], reason);
	}
	return out;
}
