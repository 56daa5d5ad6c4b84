/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the disk's space lasts while uploads are behind. Recordings that are not uploaded may not go, so
 * when more is recorded than is sent what waits eats the space. Uploads that are late alone are no reason to
 * refuse anybody: the disk is there to bridge that; nor is what was given up, which falls no further behind.
 * Pure. */
#ifndef CONTROL_BUDGET_SPACE_H
#define CONTROL_BUDGET_SPACE_H

#include <stdint.h>

/* Of recording, with what is asked for, that waits: less is the usual way of uploads. */
#define BUDGET_SPACE_BEHIND_S 60

struct budget_space {
	double free_bytes;    /* beyond record.min_free_mb, and what may be removed to make room */
	double waiting_bytes; /* of finished recordings, not sent yet and not given up */
	double recorded_bytes_s, sent_bytes_s;
};

/* Seconds until the space is gone, when @more_bytes_s are recorded beside what is; INFINITY: never, as far as
 * one can tell, or it is not the uploads that are to blame. */
double budget_space_lasts_s(const struct budget_space *space, double more_bytes_s);

#endif
