/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "appliance/top/counters.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct counters *counters;

static int setup(void **state)
{
	return hall_make(&hall) || counters_create(&counters, hall.dir);
}

static int teardown(void **state)
{
	counters_free(counters);
	hall_free(&hall);
	return 0;
}

static void a_segment_is_found_when_it_comes(void **state)
{
	unlink(hall.path);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_ABSENT);
	assert_int_equal(counters_error(counters), -ENOENT);
	assert_null(counters_now(counters));
	assert_int_equal(hall_segment(&hall), 0);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_LIVE);
	assert_true(counters_is_new(counters));
	assert_non_null(counters_now(counters));
	assert_null(counters_before(counters));
	counters_refresh(counters);
	assert_false(counters_is_new(counters));
	assert_non_null(counters_before(counters));
}

static void the_sample_before_is_the_one_before(void **state)
{
	for (unsigned i = 0; i < 7; i++) {
		HALL_SET(&hall, PROC, 0, tracks_open, i);
		counters_refresh(counters);
		assert_int_equal(counters_now(counters)->proc[STAT_PROC_tracks_open], i);
		if (i)
			assert_int_equal(counters_before(counters)->proc[STAT_PROC_tracks_open], i - 1);
	}
}

static void a_new_dataplanes_segment_is_followed(void **state)
{
	HALL_SET(&hall, PROC, 0, tracks_open, 5);
	counters_refresh(counters);
	counters_refresh(counters);
	assert_int_equal(hall_segment(&hall), 0);
	counters_refresh(counters);
	assert_true(counters_is_new(counters));
	assert_int_equal(counters_now(counters)->proc[STAT_PROC_tracks_open], 0);
	assert_null(counters_before(counters));
}

static void a_file_of_another_kind_is_told(void **state)
{
	FILE *file;

	unlink(hall.path);
	file = fopen(hall.path, "w");
	fprintf(file, "%1000s", "x");
	fclose(file);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_FOREIGN);
}

/* Real time: what stands still is believed to be dead only after that long. */
static void counters_that_stand_still_are_told(void **state)
{
	counters_refresh(counters);
	usleep(COUNTERS_STILL_NS / 1000 / 2);
	HALL_ADD(&hall, LCORE, 1, polls, 1);
	counters_refresh(counters);
	usleep(COUNTERS_STILL_NS / 1000 / 2 + 300000);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_LIVE);
	usleep(COUNTERS_STILL_NS / 1000 / 2 + 300000);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_STILL);
	assert_true(counters_still_s(counters) > 2);
	HALL_ADD(&hall, LCORE, 1, polls, 1);
	counters_refresh(counters);
	assert_int_equal(counters_state(counters), COUNTERS_LIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		                                    a_segment_is_found_when_it_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_sample_before_is_the_one_before, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_dataplanes_segment_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_another_kind_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(counters_that_stand_still_are_told, setup, teardown) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
