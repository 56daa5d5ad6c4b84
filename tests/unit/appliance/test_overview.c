/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "appliance/top/overview.h"
#include "base/clk.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct counters_sample before, now;
static struct overview o;

static int setup(void **state)
{
	return hall_make(&hall);
}

static int teardown(void **state)
{
	hall_free(&hall);
	return 0;
}

/* What was added since the sample @before, over two seconds. */
static void look(void)
{
	counters_sample_take(&now, hall.stat, 9 * CLK_NS_PER_S, 100 * CLK_NS_PER_S);
	overview_make(&o, &now, &before);
}

static void begin(void)
{
	counters_sample_take(&before, hall.stat, 7 * CLK_NS_PER_S, 98 * CLK_NS_PER_S);
}

static void rates_are_differences_over_time_and_summed_over_lcores(void **state)
{
	HALL_ADD(&hall, LCORE, 0, rx_pkts, 1000000);
	begin();
	HALL_ADD(&hall, LCORE, 0, rx_pkts, 300);
	HALL_ADD(&hall, LCORE, 1, rx_pkts, 100);
	HALL_ADD(&hall, LCORE, 1, rx_bytes, 50000);
	HALL_ADD(&hall, LCORE, 0, tx_pkts, 20);
	HALL_ADD(&hall, LCORE, 1, tx_bytes, 1000);
	HALL_ADD(&hall, WRITER, 0, written_bytes, 8192);
	HALL_ADD(&hall, WRITER, 0, bytes, 6000);
	HALL_SET(&hall, PROC, 0, sessions_open, 3);
	HALL_SET(&hall, PROC, 0, start_unix_ns, 40 * CLK_NS_PER_S);
	look();
	assert_float_equal(o.seconds, 2, 0);
	assert_float_equal(o.in_pps, 200, 0);
	assert_float_equal(o.in_bps, 200000, 0);
	assert_float_equal(o.out_pps, 10, 0);
	assert_float_equal(o.out_bps, 4000, 0);
	assert_float_equal(o.disk_bps, 4096, 0);
	assert_float_equal(o.growth_bps, 3000, 0);
	assert_int_equal(o.sessions, 3);
	assert_int_equal(o.uptime_s, 60);
}

static void drops_of_now_come_before_those_of_long_ago(void **state)
{
	HALL_ADD(&hall, LCORE, 0, drop_no_flow, 5000);
	HALL_ADD(&hall, LCORE, 1, drop_auth, 2);
	begin();
	HALL_ADD(&hall, LCORE, 1, drop_auth, 2);
	HALL_ADD(&hall, PORT, 0, rx_missed, 40);
	HALL_ADD(&hall, WRITER, 0, drop_no_block, 6);
	look();
	assert_int_equal(o.drops, 4);
	assert_string_equal(o.drop[0].reason, "port rx_missed");
	assert_float_equal(o.drop[0].per_s, 20, 0);
	assert_string_equal(o.drop[1].reason, "writer no_block");
	assert_string_equal(o.drop[2].reason, "auth");
	assert_int_equal(o.drop[2].total, 4);
	assert_string_equal(o.drop[3].reason, "no_flow");
	assert_float_equal(o.drop[3].per_s, 0, 0);
	assert_float_equal(o.dropped_pps, 24, 0);
}

static void one_sample_has_no_rates(void **state)
{
	HALL_ADD(&hall, LCORE, 0, rx_pkts, 300);
	counters_sample_take(&now, hall.stat, CLK_NS_PER_S, CLK_NS_PER_S);
	overview_make(&o, &now, NULL);
	assert_float_equal(o.in_pps, 0, 0);
	assert_float_equal(overview_rate(5, 7, 1), 0, 0);
	assert_float_equal(overview_rate(7, 5, 0), 0, 0);
}

static void time_left_is_of_what_may_be_filled(void **state)
{
	assert_float_equal(overview_seconds_left(3000, 1000, 10), 200, 0);
	assert_float_equal(overview_seconds_left(1000, 1000, 10), 0, 0);
	assert_true(isinf(overview_seconds_left(3000, 1000, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		                                    rates_are_differences_over_time_and_summed_over_lcores,
		                                    setup, teardown),
		cmocka_unit_test_setup_teardown(drops_of_now_come_before_those_of_long_ago, setup, teardown),
		cmocka_unit_test_setup_teardown(one_sample_has_no_rates, setup, teardown),
		cmocka_unit_test(time_left_is_of_what_may_be_filled) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
