/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/pause.h"

#define WINDOW_NS CLK_NS_PER_S
#define BURST_MS  100                 /* made up for: more than jitter does */
#define EARLY_MS  60                  /* before the least lag: no jitter is that good */
#define DOUBT_NS  (60 * CLK_NS_PER_S) /* then clocks that drift tell more than the lag */
#define NONE      INT64_MAX

static int64_t ms(const struct pause *pause, int64_t n)
{
	return n * pause->rate / 1000;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void pause_restart(struct pause *pause)
{
	*pause = (struct pause){ .rate = pause->rate };
}

bool pause_stood(const struct pause *pause, uint32_t rtp_time, uint64_t arrival_ns)
{
	int64_t on = (int32_t)(rtp_time - pause->last_rtp), gap;

	if (!pause->started || arrival_ns < pause->last_ns + PAUSE_GAP_NS)
		return false;
	/* A gap in which RTP time may have wrapped is not for us to judge. */
	gap = (int64_t)((arrival_ns - pause->last_ns) / CLK_NS_PER_MS);
	return on >= 0 && gap / 1000 * pause->rate < INT32_MAX && on < ms(pause, gap) / 2;
}

void pause_begin(struct pause *pause, uint64_t arrival_ns)
{
	pause->gap_ns = arrival_ns - pause->last_ns;
	pause->since_ns = arrival_ns;
	pause->timed = false;
	pause->normal = lesser(pause->least, pause->least_before);
	pause->first = pause->after = pause->spare = NONE;
	pause->doubtful = 0;
}

/* Whether what came makes up for the gap: by so much as is more than jitter. */
static bool makes_up(const struct pause *pause)
{
	return pause->timed &&
	       pause->first - pause->after >= lesser(ms(pause, BURST_MS), (pause->first - pause->normal) / 2);
}

enum pause_verdict pause_judge(struct pause *pause, uint64_t arrival_ns, int64_t lag, bool repaired)
{
	if (repaired) {
		pause->spare = lesser(pause->spare, lag);
		return PAUSE_UNCLEAR;
	}
	if (!pause->timed) {
		pause->timed = true;
		pause->since_ns = arrival_ns;
		pause->first = lag;
	}
	pause->after = lesser(pause->after, lag);
	if (makes_up(pause))
		return PAUSE_STALL;
	return arrival_ns >= pause->since_ns + PAUSE_HOLD_NS ? PAUSE_PAUSE : PAUSE_UNCLEAR;
}

enum pause_verdict pause_conclude(const struct pause *pause)
{
	return makes_up(pause) || !pause_ticks(pause) ? PAUSE_STALL : PAUSE_PAUSE;
}

int64_t pause_ticks(const struct pause *pause)
{
	int64_t after = pause->timed ? pause->after : pause->spare;

	return after != NONE && after > pause->normal ? after - pause->normal : 0;
}

void pause_believe(struct pause *pause, int64_t ticks)
{
	pause->doubtful = ticks;
	pause->doubt_until_ns = pause->since_ns + DOUBT_NS;
}

void pause_trust(struct pause *pause)
{
	pause->doubtful = 0;
}

void pause_pass(struct pause *pause, uint32_t rtp_time, uint64_t arrival_ns)
{
	pause->last_rtp = rtp_time;
	if (!pause->started || arrival_ns > pause->last_ns)
		pause->last_ns = arrival_ns;
	pause->started = true;
}

/* What was believed and is not so, when a packet lags by @lag. */
static int64_t too_much(struct pause *pause, uint64_t arrival_ns, int64_t lag)
{
	int64_t ticks;

	if (arrival_ns >= pause->doubt_until_ns)
		pause->doubtful = 0;
	if (!pause->doubtful || lag >= pause->normal - ms(pause, EARLY_MS))
		return 0;
	ticks = lesser(pause->normal - lag, pause->doubtful);
	pause->doubtful -= ticks;
	return ticks;
}

int64_t pause_lag(struct pause *pause, uint64_t arrival_ns, int64_t lag)
{
	int64_t ticks = too_much(pause, arrival_ns, lag);

	lag += ticks;
	if (!pause->window_ns) {
		pause->window_ns = arrival_ns;
		pause->least = pause->least_before = lag;
	} else if (arrival_ns >= pause->window_ns + WINDOW_NS) {
		pause->window_ns = arrival_ns;
		pause->least_before = pause->least;
		pause->least = lag;
	} else {
		pause->least = lesser(pause->least, lag);
	}
	return ticks;
}
