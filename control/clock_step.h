/* SPDX-License-Identifier: BSD-3-Clause */
/* Notices that the wall clock was set, by the monotonic one. What a recorder deletes by age must not go
 * because somebody mistyped a date, or a clock chip came up wrong: for a while after a step forward no age is
 * believed. Pure; one thread. */
#ifndef CONTROL_CLOCK_STEP_H
#define CONTROL_CLOCK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_STEP_LEAST_S 60          /* NTP corrects less than that, now and then */
#define CLOCK_STEP_HOLD_S  3600        /* that somebody has to notice */
#define CLOCK_STEP_AWAY_S  (7 * 86400) /* between two boots: longer may be a clock chip that came up wrong */
#define CLOCK_STEP_BYTES   128         /* of what is kept for the next process */

/* All zeros: nothing was looked at yet. */
struct clock_step {
	uint64_t wall_ns, mono_ns; /* at the last look */
	uint64_t held_until_ns;    /* of the monotonic clock */
};

/* Look at both clocks. Seconds by which the wall clock was set since the last look, 0: it was not. A step
 * back ends what a step forward began. */
int64_t clock_step_look(struct clock_step *step, uint64_t wall_ns, uint64_t mono_ns);

/* What is kept for the next process, as a line with its NUL. @boot: the kernel's id of this boot. */
void clock_step_print(const struct clock_step *step, const char *boot, char ret_line[CLOCK_STEP_BYTES]);
/* Before the first look, go on with what an earlier process kept: of this boot as if it were ours, a step
 * since and a hold that is not over included. Of another boot, if more than CLOCK_STEP_AWAY_S have passed by
 * the wall clock: hold, and return these seconds; 0 otherwise. A line that is none is as no line. */
int64_t clock_step_resume(
        struct clock_step *step, const char *line, const char *boot, uint64_t wall_ns, uint64_t mono_ns);

/* Whether the clock was set forward a short while ago, or may have come up wrong. */
bool clock_step_holds(const struct clock_step *step, uint64_t mono_ns);

#endif
