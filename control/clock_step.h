/* SPDX-License-Identifier: BSD-3-Clause */
/* Notices that the wall clock was set, by the monotonic one. What a recorder deletes by age must not go
 * because somebody mistyped a date, or a clock chip came up wrong: for a while after a step forward no age is
 * believed. Pure; one thread. */
#ifndef CONTROL_CLOCK_STEP_H
#define CONTROL_CLOCK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_STEP_LEAST_S 60   /* NTP corrects less than that, now and then */
#define CLOCK_STEP_HOLD_S  3600 /* that somebody has to notice */

/* All zeros: nothing was looked at yet. */
struct clock_step {
	uint64_t wall_ns, mono_ns; /* at the last look */
	uint64_t held_until_ns;    /* of the monotonic clock */
};

/* Look at both clocks. Seconds by which the wall clock was set since the last look, 0: it was not. A step
 * back ends what a step forward began. */
int64_t clock_step_look(struct clock_step *step, uint64_t wall_ns, uint64_t mono_ns);

/* Whether the clock was set forward a short while ago. */
bool clock_step_holds(const struct clock_step *step, uint64_t mono_ns);

#endif
