/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/stat.h"
#include "control/dataplane.h"
#include "control/growing.h"

static struct growing *growing;
static int last_added;
static struct stat_segment *counters; /* what the fake dataplane shows */

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	if (counters)
		use(arg, counters);
	return counters != NULL;
}

static int set_up(void **state)
{
	const struct stat_cfg cfg = {
		.instances = { [STAT_SCOPE_PROC] = 1, [STAT_SCOPE_FLOW] = 4, [STAT_SCOPE_TRACK] = 4 }
	};
	char path[] = "/tmp/test_growing.XXXXXX";

	close(mkstemp(path));
	int err = stat_create(&counters, path, &cfg);
	unlink(path);
	return err || growing_create(&growing);
}

static int tear_down(void **state)
{
	growing_free(growing);
	stat_close(counters);
	growing = NULL;
	counters = NULL;
	return 0;
}

static void begin(const char *name, const char *track, uint32_t index, const struct msg_session_open *opening)
{
	struct msg_file_state file = {
		.state = MSG_FILE_OPEN, .session = "s_1", .stat_index = index, .started_unix_ns = 5
	};

	strcpy(file.name, name);
	strcpy(file.track, track);
	last_added = growing_add(growing, &file, opening);
	assert_true(last_added >= 0);
}

static void show(uint32_t index, uint64_t bytes)
{
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, index), STAT_TRACK_file_bytes, bytes);
	growing_refresh(growing, NULL);
}

static uint64_t bytes_of(const char *name)
{
	struct library_open_file file;

	assert_true(growing_find(growing, name, &file));
	return file.bytes;
}

static void a_file_is_told_with_what_its_session_says(void **state)
{
	struct msg_session_open opening = { .room = "demo", .participant = "alice", .track_count = 2 };
	struct library_open_file file;

	strcpy(opening.tracks[0].id, "a");
	strcpy(opening.tracks[0].promised, "demo_a_1.ogg");
	strcpy(opening.tracks[1].id, "v");
	strcpy(opening.tracks[1].promised, "demo_v_1.ivf");
	begin("demo_v_2.ivf", "v", 1, &opening);
	assert_true(growing_find(growing, "demo_v_2.ivf", &file));
	assert_string_equal(file.session, "s_1");
	assert_string_equal(file.track, "v");
	assert_string_equal(file.room, "demo");
	assert_string_equal(file.participant, "alice");
	assert_string_equal(file.promised, "demo_v_1.ivf");
	assert_int_equal(file.started_unix_ns, 5);
	assert_true(growing_find(growing, "demo_v_1.ivf", &file));
	assert_string_equal(file.name, "demo_v_2.ivf");
	assert_false(growing_find(growing, "demo_a_1.ogg", &file));
}

static void a_size_follows_the_tracks_counter_and_never_shrinks(void **state)
{
	begin("a_v_1.ivf", "v", 2, NULL);
	assert_int_equal(bytes_of("a_v_1.ivf"), 0);
	show(2, 100);
	assert_int_equal(bytes_of("a_v_1.ivf"), 100);
	show(3, 500);
	assert_int_equal(bytes_of("a_v_1.ivf"), 100);
	show(2, 0);
	assert_int_equal(bytes_of("a_v_1.ivf"), 100);
}

static void the_next_file_of_a_track_takes_the_counter_over(void **state)
{
	begin("a_v_1.ivf", "v", 2, NULL);
	show(2, 100);
	begin("a_v_1-2.ivf", "v", 2, NULL);
	show(2, 700);
	assert_int_equal(bytes_of("a_v_1.ivf"), 100);
	assert_int_equal(bytes_of("a_v_1-2.ivf"), 700);
}

static void a_file_told_twice_is_there_once(void **state)
{
	struct library_open_file *files;

	begin("a_v_1.ivf", "v", 2, NULL);
	begin("a_v_1.ivf", "v", 2, NULL);
	show(2, 9);
	assert_int_equal(growing_list(growing, &files), 1);
	assert_int_equal(files[0].bytes, 9);
	free(files);
}

static void an_index_out_of_range_and_missing_counters_do_no_harm(void **state)
{
	struct stat_segment *kept = counters;

	begin("a_v_1.ivf", "v", 4000000000u, NULL);
	growing_refresh(growing, NULL);
	assert_int_equal(bytes_of("a_v_1.ivf"), 0);
	counters = NULL;
	growing_refresh(growing, NULL);
	counters = kept;
}

static void files_come_and_go(void **state)
{
	struct library_open_file *files;
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "a_v_%d.ivf", i);
		begin(name, "v", (uint32_t)i + 10, NULL);
	}
	growing_remove(growing, "a_v_0.ivf");
	growing_remove(growing, "a_v_0.ivf");
	assert_int_equal(growing_list(growing, &files), 299);
	free(files);
	growing_clear(growing);
	assert_int_equal(growing_list(growing, &files), 0);
	assert_null(files);
}

static void after_a_new_list_there_is_what_was_listed(void **state)
{
	struct library_open_file file, *files;

	begin("a_v_1.ivf", "v", 1, NULL);
	assert_int_equal(last_added, 0);
	begin("b_v_1.ivf", "v", 2, NULL);
	growing_clear(growing);
	assert_false(growing_find(growing, "a_v_1.ivf", &file));
	begin("a_v_1.ivf", "v", 1, NULL);
	assert_int_equal(last_added, 1); /* known from before */
	begin("c_v_1.ivf", "v", 3, NULL);
	assert_int_equal(last_added, 0);
	assert_int_equal(growing_list(growing, &files), 2);
	free(files);
	growing_settle(growing);
	assert_int_equal(growing_list(growing, &files), 2);
	free(files);
	begin("b_v_1.ivf", "v", 2, NULL);
	assert_int_equal(last_added, 0); /* forgotten */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_file_is_told_with_what_its_session_says),
		CASE(a_size_follows_the_tracks_counter_and_never_shrinks),
		CASE(the_next_file_of_a_track_takes_the_counter_over),
		CASE(a_file_told_twice_is_there_once),
		CASE(an_index_out_of_range_and_missing_counters_do_no_harm),
		CASE(files_come_and_go),
		CASE(after_a_new_list_there_is_what_was_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
