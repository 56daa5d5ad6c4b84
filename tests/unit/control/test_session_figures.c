/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/session_figures.h"

static struct stat_segment *stat;
static struct session_figures figures;

static int setup(void **state)
{
	static const struct stat_cfg cfg = { .instances = { [STAT_SCOPE_FLOW] = 4, [STAT_SCOPE_TRACK] = 4 } };
	char path[64];
	int r;

	figures = (struct session_figures){ 0 };
	snprintf(path, sizeof(path), "/tmp/wirespool-figures-%d", (int)getpid());
	r = stat_create(&stat, path, &cfg);
	unlink(path);
	return r;
}

static int teardown(void **state)
{
	stat_close(stat);
	return 0;
}

static void fill(unsigned index, uint64_t slot_state)
{
	uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, index),
	         *track = stat_slot(stat, STAT_SCOPE_TRACK, index);

	stat_set(flow, STAT_FLOW_pkts, 11);
	stat_set(flow, STAT_FLOW_ssrc, 77);
	stat_set(flow, STAT_FLOW_ext_seq, 65537);
	stat_set(track, STAT_TRACK_frames, 3);
	stat_set(track, STAT_TRACK_width, 640);
	stat_set(track, STAT_TRACK_state, slot_state);
}

static void reads_both_halves_of_a_track(void **state)
{
	fill(2, 2);
	assert_true(session_figures_read(&figures, stat, 2, 2, false));
	assert_int_equal(figures.count[SESSION_FIGURE_FLOW_pkts], 11);
	assert_int_equal(figures.count[SESSION_FIGURE_TRACK_frames], 3);
	assert_int_equal(figures.ssrc, 77);
	assert_int_equal(figures.ext_seq, 65537);
	assert_int_equal(figures.width, 640);
}

static void leaves_alone_what_is_free_or_out_of_range(void **state)
{
	fill(2, 0);
	assert_false(session_figures_read(&figures, stat, 2, 2, false));
	fill(2, 6);
	assert_false(session_figures_read(&figures, stat, 2, 2, false));
	assert_false(session_figures_read(&figures, stat, 4, 4, false));
	assert_false(session_figures_read(&figures, stat, UINT32_MAX, UINT32_MAX, false));
	assert_int_equal(figures.count[SESSION_FIGURE_FLOW_pkts], 0);
}

static void does_not_take_the_next_tracks_figures_for_those_of_an_ended_one(void **state)
{
	fill(2, 1);
	assert_false(session_figures_read(&figures, stat, 2, 2, true));
	fill(2, 2);
	assert_false(session_figures_read(&figures, stat, 2, 2, true));
	fill(2, 4);
	assert_true(session_figures_read(&figures, stat, 2, 2, true));
}

static void names_every_figure(void **state)
{
	for (unsigned i = 0; i < SESSION_FIGURES; i++)
		assert_non_null(session_figures_name(i));
	assert_string_equal(session_figures_name(SESSION_FIGURE_FLOW_lost_pkts), "lost");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reads_both_halves_of_a_track),
		CASE(leaves_alone_what_is_free_or_out_of_range),
		CASE(does_not_take_the_next_tracks_figures_for_those_of_an_ended_one),
		CASE(names_every_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
