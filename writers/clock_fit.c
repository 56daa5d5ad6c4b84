/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/clock_fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "base/clk.h"

#define SLOPE_SAMPLES 8      /* fewer tell no slope that could be trusted */
#define SLOPE_SPAN_NS 1e9    /* of a pair that tells one */
#define SLOPE_MAX     0.1    /* ten per cent is no clock any more */
#define SIGMA         1.4826 /* of a normal distribution, over its median deviation */
#define OUTLIER       4.0    /* sigmas */
#define OUTLIER_NS    1e6    /* less is never thrown out */
#define NOISE_MIN_NS  1e5    /* reports are not better than that */
#define NS_MAX        4e18   /* fits int64_t */

void clock_fit_forget(struct clock_fit *fit)
{
	*fit = (struct clock_fit){ .rate = fit->rate };
}

/* Keep every other sample. */
static void thin(struct clock_fit *fit)
{
	for (unsigned i = 0; i < CLOCK_FIT_SAMPLES / 2; i++)
		fit->samples[i] = fit->samples[2 * i];
	fit->count = CLOCK_FIT_SAMPLES / 2;
	fit->stride *= 2;
}

void clock_fit_add(
        struct clock_fit *fit, enum clock_fit_source source, int64_t time, int64_t sender_ns, int64_t ours_ns)
{
	if (fit->count && source < fit->source)
		return;
	if (source > fit->source)
		clock_fit_forget(fit);
	fit->source = source;
	fit->added++;
	if (!fit->count)
		fit->stride = 1;
	if (fit->count < 2 || fit->since >= fit->stride) {
		/* The newest so far stays. */
		if (fit->count == CLOCK_FIT_SAMPLES)
			thin(fit);
		fit->count++;
		fit->since = 0;
	}
	fit->since++;
	fit->samples[fit->count - 1] =
	        (struct clock_fit_sample){ .time = time, .sender_ns = sender_ns, .ours_ns = ours_ns };
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of @values, which are put in order. */
static double median(double *values, unsigned n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Points: ns since the first sample by the nominal rate, and how far the other clock is off there. */
struct cloud {
	unsigned n;
	double x[CLOCK_FIT_SAMPLES], y[CLOCK_FIT_SAMPLES];
};

/* The median of the slopes between points half of them apart; too few or too near ones have none. */
static double robust_slope(const struct cloud *c)
{
	double slopes[CLOCK_FIT_SAMPLES];
	unsigned half = c->n / 2, n = 0;

	if (c->n < SLOPE_SAMPLES)
		return 0;
	for (unsigned i = 0; i + half < c->n; i++)
		if (c->x[i + half] - c->x[i] >= SLOPE_SPAN_NS)
			slopes[n++] = (c->y[i + half] - c->y[i]) / (c->x[i + half] - c->x[i]);
	return median(slopes, n);
}

/* Throw out what lies far off the line of @slope. Returns the deviation of the rest. */
static double throw_out(struct cloud *c, double slope, uint64_t *ret_kept)
{
	double off[CLOCK_FIT_SAMPLES], sorted[CLOCK_FIT_SAMPLES], middle, sigma, most;
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		off[i] = sorted[i] = c->y[i] - slope * c->x[i];
	middle = median(sorted, c->n);
	for (unsigned i = 0; i < c->n; i++)
		sorted[i] = fabs(off[i] - middle);
	sigma = SIGMA * median(sorted, c->n);
	most = OUTLIER * sigma > OUTLIER_NS ? OUTLIER * sigma : OUTLIER_NS;
	*ret_kept = 0;
	for (unsigned i = 0; i < c->n; i++) {
		if (fabs(off[i] - middle) > most)
			continue;
		*ret_kept |= 1ull << i;
		c->x[n] = c->x[i];
		c->y[n++] = c->y[i];
	}
	c->n = n;
	return sigma > NOISE_MIN_NS ? sigma : NOISE_MIN_NS;
}

struct slope {
	double x, y; /* the middle of the points */
	double slope;
	double residual; /* ns */
};

/* Least squares, held to slope 0 by the weight that points with the deviation @sigma would have. */
static struct slope least_squares(const struct cloud *c, double sigma)
{
	const double hold = sigma / (CLOCK_FIT_PRIOR_PPM * 1e-6);
	struct slope s = { 0 };
	double xx = 0, xy = 0, sum = 0;

	for (unsigned i = 0; i < c->n; i++) {
		s.x += c->x[i] / c->n;
		s.y += c->y[i] / c->n;
	}
	for (unsigned i = 0; i < c->n; i++) {
		xx += (c->x[i] - s.x) * (c->x[i] - s.x);
		xy += (c->x[i] - s.x) * (c->y[i] - s.y);
	}
	s.slope = fmin(fmax(xy / (xx + hold * hold), -SLOPE_MAX), SLOPE_MAX);
	for (unsigned i = 0; i < c->n; i++) {
		double off = c->y[i] - s.y - s.slope * (c->x[i] - s.x);

		sum += off * off;
	}
	s.residual = sqrt(sum / c->n);
	return s;
}

static double clamped(double ns)
{
	return fmin(fmax(ns, -NS_MAX), NS_MAX);
}

/* Our clock over the sender's: the points' lower edge. Delay only adds. */
static struct slope lower_edge(struct cloud *c)
{
	struct slope s = { .slope = robust_slope(c) };
	double sorted[CLOCK_FIT_SAMPLES], sigma, least = INFINITY, spread = 0, middle, hold;

	for (unsigned i = 0; i < c->n; i++) {
		s.x += c->x[i] / c->n;
		sorted[i] = c->y[i] - s.slope * c->x[i];
	}
	middle = median(sorted, c->n);
	for (unsigned i = 0; i < c->n; i++) {
		sorted[i] = fabs(c->y[i] - s.slope * c->x[i] - middle);
		spread += (c->x[i] - s.x) * (c->x[i] - s.x);
	}
	sigma = fmax(SIGMA * median(sorted, c->n), NOISE_MIN_NS);
	hold = sigma / (CLOCK_FIT_PRIOR_PPM * 1e-6);
	s.slope = fmin(fmax(s.slope * spread / (spread + hold * hold), -SLOPE_MAX), SLOPE_MAX);
	for (unsigned i = 0; i < c->n; i++)
		least = fmin(least, c->y[i] - s.slope * (c->x[i] - s.x));
	s.y = least;
	return s;
}

int clock_fit_solve(const struct clock_fit *fit, struct clock_fit_line *ret_line)
{
	const double tick_ns = (double)CLK_NS_PER_S / fit->rate;
	const struct clock_fit_sample *first = fit->samples;
	struct cloud sender = { .n = fit->count }, ours = { 0 };
	struct slope line, edge;
	uint64_t kept;
	double sigma;

	if (!fit->count)
		return -ENODATA;
	for (unsigned i = 0; i < fit->count; i++) {
		sender.x[i] = clamped((double)(fit->samples[i].time - first->time) * tick_ns);
		sender.y[i] = clamped((double)(fit->samples[i].sender_ns - first->sender_ns) - sender.x[i]);
	}
	sigma = throw_out(&sender, robust_slope(&sender), &kept);
	line = least_squares(&sender, sigma);
	for (unsigned i = 0; i < fit->count; i++) {
		if (!(kept >> i & 1))
			continue;
		ours.x[ours.n] = sender.x[ours.n];
		ours.y[ours.n] = (double)(fit->samples[i].ours_ns - first->ours_ns) - ours.x[ours.n];
		ours.n++;
	}
	/* By how much ours runs ahead of the line, not of the samples: those jitter. */
	for (unsigned i = 0; i < ours.n; i++)
		ours.y[i] -= line.y + line.slope * (ours.x[i] - line.x);
	edge = lower_edge(&ours);
	*ret_line = (struct clock_fit_line){
		.time = first->time,
		.sender_ns = first->sender_ns + (int64_t)clamped(line.y - line.slope * line.x),
		.sender_tick_ns = tick_ns * (1 + line.slope),
		.ours_tick_ns = tick_ns * (1 + line.slope + edge.slope),
		.rate_ppm = (1 / (1 + line.slope) - 1) * 1e6,
		.residual_us = line.residual / 1e3,
		.used = sender.n,
	};
	ret_line->ours_ns = first->ours_ns +
	                    (int64_t)clamped(line.y - line.slope * line.x + edge.y - edge.slope * edge.x);
	return 0;
}

int64_t clock_fit_sender_ns(const struct clock_fit_line *line, int64_t time)
{
	return line->sender_ns + (int64_t)clamped((double)(time - line->time) * line->sender_tick_ns);
}

int64_t clock_fit_ours_ns(const struct clock_fit_line *line, int64_t time)
{
	return line->ours_ns + (int64_t)clamped((double)(time - line->time) * line->ours_tick_ns);
}

int64_t clock_fit_time(const struct clock_fit_line *line, int64_t sender_ns)
{
	return line->time + (int64_t)llround((double)(sender_ns - line->sender_ns) / line->sender_tick_ns);
}

const char *clock_fit_source_name(enum clock_fit_source source)
{
	static const char *const names[] = { "arrival", "capture_time", "sender_report" };

	return names[source];
}
