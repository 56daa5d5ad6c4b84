/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/watch.h"

#include <string.h>

struct watched {
	unsigned id;
	bool is_bad;
	const char *type, *one, *many;
};

static const struct watched totals[] = {
	{ STAT_PROC_sessions_opened, false, "session", "session opened", "sessions opened" },
	{ STAT_PROC_sessions_failed, true, "session", "session failed", "sessions failed" },
	{ STAT_PROC_recordings_finished, false, "recording", "recording finished", "recordings finished" },
	{ STAT_PROC_recordings_failed, true, "recording", "recording failed: its part is kept",
	        "recordings failed: their parts are kept" },
	{ STAT_PROC_recordings_repaired, false, "recording", "recording of a crash repaired",
	        "recordings of a crash repaired" },
};

static void watch_totals(
        struct eventlog *log, const struct counters_sample *now, const struct counters_sample *before)
{
	for (unsigned i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		uint64_t new = now->proc[totals[i].id], old = before->proc[totals[i].id];

		if (new > old)
			eventlog_see(log, now->wall_ns, totals[i].is_bad, totals[i].type, "%llu %s",
			        (unsigned long long)(new - old),
			        new - old == 1 ? totals[i].one : totals[i].many);
	}
	if (now->proc[STAT_PROC_sessions_open] < before->proc[STAT_PROC_sessions_open])
		eventlog_see(log, now->wall_ns, false, "session", "%llu open, %llu before",
		        (unsigned long long)now->proc[STAT_PROC_sessions_open],
		        (unsigned long long)before->proc[STAT_PROC_sessions_open]);
}

/* The first packets of a second that a reason drops, none in the one before, cannot be told from two samples:
 * the first ever can. */
static void watch_drops(
        struct eventlog *log, const struct counters_sample *now, const struct counters_sample *before)
{
	const struct stat_row *row;

	for (unsigned id = 0; (row = stat_row(STAT_SCOPE_LCORE, id)); id += stat_words(row)) {
		uint64_t new = 0, old = 0;

		if (strncmp(row->name, "drop_", 5) != 0)
			continue;
		for (unsigned i = 0; i < now->lcores; i++) {
			new += now->lcore[i][id];
			old += before->lcore[i][id];
		}
		if (new && !old)
			eventlog_see(log, now->wall_ns, true, "drop", "first %s: %s", row->name + 5,
			        row->sentence);
	}
}

void watch_samples(struct eventlog *log, const struct counters_sample *now,
        const struct counters_sample *before, bool has_feed)
{
	uint64_t error = now->proc[STAT_PROC_disk_error];

	if (!has_feed)
		watch_totals(log, now, before);
	watch_drops(log, now, before);
	if (error != before->proc[STAT_PROC_disk_error]) {
		if (error)
			eventlog_see(
			        log, now->wall_ns, true, "disk", "a write failed: %s", strerror((int)error));
		else
			eventlog_see(log, now->wall_ns, false, "disk", "writes work again");
	}
	for (unsigned i = 0; i < now->ports; i++) {
		uint64_t up = now->port[i][STAT_PORT_link_up];

		if (up != before->port[i][STAT_PORT_link_up])
			eventlog_see(
			        log, now->wall_ns, !up, "port", "port %u: link %s", i, up ? "up" : "down");
	}
	for (unsigned i = 0; i < now->lcores; i++) {
		uint64_t stall = now->lcore[i][STAT_LCORE_stall_max_ns];

		if (stall > before->lcore[i][STAT_LCORE_stall_max_ns] && stall >= 10000000)
			eventlog_see(log, now->wall_ns, true, "lcore",
			        "%u stalled for %llu ms, its longest yet", i,
			        (unsigned long long)(stall / 1000000));
	}
}

void watch_state(
        struct eventlog *log, uint64_t unix_ns, enum counters_state from, enum counters_state to, bool is_new)
{
	static const char *const texts[] = { [COUNTERS_ABSENT] = "its counters are gone",
		[COUNTERS_FOREIGN] = "its counters are those of another version",
		[COUNTERS_STILL] = "its counters stand still: dead or stuck",
		[COUNTERS_LIVE] = "it counts" };

	if (is_new && to == COUNTERS_LIVE)
		eventlog_see(log, unix_ns, false, "dataplane", "%s",
		        from == COUNTERS_LIVE ? "restarted: its counters are new" : "started");
	else if (from != to)
		eventlog_see(log, unix_ns, to != COUNTERS_LIVE, "dataplane", "%s", texts[to]);
}
