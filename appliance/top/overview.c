/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/overview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"

#define DROP_PREFIX "drop_"

double overview_rate(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 && now > before ? (double)(now - before) / seconds : 0;
}

double overview_seconds_left(uint64_t free_bytes, uint64_t min_free_bytes, double growth_bps)
{
	if (free_bytes <= min_free_bytes)
		return 0;
	return growth_bps > 0 ? (double)(free_bytes - min_free_bytes) / growth_bps : INFINITY;
}

/* Sums of one counter over the instances of its scope. */
struct sums {
	const struct counters_sample *now, *before;
	double seconds;
};

static uint64_t sum(const struct counters_sample *sample, enum stat_scope scope, unsigned id)
{
	uint64_t total = 0;

	if (scope == STAT_SCOPE_PORT) {
		for (unsigned i = 0; i < sample->ports; i++)
			total += sample->port[i][id];
	} else if (scope == STAT_SCOPE_LCORE) {
		for (unsigned i = 0; i < sample->lcores; i++)
			total += sample->lcore[i][id];
	} else {
		for (unsigned i = 0; i < sample->writers; i++)
			total += sample->writer[i][id];
	}
	return total;
}

static double sum_rate(const struct sums *s, enum stat_scope scope, unsigned id)
{
	return s->before ? overview_rate(sum(s->now, scope, id), sum(s->before, scope, id), s->seconds) : 0;
}

static void add_drop(
        struct overview *o, const struct sums *s, enum stat_scope scope, unsigned id, const char *reason)
{
	uint64_t total = sum(s->now, scope, id);
	double rate = sum_rate(s, scope, id);

	o->dropped_pps += rate;
	if (total && o->drops < OVERVIEW_DROPS)
		o->drop[o->drops++] = (struct overview_drop){ reason, rate, total };
}

static int compare_drops(const void *a, const void *b)
{
	const struct overview_drop *x = a, *y = b;

	if (x->per_s != y->per_s)
		return x->per_s < y->per_s ? 1 : -1;
	return x->total < y->total ? 1 : x->total > y->total ? -1 : strcmp(x->reason, y->reason);
}

/* Every drop_* of the lcores, and what ports and writers lose. */
static void make_drops(struct overview *o, const struct sums *s)
{
	const struct stat_row *row;

	for (unsigned id = 0; (row = stat_row(STAT_SCOPE_LCORE, id)); id += stat_words(row)) {
		if (!strncmp(row->name, DROP_PREFIX, strlen(DROP_PREFIX)))
			add_drop(o, s, STAT_SCOPE_LCORE, id, row->name + strlen(DROP_PREFIX));
	}
	add_drop(o, s, STAT_SCOPE_LCORE, STAT_LCORE_tx_dropped, "tx_dropped");
	add_drop(o, s, STAT_SCOPE_PORT, STAT_PORT_rx_missed, "port rx_missed");
	add_drop(o, s, STAT_SCOPE_PORT, STAT_PORT_rx_errors, "port rx_errors");
	add_drop(o, s, STAT_SCOPE_PORT, STAT_PORT_rx_nombuf, "port rx_nombuf");
	add_drop(o, s, STAT_SCOPE_WRITER, STAT_WRITER_drop_no_block, "writer no_block");
	qsort(o->drop, o->drops, sizeof(o->drop[0]), compare_drops);
}

static void make_rates(struct overview *o, const struct sums *s)
{
	o->in_pps = sum_rate(s, STAT_SCOPE_LCORE, STAT_LCORE_rx_pkts);
	o->in_bps = sum_rate(s, STAT_SCOPE_LCORE, STAT_LCORE_rx_bytes) * 8;
	o->out_pps = sum_rate(s, STAT_SCOPE_LCORE, STAT_LCORE_tx_pkts);
	o->out_bps = sum_rate(s, STAT_SCOPE_LCORE, STAT_LCORE_tx_bytes) * 8;
	o->rtp_pps = sum_rate(s, STAT_SCOPE_LCORE, STAT_LCORE_rtp_pkts);
	o->disk_bps = sum_rate(s, STAT_SCOPE_WRITER, STAT_WRITER_written_bytes);
	o->growth_bps = sum_rate(s, STAT_SCOPE_WRITER, STAT_WRITER_bytes);
}

void overview_make(
        struct overview *o, const struct counters_sample *now, const struct counters_sample *before)
{
	struct sums s = { .now = now, .before = before };
	uint64_t start = now->proc[STAT_PROC_start_unix_ns];

	memset(o, 0, sizeof(*o));
	if (before)
		o->seconds = s.seconds = (double)(now->mono_ns - before->mono_ns) / CLK_NS_PER_S;
	make_rates(o, &s);
	make_drops(o, &s);
	o->disk_free_bytes = now->proc[STAT_PROC_disk_free_bytes];
	o->disk_error = now->proc[STAT_PROC_disk_error];
	o->sessions = now->proc[STAT_PROC_sessions_open];
	o->tracks = now->proc[STAT_PROC_tracks_open];
	o->finished = now->proc[STAT_PROC_recordings_finished];
	o->failed = now->proc[STAT_PROC_recordings_failed];
	o->sessions_failed = now->proc[STAT_PROC_sessions_failed];
	o->files = sum(now, STAT_SCOPE_WRITER, STAT_WRITER_files_open);
	o->block_bytes = sum(now, STAT_SCOPE_WRITER, STAT_WRITER_block_bytes);
	o->uptime_s = start && now->wall_ns > start ? (now->wall_ns - start) / CLK_NS_PER_S : 0;
}
