/* SPDX-License-Identifier: BSD-3-Clause */
/* When the frames of a file are to be shown whose container does not tell (Annex B): journal lines
 *
 *   TIMES  {"frame":96,"ms":[3200.000,3233.333,…]}
 *
 * with the number of the first frame and a time for each from there on, in ms since the file's first, in the
 * order of the file. Frames that are shown in another order than they come in (B pictures) are late at most
 * by one line. On the writer's thread; no allocation. */
#ifndef WRITERS_TIMES_H
#define WRITERS_TIMES_H

#include <stddef.h>
#include <stdint.h>
#include "writers/segment.h"

#define TIMES_LINE_BYTES 512

struct times {
	struct segment *segment; /* NULL: no file is open */
	uint64_t frame;          /* the next one's number in the file */
	uint64_t since_ns;       /* when the line was begun */
	uint64_t last;           /* the latest media time so far, and its RTP time */
	uint32_t last_rtp;
	size_t len; /* of the line; 0: none */
	char line[TIMES_LINE_BYTES];
};

/* A file begins; it ends. */
void times_open(struct times *times, struct segment *segment);
void times_close(struct times *times);

/* A frame was written. @time is its media time, which never goes back, in ticks of @rate, as is @base, where
 * the file begins; its RTP time @rtp may. */
void times_add(
        struct times *times, uint32_t rtp, uint64_t time, uint64_t base, uint32_t rate, uint64_t now_ns);

#endif
