/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feedback.h"

#include "base/clk.h"
#include "base/rtcp.h"
#include "dataplane/endpoint.h"
#include "dataplane/feedback_webrtc.h"
#include "dataplane/flow.h"
#include "dataplane/frame.h"
#include "dataplane/handover.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/stages.h"
#include "dataplane/crypto.h"
#include "dataplane/webrtc.h"
#include "writers/track.h"

#define REPORT_BYTES 256 /* RR with one block, SDES with a CNAME of 31, PLI: 32 + 44 + 12 */

/* Whether a sender of this endpoint has @ssrc. */
static bool is_senders(const struct endpoint *ep, uint32_t ssrc)
{
	return ep->webrtc ? source_find(&ep->webrtc->sources, ssrc) != NULL : flow_by_ssrc(ep, ssrc) != NULL;
}

uint32_t feedback_ssrc(const struct endpoint *ep)
{
	return is_senders(ep, ep->feedback_ssrcs[0]) ? ep->feedback_ssrcs[1] : ep->feedback_ssrcs[0];
}

/* What a compound packet held, gathered while it is walked. */
struct heard {
	struct lcore *lc;
	struct endpoint *ep;
	struct flow *flow; /* whose key opened it: it may speak of no other that has a key of its own */
	struct flow *reported;
	uint64_t ntp;
	uint32_t ssrc, rtp_time;
};

/* Whose media @ssrc is, of a WebRTC endpoint: all its flows have one key. */
static struct flow *flow_of_source(const struct endpoint *ep, uint32_t ssrc)
{
	const struct source *source = source_find(&ep->webrtc->sources, ssrc);

	return source && source->role == SOURCE_MEDIA ? ep->flows[source->flow] : NULL;
}

/* Whose @ssrc is. A report may come before the first packet: then the SSRC is not bound, and the report is
 * about the flow whose key opened it. */
static struct flow *flow_of(const struct heard *h, uint32_t ssrc)
{
	struct flow *flow;

	if (h->ep->webrtc)
		return flow_of_source(h->ep, ssrc);
	flow = flow_by_ssrc(h->ep, ssrc);
	if (!flow && h->flow->crypto && !(h->ep->ssrc_bound >> h->flow->index & 1))
		flow = h->flow;
	return flow && flow->key_group == h->flow->key_group ? flow : NULL;
}

static void hear_sender_report(
        void *arg, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time, uint32_t packets, uint32_t bytes)
{
	struct heard *h = arg;
	struct flow *flow = flow_of(h, ssrc);

	if (!flow)
		return;
	stat_add(flow->slot, STAT_FLOW_sender_reports, 1);
	flow->last_sr = (uint32_t)(ntp >> 16);
	flow->last_sr_mono_ns = h->lc->now_mono_ns;
	h->reported = flow;
	h->ntp = ntp;
	h->ssrc = ssrc;
	h->rtp_time = rtp_time;
}

/* A browser says BYE for an SSRC that it gives up for another: there a session ends by DTLS, DELETE or
 * consent. */
static void hear_bye(void *arg, uint32_t ssrc)
{
	struct heard *h = arg;
	struct flow *flow = h->ep->webrtc ? NULL : flow_of(h, ssrc);

	if (flow && flow_by_ssrc(h->ep, ssrc) == flow && !flow->bye_unix_ns)
		flow->bye_unix_ns = h->lc->now_unix_ns;
}

static void hear_delay_since_reference(void *arg, uint32_t ssrc, uint32_t last_rr, uint32_t delay)
{
	struct heard *h = arg;

	if (h->ep->webrtc && ssrc == feedback_ssrc(h->ep))
		feedback_webrtc_round_trip(h->lc, h->ep, last_rr, delay);
}

/* Where RTCP came from is where feedback goes: once it is authentic, or from the host that RTP comes from. */
static void note_rtcp_peer(struct flow *flow, const struct meta *m)
{
	if (!flow->crypto && !flow->confirmed)
		return;
	flow->rtcp_peer = m->src;
	flow->rtcp_local_port = m->local_port;
	flow->local = m->local;
	flow->has_rtcp_peer = true;
}

/* Consume one RTCP datagram. */
static void hear(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	struct heard h = { .lc = lc, .ep = m->endpoint, .flow = m->flow };
	const struct rtcp_handlers handlers = {
		.sender_report = hear_sender_report,
		.bye = hear_bye,
		.delay_since_reference = hear_delay_since_reference,
		.arg = &h,
	};

	if (rtcp_parse(meta_data(mbuf), m->data_len, &handlers) < 0) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_rtcp_malformed);
		return;
	}
	lcore_count(lc, STAT_LCORE_rtcp_pkts, 1);
	note_rtcp_peer(m->flow, m);
	if (h.reported && !h.reported->ended) {
		m->flow = h.reported;
		m->packet = (struct packet){
			.track = h.reported->track,
			.arrival_unix_ns = lc->now_unix_ns,
			.arrival_mono_ns = lc->now_mono_ns,
			.ntp = h.ntp,
			.rtp_time = h.rtp_time,
			.ssrc = h.ssrc,
			.kind = PACKET_SENDER_REPORT,
			.layer = h.reported->layer & (TRACK_LAYERS - 1),
		};
		if (handover_one(lc, mbuf)) {
			lcore_count(lc, STAT_LCORE_handed_reports, 1);
			return;
		}
	}
	rte_pktmbuf_free(mbuf);
}

unsigned feedback_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++) {
		if (meta_of(pkts[i])->is_rtcp)
			hear(lc, pkts[i]);
		else
			pkts[out++] = pkts[i];
	}
	return out;
}

struct rtcp_report_block feedback_block(const struct lcore *lc, struct flow *flow)
{
	struct sequence *s = &flow->sequence;
	uint64_t lost = sequence_lost(s), since = lc->now_mono_ns - flow->last_sr_mono_ns;

	return (struct rtcp_report_block){
		.ssrc = flow->sequence_ssrc,
		.fraction_lost = sequence_fraction_lost(s),
		.lost = lost > INT32_MAX ? INT32_MAX : (int32_t)lost,
		.highest_seq = (uint32_t)s->max_ext,
		.jitter = s->jitter_q4 >> 4,
		.last_sr = flow->last_sr,
		/* in 1/65536 s */
		.delay_since_sr = flow->last_sr ? (uint32_t)((since << 8) / (CLK_NS_PER_S >> 8)) : 0,
	};
}

/* Build and send one compound packet about @flow. */
static bool send_report(struct lcore *lc, const struct endpoint *ep, struct flow *flow, bool pli)
{
	_Alignas(8) uint8_t report[REPORT_BYTES + CRYPTO_TRAILER_BYTES];
	struct rtcp_report_block block = feedback_block(lc, flow);
	const struct peer *to = flow->has_rtcp_peer ? &flow->rtcp_peer : &flow->rtp_peer;
	uint16_t from_port = flow->has_rtcp_peer ? flow->rtcp_local_port : ep->port;
	uint32_t ssrc = feedback_ssrc(ep);
	size_t len = rtcp_build_rr(report, REPORT_BYTES, 0, ssrc, &block, 1);

	len = rtcp_build_sdes(report, REPORT_BYTES, len, ssrc, ep->cname);
	if (pli)
		len = rtcp_build_pli(report, REPORT_BYTES, len, ssrc, flow->sequence_ssrc);
	if (flow->crypto)
		len = crypto_protect_rtcp(flow->crypto, lc->crypto, report, len);
	if (!len || !frame_send_udp(lc, to, flow->local, from_port, report, (uint16_t)len))
		return false;
	stat_add(flow->slot, STAT_FLOW_receiver_reports, 1);
	if (pli)
		stat_add(flow->slot, STAT_FLOW_key_frame_requests, 1);
	flow->next_report_tsc = lc->now_tsc + lc->tsc_hz * FEEDBACK_REPORT_MS / 1000;
	return true;
}

/* A wish stays until a PLI has gone out. */
static void report_if_due(struct lcore *lc, const struct endpoint *ep, struct flow *flow)
{
	uint32_t wanted = track_key_frames_wanted(flow->track, flow->layer);
	uint64_t pkts = stat_get(flow->slot, STAT_FLOW_pkts);
	bool wish = flow->video && (flow->key_frame_asked || wanted != flow->key_frames_seen);
	bool pli = wish && lc->now_tsc >= flow->next_pli_tsc;

	if (!flow->has_rtp_peer || !flow->sequence.received)
		return;
	if (!pli && (lc->now_tsc < flow->next_report_tsc || pkts == flow->reported_pkts))
		return;
	if (!send_report(lc, ep, flow, pli))
		return;
	flow->reported_pkts = pkts;
	if (pli) {
		flow->next_pli_tsc = lc->now_tsc + lc->tsc_hz * FEEDBACK_PLI_MS / 1000;
		flow->key_frames_seen = wanted;
		flow->key_frame_asked = false;
	}
}

/* A BYE counts when a second has passed and nothing has come but what the network held back. */
static void end_if_due(const struct lcore *lc, struct flow *flow)
{
	uint64_t bye = flow->bye_unix_ns;

	if (!bye || flow->ended || lc->now_unix_ns < bye + FEEDBACK_BYE_MS * CLK_NS_PER_MS)
		return;
	if (stat_get(flow->slot, STAT_FLOW_last_pkt_unix_ns) > bye + FEEDBACK_BYE_LATE_MS * CLK_NS_PER_MS)
		flow->bye_unix_ns = 0;
	else
		flow->ended = true;
}

/* Tell the command thread which flows have ended, and where the packets really arrive. */
static void tell_news(struct lcore *lc, struct endpoint *ep, uint32_t ended)
{
	if (ended & ~ep->ended_told) {
		/* Only while it is not with the command thread it may be written. acquire: see command_tell
		 */
		if (!atomic_load_explicit(&ep->bye.told, memory_order_acquire)) {
			ep->bye.flows = ended;
			if (command_tell(lc, &ep->bye))
				ep->ended_told = ended;
		}
	}
	if (ep->webrtc)
		ice_news(lc, ep);
	if (ep->passed_pkts >= FEEDBACK_ASTRAY_PKTS) {
		if (ep->passed_pkts > ep->own_pkts / 4 * 3 &&
		        !atomic_load_explicit(&ep->astray.told, memory_order_acquire)) {
			ep->astray.owner = ep->passed_from;
			command_tell(lc, &ep->astray);
		}
		ep->passed_pkts = ep->own_pkts = 0;
	}
}

/* Do what is due for an endpoint; returns when it is to be looked at again. */
static uint64_t look_at(struct lcore *lc, struct endpoint *ep)
{
	uint32_t ended = 0;

	if (ep->webrtc) {
		tell_news(lc, ep, 0);
		return feedback_webrtc_look(lc, ep);
	}
	for (unsigned i = 0; i < ep->flow_count; i++) {
		struct flow *flow = ep->flows[i];
		end_if_due(lc, flow);
		if (flow->ended)
			ended |= 1u << i;
		else
			report_if_due(lc, ep, flow);
	}
	tell_news(lc, ep, ended);
	return lc->now_tsc + lc->tsc_hz * FEEDBACK_LOOK_MS / 1000;
}

void feedback_soon(struct lcore *lc, struct endpoint *ep, uint64_t due_tsc)
{
	if (!wheel_is_set(&ep->timer) || due_tsc < ep->timer.due_tsc)
		wheel_set(&lc->wheel, &ep->timer, due_tsc);
}

static void go_off(void *arg, struct wheel_timer *timer)
{
	struct lcore *lc = arg;
	struct endpoint *ep = container_of(timer, struct endpoint, timer);

	if (ep->paused)
		feedback_soon(lc, ep, lc->now_tsc + lc->tsc_hz * FEEDBACK_LOOK_MS / 1000);
	else
		feedback_soon(lc, ep, look_at(lc, ep));
}

void feedback_timer(struct lcore *lc)
{
	unsigned max = endpoint_own_count(lc) / FEEDBACK_BUSY_MS + 8;

	wheel_run(&lc->wheel, lc->now_tsc, max, go_off, lc);
}
