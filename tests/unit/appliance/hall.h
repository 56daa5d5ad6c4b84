/* SPDX-License-Identifier: BSD-3-Clause */
/* A run_dir with a segment of counters that the test writes itself, as a dataplane would. */
#ifndef TESTS_UNIT_APPLIANCE_HALL_H
#define TESTS_UNIT_APPLIANCE_HALL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/msg.h"
#include "base/stat.h"

#define HALL_TRACKS 8

struct hall {
	char dir[64], path[96];
	struct stat_segment *stat;
};

static inline int hall_segment(struct hall *hall)
{
	static const struct stat_cfg cfg = { .instances = { 1, 1, 2, HALL_TRACKS, 1, HALL_TRACKS } };

	stat_close(hall->stat);
	hall->stat = NULL;
	return stat_create(&hall->stat, hall->path, &cfg);
}

static inline int hall_make(struct hall *hall)
{
	*hall = (struct hall){ .dir = "/tmp/test_top.XXXXXX" };
	if (!mkdtemp(hall->dir))
		return -1;
	snprintf(hall->path, sizeof(hall->path), "%s/%s", hall->dir, MSG_STATS);
	return hall_segment(hall);
}

static inline void hall_free(struct hall *hall)
{
	stat_close(hall->stat);
	unlink(hall->path);
	rmdir(hall->dir);
}

#define HALL_ADD(hall, scope, index, id, n)                                                                  \
	stat_add(stat_slot((hall)->stat, STAT_SCOPE_##scope, index), STAT_##scope##_##id, n)
#define HALL_SET(hall, scope, index, id, n)                                                                  \
	stat_set(stat_slot((hall)->stat, STAT_SCOPE_##scope, index), STAT_##scope##_##id, n)

#endif
