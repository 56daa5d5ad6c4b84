/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feedback_webrtc.h"

#include "base/clk.h"
#include "base/rtcp.h"
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/feedback.h"
#include "dataplane/flow.h"
#include "dataplane/frame.h"
#include "dataplane/lcore.h"
#include "dataplane/nack.h"
#include "dataplane/twcc.h"
#include "dataplane/webrtc.h"
#include "writers/track.h"

#define ROOM_BYTES   (FRAME_UDP_MAX - CRYPTO_TRAILER_BYTES)
#define REMB_MS      500
#define REMB_FLOOR   2000000 /* bit/s: less is no estimate but a hindrance */
#define NACK_AT_ONCE 200
#define LOSS_OF_256  26 /* a tenth */

/* A compound packet being written. */
struct saying {
	struct lcore *lc;
	struct endpoint *ep;
	const struct ice_path *path;
	uint32_t ssrc;
	size_t len;
	_Alignas(8) uint8_t bytes[FRAME_UDP_MAX];
};

static uint64_t after_ms(const struct lcore *lc, uint64_t ms)
{
	return lc->now_tsc + lc->tsc_hz * ms / 1000;
}

static bool has_media(const struct flow *flow)
{
	return flow->sequence.started && flow->sequence.received;
}

/* Send what is written, if anything is. */
static bool say_it(struct saying *s)
{
	size_t len = s->len;

	s->len = 0;
	if (!len)
		return true;
	len = crypto_protect_rtcp(s->ep->webrtc->crypto, s->lc->crypto, s->bytes, len);
	return len &&
	       frame_send_udp(s->lc, &s->path->peer, s->path->local, s->ep->port, s->bytes, (uint16_t)len);
}

/* RR about up to 31 flows, and SDES: what a compound packet begins with (RFC 3550 section 6.1). */
static void put_report(struct saying *s)
{
	struct rtcp_report_block blocks[LIMIT_TRACKS_PER_SESSION];
	unsigned count = 0;

	for (unsigned i = 0; i < s->ep->flow_count; i++)
		if (has_media(s->ep->flows[i])) {
			blocks[count++] = feedback_block(s->lc, s->ep->flows[i]);
			stat_add(s->ep->flows[i]->slot, STAT_FLOW_receiver_reports, 1);
		}
	s->len = rtcp_build_rr(s->bytes, ROOM_BYTES, 0, s->ssrc, blocks, count);
	s->len = rtcp_build_sdes(s->bytes, ROOM_BYTES, s->len, s->ssrc, s->ep->cname);
}

/* Begin a packet, if none is begun. */
static void begin(struct saying *s)
{
	if (s->len)
		return;
	if (!s->ep->webrtc->reduced_rtcp)
		put_report(s);
}

/* Take over a packet that was appended; 0: there was no room. */
static bool took(struct saying *s, size_t len)
{
	if (len)
		s->len = len;
	return len != 0;
}

static void say_report(struct saying *s)
{
	struct lcore *lc = s->lc;
	struct webrtc *w = s->ep->webrtc;

	if (lc->now_tsc < w->next_report_tsc)
		return;
	put_report(s);
	if (w->rrtr) {
		uint64_t ntp = clk_unix_ns_to_ntp(lc->now_unix_ns);
		w->rrtr_ntp = (uint32_t)(ntp >> 16);
		w->rrtr_mono_ns = lc->now_mono_ns;
		took(s, rtcp_build_reference_time(s->bytes, ROOM_BYTES, s->len, s->ssrc, ntp));
	}
	w->next_report_tsc = after_ms(lc, FEEDBACK_REPORT_MS);
}

/* FIR only where PLI is not understood. */
static size_t put_key_frame_request(struct saying *s, struct flow *flow)
{
	uint32_t media = flow->sequence_ssrc;

	if (!(flow->feedback & MSG_FEEDBACK_PLI) && flow->feedback & MSG_FEEDBACK_FIR)
		return rtcp_build_fir(s->bytes, ROOM_BYTES, s->len, s->ssrc, media, flow->fir_seq);
	return rtcp_build_pli(s->bytes, ROOM_BYTES, s->len, s->ssrc, media);
}

static void say_key_frame_request(struct saying *s, struct flow *flow)
{
	uint32_t wanted = track_key_frames_wanted(flow->track, flow->layer);

	if (!flow->video || (!flow->key_frame_asked && wanted == flow->key_frames_seen) ||
	        s->lc->now_tsc < flow->next_pli_tsc)
		return;
	begin(s);
	if (!took(s, put_key_frame_request(s, flow)))
		return;
	flow->fir_seq++;
	flow->key_frames_seen = wanted;
	flow->key_frame_asked = false;
	flow->next_pli_tsc = after_ms(s->lc, FEEDBACK_PLI_MS);
	stat_add(flow->slot, STAT_FLOW_key_frame_requests, 1);
}

static void say_nack(struct saying *s, struct flow *flow)
{
	uint16_t seqs[NACK_AT_ONCE];
	unsigned count, taken, gave_up;

	if (!flow->nack || s->lc->now_mono_ns < nack_due_mono_ns(flow->nack))
		return;
	count = nack_collect(flow->nack, s->lc->now_mono_ns, seqs, NACK_AT_ONCE, &gave_up);
	stat_add(flow->slot, STAT_FLOW_given_up_pkts, gave_up);
	stat_set(flow->slot, STAT_FLOW_round_trip_us, nack_round_trip_ns(flow->nack) / 1000);
	flow->key_frame_asked |= gave_up && flow->video;
	for (unsigned at = 0; at < count; at += taken) {
		begin(s);
		if (took(s, rtcp_build_nack(s->bytes, ROOM_BYTES, s->len, s->ssrc, flow->sequence_ssrc,
		                    seqs + at, count - at, &taken)))
			stat_add(flow->slot, STAT_FLOW_nacked_pkts, taken);
		else if (!say_it(s))
			return;
	}
}

/* What the sender may send: what is configured, or what lets it climb. */
static uint64_t allowed_bps(const struct webrtc *w, uint64_t received_bps, unsigned lost_of_256)
{
	uint64_t bps = received_bps * 3 / 2;

	if (lost_of_256 > LOSS_OF_256)
		bps = received_bps * 17 / 20;
	bps = bps < REMB_FLOOR ? REMB_FLOOR : bps;
	return w->max_bitrate_bps && (w->twcc || bps > w->max_bitrate_bps) ? w->max_bitrate_bps : bps;
}

/* The fraction lost since the last REMB, of 256: reports reckon theirs by themselves. */
static unsigned lost_of_256(struct flow *flow)
{
	const struct sequence *s = &flow->sequence;
	uint64_t lost = sequence_lost(s), expected = lost + s->received;
	int64_t more_lost = (int64_t)(lost - flow->remb_lost),
	        more = (int64_t)(expected - flow->remb_expected);

	flow->remb_lost = lost;
	flow->remb_expected = expected;
	return more_lost > 0 && more >= more_lost ? (unsigned)(more_lost * 256 / more) : 0;
}

/* Of the flow with the most loss. */
static unsigned worst_loss(const struct endpoint *ep)
{
	unsigned worst = 0;

	for (unsigned i = 0; i < ep->flow_count; i++) {
		unsigned lost = has_media(ep->flows[i]) ? lost_of_256(ep->flows[i]) : 0;
		worst = lost > worst ? lost : worst;
	}
	return worst;
}

static void say_remb(struct saying *s)
{
	struct webrtc *w = s->ep->webrtc;
	uint32_t ssrcs[LIMIT_TRACKS_PER_SESSION];
	uint64_t bps;
	unsigned count = 0;

	if (!w->remb || (w->twcc && !w->max_bitrate_bps) || s->lc->now_tsc < w->next_remb_tsc)
		return;
	for (unsigned i = 0; i < s->ep->flow_count; i++)
		if (has_media(s->ep->flows[i]))
			ssrcs[count++] = s->ep->flows[i]->sequence_ssrc;
	if (!count)
		return;
	bps = allowed_bps(w, w->received_bytes * 8 * 1000 / REMB_MS, worst_loss(s->ep));
	w->received_bytes = 0;
	w->next_remb_tsc = after_ms(s->lc, REMB_MS);
	begin(s);
	if (took(s, rtcp_build_remb(s->bytes, ROOM_BYTES, s->len, s->ssrc, bps, ssrcs, count)))
		lcore_count(s->lc, STAT_LCORE_remb_reports, 1);
}

/* Last, as it takes all the room that is left. */
static void say_twcc(struct saying *s, uint32_t media_ssrc)
{
	struct webrtc *w = s->ep->webrtc;

	if (!w->twcc || s->lc->now_tsc < w->next_twcc_tsc)
		return;
	while (twcc_pending(w->twcc)) {
		begin(s);
		if (took(s, twcc_build(w->twcc, s->bytes, ROOM_BYTES, s->len, s->ssrc, media_ssrc)))
			lcore_count(s->lc, STAT_LCORE_twcc_reports, 1);
		if (twcc_pending(w->twcc) && !say_it(s))
			return;
	}
	w->next_twcc_tsc = after_ms(s->lc, TWCC_MS);
}

static uint32_t any_media_ssrc(const struct endpoint *ep)
{
	for (unsigned i = 0; i < ep->flow_count; i++)
		if (has_media(ep->flows[i]))
			return ep->flows[i]->sequence_ssrc;
	return 0;
}

/* When the report, or the next of the missing packets, is due. */
static uint64_t next_look(const struct lcore *lc, const struct endpoint *ep)
{
	uint64_t due_ns = lc->now_mono_ns + FEEDBACK_LOOK_MS * CLK_NS_PER_MS;

	for (unsigned i = 0; i < ep->flow_count; i++) {
		const struct nack *nack = ep->flows[i]->nack;
		if (nack && nack_due_mono_ns(nack) < due_ns)
			due_ns = nack_due_mono_ns(nack);
	}
	uint64_t due_tsc = lcore_tsc_of(lc, due_ns), report_tsc = ep->webrtc->next_report_tsc;

	return report_tsc > lc->now_tsc && report_tsc < due_tsc ? report_tsc : due_tsc;
}

uint64_t feedback_webrtc_look(struct lcore *lc, struct endpoint *ep)
{
	struct saying s = {
		.lc = lc, .ep = ep, .path = ice_selected(&ep->webrtc->ice), .ssrc = feedback_ssrc(ep)
	};
	uint32_t media_ssrc = any_media_ssrc(ep);

	if (!s.path || !ep->webrtc->crypto || !media_ssrc)
		return after_ms(lc, FEEDBACK_LOOK_MS);
	say_report(&s);
	for (unsigned i = 0; i < ep->flow_count; i++) {
		struct flow *flow = ep->flows[i];
		if (!has_media(flow))
			continue;
		say_nack(&s, flow);
		say_key_frame_request(&s, flow);
	}
	say_remb(&s);
	say_twcc(&s, media_ssrc);
	say_it(&s);
	return next_look(lc, ep);
}

/* RFC 3611 section 4.5: now - LRR - DLRR. */
void feedback_webrtc_round_trip(struct lcore *lc, struct endpoint *ep, uint32_t last_rr, uint32_t delay)
{
	const struct webrtc *w = ep->webrtc;
	uint64_t since_ns = lc->now_mono_ns - w->rrtr_mono_ns, kept_ns = (uint64_t)delay * CLK_NS_PER_S >> 16;

	if (!last_rr || last_rr != w->rrtr_ntp || kept_ns > since_ns)
		return;
	for (unsigned i = 0; i < ep->flow_count; i++) {
		struct flow *flow = ep->flows[i];
		if (flow->nack)
			nack_round_trip(flow->nack, since_ns - kept_ns);
		stat_set(flow->slot, STAT_FLOW_round_trip_us, (since_ns - kept_ns) / 1000);
	}
}
