/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/heartbeat.h"

#include "base/log.h"
#include "dataplane/lcore.h"

void heartbeat_init(struct heartbeat *heart, const struct lcore *lcores, unsigned lcore_count,
        struct stat_segment *stat, unsigned writer_count)
{
	*heart = (struct heartbeat){
		.lcores = lcores, .stat = stat, .lcore_count = lcore_count, .writer_count = writer_count
	};
}

static bool has_polled(struct heartbeat *heart, unsigned lcore)
{
	uint64_t polls = stat_get(heart->lcores[lcore].slot, STAT_LCORE_polls);
	bool moved = polls != heart->polls[lcore];

	heart->polls[lcore] = polls;
	return moved;
}

static bool is_waited_for(const struct heartbeat *heart, unsigned writer)
{
	for (unsigned i = 0; i < heart->lcore_count; i++)
		if (spsc_count(heart->lcores[i].writers[writer]))
			return true;
	return false;
}

/* Packets that were there at the last look have to be fewer now: those that came since prove nothing. */
static bool has_taken(struct heartbeat *heart, unsigned writer)
{
	uint64_t pkts = stat_get(stat_slot(heart->stat, STAT_SCOPE_WRITER, writer), STAT_WRITER_pkts);
	bool moved = pkts != heart->pkts[writer] || !heart->waiting[writer];

	heart->pkts[writer] = pkts;
	heart->waiting[writer] = is_waited_for(heart, writer);
	return moved;
}

bool heartbeat_look(struct heartbeat *heart)
{
	bool was_stuck = heart->stuck;

	heart->stuck = false;
	for (unsigned i = 0; i < heart->lcore_count; i++) {
		if (has_polled(heart, i))
			continue;
		if (!was_stuck)
			log_warn("poll loop %u has not polled for a second: its CPU is taken from it, or it "
			         "hangs",
			        i);
		heart->stuck = true;
	}
	for (unsigned w = 0; w < heart->writer_count; w++) {
		if (has_taken(heart, w))
			continue;
		if (!was_stuck)
			log_warn("writer %u has left packets waiting for a second: its CPU is taken from it, "
			         "or the disk holds it up",
			        w);
		heart->stuck = true;
	}
	return !heart->stuck;
}
