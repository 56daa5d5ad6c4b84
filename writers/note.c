/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/note.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/clk.h"

#define LINE_BYTES     512
#define CLOCK_EVERY_NS (5 * CLK_NS_PER_S)
#define CLOCK_BACK_NS  (10 * CLK_NS_PER_S)

static void write_line(struct note *note, enum journal_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void write_line(struct note *note, enum journal_kind kind, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (note->segment && len > 0 && (size_t)len < sizeof(line))
		segment_note(note->segment, kind, line, (size_t)len);
}

/* Whether one more event may be written now. Packets may be a little older than those before; by more, the
 * clock was set back. */
static bool allow(struct note *note, uint64_t unix_ns)
{
	uint64_t earned;

	if (!note->segment)
		return false;
	if (unix_ns + CLOCK_BACK_NS < note->events_since_ns)
		note->events_since_ns = unix_ns;
	earned = unix_ns > note->events_since_ns
	                 ? (unix_ns - note->events_since_ns) / (CLK_NS_PER_S / NOTE_EVENTS_S)
	                 : 0;
	if (earned) {
		note->events = earned < note->events ? note->events - earned : 0;
		note->events_since_ns = unix_ns;
	}
	if (note->events >= NOTE_EVENTS) {
		note->left_out++;
		return false;
	}
	note->events++;
	return true;
}

static void write_gap(struct note *note, const struct note_gap *gap)
{
	char at[CLK_RFC3339_BYTES], shed[40] = "";

	if (gap->shed)
		snprintf(shed, sizeof(shed), ",\"shed\":%" PRIu64, gap->shed);
	write_line(note, JOURNAL_GAP,
	        "{\"at\":\"%s\",\"unix_ns\":%" PRIu64 ",\"rtp\":%" PRIu32 ",\"seq\":%" PRIu64
	        ",\"packets\":%" PRIu64 ",\"cause\":\"%s\"%s}",
	        clk_rfc3339(at, gap->unix_ns, 6), gap->unix_ns, gap->rtp, gap->seq, gap->packets,
	        gap->shed >= gap->packets ? "ring_full" : "network", shed);
}

static void write_clock(struct note *note)
{
	const struct note_clock *c = &note->clock;

	note->clock_waits = false;
	note->clock_noted_ns = c->arrival_unix_ns;
	write_line(note, JOURNAL_CLOCK,
	        "{\"unix_ns\":%" PRIu64 ",\"arrival_unix_ns\":%" PRIu64 ",\"rtp\":%" PRIu32 "}", c->unix_ns,
	        c->arrival_unix_ns, c->rtp);
}

void note_open(struct note *note, struct segment *segment)
{
	note->segment = segment;
	note->left_out = 0;
	note->clock_noted_ns = 0;
	for (unsigned i = 0; i < note->early_gaps; i++)
		write_gap(note, &note->early[i]);
	note->early_gaps = 0;
	if (note->clock_known)
		write_clock(note);
}

void note_close(struct note *note)
{
	if (note->segment && note->clock_waits)
		write_clock(note);
	note->segment = NULL;
}

void note_gap(struct note *note, const struct note_gap *gap)
{
	struct note_gap *last;

	if (note->segment) {
		write_gap(note, gap);
		return;
	}
	if (note->early_gaps < NOTE_EARLY_GAPS) {
		note->early[note->early_gaps++] = *gap;
		return;
	}
	last = &note->early[NOTE_EARLY_GAPS - 1]; /* no file for so long: the last one stands for the rest */
	last->packets += gap->packets;
	last->shed += gap->shed;
}

void note_clock(struct note *note, const struct packet *report)
{
	note->clock = (struct note_clock){
		.unix_ns = clk_ntp_to_unix_ns(report->ntp),
		.arrival_unix_ns = report->arrival_unix_ns,
		.rtp = report->rtp_time,
	};
	note->clock_known = true;
	note->clock_waits = true;
	if (!note->segment)
		return;
	if (!note->clock_noted_ns || report->arrival_unix_ns - note->clock_noted_ns >= CLOCK_EVERY_NS)
		write_clock(note);
}

/* An event's first fields; @more are the rest, a comma first. */
static void write_event(struct note *note, const char *type, const struct packet *packet, const char *more)
{
	char at[CLK_RFC3339_BYTES];

	write_line(note, JOURNAL_EVENT, "{\"type\":\"%s\",\"at\":\"%s\",\"unix_ns\":%" PRIu64 "%s}", type,
	        clk_rfc3339(at, packet->arrival_unix_ns, 6), packet->arrival_unix_ns, more);
}

void note_broken_frame(
        struct note *note, const struct packet *packet, uint32_t rtp, const char *cause, unsigned kept)
{
	char more[128], layers[40] = "";

	if (!allow(note, packet->arrival_unix_ns))
		return;
	if (kept)
		snprintf(layers, sizeof(layers), ",\"layers_kept\":%u", kept);
	snprintf(more, sizeof(more), ",\"rtp\":%" PRIu32 ",\"cause\":\"%s\"%s", rtp, cause, layers);
	write_event(note, "broken_frame", packet, more);
}

void note_malformed(struct note *note, const struct packet *packet)
{
	char more[128];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more), ",\"rtp\":%" PRIu32 ",\"seq\":%" PRIu64, packet->rtp_time,
	        packet->ext_seq);
	write_event(note, "malformed", packet, more);
}

void note_skipped_frames(struct note *note, const struct packet *packet, uint64_t frames)
{
	char more[64];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more), ",\"frames\":%" PRIu64, frames);
	write_event(note, "skipped_frames", packet, more);
}

void note_epoch(struct note *note, const struct packet *packet, const char *cause, uint64_t time_rtp)
{
	char more[160];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more),
	        ",\"cause\":\"%s\",\"rtp\":%" PRIu32 ",\"seq\":%" PRIu64 ",\"time_rtp\":%" PRIu64, cause,
	        packet->rtp_time, packet->ext_seq, time_rtp);
	write_event(note, "epoch", packet, more);
}

void note_shift(struct note *note, const struct packet *report, int64_t ticks)
{
	char more[96];

	if (!allow(note, report->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more), ",\"rtp\":%" PRIu32 ",\"ticks\":%" PRId64, report->rtp_time, ticks);
	write_event(note, "time_shift", report, more);
}

void note_pause(
        struct note *note, const struct packet *packet, const char *basis, double seconds, uint64_t time_rtp)
{
	char more[160];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more),
	        ",\"seconds\":%.3f,\"basis\":\"%s\",\"rtp\":%" PRIu32 ",\"time_rtp\":%" PRIu64, seconds,
	        basis, packet->rtp_time, time_rtp);
	write_event(note, "pause", packet, more);
}

void note_layer(struct note *note, const struct packet *packet, const struct note_layer *layer)
{
	char more[200], rid[LIMIT_RID_BYTES + 1];
	size_t len = 0;

	if (!allow(note, packet->arrival_unix_ns))
		return;
	for (const char *at = layer->rid; *at && len < LIMIT_RID_BYTES; at++)
		if (isalnum((unsigned char)*at) || *at == '-' || *at == '_') /* RFC 8851 section 10 */
			rid[len++] = *at;
	rid[len] = '\0';
	snprintf(more, sizeof(more),
	        ",\"from\":%u,\"to\":%u,\"rid\":\"%s\",\"cause\":\"%s\",\"rtp\":%" PRIu32
	        ",\"placed_by\":\"%s\"",
	        layer->from, layer->to, rid, layer->cause, packet->rtp_time,
	        layer->exact ? "sender_report" : "arrival");
	write_event(note, "layer", packet, more);
}

size_t note_orientation_object(char ret_json[NOTE_ORIENTATION_BYTES], uint8_t orientation)
{
	return (size_t)snprintf(ret_json, NOTE_ORIENTATION_BYTES,
	        "{\"degrees\":%u,\"flip\":%s,\"camera\":\"%s\"}", (orientation & 3u) * 90,
	        orientation & 4 ? "true" : "false", orientation & 8 ? "back" : "front");
}

void note_orientation(struct note *note, const struct packet *packet, uint64_t time_rtp)
{
	char more[160], object[NOTE_ORIENTATION_BYTES];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	note_orientation_object(object, packet->orientation);
	snprintf(more, sizeof(more), ",\"rtp\":%" PRIu32 ",\"time_rtp\":%" PRIu64 ",\"orientation\":%s",
	        packet->rtp_time, time_rtp, object);
	write_event(note, "orientation", packet, more);
}

void note_ssrc(struct note *note, const struct packet *packet)
{
	char more[64];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	snprintf(more, sizeof(more), ",\"ssrc\":%" PRIu32, packet->ssrc);
	write_event(note, "ssrc", packet, more);
}

void note_size(
        struct note *note, const struct packet *packet, uint64_t time_rtp, uint16_t width, uint16_t height)
{
	char at[CLK_RFC3339_BYTES];

	if (!allow(note, packet->arrival_unix_ns))
		return;
	write_line(note, JOURNAL_SIZE,
	        "{\"at\":\"%s\",\"unix_ns\":%" PRIu64 ",\"rtp\":%" PRIu32 ",\"time_rtp\":%" PRIu64
	        ",\"width\":%u,\"height\":%u}",
	        clk_rfc3339(at, packet->arrival_unix_ns, 6), packet->arrival_unix_ns, packet->rtp_time,
	        time_rtp, width, height);
}
