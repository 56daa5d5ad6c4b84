/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/times.h"

#include <inttypes.h>
#include <stdio.h>
#include "base/clk.h"

#define LINE_NS     (250 * CLK_NS_PER_MS) /* how long a line waits for more */
#define ENTRY_BYTES 32                    /* the longest time, and the line's end */

static void end_line(struct times *times)
{
	if (!times->len)
		return;
	times->len += (size_t)snprintf(times->line + times->len, TIMES_LINE_BYTES - times->len, "]}");
	if (times->segment)
		segment_note(times->segment, JOURNAL_TIMES, times->line, times->len);
	times->len = 0;
}

void times_open(struct times *times, struct segment *segment)
{
	times->segment = segment;
	times->frame = 0;
	times->len = 0;
	times->last = 0;
}

void times_close(struct times *times)
{
	end_line(times);
	times->segment = NULL;
}

/* The time of a frame, that may lie before others that came earlier. */
static uint64_t shown_at(struct times *times, uint32_t rtp, uint64_t time)
{
	if (!times->frame || time > times->last) {
		times->last = time;
		times->last_rtp = rtp;
	}
	return times->last + (uint64_t)(int64_t)(int32_t)(rtp - times->last_rtp);
}

void times_add(
        struct times *times, uint32_t rtp, uint64_t time, uint64_t base, uint32_t rate, uint64_t now_ns)
{
	int64_t ticks = (int64_t)(shown_at(times, rtp, time) - base);
	uint64_t us =
	        ticks > 0 ? (uint64_t)ticks / rate * 1000000 + (uint64_t)ticks % rate * 1000000 / rate : 0;
	char *at = times->line;

	if (!times->len) {
		times->since_ns = now_ns;
		times->len = (size_t)snprintf(
		        at, TIMES_LINE_BYTES, "{\"frame\":%" PRIu64 ",\"ms\":[", times->frame);
	} else {
		at[times->len++] = ',';
	}
	times->len += (size_t)snprintf(at + times->len, TIMES_LINE_BYTES - times->len,
	        "%" PRIu64 ".%03" PRIu64, us / 1000, us % 1000);
	times->frame++;
	if (now_ns - times->since_ns >= LINE_NS || times->len + ENTRY_BYTES > TIMES_LINE_BYTES)
		end_line(times);
}
