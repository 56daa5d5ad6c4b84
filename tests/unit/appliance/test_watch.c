/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "appliance/top/watch.h"
#include "base/clk.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct counters_sample before, now;
static struct eventlog events;
static bool has_feed;

static int setup(void **state)
{
	memset(&events, 0, sizeof(events));
	has_feed = false;
	if (hall_make(&hall))
		return -1;
	HALL_SET(&hall, PROC, 0, sessions_open, 2);
	counters_sample_take(&before, hall.stat, 1, 1);
	return 0;
}

static int teardown(void **state)
{
	hall_free(&hall);
	return 0;
}

/* The newest event after a look. */
static const char *seen(unsigned count)
{
	counters_sample_take(&now, hall.stat, 2, 2);
	watch_samples(&events, &now, &before, has_feed);
	before = now;
	assert_int_equal(events.count, count);
	return count ? eventlog_get(&events, 0)->text : "";
}

static void nothing_is_told_of_what_stays(void **state)
{
	HALL_ADD(&hall, LCORE, 0, rx_pkts, 100);
	seen(0);
}

static void sessions_and_recordings_are_counted(void **state)
{
	HALL_ADD(&hall, PROC, 0, sessions_opened, 3);
	assert_string_equal(seen(1), "3 sessions opened");
	HALL_ADD(&hall, PROC, 0, recordings_finished, 1);
	assert_string_equal(seen(2), "1 recording finished");
	HALL_SET(&hall, PROC, 0, sessions_open, 1);
	assert_string_equal(seen(3), "1 open, 2 before");
}

static void what_the_feed_tells_is_not_told_twice(void **state)
{
	has_feed = true;
	HALL_ADD(&hall, PROC, 0, sessions_opened, 3);
	seen(0);
	HALL_ADD(&hall, LCORE, 1, drop_auth, 1);
	seen(1);
	assert_true(eventlog_get(&events, 0)->is_bad);
}

static void the_first_drop_of_a_reason_is_told_once(void **state)
{
	HALL_ADD(&hall, LCORE, 1, drop_auth, 1);
	assert_non_null(strstr(seen(1), "first auth"));
	HALL_ADD(&hall, LCORE, 0, drop_auth, 1);
	seen(1);
}

static void disk_links_and_stalls_are_told(void **state)
{
	HALL_SET(&hall, PROC, 0, disk_error, ENOSPC);
	assert_non_null(strstr(seen(1), "No space left"));
	HALL_SET(&hall, PROC, 0, disk_error, 0);
	assert_string_equal(seen(2), "writes work again");
	HALL_SET(&hall, PORT, 0, link_up, 1);
	assert_string_equal(seen(3), "port 0: link up");
	HALL_SET(&hall, LCORE, 1, stall_max_ns, 1000000);
	seen(3);
	HALL_SET(&hall, LCORE, 1, stall_max_ns, 25000000);
	assert_non_null(strstr(seen(4), "stalled for 25 ms"));
}

static void a_dataplane_that_comes_and_goes_is_told(void **state)
{
	watch_state(&events, 1, COUNTERS_LIVE, COUNTERS_LIVE, false);
	assert_int_equal(events.count, 0);
	watch_state(&events, 1, COUNTERS_LIVE, COUNTERS_STILL, false);
	assert_non_null(strstr(eventlog_get(&events, 0)->text, "dead or stuck"));
	watch_state(&events, 1, COUNTERS_STILL, COUNTERS_LIVE, true);
	assert_string_equal(eventlog_get(&events, 0)->text, "started");
	watch_state(&events, 1, COUNTERS_LIVE, COUNTERS_LIVE, true);
	assert_non_null(strstr(eventlog_get(&events, 0)->text, "restarted"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(nothing_is_told_of_what_stays),
		CASE(sessions_and_recordings_are_counted), CASE(the_first_drop_of_a_reason_is_told_once),
		CASE(what_the_feed_tells_is_not_told_twice), CASE(disk_links_and_stalls_are_told),
		CASE(a_dataplane_that_comes_and_goes_is_told) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
