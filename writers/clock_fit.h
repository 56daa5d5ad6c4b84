/* SPDX-License-Identifier: BSD-3-Clause */
/* A sender's clock as a straight line over media time, from pairs that it told: an instant of its wall clock
 * and the RTP time of the same instant (sender reports, RFC 3550 section 6.4.1; abs-capture-time). And,
 * beside it, that clock on ours: what came fastest came nearest to the truth.
 *
 * At most CLOCK_FIT_SAMPLES are kept, spread evenly over all that came, so that the line is held at both ends
 * of a long call. A slope is the median of slopes half the samples apart; what lies off that line by several
 * times the median deviation is thrown out; least squares over the rest, held to the nominal rate as long as
 * they span too little to tell (CLOCK_FIT_PRIOR_PPM). So a wrong report moves nothing, and the work of one
 * solution is bounded. Pure; one thread.
 */
#ifndef WRITERS_CLOCK_FIT_H
#define WRITERS_CLOCK_FIT_H

#include <stdint.h>

#define CLOCK_FIT_SAMPLES   64
#define CLOCK_FIT_PRIOR_PPM 200 /* clocks are mostly better than that */

/* Where pairs come from, the better ones later: a better one replaces all that came before, a worse one is
 * passed over. */
enum clock_fit_source {
	CLOCK_FIT_ARRIVAL, /* the sender tells nothing: its clock is taken to be ours */
	CLOCK_FIT_CAPTURE_TIME,
	CLOCK_FIT_SENDER_REPORT,
};

struct clock_fit_sample {
	int64_t time;      /* media time, in ticks */
	int64_t sender_ns; /* the sender's clock */
	int64_t ours_ns;   /* when it came, by ours */
};

/* All zeros but the rate: nothing has come yet. */
struct clock_fit {
	uint32_t rate;          /* ticks a second */
	uint32_t stride, since; /* every so many are kept; how many have come since the last one that was */
	uint64_t added;
	uint8_t source, count;
	struct clock_fit_sample samples[CLOCK_FIT_SAMPLES]; /* the last one: the newest */
};

/* Take one pair. */
void clock_fit_add(struct clock_fit *fit, enum clock_fit_source source, int64_t time, int64_t sender_ns,
        int64_t ours_ns);

/* The clock is another one from here on. */
void clock_fit_forget(struct clock_fit *fit);

/* A solution. */
struct clock_fit_line {
	int64_t time, sender_ns, ours_ns;    /* a point of it */
	double sender_tick_ns, ours_tick_ns; /* a tick of media time on either clock */
	double rate_ppm;    /* how much faster than nominal the RTP clock runs, by the sender's wall clock */
	double residual_us; /* root of the mean square of what the samples that count are off */
	unsigned used;      /* these */
};

/* The line that fits best. 0; -ENODATA: there is no sample. */
int clock_fit_solve(const struct clock_fit *fit, struct clock_fit_line *ret_line);

/* Media time on the sender's clock and on ours; and the way back. */
int64_t clock_fit_sender_ns(const struct clock_fit_line *line, int64_t time);
int64_t clock_fit_ours_ns(const struct clock_fit_line *line, int64_t time);
int64_t clock_fit_time(const struct clock_fit_line *line, int64_t sender_ns);

/* As it is called in sidecars. */
const char *clock_fit_source_name(enum clock_fit_source source);

#endif
