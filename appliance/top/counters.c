/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/msg.h"

struct counters {
	char *path;
	struct stat_segment *segment;
	int error;
	bool is_new;
	struct counters_sample samples[2];
	unsigned taken;    /* samples of this segment; the latest is taken - 1, modulo 2 */
	uint64_t moved_ns; /* when a poll loop was last seen to move */
};

static void copy(uint64_t *to, const struct stat_segment *stat, enum stat_scope scope, unsigned instance,
        unsigned words)
{
	const uint64_t *slot = stat_slot(stat, scope, instance);

	for (unsigned i = 0; slot && i < words; i++)
		to[i] = stat_get(slot, i);
}

static unsigned at_most(unsigned count, unsigned max)
{
	return count < max ? count : max;
}

void counters_sample_take(
        struct counters_sample *sample, const struct stat_segment *stat, uint64_t mono_ns, uint64_t wall_ns)
{
	sample->mono_ns = mono_ns;
	sample->wall_ns = wall_ns;
	sample->ports = at_most(stat_instances(stat, STAT_SCOPE_PORT), COUNTERS_PORTS);
	sample->lcores = at_most(stat_instances(stat, STAT_SCOPE_LCORE), COUNTERS_LCORES);
	sample->writers = at_most(stat_instances(stat, STAT_SCOPE_WRITER), COUNTERS_WRITERS);
	copy(sample->proc, stat, STAT_SCOPE_PROC, 0, STAT_PROC_COUNT);
	for (unsigned i = 0; i < sample->ports; i++)
		copy(sample->port[i], stat, STAT_SCOPE_PORT, i, STAT_PORT_COUNT);
	for (unsigned i = 0; i < sample->lcores; i++)
		copy(sample->lcore[i], stat, STAT_SCOPE_LCORE, i, STAT_LCORE_COUNT);
	for (unsigned i = 0; i < sample->writers; i++)
		copy(sample->writer[i], stat, STAT_SCOPE_WRITER, i, STAT_WRITER_COUNT);
}

int counters_create(struct counters **ret_counters, const char *run_dir)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	if (asprintf(&c->path, "%s/%s", run_dir, MSG_STATS) < 0) {
		free(c);
		return -ENOMEM;
	}
	c->error = -ENOENT;
	*ret_counters = c;
	return 0;
}

void counters_free(struct counters *c)
{
	if (!c)
		return;
	stat_close(c->segment);
	free(c->path);
	free(c);
}

static void reopen(struct counters *c)
{
	stat_close(c->segment);
	c->segment = NULL;
	c->taken = 0;
	c->error = stat_open(&c->segment, c->path);
	c->is_new = !c->error;
}

static bool has_moved(const struct counters_sample *now, const struct counters_sample *before)
{
	for (unsigned i = 0; i < now->lcores; i++) {
		if (now->lcore[i][STAT_LCORE_polls] != before->lcore[i][STAT_LCORE_polls])
			return true;
	}
	return false;
}

void counters_refresh(struct counters *c)
{
	c->is_new = false;
	if (!c->segment || stat_stale(c->segment, c->path))
		reopen(c);
	if (!c->segment)
		return;
	counters_sample_take(&c->samples[c->taken % 2], c->segment, clk_mono_ns(), clk_wall_ns());
	c->taken++;
	if (c->taken == 1 || has_moved(counters_now(c), counters_before(c)))
		c->moved_ns = counters_now(c)->mono_ns;
	if (c->taken == 4)
		c->taken = 2;
}

double counters_still_s(const struct counters *c)
{
	return c->taken ? (double)(counters_now(c)->mono_ns - c->moved_ns) / CLK_NS_PER_S : 0;
}

enum counters_state counters_state(const struct counters *c)
{
	if (!c->segment)
		return c->error == -EPROTO ? COUNTERS_FOREIGN : COUNTERS_ABSENT;
	return c->taken && counters_now(c)->mono_ns - c->moved_ns > COUNTERS_STILL_NS ? COUNTERS_STILL
	                                                                              : COUNTERS_LIVE;
}

bool counters_is_new(const struct counters *c)
{
	return c->is_new;
}

const char *counters_path(const struct counters *c)
{
	return c->path;
}

int counters_error(const struct counters *c)
{
	return c->error;
}

const struct stat_segment *counters_segment(const struct counters *c)
{
	return c->segment;
}

const struct counters_sample *counters_now(const struct counters *c)
{
	return c->taken ? &c->samples[(c->taken - 1) % 2] : NULL;
}

const struct counters_sample *counters_before(const struct counters *c)
{
	return c->taken > 1 ? &c->samples[c->taken % 2] : NULL;
}
