/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include "appliance/top/alarms.h"

static struct counters_sample now;
static struct overview overview;
static struct lcores_row lcores[COUNTERS_LCORES];
static struct uploads_sums uploads;
static struct alarms alarms;
static struct alarms_view view;

static int setup(void **state)
{
	memset(&now, 0, sizeof(now));
	memset(&overview, 0, sizeof(overview));
	memset(lcores, 0, sizeof(lcores));
	now.ports = now.lcores = 1;
	now.port[0][STAT_PORT_link_up] = 1;
	uploads = (struct uploads_sums){ .is_known = true, .is_on = true, .store_usable = true };
	view = (struct alarms_view){ .state = COUNTERS_LIVE,
		.counters_path = "/run/x/counters",
		.now = &now,
		.overview = &overview,
		.lcores = lcores,
		.space = { .is_known = true, .free_bytes = 1ull << 40 },
		.min_free_bytes = 1 << 30,
		.seconds_left = INFINITY,
		.url = "http://127.0.0.1:1",
		.not_ready = "",
		.uploads = &uploads };
	return 0;
}

static void only(bool is_bad, const char *part)
{
	alarms_make(&alarms, &view);
	assert_int_equal(alarms.count, 1);
	assert_int_equal(alarms.rows[0].is_bad, is_bad);
	if (!strstr(alarms.rows[0].text, part))
		fail_msg("no '%s' in: %s", part, alarms.rows[0].text);
}

static void a_machine_that_is_well_has_none(void **state)
{
	alarms_make(&alarms, &view);
	assert_int_equal(alarms.count, 0);
}

static void packets_that_are_not_accounted_for_are_told(void **state)
{
	const struct balance_row row = { BALANCE_LCORE, 3, 7 };

	view.open = &row;
	view.open_count = 1;
	only(true, "lcore 3: 7 packets are not accounted for");
}

static void a_dataplane_that_is_not_there_is_told(void **state)
{
	view.now = NULL;
	view.overview = NULL;
	view.state = COUNTERS_ABSENT;
	view.counters_error = -ENOENT;
	only(true, "No such file");
	view.state = COUNTERS_FOREIGN;
	only(true, "not a segment");
	view.now = &now;
	view.state = COUNTERS_STILL;
	view.still_s = 7;
	only(true, "stood still for 7 s");
}

static void losses_of_ours_are_alarms_and_of_senders_warnings(void **state)
{
	overview.drop[0] = (struct overview_drop){ "ring_full", 12, 100 };
	overview.drops = 1;
	only(true, "12/s dropped: writers are too slow");
	overview.drop[0].reason = "auth";
	only(false, "SRTP key");
	overview.drop[0].per_s = 0;
	alarms_make(&alarms, &view);
	assert_int_equal(alarms.count, 0);
}

static void the_disk_is_watched(void **state)
{
	view.seconds_left = 600;
	only(true, "enough for 10 min");
	view.space.free_bytes = 5;
	only(true, "min_free_mb");
	view.space.is_known = false;
	overview.disk_error = EIO;
	only(true, "Input/output error");
}

static void lcores_and_links_are_watched(void **state)
{
	lcores[0].busy = 0.95;
	only(false, "95.0 % busy");
	lcores[0].busy = 0;
	now.port[0][STAT_PORT_link_up] = 0;
	only(true, "no link");
}

static void control_and_uploads_are_watched(void **state)
{
	view.control_why = "Connection refused";
	only(true, "Connection refused. Recordings go on");
	view.refused = true;
	only(false, "--token");
	view.control_why = NULL;
	view.not_ready = "store is not usable: no route";
	only(true, "no route");
	view.not_ready = "";
	uploads.retrying = 2;
	only(false, "2 failed and wait");
	uploads.retrying = 0;
	uploads.stopped = 1;
	only(true, "1 gave up");
}

static void the_worst_come_first(void **state)
{
	overview.drop[0] = (struct overview_drop){ "auth", 1, 1 };
	overview.drops = 1;
	view.not_ready = "disk is not usable: full\nstore is not usable: no route";
	alarms_make(&alarms, &view);
	assert_int_equal(alarms.count, 3);
	assert_true(alarms.rows[0].is_bad && alarms.rows[1].is_bad && !alarms.rows[2].is_bad);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = { CASE(a_machine_that_is_well_has_none),
		CASE(packets_that_are_not_accounted_for_are_told),
		CASE(a_dataplane_that_is_not_there_is_told),
		CASE(losses_of_ours_are_alarms_and_of_senders_warnings), CASE(the_disk_is_watched),
		CASE(lcores_and_links_are_watched), CASE(control_and_uploads_are_watched),
		CASE(the_worst_come_first) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
