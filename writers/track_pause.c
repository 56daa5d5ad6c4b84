/* SPDX-License-Identifier: BSD-3-Clause */
/* Pauses of a sender whose RTP clock stood still in them (writers/pause.h). After a gap, packets of sound are
 * held until it is clear what it was; a pause then sets media time on, and what keeps the file's time fills
 * it with silence. What the sender itself tells of its clock decides at once, and exactly. Pictures are not
 * held: their time is set on by the next report, if it says so. */
#include "writers/track_state.h"

#include "base/clk.h"

#define SANE_S        2 /* a sender's clock that differs from arrival by more is wrong */
#define DRIFT_SAMPLES 8 /* fewer tell no rate */
#define RESERVE_MS    20

static int64_t ticks_of(const struct track *track, int64_t ns)
{
	return ns / (int64_t)CLK_NS_PER_S * track->cfg.clock_rate +
	       ns % (int64_t)CLK_NS_PER_S * track->cfg.clock_rate / (int64_t)CLK_NS_PER_S;
}

/* Where a packet or report lies in media time if RTP time has gone on. */
static int64_t time_on(const struct track *track, uint32_t rtp_time)
{
	return (int64_t)track->epoch.last_time + (int32_t)(rtp_time - (uint32_t)track->epoch.last_rtp);
}

static int64_t lag_of(const struct track *track, const struct packet *packet, int64_t time)
{
	return epoch_due(&track->epoch, packet->arrival_mono_ns) - time;
}

/* How much longer the gap was by the sender's clock than by ours, as far as that is known. */
static int64_t drift(const struct track *track)
{
	struct clock_fit_line line;
	double ns = (double)track->pause.gap_ns;

	if (clock_fit_solve(&track->clock.fit, &line) || line.used < DRIFT_SAMPLES)
		return 0;
	return (int64_t)(ns / line.ours_tick_ns - ns * track->cfg.clock_rate / 1e9);
}

/* All that is held goes its way. */
static void release(struct track *track)
{
	struct track_audio *audio = &track->audio;
	unsigned n = audio->held_count;

	audio->held_count = 0;
	for (unsigned i = 0; i < n; i++)
		track_take(track, &track->stream, audio->held[i]);
}

/* It is clear now: media time stood still for @ticks, or it did not (0). */
static void decide(struct track *track, int64_t ticks, const char *basis)
{
	const struct packet *first = track->audio.held[0];
	const struct track_file *file = &track->file;

	track_clock_doubt(track, ticks_of(track, (int64_t)track->pause.gap_ns));
	if (ticks) {
		note_pause(&track->note, first, basis, (double)ticks / track->cfg.clock_rate,
		        file->segment ? file->end_rtp : 0);
		epoch_shift(&track->epoch, ticks);
	}
	release(track);
}

/* What arrival says of the pause. Silence can be added later, but not taken back, and arrival mostly says too
 * much: where a report will tell exactly, the last of it waits for that. */
static int64_t by_arrival(const struct track *track)
{
	int64_t ticks = pause_ticks(&track->pause) + drift(track);

	return track->clock.fit.source == CLOCK_FIT_SENDER_REPORT
	               ? ticks - RESERVE_MS * (int64_t)track->cfg.clock_rate / 1000
	               : ticks;
}

static void conclude(struct track *track, enum pause_verdict verdict)
{
	int64_t ticks = verdict == PAUSE_PAUSE ? by_arrival(track) : 0;

	if (ticks < TRACK_PAUSE_LEAST_MS * (int64_t)track->cfg.clock_rate / 1000)
		ticks = 0;
	pause_believe(&track->pause, ticks);
	decide(track, ticks, NOTE_BASIS_ARRIVAL);
}

/* The sender tells that its clock stood still for @ticks. False: that cannot be. */
static bool hear(struct track *track, int64_t ticks, const char *basis)
{
	int64_t sane = (int64_t)SANE_S * track->cfg.clock_rate;
	int64_t gap = ticks_of(track, (int64_t)track->pause.gap_ns);

	if (ticks < -sane || ticks > gap + sane)
		return false;
	if (ticks < TRACK_PAUSE_LEAST_MS * (int64_t)track->cfg.clock_rate / 1000)
		ticks = 0;
	decide(track, ticks, basis);
	return true;
}

/* When the packet was captured, against one before the gap. */
static bool hear_capture(struct track *track, const struct packet *packet)
{
	const struct track_audio *audio = &track->audio;
	int64_t apart_ns;

	if (!(packet->flags & PACKET_CAPTURED) || !packet->ntp || !audio->captured)
		return false;
	apart_ns = (int64_t)clk_ntp_to_unix_ns(packet->ntp) - audio->captured_ns;
	return hear(track,
	        ticks_of(track, apart_ns) - (time_on(track, packet->rtp_time) - audio->captured_time),
	        NOTE_BASIS_CAPTURE);
}

static void hold(struct track *track, struct packet *packet)
{
	struct track_audio *audio = &track->audio;
	enum pause_verdict verdict;

	if (!audio->held_count) {
		pause_begin(&track->pause, packet->arrival_mono_ns);
		audio->held_until_ns = track->now_ns + PAUSE_HOLD_NS;
	}
	audio->held[audio->held_count++] = packet;
	verdict = pause_judge(&track->pause, packet->arrival_mono_ns,
	        lag_of(track, packet, time_on(track, packet->rtp_time)), packet->flags & PACKET_REPAIRED);
	if (hear_capture(track, packet))
		return;
	if (verdict == PAUSE_UNCLEAR && audio->held_count == LIMIT_PAUSE_PKTS)
		verdict = pause_conclude(&track->pause);
	if (verdict != PAUSE_UNCLEAR)
		conclude(track, verdict);
}

bool track_pause_take(struct track *track, struct track_stream *stream, struct packet *packet)
{
	bool held = !track_is_video(track) && track->audio.held_count;

	if (stream->restart || (track->ssrc_known && packet->ssrc != track->ssrc)) {
		track_pause_end(track);
		pause_restart(&track->pause);
		if (!track_is_video(track))
			track->audio.captured = false;
		return false;
	}
	if (!held && !pause_stood(&track->pause, packet->rtp_time, packet->arrival_mono_ns))
		return false;
	if (!track_is_video(track)) {
		hold(track, packet);
		return true;
	}
	track_clock_doubt(track, ticks_of(track, (int64_t)(packet->arrival_mono_ns - track->pause.last_ns)));
	return false;
}

uint64_t track_pause_pass(struct track *track, const struct packet *packet, uint64_t time)
{
	struct track_audio *audio = &track->audio;
	int64_t ticks;

	pause_pass(&track->pause, packet->rtp_time, packet->arrival_mono_ns);
	if (track_is_video(track))
		return time;
	ticks = pause_lag(&track->pause, packet->arrival_mono_ns, lag_of(track, packet, (int64_t)time));
	if (ticks) {
		track_pause_set_back(track, ticks);
		note_shift(&track->note, packet, -ticks);
		time = track->epoch.last_time;
	}
	if (packet->flags & PACKET_CAPTURED && packet->ntp) {
		audio->captured = true;
		audio->captured_ns = (int64_t)clk_ntp_to_unix_ns(packet->ntp);
		audio->captured_time = (int64_t)time;
	}
	return time;
}

void track_pause_set_back(struct track *track, int64_t ticks)
{
	epoch_set_back(&track->epoch, ticks);
	track->audio.excess_rtp += (uint64_t)ticks;
}

struct packet track_pause_pair(const struct track *track, const struct packet *report)
{
	struct packet pair = *report;
	uint32_t last_rtp = track->pause.last_rtp;
	uint64_t last_ns = track->pause.last_ns;

	if (track_is_video(track) || !track->pause.started)
		return pair;
	if (track->audio.held_count) {
		const struct packet *last = track->audio.held[track->audio.held_count - 1];

		last_rtp = last->rtp_time;
		last_ns = last->arrival_mono_ns;
	}
	/* After a longer gap it may have been held up. */
	if (report->rtp_time != last_rtp || report->arrival_mono_ns <= last_ns ||
	        report->arrival_mono_ns - last_ns >= PAUSE_GAP_NS)
		return pair;
	/* The sender did not reckon the time on to its wall clock's (Chromium, for sound): half a packet too
	 * late on average, and by all of a pause that begins. */
	pair.ntp = clk_unix_ns_to_ntp(clk_ntp_to_unix_ns(report->ntp) - (report->arrival_mono_ns - last_ns));
	pair.arrival_mono_ns = last_ns;
	return pair;
}

bool track_pause_report(struct track *track, const struct packet *report)
{
	int64_t off;

	if (track_is_video(track) || !track->audio.held_count)
		return pause_stood(&track->pause, report->rtp_time, report->arrival_mono_ns);
	track->clock.early = *report;
	track->clock.has_early = true;
	if (track_clock_off(track, report, time_on(track, report->rtp_time), &off))
		hear(track, off, NOTE_BASIS_REPORT);
	return true;
}

void track_pause_end(struct track *track)
{
	if (!track_is_video(track) && track->audio.held_count)
		conclude(track, pause_conclude(&track->pause));
}

uint64_t track_pause_deadline(const struct track *track)
{
	/* What waits behind a missing packet may tell more: it comes when that is given up. */
	return track->audio.held_count && !track->stream.reorder.held ? track->audio.held_until_ns
	                                                              : UINT64_MAX;
}

void track_pause_tick(struct track *track)
{
	if (track->now_ns >= track_pause_deadline(track))
		track_pause_end(track);
}
