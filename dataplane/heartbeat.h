/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the process gets on with its work, for the service manager's watchdog: every poll loop polls, and
 * no writer leaves packets in its rings. A writer without packets may sleep, so that nothing can be said of
 * it, and nothing is lost by it. Command thread, which shows by calling that it is alive itself. */
#ifndef DATAPLANE_HEARTBEAT_H
#define DATAPLANE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "base/stat.h"

struct lcore;

struct heartbeat {
	const struct lcore *lcores;
	struct stat_segment *stat;
	unsigned lcore_count, writer_count;
	/* at the last look */
	uint64_t polls[LIMIT_LCORES], pkts[LIMIT_WRITERS];
	bool waiting[LIMIT_WRITERS]; /* packets were in its rings */
	bool stuck;
};

/* @lcores with slots and writers' rings, @stat with a WRITER slot for each of @writer_count; both outlive it.
 */
void heartbeat_init(struct heartbeat *heart, const struct lcore *lcores, unsigned lcore_count,
        struct stat_segment *stat, unsigned writer_count);

/* Look, once a second or more seldom. Whether all have got on since the last look; that they have not is
 * logged when it begins. */
bool heartbeat_look(struct heartbeat *heart);

#endif
