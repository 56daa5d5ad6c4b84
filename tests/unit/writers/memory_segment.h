/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments in memory: writers/segment.h for tests of mux and track. What was begun stays to be looked at,
 * until memory_segment_reset. The storage pointer that tracks are attached to may be anything. */
#ifndef TESTS_UNIT_WRITERS_MEMORY_SEGMENT_H
#define TESTS_UNIT_WRITERS_MEMORY_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "writers/segment.h"

#define MEMORY_SEGMENTS 64

struct segment {
	uint8_t *bytes;
	size_t end, committed, flushed, size;
	char *meta, *notes, *json_end; /* notes: the journal's lines, kind first */
	size_t notes_bytes;
	char name[64];
	bool named, finished, discarded, small;
	int status;
};

/* How segments behave from now on. */
struct memory_segment_plan {
	uint64_t room;   /* bytes that can be appended before there is no block; UINT64_MAX: no end */
	int fail;        /* appends fail with -EIO, segment_status is this */
	int begin_fails; /* segment_begin returns this */
	bool unnamed;    /* segment_name is NULL until this is cleared */
};
extern struct memory_segment_plan memory_segment_plan;

/* All segments begun since the last reset, in order. */
extern struct segment *memory_segments[MEMORY_SEGMENTS];
extern unsigned memory_segment_count;

void memory_segment_reset(void);

/* How often @text occurs in the notes of segment @i. */
unsigned memory_segment_notes(unsigned i, const char *text);
/* Whether @text occurs in the object of final figures, or in the first line. */
bool memory_segment_end_has(unsigned i, const char *text);
bool memory_segment_meta_has(unsigned i, const char *text);

/* Put the committed bytes into an unlinked file and return its descriptor. */
int memory_segment_file(unsigned i);

#endif
