/* SPDX-License-Identifier: BSD-3-Clause */
/* A file's pace: how large its next block is to be. Half of what comes between two flushes, so that a quiet
 * track holds little memory and a busy one is written in large pieces; while it is not known yet, half of all
 * that has come, so that sizes grow with the file. Pure; one thread.
 */
#ifndef WRITERS_PACE_H
#define WRITERS_PACE_H

#include <stdint.h>

/* All zeros: nothing has come yet. */
struct pace {
	uint64_t since_ns, since_bytes; /* when the present stretch began, and the file's size then */
	uint64_t before;                /* bytes that came in an interval of the stretch before */
};

/* Wished bytes of the block that begins where the file has @bytes, at @now_ns. @interval_ns: between two
 * flushes. */
uint64_t pace_wish(struct pace *pace, uint64_t bytes, uint64_t now_ns, uint64_t interval_ns);

#endif
