/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flow.h"

#include <string.h>
#include "base/rtcp.h"
#include "base/rtp.h"
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/punt.h"
#include "dataplane/source.h"
#include "dataplane/stages.h"
#include "dataplane/webrtc.h"

#define NO_REASON UINT32_MAX
#define CONSUMED  (UINT32_MAX - 1)

struct flow *flow_by_ssrc(const struct endpoint *ep, uint32_t ssrc)
{
	for (unsigned i = 0; i < ep->flow_count; i++)
		if (ep->ssrcs[i] == ssrc && ep->ssrc_bound >> i & 1)
			return ep->flows[i];
	return NULL;
}

bool flow_has_ssrc(const struct endpoint *ep, const struct flow *flow, uint32_t ssrc)
{
	return ep->ssrc_bound >> flow->index & 1 && ep->ssrcs[flow->index] == ssrc;
}

struct flow *flow_candidate(const struct endpoint *ep, uint8_t payload_type, unsigned *at)
{
	/* Twice around: first those that are free, then those that might change. */
	while (*at < 2u * ep->flow_count) {
		unsigned i = *at % ep->flow_count;
		bool want_bound = *at >= ep->flow_count;
		struct flow *flow = ep->flows[i];
		(*at)++;
		if (flow->ssrc_known || flow->ended || (ep->ssrc_bound >> i & 1) != want_bound)
			continue;
		if (payload_type == FLOW_ANY_TYPE || payload_type == flow->payload_type)
			return flow;
	}
	return NULL;
}

bool flow_same_peer(const struct peer *a, const struct peer *b)
{
	return a->port == b->port && a->is_v6 == b->is_v6 && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/* RFC 3550 section 8.2: while ours speaks it stays; each of its packets sets rival_pkts back to 0. */
static bool may_change(struct lcore *lc, struct flow *flow, uint32_t ssrc)
{
	uint64_t silence;

	if (!flow->crypto && !flow->confirmed)
		return true;
	if (lc->now_unix_ns < flow->spoke_unix_ns)
		flow->spoke_unix_ns = lc->now_unix_ns; /* the clock was set back: no silence yet */
	silence = lc->now_unix_ns - flow->spoke_unix_ns;
	if (flow->rival_ssrc != ssrc) {
		flow->rival_ssrc = ssrc;
		flow->rival_pkts = 0;
	}
	flow->rival_pkts++;
	return silence >= FLOW_ABANDONED_NS ||
	       (silence >= FLOW_SILENCE_NS && flow->rival_pkts >= FLOW_RIVAL_PKTS);
}

bool flow_bind(struct lcore *lc, struct endpoint *ep, struct flow *flow, uint32_t ssrc)
{
	uint32_t bit = 1u << flow->index;

	if (ep->ssrc_bound & bit && !may_change(lc, flow, ssrc))
		return false;
	ep->ssrcs[flow->index] = ssrc;
	ep->ssrc_bound |= bit;
	flow->rival_pkts = 0;
	flow->last_sr = 0;
	flow->bye_unix_ns = 0;
	return true;
}

/* What the later stages need of an RTP packet, put where it will be needed. */
static void fill_packet(struct meta *m, const struct rtp_header *header, const uint8_t *data)
{
	m->is_rtcp = 0;
	m->payload_type = header->payload_type;
	m->packet = (struct packet){
		.payload = data + header->payload_offset,
		.ext_seq = header->seq,
		.rtp_time = header->timestamp,
		.ssrc = header->ssrc,
		.flags = header->marker ? PACKET_MARKER : 0,
	};
}

/* Find the flow of an RTP packet; NO_REASON, or why it is dropped. */
static uint32_t match_rtp(const struct endpoint *ep, struct meta *m, const uint8_t *data)
{
	struct rtp_header header;
	unsigned at = 0;

	if (rtp_parse(&header, data, m->data_len) < 0)
		return STAT_LCORE_drop_rtp_malformed;
	m->flow = flow_by_ssrc(ep, header.ssrc);
	if (!m->flow)
		m->flow = flow_candidate(ep, header.payload_type, &at);
	if (!m->flow || m->local_port != ep->port)
		return STAT_LCORE_drop_no_track;
	fill_packet(m, &header, data);
	return NO_REASON;
}

/* What has to be looked up in the flow itself, which has been fetched meanwhile; NO_REASON, or why the packet
 * is dropped. */
static uint32_t check_flow(const struct meta *m)
{
	const struct flow *flow = m->flow;

	if (m->is_rtcp)
		return NO_REASON;
	if (!m->endpoint->webrtc && flow->payload_type != m->payload_type)
		return STAT_LCORE_drop_no_track;
	return flow->ended ? STAT_LCORE_drop_paused : NO_REASON;
}

/* RTCP of a sender that is not bound yet is tried with every flow that might be its own. */
static uint32_t match_rtcp(const struct endpoint *ep, struct meta *m, const uint8_t *data)
{
	uint32_t ssrc;
	unsigned at = 0;

	if (rtcp_sender_ssrc(data, m->data_len, &ssrc) < 0)
		return STAT_LCORE_drop_rtcp_malformed;
	m->flow = flow_by_ssrc(ep, ssrc);
	if (!m->flow)
		m->flow = flow_candidate(ep, FLOW_ANY_TYPE, &at);
	if (!m->flow)
		return STAT_LCORE_drop_no_track;
	m->is_rtcp = 1;
	m->packet = (struct packet){ .ssrc = ssrc };
	return NO_REASON;
}

/* RTP of a WebRTC endpoint. @earlier are those of the burst that have matched: one of them may have said
 * whose this one's SSRC is. */
static uint32_t match_webrtc_rtp(
        struct meta *m, const uint8_t *data, struct rte_mbuf **earlier, unsigned count)
{
	struct rtp_header header;
	bool found;

	if (rtp_parse(&header, data, m->data_len) < 0)
		return STAT_LCORE_drop_rtp_malformed;
	fill_packet(m, &header, data);
	found = source_match(m->endpoint, m, data, &header);
	for (unsigned i = count; !found && i-- > 0;) {
		const struct meta *before = meta_of(earlier[i]);
		if (before->endpoint == m->endpoint && !before->is_rtcp && before->packet.ssrc == header.ssrc)
			found = source_follow(m, before);
	}
	return found ? NO_REASON : STAT_LCORE_drop_no_track;
}

/* RTCP of a WebRTC endpoint, which has one key for all: of anybody, feedback knows what it is about. */
static uint32_t match_webrtc_rtcp(const struct endpoint *ep, struct meta *m, const uint8_t *data)
{
	const struct source *source;
	uint32_t ssrc;

	if (rtcp_sender_ssrc(data, m->data_len, &ssrc) < 0)
		return STAT_LCORE_drop_rtcp_malformed;
	source = source_find(&ep->webrtc->sources, ssrc);
	m->flow = ep->flows[source ? source->flow : 0];
	m->is_rtcp = 1;
	m->packet = (struct packet){ .ssrc = ssrc };
	return NO_REASON;
}

/* Media before the keys: kept for them, the oldest packets, as a key frame may be among them. */
static uint32_t hold(struct lcore *lc, struct webrtc_held *held, struct rte_mbuf *mbuf)
{
	if (held->count == LIMIT_HELD_PKTS || lc->held_count >= lc->held_max)
		return STAT_LCORE_drop_no_keys;
	held->pkts[held->count++] = mbuf;
	lc->held_count++;
	lcore_count(lc, STAT_LCORE_held_pkts, 1);
	return CONSUMED;
}

/* What came to a WebRTC endpoint (RFC 7983): STUN finds paths, all else comes on one that it found. */
static uint32_t match_webrtc(
        struct lcore *lc, struct rte_mbuf *mbuf, struct rte_mbuf **earlier, unsigned count)
{
	struct meta *m = meta_of(mbuf);
	struct webrtc *webrtc = m->endpoint->webrtc;
	const uint8_t *data = meta_data(mbuf);
	enum rtp_class class = rtp_classify(data, m->data_len);
	bool media = class == RTP_CLASS_RTP || class == RTP_CLASS_RTCP;

	if (class == RTP_CLASS_STUN) {
		ice_take(lc, mbuf);
		return CONSUMED;
	}
	/* A stray proves itself by its key. */
	if (!ice_knows(&webrtc->ice, &m->src, m->local) && (!webrtc->crypto || !media))
		return STAT_LCORE_drop_no_path;
	switch (class) {
	case RTP_CLASS_DTLS:
		punt_take(lc, mbuf);
		return CONSUMED;
	case RTP_CLASS_RTP:
	case RTP_CLASS_RTCP:
		if (!webrtc->crypto)
			return hold(lc, &webrtc->held, mbuf);
		return class == RTP_CLASS_RTP ? match_webrtc_rtp(m, data, earlier, count)
		                              : match_webrtc_rtcp(m->endpoint, m, data);
	default:
		return STAT_LCORE_drop_not_media;
	}
}

static uint32_t match(struct lcore *lc, struct rte_mbuf *mbuf, struct rte_mbuf **earlier, unsigned count)
{
	struct meta *m = meta_of(mbuf);
	const uint8_t *data = meta_data(mbuf);

	if (m->endpoint->paused)
		return STAT_LCORE_drop_paused;
	if (m->endpoint->webrtc)
		return match_webrtc(lc, mbuf, earlier, count);
	switch (rtp_classify(data, m->data_len)) {
	case RTP_CLASS_RTP:
		return match_rtp(m->endpoint, m, data);
	case RTP_CLASS_RTCP:
		return match_rtcp(m->endpoint, m, data);
	default:
		return STAT_LCORE_drop_not_media;
	}
}

/* Begin to fetch the flows of packets, and drop those that have none. Returns how many are left. */
static unsigned find_flows(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t reason = match(lc, pkts[i], pkts, out);
		if (reason == NO_REASON) {
			flow_prefetch(meta_of(pkts[i])->flow);
			pkts[out++] = pkts[i];
		} else if (reason != CONSUMED) {
			lcore_drop(lc, pkts[i], reason);
		}
	}
	return out;
}

unsigned flow_match_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	count = find_flows(lc, pkts, count);
	for (unsigned i = 0; i < count; i++) {
		const struct flow *flow = meta_of(pkts[i])->flow;
		uint32_t reason = check_flow(meta_of(pkts[i]));
		rte_prefetch0_write(flow->slot);
		if (flow->crypto)
			crypto_prefetch(flow->crypto);
		if (reason == NO_REASON)
			pkts[out++] = pkts[i];
		else
			lcore_drop(lc, pkts[i], reason);
	}
	return out;
}
