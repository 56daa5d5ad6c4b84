/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/machine.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/watch.h"
#include "base/clk.h"

#define OPEN_ROWS 4    /* accounts that are told of at a time */
#define GROWTH_S  30.0 /* over which the growth is smoothed: files are written in bursts */

int machine_create(struct machine **ret_machine, const struct options *options)
{
	struct machine *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->options = options;
	m->growth_bps = NAN;
	m->seconds_left = INFINITY;
	r = counters_create(&m->counters, options->run_dir);
	if (!r)
		r = balance_create(&m->balance);
	if (!r)
		r = api_create(&m->api, options, &m->log);
	if (r) {
		machine_free(m);
		return r;
	}
	*ret_machine = m;
	return 0;
}

static void forget_tracks(struct machine *m)
{
	if (m->api)
		api_set_names(m->api, NULL);
	tracks_free(m->tracks);
	names_free(m->names);
	m->tracks = NULL;
	m->names = NULL;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	forget_tracks(m);
	follow_stop(m->follow);
	logbook_reset(&m->book);
	api_free(m->api);
	counters_free(m->counters);
	balance_free(m->balance);
	free(m);
}

/* Slots of a new segment are other tracks'. Without memory there is no view of tracks. */
static void follow_segment(struct machine *m)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	unsigned slots;

	if (counters_is_new(m->counters) || !stat)
		forget_tracks(m);
	if (!stat || m->tracks)
		return;
	slots = stat_instances(stat, STAT_SCOPE_FLOW);
	if (names_create(&m->names, slots) || tracks_create(&m->tracks, slots, m->names)) {
		forget_tracks(m);
		return;
	}
	api_set_names(m->api, m->names);
}

static void smooth_growth(struct machine *m)
{
	double part = fmin(1, m->overview.seconds / GROWTH_S);

	if (m->overview.seconds <= 0)
		return;
	if (isnan(m->growth_bps))
		m->growth_bps = m->overview.growth_bps;
	m->growth_bps += (m->overview.growth_bps - m->growth_bps) * part;
}

static void compute(
        struct machine *m, const struct counters_sample *now, const struct counters_sample *before)
{
	overview_make(&m->overview, now, before);
	lcores_make(m->lcores, now, before);
	disks_make(m->writers, now, before);
	smooth_growth(m);
	if (before) {
		watch_samples(&m->log, now, before, api_has_feed(m->api));
		history_add(&m->in_bps, m->overview.in_bps);
		history_add(&m->out_bps, m->overview.out_bps);
		for (unsigned i = 0; i < now->lcores; i++)
			history_add(&m->busy[i], m->lcores[i].busy);
		history_add(&m->disk_bps, m->overview.disk_bps * 8);
	}
}

void machine_judge(struct machine *m)
{
	enum api_state api = api_state(m->api);
	const struct counters_sample *now = counters_now(m->counters);
	struct balance_row open[OPEN_ROWS];
	unsigned open_count = balance_rows(m->balance, open, OPEN_ROWS);
	const struct alarms_view view = { .state = counters_state(m->counters),
		.counters_error = counters_error(m->counters),
		.counters_path = counters_path(m->counters),
		.still_s = counters_still_s(m->counters),
		.now = now,
		.overview = now ? &m->overview : NULL,
		.lcores = m->lcores,
		.space = m->space,
		.min_free_bytes = m->options->min_free_bytes,
		.seconds_left = m->seconds_left,
		.control_why = api == API_DOWN || api == API_REFUSED ? api_why(m->api) : NULL,
		.refused = api == API_REFUSED,
		.url = api_url(m->api),
		.not_ready = api_not_ready(m->api),
		.uploads = &api_uploads(m->api)->sums,
		.open = open,
		.open_count = open_count < OPEN_ROWS ? open_count : OPEN_ROWS };

	alarms_make(&m->alarms, &view);
}

bool machine_read_log(struct machine *m)
{
	int r = m->follow ? follow_read(m->follow, &m->book) : 0;

	if (r < 0) {
		follow_stop(m->follow);
		m->follow = NULL;
		m->follow_error = r;
	}
	return r != 0;
}

/* Each time that it is wanted anew it is begun anew. */
static void follow_log(struct machine *m, bool wanted)
{
	if (!wanted) {
		follow_stop(m->follow);
		m->follow = NULL;
		m->follow_error = 0;
	} else if (!m->follow && !m->follow_error) {
		logbook_reset(&m->book);
		m->follow_error = follow_start(&m->follow, m->options->journal);
	}
}

void machine_refresh(struct machine *m, const struct machine_wants *wants)
{
	const struct counters_sample *now;
	enum counters_state state;

	counters_refresh(m->counters);
	follow_segment(m);
	state = counters_state(m->counters);
	if (m->was_seen)
		watch_state(&m->log, clk_wall_ns(), m->last_state, state, counters_is_new(m->counters));
	m->last_state = state;
	m->was_seen = true;
	now = counters_now(m->counters);
	if (now)
		compute(m, now, counters_before(m->counters));
	else
		memset(&m->overview, 0, sizeof(m->overview));
	if (state == COUNTERS_LIVE)
		balance_look(m->balance, counters_segment(m->counters), clk_mono_ns());
	if (now && wants->tracks && m->tracks)
		tracks_sample(m->tracks, counters_segment(m->counters), now->mono_ns, &wants->shown);
	m->space = disks_space(m->options->record_dir, m->overview.disk_free_bytes);
	m->seconds_left = overview_seconds_left(m->space.free_bytes, m->options->min_free_bytes,
	        state == COUNTERS_LIVE && !isnan(m->growth_bps) ? m->growth_bps : 0);
	follow_log(m, wants->log);
	api_tick(m->api, clk_mono_ns(), &wants->api);
	machine_judge(m);
}
