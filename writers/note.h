/* SPDX-License-Identifier: BSD-3-Clause */
/* Notes: what happened to a track, as lines of its file's journal (writers/journal.h).
 *
 *   GAP    {"at","unix_ns","rtp","seq","packets","cause"}    each gap; "shed": how many of them our own ring
 * cost CLOCK  {"unix_ns","arrival_unix_ns","rtp"}               sender reports: the first, one in five
 * seconds, the last EVENT  {"type","at","unix_ns",…}                         epoch, time_shift, pause, ssrc,
 * layer, orientation, broken_frame, malformed, skipped_frames SIZE
 * {"at","unix_ns","rtp","time_rtp","width","height"}
 *
 * "at" and "unix_ns" are the arrival of the packet that showed it; for gaps that is the one after. Gaps from
 * before a file was begun are kept for it. What a peer can cause by the packet is written at most
 * NOTE_EVENTS_S times a second on average; what is left out is counted. On the writer's thread; no
 * allocation.
 */
#ifndef WRITERS_NOTE_H
#define WRITERS_NOTE_H

#include <stdbool.h>
#include <stdint.h>
#include "writers/packet.h"
#include "writers/segment.h"

#define NOTE_EARLY_GAPS 32
#define NOTE_EVENTS_S   20
#define NOTE_EVENTS     200 /* at once */

struct note_gap {
	uint64_t unix_ns, seq, packets, shed; /* seq: the first one missing; shed: for a full ring */
	uint32_t rtp;
};

struct note_clock {
	uint64_t unix_ns, arrival_unix_ns;
	uint32_t rtp;
};

struct note {
	struct segment *segment; /* NULL: no file is open */
	uint64_t left_out;       /* events of this file */
	/* cold */
	uint64_t events, events_since_ns;
	struct note_clock clock; /* the last report */
	uint64_t clock_noted_ns; /* arrival of the last one that was written, 0: none in this file */
	bool clock_known, clock_waits;
	unsigned early_gaps;
	struct note_gap early[NOTE_EARLY_GAPS];
};

/* The events' causes: why a frame was cut, or an epoch begun. */
#define NOTE_CAUSE_LOSS      "loss"
#define NOTE_CAUSE_RING_FULL "ring_full"
#define NOTE_CAUSE_MALFORMED "malformed"
#define NOTE_CAUSE_NO_BLOCK  "no_block"
#define NOTE_CAUSE_OVERSIZE  "oversize"
#define NOTE_CAUSE_RESTART   "restart"
#define NOTE_CAUSE_TIME_JUMP "time_jump"
#define NOTE_CAUSE_OVERLAP   "overlap"
#define NOTE_CAUSE_END       "end"
#define NOTE_CAUSE_LAYER     "layer"
/* What tells how long a pause was. */
#define NOTE_BASIS_ARRIVAL "arrival"
#define NOTE_BASIS_CAPTURE "capture_time"
#define NOTE_BASIS_REPORT  "sender_report"
/* Why another simulcast layer is recorded. */
#define NOTE_CAUSE_BETTER "better"
#define NOTE_CAUSE_SILENT "silent"
#define NOTE_CAUSE_BROKEN "broken"

#define NOTE_ORIENTATION_BYTES 64
/* {"degrees","flip","camera"}: how the picture has to be turned (clockwise) and mirrored to be seen upright,
 * of C F R1 R0 of 3GPP TS 26.114 section 7.4.5. Returns the length. */
size_t note_orientation_object(char ret_json[NOTE_ORIENTATION_BYTES], uint8_t orientation);

/* A file begins: gaps kept so far and the last sender report go into it. */
void note_open(struct note *note, struct segment *segment);
/* It ends: the last sender report goes into it. */
void note_close(struct note *note);

void note_gap(struct note *note, const struct note_gap *gap);
void note_clock(struct note *note, const struct packet *report);
/* @kept: layers of the frame that were written nevertheless. */
void note_broken_frame(
        struct note *note, const struct packet *packet, uint32_t rtp, const char *cause, unsigned kept);
void note_malformed(struct note *note, const struct packet *packet);
void note_skipped_frames(struct note *note, const struct packet *packet, uint64_t frames);
void note_epoch(struct note *note, const struct packet *packet, const char *cause, uint64_t time_rtp);
/* All that follows is later by @ticks of media time than it was, by the report @report. */
void note_shift(struct note *note, const struct packet *report, int64_t ticks);
/* The sender's RTP clock stood still before @packet for so long; silence is written for it from @time_rtp of
 * the file on. */
void note_pause(
        struct note *note, const struct packet *packet, const char *basis, double seconds, uint64_t time_rtp);
void note_ssrc(struct note *note, const struct packet *packet);
struct note_layer {
	unsigned from, to; /* by their place in the offer */
	const char *rid;   /* of @to */
	const char *cause;
	bool exact; /* its time is placed by sender reports, not by arrival */
};
void note_layer(struct note *note, const struct packet *packet, const struct note_layer *layer);
void note_orientation(struct note *note, const struct packet *packet, uint64_t time_rtp);
void note_size(
        struct note *note, const struct packet *packet, uint64_t time_rtp, uint16_t width, uint16_t height);

#endif
