/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/rtp.h"
#include "tools/gen/flow_packet.h"
#include "tools/gen/flow_rtcp.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"
#include "tools/gen/protect.h"
#include "tools/gen/protect_batch.h"

#define NS_PER_S        1000000000ull
#define SPREAD_OF_FRAME 2 /* a frame's packets are spread over 1/2 of its time */

static uint64_t ticks_to_ns(const struct flow *f, uint64_t ticks)
{
	uint64_t rate = f->clip->clock_rate;
	return ticks / rate * NS_PER_S + ticks % rate * NS_PER_S / rate;
}

static uint64_t ns_to_ticks(const struct flow *f, uint64_t ns)
{
	return ns / NS_PER_S * f->clip->clock_rate + ns % NS_PER_S * f->clip->clock_rate / NS_PER_S;
}

/* Sequence and time begin at values of chance: below 2^15 (RFC 3711 section 3.3.1), so that a few lost
 * packets in the beginning do not cost a receiver the roll-over counter. */
static int begin_stream(struct flow *f, uint32_t ssrc, uint64_t seq)
{
	f->ssrc = ssrc;
	f->seq = seq;
	f->rtp_base = (uint32_t)rng_next(&f->rng);
	f->ticks_base = f->ticks;
	f->any_sent = false;
	f->sender_packets = f->sender_bytes = 0;
	hold_forget(&f->hold);
	return account_begin_stream(&f->account, ssrc);
}

static int set_keys(struct flow *f)
{
	uint8_t key[PROFILE_KEY_BYTES];
	int status;

	memcpy(key, f->cfg.key, sizeof(key));
	if (f->wrong_key)
		key[0] ^= 0xFF;
	status = protect_create(&f->protect, f->output->batch, f->cfg.profile, key,
	        f->cfg.has_feedback_key ? f->cfg.feedback_key : key);
	if (!status && f->cfg.profile != PROFILE_PLAIN)
		status = protect_key_create(&f->key, protect_batch_manager(f->output->batch), f->cfg.profile,
		        key, PROTECT_KEY_RTP);
	explicit_bzero(key, sizeof(key));
	return status;
}

int flow_init(struct flow *f, const struct flow_cfg *cfg, const struct flow_place *place,
        const struct options *options)
{
	int status;

	f->cfg = *cfg;
	f->index = place->index;
	f->session = place->session;
	f->clip = place->clip;
	f->output = place->output;
	f->frames_file = place->frames_file;
	f->begin_ns = f->frame_ns = f->report_ns = place->begin_ns;
	f->end_ns = place->end_ns;
	f->wall_ns = place->wall_ns;
	f->options = options;
	f->wrong_key = f->index < options->wrong_key && cfg->profile != PROFILE_PLAIN;
	f->rng = rng_of(options->seed ^ 0x666C6F77ull, f->index);
	f->at = clip_key(f->clip, f->index);
	impair_init(&f->impair, &options->impair, options->seed, f->index);
	pay_init(&f->pay, f->clip, options->packet_bytes - RTP_HEADER_BYTES, options->flexible,
	        (uint16_t)rng_next(&f->rng));
	uint64_t seq = rng_below(&f->rng, 1 << 15);
	status = begin_stream(f, cfg->ssrc, options->seq < 0 ? seq : (uint64_t)options->seq);
	if (options->timestamp >= 0)
		f->rtp_base = (uint64_t)options->timestamp;
	return status ? status : set_keys(f);
}

void flow_free(struct flow *f)
{
	protect_free(f->protect);
	protect_key_free(f->key);
	hold_free(&f->hold);
	account_free(&f->account);
	explicit_bzero(&f->cfg, sizeof(f->cfg));
}

/* The next packet, the next frame, or the end. */
static uint64_t media_due(const struct flow *f)
{
	if (f->packet < f->packets)
		return f->packet_ns;
	return f->frame_ns < f->end_ns ? f->frame_ns : f->end_ns;
}

uint64_t flow_due(const struct flow *f)
{
	uint64_t media = media_due(f);

	if (f->ended)
		return FLOW_NEVER;
	return f->report_ns < media ? f->report_ns : media;
}

static bool is_over(const struct flow *f)
{
	uint64_t limit = f->options->packets;
	return f->frame_ns >= f->end_ns || (limit && f->account.counts.packets_made >= limit);
}

/* What the options ask to happen at a time of the flow, between two frames. 0: go on with the frame; 1: it is
 * due later now; or -errno. */
static int meet_events(struct flow *f)
{
	const struct options *o = f->options;
	uint64_t age = f->frame_ns - f->begin_ns;

	if (o->pause_len_ns && !f->paused && age >= o->pause_at_ns) {
		f->paused = true;
		f->ticks += ns_to_ticks(f, o->pause_len_ns);
		f->frame_ns = f->begin_ns + ticks_to_ns(f, f->ticks);
		return 1;
	}
	int status = 0;
	if (o->ssrc_change_ns && !f->changed && age >= o->ssrc_change_ns) {
		f->changed = true;
		status = flow_packet_flush(f);
		f->account.counts.ssrc_changes++;
		uint64_t seq = rng_below(&f->rng, 1 << 15);
		if (!status)
			status = begin_stream(f, (uint32_t)rng_next(&f->rng), seq);
	}
	if (!status && o->restart_ns && !f->restarted && age >= o->restart_ns) {
		f->restarted = true;
		status = flow_packet_flush(f);
		f->account.counts.restarts++;
		/* A jump that no receiver takes for loss or lateness (RFC 3550 A.1), forward and below 2^15
		 * so that an SRTP receiver's index follows it (RFC 3711 section 3.3.1). */
		uint64_t jump = LIMIT_SEQ_JUMP + 1000 + rng_below(&f->rng, 20000);
		if (!status)
			status = begin_stream(f, f->ssrc, f->seq + jump);
	}
	return status;
}

/* The next packet comes at its time or its jitter later, never before the last. */
static void schedule_packet(struct flow *f)
{
	uint64_t due = f->nominal_ns + f->jitter_ns;

	if (f->packet_ns < due)
		f->packet_ns = due;
}

static void begin_frame(struct flow *f)
{
	if (f->key_wanted) {
		f->at = clip_key_from(f->clip, f->at);
		f->key_wanted = false;
		f->account.counts.key_frames_forced++;
	}
	const struct clip_frame *frame = &f->clip->frames[f->at];
	pay_begin(&f->pay, frame);
	f->packet = 0;
	f->packets = pay_count(&f->pay, frame);
	f->intact = true;
	f->last_rtp = f->rtp_base + (f->ticks - f->ticks_base);
	f->nominal_ns = f->frame_ns;
	schedule_packet(f);
	f->ticks += frame->ticks;
	f->frame_ns = f->begin_ns + ticks_to_ns(f, f->ticks);
	f->at = (f->at + 1) % f->clip->count;
}

static void end_frame(struct flow *f)
{
	const struct clip_frame *frame = f->pay.frame;
	bool intact = f->intact && !f->wrong_key;

	account_frame(&f->account, frame, intact);
	if (f->frames_file)
		fprintf(f->frames_file, "%u %" PRIu64 " %" PRIu32 " %016" PRIx64 " %d %d %" PRIu32 "\n",
		        f->index, f->last_rtp, frame->len, frame->hash, intact, frame->key, f->ssrc);
}

static int step_packet(struct flow *f)
{
	int status = flow_packet_send(f, &f->jitter_ns);

	f->nominal_ns += ticks_to_ns(f, f->pay.frame->ticks) / SPREAD_OF_FRAME / f->packets;
	schedule_packet(f);
	if (++f->packet == f->packets)
		end_frame(f);
	return status;
}

static int end(struct flow *f)
{
	int status = flow_packet_flush(f);

	f->ended = true;
	if (!status && f->options->bye && f->account.counts.packets_made)
		status = flow_rtcp_send_bye(f);
	return status;
}

int flow_step(struct flow *f)
{
	bool in_frame = f->packet < f->packets;
	int status;

	if (f->report_ns < media_due(f)) {
		uint64_t now = f->report_ns;
		f->report_ns += NS_PER_S;
		return f->options->reports ? flow_rtcp_send_report(f, now) : 0;
	}
	if (in_frame)
		return step_packet(f);
	if (is_over(f))
		return end(f);
	status = meet_events(f);
	if (status)
		return status < 0 ? status : 0;
	begin_frame(f);
	return 0;
}

void flow_stop(struct flow *f, uint64_t now_ns)
{
	if (f->end_ns > now_ns)
		f->end_ns = now_ns;
}
