/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "appliance/top/lcores.h"
#include "base/clk.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct counters_sample before, now;
static struct lcores_row rows[COUNTERS_LCORES];

static int setup(void **state)
{
	return hall_make(&hall);
}

static int teardown(void **state)
{
	hall_free(&hall);
	return 0;
}

static void busy_cycles_and_bursts_are_of_what_came_in_between(void **state)
{
	HALL_SET(&hall, LCORE, 0, tsc_hz, 1000000);
	HALL_ADD(&hall, LCORE, 0, cycles_busy, 77777);
	counters_sample_take(&before, hall.stat, CLK_NS_PER_S, 0);
	HALL_ADD(&hall, LCORE, 0, rx_pkts, 1000);
	HALL_ADD(&hall, LCORE, 0, bursts, 250);
	HALL_ADD(&hall, LCORE, 0, cycles_busy, 500000);
	HALL_ADD(&hall, LCORE, 0, cycles_unprotect, 300000);
	HALL_ADD(&hall, LCORE, 0, drop_auth, 4);
	HALL_SET(&hall, LCORE, 0, stall_max_ns, 5000);
	counters_sample_take(&now, hall.stat, 3 * CLK_NS_PER_S, 0);
	assert_int_equal(lcores_make(rows, &now, &before), 2);
	assert_float_equal(rows[0].busy, 0.25, 1e-9);
	assert_float_equal(rows[0].pps, 500, 0);
	assert_float_equal(rows[0].dropped_pps, 2, 0);
	assert_float_equal(rows[0].cycles_a_packet, 500, 0);
	assert_float_equal(rows[0].stage[LCORES_UNPROTECT], 300, 0);
	assert_float_equal(rows[0].burst, 4, 0);
	assert_int_equal(rows[0].stall_max_ns, 5000);
}

static void without_packets_there_are_no_cycles_a_packet(void **state)
{
	counters_sample_take(&before, hall.stat, CLK_NS_PER_S, 0);
	counters_sample_take(&now, hall.stat, 2 * CLK_NS_PER_S, 0);
	lcores_make(rows, &now, &before);
	assert_true(isnan(rows[1].cycles_a_packet) && isnan(rows[1].burst) && isnan(rows[1].stage[0]));
	lcores_make(rows, &now, NULL);
	assert_true(isnan(rows[0].burst));
	assert_float_equal(rows[0].busy, 0, 0);
}

static void a_quantile_is_its_buckets_upper_bound(void **state)
{
	uint64_t old[STAT_HIST_WORDS] = { 50 }, new[STAT_HIST_WORDS] = { 50 };

	assert_true(isnan(lcores_quantile(new, old, 0.99)));
	for (unsigned i = 0; i < 98; i++)
		stat_hist_add(new, 0, 3000);
	stat_hist_add(new, 0, 1u << 20);
	stat_hist_add(new, 0, 1u << 20);
	assert_float_equal(lcores_quantile(new, old, 0.5), 4096, 0);
	assert_float_equal(lcores_quantile(new, old, 0.99), 1048576, 0);
	assert_float_equal(lcores_quantile(new, NULL, 0.1), 1024, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		                                    busy_cycles_and_bursts_are_of_what_came_in_between, setup,
		                                    teardown),
		cmocka_unit_test_setup_teardown(
		        without_packets_there_are_no_cycles_a_packet, setup, teardown),
		cmocka_unit_test(a_quantile_is_its_buckets_upper_bound) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
