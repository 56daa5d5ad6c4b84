/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/epoch.h"

#include "base/clk.h"
#include "base/limits.h"
#include "base/rtp.h"

#define ERA           (1ull << 32) /* room below the first RTP time to go back to */
#define FOLLOW        1000
#define BACK_S        1
#define ANCHOR_AGE_NS CLK_NS_PER_S

static int64_t ticks_of(uint32_t rate, int64_t ns)
{
	const int64_t second = CLK_NS_PER_S;

	return ns / second * rate + ns % second * rate / second;
}

/* RTP time @rtp_time is media time @time from here on. */
static uint64_t begin(struct epoch *epoch, uint32_t rtp_time, uint64_t time)
{
	epoch->started = true;
	epoch->last_rtp = ERA + rtp_time;
	epoch->last_time = time;
	epoch->shift = (int64_t)(time - epoch->last_rtp);
	epoch->ahead = 0;
	return time;
}

/* What is due now is @due and follows the sender's clock, which is off by @off ticks after @since_ns. */
static void follow(struct epoch *epoch, uint64_t due, int64_t off, uint64_t arrival_ns, int64_t since_ns)
{
	int64_t most = ticks_of(epoch->rate, since_ns) / FOLLOW;

	epoch->anchor_time = due + (uint64_t)(off > most ? most : off < -most ? -most : off);
	epoch->anchor_ns = arrival_ns;
}

int64_t epoch_due(const struct epoch *epoch, uint64_t arrival_ns)
{
	int64_t since_ns = (int64_t)(arrival_ns - epoch->anchor_ns);

	return (int64_t)epoch->anchor_time + ticks_of(epoch->rate, since_ns);
}

bool epoch_locate(const struct epoch *epoch, uint32_t rtp_time, uint64_t arrival_ns, int64_t *ret_time)
{
	const int64_t jump = (int64_t)LIMIT_TIME_JUMP_S * epoch->rate;
	int64_t due = epoch_due(epoch, arrival_ns);
	uint64_t rtp = rtp_unwrap32((uint64_t)(due - epoch->shift), rtp_time);
	int64_t time = (int64_t)rtp + epoch->shift - epoch->ahead;

	if (!epoch->started || time - due > jump || due - time > jump)
		return false;
	*ret_time = time;
	return true;
}

uint64_t epoch_place(struct epoch *epoch, uint32_t rtp_time, int64_t time)
{
	int64_t least = (int64_t)epoch->last_time + 1;

	begin(epoch, rtp_time, (uint64_t)(time > least ? time : least));
	epoch->ahead = time < least ? least - time : 0;
	return epoch->last_time;
}

void epoch_shift(struct epoch *epoch, int64_t ticks)
{
	ticks -= epoch->ahead;
	epoch->ahead = ticks < 0 ? -ticks : 0;
	epoch->shift += ticks < 0 ? 0 : ticks;
}

void epoch_set_back(struct epoch *epoch, int64_t ticks)
{
	epoch->shift -= ticks + epoch->ahead;
	epoch->ahead = 0;
	epoch->last_time -= epoch->last_time < (uint64_t)ticks ? epoch->last_time : (uint64_t)ticks;
}

/* A step of @step ticks: half of it makes up for what is ahead. */
static void take_back(struct epoch *epoch, int64_t step)
{
	int64_t back = step / 2 < epoch->ahead ? step / 2 : epoch->ahead;

	if (back <= 0)
		return;
	epoch->shift -= back;
	epoch->ahead -= back;
	epoch->last_time -= (uint64_t)back;
}

uint64_t epoch_time(struct epoch *epoch, uint32_t rtp_time, uint64_t arrival_ns, bool restart, bool *ret_new)
{
	const int64_t jump = (int64_t)LIMIT_TIME_JUMP_S * epoch->rate;
	int64_t since_ns, off, step;
	uint64_t due, rtp;

	*ret_new = false;
	if (!epoch->started) {
		epoch->anchor_ns = arrival_ns;
		return begin(epoch, rtp_time, 0);
	}
	if (!restart && (uint32_t)epoch->last_rtp == rtp_time)
		return epoch->last_time;
	since_ns = (int64_t)(arrival_ns - epoch->anchor_ns);
	due = (uint64_t)epoch_due(epoch, arrival_ns);
	rtp = rtp_unwrap32(due - (uint64_t)epoch->shift, rtp_time);
	off = (int64_t)(rtp + (uint64_t)epoch->shift - due);
	if (restart || off > jump || off < -jump || rtp + (uint64_t)BACK_S * epoch->rate < epoch->last_rtp) {
		*ret_new = true;
		return begin(
		        epoch, rtp_time, (int64_t)(due - epoch->last_time) > 0 ? due : epoch->last_time + 1);
	}
	if (since_ns >= (int64_t)ANCHOR_AGE_NS)
		follow(epoch, due, off, arrival_ns, since_ns);
	epoch->last_rtp = rtp;
	step = (int64_t)(due + (uint64_t)off - epoch->last_time);
	if (step > 0) {
		epoch->last_time += (uint64_t)step;
		if (epoch->ahead)
			take_back(epoch, step);
	}
	return epoch->last_time;
}
