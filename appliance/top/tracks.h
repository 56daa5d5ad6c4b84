/* SPDX-License-Identifier: BSD-3-Clause */
/* Every track as its two halves count it: sampled a cache line each a refresh, sorted and filtered, and
 * worked out in full only for the rows that are shown. One thread. */
#ifndef APPLIANCE_TOP_TRACKS_H
#define APPLIANCE_TOP_TRACKS_H

#include <stdbool.h>
#include <stdint.h>
#include "appliance/top/names.h"
#include "base/stat.h"

#define TRACKS_HISTORY      120  /* samples of all, of which a track's bit rate is kept */
#define TRACKS_A_REFRESH    8192 /* so many more make all be sampled a refresh later */
#define TRACKS_FILTER_BYTES 64

enum tracks_state {
	TRACKS_FREE,
	TRACKS_WAITING,
	TRACKS_RECORDING,
	TRACKS_FINALISING,
	TRACKS_DONE,
	TRACKS_FAILED
};

enum tracks_key {
	TRACKS_BY_RATE,
	TRACKS_BY_LOSS,
	TRACKS_BY_JITTER,
	TRACKS_BY_FPS,
	TRACKS_BY_NACK,
	TRACKS_BY_ROUND_TRIP,
	TRACKS_BY_ROOM,
	TRACKS_BY_SLOT,
	TRACKS_KEYS
};

struct tracks_row {
	unsigned slot;
	enum tracks_state state;
	const struct names_track *name; /* NULL: not known */
	const char *label;              /* of the slot in the counters; "" */
	double bps, fps;                /* NAN before there are two samples */
	double loss;          /* part of the packets in between that was lost, before any repair; NAN */
	double jitter_ms;     /* NAN when the clock rate is not known */
	double round_trip_ms; /* NAN: not known */
	uint64_t ssrc, pkts, lost_pkts, frames, key_frames, gaps, gap_pkts, nacked_pkts, repaired_pkts,
	        key_frame_requests;
	uint64_t broken_frames, dropped_frames, shed_pkts, auth_failed_pkts, file_bytes, width, height, layer;
};

struct tracks;

/* For a segment's slots. 0 or -ENOMEM. @names stays the caller's. */
int tracks_create(struct tracks **ret_tracks, unsigned slots, struct names *names);
void tracks_free(struct tracks *tracks);

/* What is looked at: rows of the arrangement, and a slot. */
struct tracks_shown {
	unsigned first, rows, slot;
};

/* Sample slots of @stat at @mono_ns: all, or, in between, those that are @shown. Names of slots that others
 * have now are forgotten. */
void tracks_sample(struct tracks *tracks, const struct stat_segment *stat, uint64_t mono_ns,
        const struct tracks_shown *shown);
/* Whether the last sample was one of all: arranging anew finds another order. */
bool tracks_is_whole(const struct tracks *tracks);

/* Put those that wait, record or finalise and match @filter (a part of room, participant, track, codec,
 * session, label, state or SSRC in hexadecimal; "": all) into the order of @key, largest figures or first
 * letters in front, @reverse the other way. */
void tracks_arrange(struct tracks *tracks, const struct stat_segment *stat, enum tracks_key key, bool reverse,
        const char *filter);

unsigned tracks_total(const struct tracks *tracks); /* that wait, record or finalise */
unsigned tracks_count(const struct tracks *tracks); /* of them in the arrangement */

/* Where @slot is in the arrangement; tracks_count when it is not. */
unsigned tracks_index(const struct tracks *tracks, unsigned slot);

/* Row @index of the arrangement; with figures that only @stat has. */
void tracks_row(const struct tracks *tracks, const struct stat_segment *stat, unsigned index,
        struct tracks_row *ret_row);
/* The row of a slot, whatever its state. */
void tracks_of_slot(const struct tracks *tracks, const struct stat_segment *stat, unsigned slot,
        struct tracks_row *ret_row);
/* Bit rate @back samples of all ago, NAN: not known. */
double tracks_rate_before(const struct tracks *tracks, unsigned slot, unsigned back);

const char *tracks_state_name(enum tracks_state state);
const char *tracks_key_name(enum tracks_key key);

#endif
