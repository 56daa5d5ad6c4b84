/* SPDX-License-Identifier: BSD-3-Clause */
/* Media time and the sender's wall clock: pairs of both go into a fit (writers/clock_fit.h), which tells when
 * the file began on the clock that all tracks of a sender share, and where packets of another SSRC or layer
 * belong. Where there was no telling but by arrival, the first report sets it right. */
#include "writers/track_state.h"

#include "base/clk.h"

#define SAMPLE_NS     CLK_NS_PER_S /* media, for lack of reports */
#define NOTE_FIRST_NS (2 * CLK_NS_PER_S)
#define NOTE_EVERY_NS (30 * CLK_NS_PER_S)
#define TRUST_S       2 /* more than that arrival does not deceive by: then the report is wrong */
#define NOISE         3 /* times the residual: what less is off is as likely the report's own error */
#define REFUSALS      3 /* reports in a row that are not believed: it is another clock */

/* Whether @off can be, where arrival may be wrong by @doubt ticks. */
static bool is_near(const struct track *track, int64_t off, int64_t doubt)
{
	int64_t most = (int64_t)TRUST_S * track->cfg.clock_rate + doubt;

	return off <= most && off >= -most;
}

static int64_t ns_of(const struct track *track, int64_t ticks)
{
	return ticks * (int64_t)CLK_NS_PER_S / track->cfg.clock_rate;
}

void track_clock_write(const struct track *track, struct jsonw *w)
{
	const struct clock_fit *fit = &track->clock.fit;
	struct clock_fit_line line;
	int64_t at = (int64_t)track->file.started;

	if (clock_fit_solve(fit, &line))
		return;
	jsonw_object(w, "clock");
	jsonw_i64(w, "unix_ns_at_start", clock_fit_ours_ns(&line, at) + track->file.wall_ns);
	if (fit->source != CLOCK_FIT_ARRIVAL)
		jsonw_i64(w, "sender_ntp_unix_ns", clock_fit_sender_ns(&line, at));
	jsonw_double(w, "rate_ppm", (double)(int64_t)(line.rate_ppm * 1e3) / 1e3);
	jsonw_double(w, "residual_us", (double)(int64_t)(line.residual_us * 10) / 10);
	jsonw_u64(w, "samples", fit->added);
	jsonw_string(w, "source", clock_fit_source_name(fit->source));
	jsonw_end_object(w);
}

/* Into the journal, so that it outlives a crash: soon, and then now and again. */
static void note(struct track *track)
{
	struct track_clock *clock = &track->clock;
	struct jsonw w = { 0 };

	if (!track->file.segment || track->now_ns < clock->note_ns)
		return;
	clock->note_ns = track->now_ns + (clock->note_ns ? NOTE_EVERY_NS : NOTE_FIRST_NS);
	jsonw_object(&w, NULL);
	track_clock_write(track, &w);
	jsonw_end_object(&w);
	if (!w.error)
		segment_note(track->file.segment, JOURNAL_META, w.text, w.len);
	jsonw_reset(&w);
}

/* After a pause: whether @off is so small that it is left. */
static bool is_noise(const struct track *track, int64_t off, const struct clock_fit_line *line)
{
	int64_t ms = NOISE * (int64_t)line->residual_us / 1000, least;

	least = (ms > TRACK_PAUSE_LEAST_MS ? ms : TRACK_PAUSE_LEAST_MS) * track->cfg.clock_rate / 1000;
	return track->clock.doubt && off < least && off > -least;
}

/* All that follows is later by @ticks, or earlier. Sound is so at once: its file's time is kept by silence.
 */
static void shift(struct track *track, int64_t ticks)
{
	if (ticks < 0 && !track_is_video(track))
		track_pause_set_back(track, -ticks);
	else
		epoch_shift(&track->epoch, ticks);
}

/* The epoch was set on by arrival: a report tells where it belongs. False: it is not believed. */
static bool settle(struct track *track, const struct packet *packet, int64_t *time, int64_t sender_ns)
{
	struct track_clock *clock = &track->clock;
	struct clock_fit_line line;
	int64_t off;
	bool noise;

	if (!clock->loose || clock_fit_solve(&clock->fit, &line))
		return true;
	off = clock_fit_time(&line, sender_ns) - *time;
	if (!is_near(track, off, clock->doubt)) {
		if (++clock->refused < REFUSALS)
			return false;
		clock_fit_forget(&clock->fit);
		off = 0;
	}
	pause_trust(&track->pause);
	clock->loose = false;
	noise = is_noise(track, off, &line);
	clock->doubt = 0;
	if (!off || noise)
		return true;
	shift(track, off);
	*time += off;
	note_shift(&track->note, packet, off);
	return true;
}

/* A pair of the stream that is recorded. */
static void add(struct track *track, const struct packet *packet, enum clock_fit_source source)
{
	struct track_clock *clock = &track->clock;
	int64_t sender_ns = (int64_t)clk_ntp_to_unix_ns(packet->ntp), time;

	if (source < clock->fit.source ||
	        !epoch_locate(&track->epoch, packet->rtp_time, packet->arrival_mono_ns, &time))
		return;
	if (source == clock->fit.source && !settle(track, packet, &time, sender_ns))
		return;
	clock->refused = 0;
	clock_fit_add(&clock->fit, source, time, sender_ns, (int64_t)packet->arrival_mono_ns);
	note(track);
}

void track_clock_report(struct track *track, const struct packet *report)
{
	struct track_clock *clock = &track->clock;

	if (track->ssrc_known && report->ssrc == track->ssrc) {
		struct packet pair = track_pause_pair(track, report);

		if (!track_pause_report(track, &pair))
			add(track, &pair, CLOCK_FIT_SENDER_REPORT);
		return;
	}
	clock->early = *report;
	clock->has_early = true;
}

void track_clock_sample(struct track *track, const struct packet *packet, uint64_t time)
{
	struct track_clock *clock = &track->clock;

	if (clock->has_early && clock->early.ssrc == packet->ssrc) {
		clock->has_early = false;
		add(track, &clock->early, CLOCK_FIT_SENDER_REPORT);
	}
	if (packet->flags & PACKET_CAPTURED && packet->ntp)
		add(track, packet, CLOCK_FIT_CAPTURE_TIME);
	if (track->now_ns < track->sample_ns)
		return;
	track->sample_ns = track->now_ns + SAMPLE_NS;
	if (clock->fit.count && clock->fit.source != CLOCK_FIT_ARRIVAL)
		return;
	clock_fit_add(&clock->fit, CLOCK_FIT_ARRIVAL, (int64_t)time, (int64_t)packet->arrival_mono_ns,
	        (int64_t)packet->arrival_mono_ns);
	note(track);
}

void track_clock_loosen(struct track *track)
{
	struct track_clock *clock = &track->clock;

	clock->loose = clock->fit.count && clock->fit.source != CLOCK_FIT_ARRIVAL;
	clock->doubt = 0;
	clock->refused = 0;
	track->sample_ns = 0;
}

void track_clock_doubt(struct track *track, int64_t ticks)
{
	int64_t before = track->clock.doubt;

	track_clock_loosen(track);
	track->clock.doubt = before > ticks ? before : ticks;
}

bool track_clock_off(const struct track *track, const struct packet *report, int64_t time, int64_t *ret_ticks)
{
	const struct clock_fit *fit = &track->clock.fit;
	struct clock_fit_line line;

	if (fit->source != CLOCK_FIT_SENDER_REPORT || clock_fit_solve(fit, &line))
		return false;
	*ret_ticks = clock_fit_time(&line, (int64_t)clk_ntp_to_unix_ns(report->ntp)) - time;
	return true;
}

bool track_clock_when(const struct track *track, const struct packet *packet, int64_t *ret_sender_ns)
{
	const struct packet *early = &track->clock.early;

	if (packet->flags & PACKET_CAPTURED && packet->ntp) {
		*ret_sender_ns = (int64_t)clk_ntp_to_unix_ns(packet->ntp);
		return true;
	}
	if (!track->clock.has_early || early->ssrc != packet->ssrc)
		return false;
	*ret_sender_ns = (int64_t)clk_ntp_to_unix_ns(early->ntp) +
	                 ns_of(track, (int32_t)(packet->rtp_time - early->rtp_time));
	return true;
}

bool track_clock_place(struct track *track, const struct packet *packet, int64_t sender_ns)
{
	const struct clock_fit *fit = &track->clock.fit;
	struct clock_fit_line line;
	int64_t time;

	if (fit->source == CLOCK_FIT_ARRIVAL || clock_fit_solve(fit, &line))
		return false;
	time = clock_fit_time(&line, sender_ns);
	if (!is_near(track, time - epoch_due(&track->epoch, packet->arrival_mono_ns), 0))
		return false;
	epoch_place(&track->epoch, packet->rtp_time, time);
	return true;
}
