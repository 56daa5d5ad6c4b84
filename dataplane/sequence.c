/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sequence.h"

#include <string.h>
#include "base/clk.h"
#include "base/limits.h"
#include "base/rtp.h"
#include "dataplane/endpoint.h"
#include "dataplane/feedback.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/nack.h"
#include "dataplane/source.h"
#include "dataplane/stages.h"

#define NO_BAD_SEQ UINT32_MAX
#define NO_REASON  UINT32_MAX

static bool window_has(const uint64_t *window, uint64_t ext)
{
	return window[ext % SEQUENCE_WINDOW / 64] >> (ext % 64) & 1;
}

static void window_put(uint64_t *window, uint64_t ext)
{
	window[ext % SEQUENCE_WINDOW / 64] |= 1ull << (ext % 64);
}

static void window_clear(uint64_t *window, uint64_t ext)
{
	window[ext % SEQUENCE_WINDOW / 64] &= ~(1ull << (ext % 64));
}

/* A window moves from its highest number to @ext: what it moves over has not been there. */
static void window_move(uint64_t *window, uint64_t from, uint64_t ext)
{
	if (ext - from >= SEQUENCE_WINDOW)
		memset(window, 0, SEQUENCE_WINDOW / 8);
	else
		for (uint64_t i = from + 1; i <= ext; i++)
			window_clear(window, i);
}

static void window_advance(struct sequence *s, uint64_t ext)
{
	window_move(s->window, s->max_ext, ext);
	if (s->any_repaired)
		window_move(s->repaired, s->max_ext, ext);
	s->max_ext = ext;
}

void sequence_begin(struct sequence *s, uint64_t ext, bool authentic)
{
	s->lost_before = sequence_lost_in_all(s);
	s->max_ext = s->base_ext = ext;
	s->received = s->expected_prior = s->received_prior = 0;
	s->bad_seq = NO_BAD_SEQ;
	s->jitter_q4 = 0;
	s->started = true;
	s->has_transit = false;
	s->authentic = authentic;
	s->any_repaired = false;
	memset(s->window, 0, sizeof(s->window));
	memset(s->repaired, 0, sizeof(s->repaired));
}

static enum sequence_verdict take_one(
        struct sequence *s, uint64_t ext, enum sequence_verdict verdict, uint64_t *ret_ext)
{
	if (ext > s->max_ext)
		window_advance(s, ext);
	if (ext < s->base_ext)
		s->base_ext = ext;
	window_put(s->window, ext);
	s->received++;
	s->bad_seq = NO_BAD_SEQ;
	*ret_ext = ext;
	return verdict;
}

/* A jump: its first packet is told as @verdict, its second begins anew. A restart goes on in the next cycle
 * when it leads back, so that extended numbers only grow (and stay the SRTP index when it leads forward). */
static enum sequence_verdict take_jump(
        struct sequence *s, uint16_t seq, uint64_t ext, enum sequence_verdict verdict, uint64_t *ret_ext)
{
	if (s->bad_seq != seq) {
		s->bad_seq = (uint16_t)(seq + 1);
		return verdict;
	}
	if (ext <= s->max_ext)
		ext = ((s->max_ext >> 16) + 1) << 16 | seq;
	sequence_begin(s, ext, s->authentic);
	return take_one(s, ext, SEQUENCE_RESTART, ret_ext);
}

enum sequence_verdict sequence_take(struct sequence *s, uint16_t seq, uint64_t *ret_ext)
{
	int16_t step = (int16_t)(seq - (uint16_t)s->max_ext);
	uint64_t behind, ext;

	if (s->received == 0)
		return take_one(s, s->max_ext, SEQUENCE_NEW, ret_ext);
	if (step > 0) {
		ext = s->max_ext + (uint64_t)step;
		if (step < LIMIT_SEQ_JUMP || s->authentic)
			return take_one(s, ext, SEQUENCE_NEW, ret_ext);
		return take_jump(s, seq, ext, SEQUENCE_FAR, ret_ext);
	}
	behind = (uint64_t) - (int64_t)step;
	if (behind > s->max_ext) /* before the first cycle */
		return take_jump(s, seq, 0, SEQUENCE_OLD, ret_ext);
	ext = s->max_ext - behind;
	if (behind >= SEQUENCE_WINDOW)
		return take_jump(s, seq, ext, SEQUENCE_OLD, ret_ext);
	if (!window_has(s->window, ext))
		return take_one(s, ext, SEQUENCE_REORDERED, ret_ext);
	if (s->any_repaired && window_has(s->repaired, ext)) {
		/* It was late, not lost. */
		window_clear(s->repaired, ext);
		s->received++;
		return SEQUENCE_DUPLICATE;
	}
	if (behind > LIMIT_SEQ_MISORDER)
		return take_jump(s, seq, ext, SEQUENCE_DUPLICATE, ret_ext);
	return SEQUENCE_DUPLICATE;
}

enum sequence_verdict sequence_repair(struct sequence *s, uint16_t seq, uint64_t *ret_ext)
{
	int16_t step = (int16_t)(seq - (uint16_t)s->max_ext);
	uint64_t ext = s->max_ext + (uint64_t)(int64_t)step;

	if (s->received == 0 || step > LIMIT_SEQ_MISORDER)
		return SEQUENCE_FAR;
	if (step <= 0) {
		uint64_t behind = (uint64_t) - (int64_t)step;
		if (behind >= SEQUENCE_WINDOW || s->max_ext < s->base_ext + behind)
			return SEQUENCE_OLD;
		if (window_has(s->window, ext))
			return SEQUENCE_DUPLICATE;
	} else {
		window_advance(s, ext);
	}
	window_put(s->window, ext);
	window_put(s->repaired, ext);
	s->any_repaired = true;
	*ret_ext = ext;
	return step > 0 ? SEQUENCE_NEW : SEQUENCE_REORDERED;
}

bool sequence_is_missing(const struct sequence *s, uint16_t seq)
{
	int16_t step = (int16_t)(seq - (uint16_t)s->max_ext);
	uint64_t behind = (uint64_t) - (int64_t)step;

	if (s->received == 0 || step > 0)
		return s->received > 0;
	return behind < SEQUENCE_WINDOW && s->max_ext >= s->base_ext + behind &&
	       !window_has(s->window, s->max_ext - behind);
}

/* Unix time in ticks of the clock rate; only differences matter, so it may wrap. */
static uint32_t ticks_of(uint64_t unix_ns, uint32_t clock_rate)
{
	return (uint32_t)(unix_ns / CLK_NS_PER_S * clock_rate +
	                  unix_ns % CLK_NS_PER_S * clock_rate / CLK_NS_PER_S);
}

void sequence_time(struct sequence *s, uint32_t timestamp, uint64_t arrival_unix_ns, uint32_t clock_rate)
{
	uint32_t transit = ticks_of(arrival_unix_ns, clock_rate) - timestamp;
	int32_t d = (int32_t)(transit - s->transit_rtp);

	s->transit_rtp = transit;
	if (!s->has_transit) {
		s->has_transit = true;
		return;
	}
	/* A jump of the sender's or of our clock is no jitter. */
	if (d < 0)
		d = d == INT32_MIN ? INT32_MAX : -d;
	if ((uint32_t)d > clock_rate * LIMIT_TIME_JUMP_S)
		return;
	s->jitter_q4 += (uint32_t)d - ((s->jitter_q4 + 8) >> 4);
}

uint64_t sequence_lost(const struct sequence *s)
{
	return s->received ? s->max_ext - s->base_ext + 1 - s->received : 0;
}

uint64_t sequence_lost_in_all(const struct sequence *s)
{
	return s->lost_before + sequence_lost(s);
}

uint8_t sequence_fraction_lost(struct sequence *s)
{
	uint64_t expected = s->received ? s->max_ext - s->base_ext + 1 : 0;
	int64_t expected_interval = (int64_t)(expected - s->expected_prior);
	int64_t lost_interval = expected_interval - (int64_t)(s->received - s->received_prior);

	s->expected_prior = expected;
	s->received_prior = s->received;
	if (expected_interval <= 0 || lost_interval <= 0)
		return 0;
	return (uint8_t)(lost_interval * 256 / expected_interval > 255
	                         ? 255
	                         : lost_interval * 256 / expected_interval);
}

/* What the counters tell of a packet that was taken. */
static void count_taken(
        struct lcore *lc, struct flow *flow, const struct packet *packet, enum sequence_verdict verdict)
{
	lcore_count(lc, STAT_LCORE_rtp_pkts, 1);
	stat_add(flow->slot, STAT_FLOW_pkts, 1);
	stat_add(flow->slot, STAT_FLOW_bytes, packet->payload_bytes);
	if (verdict == SEQUENCE_REORDERED && !(packet->flags & PACKET_REPAIRED))
		stat_add(flow->slot, STAT_FLOW_reordered_pkts, 1);
}

/* How a packet that was lost came back: by its role, which unwrap_burst has left as it was. */
static void count_repaired(const struct flow *flow, uint8_t role)
{
	static const unsigned ids[] = { [SOURCE_MEDIA] = STAT_FLOW_red_repaired_pkts,
		[SOURCE_RTX] = STAT_FLOW_rtx_repaired_pkts,
		[SOURCE_FEC] = STAT_FLOW_fec_repaired_pkts };

	stat_add(flow->slot, ids[role], 1);
}

/* State and counters that move with every valid packet. One of padding alone goes on too: its number is no
 * gap. How long a repair takes is no jitter. */
static void note_valid(struct lcore *lc, struct flow *flow, const struct packet *packet)
{
	struct sequence *s = &flow->sequence;

	if (!(packet->flags & PACKET_REPAIRED))
		sequence_time(s, packet->rtp_time, lc->now_unix_ns, flow->clock_rate);
	stat_set(flow->slot, STAT_FLOW_jitter_rtp, s->jitter_q4 >> 4);
	stat_set(flow->slot, STAT_FLOW_lost_pkts, sequence_lost_in_all(s));
	stat_set(flow->slot, STAT_FLOW_ext_seq, s->max_ext);
	stat_set(flow->slot, STAT_FLOW_last_pkt_unix_ns, lc->now_unix_ns);
	flow_note_first(flow, lc->now_unix_ns);
}

static unsigned drop_reason(struct flow *flow, enum sequence_verdict verdict)
{
	switch (verdict) {
	case SEQUENCE_DUPLICATE:
		stat_add(flow->slot, STAT_FLOW_duplicate_pkts, 1);
		return STAT_LCORE_drop_duplicate;
	case SEQUENCE_FAR:
		return STAT_LCORE_drop_probation;
	default:
		return STAT_LCORE_drop_too_old;
	}
}

/* The payload's place and length; negative: padding that lies. */
static int payload_bytes(const struct meta *m, const uint8_t *data)
{
	/* flow_match_burst has parsed the header; what encryption hid is only the padding. */
	struct rtp_header header = {
		.payload_offset = (uint16_t)(m->packet.payload - data),
		.padding = data[0] >> 5 & 1,
	};

	return rtp_payload_bytes(&header, data, m->data_len);
}

/* The first packet of an SSRC that has been bound. False: one of the SSRC before that, which came in the same
 * burst behind its successor. */
static bool begin_source(
        const struct endpoint *ep, struct flow *flow, const struct packet *packet, bool *ret_restart)
{
	if (packet->ssrc != ep->ssrcs[flow->index])
		return false;
	*ret_restart = flow->sequence.started;
	sequence_begin(
	        &flow->sequence, (uint64_t)flow->roc << 16 | (uint16_t)packet->ext_seq, flow->crypto != NULL);
	flow->sequence_ssrc = packet->ssrc;
	return true;
}

/* Number the packet; what goes wrong is returned as the reason of its drop, else NO_REASON. */
static unsigned number(struct lcore *lc, const struct endpoint *ep, struct flow *flow, struct meta *m)
{
	struct packet *packet = &m->packet;
	bool repaired = packet->flags & PACKET_REPAIRED, restart = false;
	uint16_t seq = (uint16_t)packet->ext_seq;
	enum sequence_verdict verdict;

	if (packet->ssrc != flow->sequence_ssrc || !flow->sequence.started) {
		if (repaired)
			return STAT_LCORE_drop_rtx;
		if (!begin_source(ep, flow, packet, &restart))
			return STAT_LCORE_drop_no_track;
	}
	verdict = repaired ? sequence_repair(&flow->sequence, seq, &packet->ext_seq)
	                   : sequence_take(&flow->sequence, seq, &packet->ext_seq);
	if (verdict > SEQUENCE_RESTART)
		return repaired && verdict == SEQUENCE_FAR ? STAT_LCORE_drop_rtx : drop_reason(flow, verdict);
	if (restart || verdict == SEQUENCE_RESTART) {
		packet->flags |= PACKET_RESTART;
		stat_add(flow->slot, STAT_FLOW_restarts, 1);
	}
	if (repaired)
		count_repaired(flow, m->role);
	count_taken(lc, flow, packet, verdict);
	return NO_REASON;
}

/* What is missing is asked for again soon. */
static void note_missing(struct lcore *lc, struct meta *m, struct flow *flow, const struct packet *packet)
{
	uint64_t due;

	if (packet->flags & PACKET_RESTART)
		nack_begin(flow->nack, packet->ext_seq);
	else
		nack_take(flow->nack, packet->ext_seq, packet->flags & PACKET_REPAIRED, lc->now_mono_ns);
	due = nack_due_mono_ns(flow->nack);
	if (due != UINT64_MAX)
		feedback_soon(lc, m->endpoint, lcore_tsc_of(lc, due));
}

static bool take_packet(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	struct flow *flow = m->flow;
	struct packet *packet = &m->packet;
	int bytes = payload_bytes(m, meta_data(mbuf));
	unsigned reason = STAT_LCORE_drop_rtp_malformed;

	if (bytes >= 0) {
		packet->payload_bytes = (uint16_t)bytes;
		reason = number(lc, m->endpoint, flow, m);
	}
	if (reason != NO_REASON) {
		lcore_drop(lc, mbuf, reason);
		return false;
	}
	note_valid(lc, flow, packet);
	if (flow->nack)
		note_missing(lc, m, flow, packet);
	packet->track = flow->track;
	packet->arrival_unix_ns = lc->now_unix_ns;
	packet->arrival_mono_ns = lc->now_mono_ns;
	packet->kind = PACKET_MEDIA;
	return true;
}

unsigned sequence_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++)
		if (take_packet(lc, pkts[i]))
			pkts[out++] = pkts[i];
	return out;
}
