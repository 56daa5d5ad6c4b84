/* SPDX-License-Identifier: BSD-3-Clause */
/* What admission knows of the machine: looks at the dataplane's counters and the uploader's, one a second,
 * and what they come to. Pure; one thread at a time. */
#ifndef CONTROL_BUDGET_MEASURE_H
#define CONTROL_BUDGET_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "control/budget_disk.h"

#define BUDGET_MEASURE_S 10 /* that losses are remembered */

struct stat_segment;

/* Counters at one moment. */
struct budget_sample {
	uint64_t start_unix_ns, at_ns; /* at_ns 0: none */
	uint64_t busy[LIMIT_LCORES];
	uint64_t received, lost;
	uint64_t media_bytes, written_bytes, queued_bytes; /* of all writers */
	uint64_t sent_bytes;                               /* to the store */
};

struct budget_measure {
	struct budget_sample last;
	unsigned lcores;
	double tsc_hz;
	double busiest, cost; /* share of its cycles; cycles a packet */
	uint64_t tracks;      /* open */
	uint64_t free_bytes;  /* where the recordings are */
	/* Of finished recordings: to be sent yet; of files not uploaded, those that were given up among them.
	 */
	uint64_t waiting_bytes, held_bytes;
	double recorded_bytes_s, sent_bytes_s;
	struct budget_disk disk;
	unsigned second; /* of the rings */
	uint64_t lost[BUDGET_MEASURE_S], received[BUDGET_MEASURE_S];
};

/* What the uploader says; all zeros when there is none. */
struct budget_uploads {
	uint64_t sent_bytes, waiting_bytes, held_bytes;
};

/* Nothing is known. */
void budget_measure_init(struct budget_measure *measure);

/* Look, at @now_ns of the monotonic clock. True when a second has gone into it: the first look at a
 * dataplane, and at one that was started anew, is none, and then nothing is known but what the uploader does.
 */
bool budget_measure_look(struct budget_measure *measure, const struct stat_segment *stat,
        const struct budget_uploads *uploads, uint64_t now_ns);

/* Packets lost in the last seconds, 0 when they are too few to tell of too much load. */
uint64_t budget_measure_lost(const struct budget_measure *measure);

#endif
