/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "appliance/top/disks.h"
#include "base/clk.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;

static int setup(void **state)
{
	return hall_make(&hall);
}

static int teardown(void **state)
{
	hall_free(&hall);
	return 0;
}

static void writers_show_rates_and_what_waits(void **state)
{
	static struct counters_sample before, now;
	struct disks_row rows[COUNTERS_WRITERS];

	counters_sample_take(&before, hall.stat, CLK_NS_PER_S, 0);
	HALL_ADD(&hall, WRITER, 0, written_bytes, 8192);
	HALL_ADD(&hall, WRITER, 0, drop_no_block, 2);
	HALL_SET(&hall, WRITER, 0, queued_bytes, 4096);
	stat_hist_add(stat_slot(hall.stat, STAT_SCOPE_WRITER, 0), STAT_WRITER_write_ns, 5000);
	counters_sample_take(&now, hall.stat, 3 * CLK_NS_PER_S, 0);
	assert_int_equal(disks_make(rows, &now, &before), 1);
	assert_float_equal(rows[0].written_bps, 4096, 0);
	assert_float_equal(rows[0].dropped_per_s, 1, 0);
	assert_float_equal(rows[0].write_p99_ns, 8192, 0);
	assert_int_equal(rows[0].queued_bytes, 4096);
	disks_make(rows, &now, NULL);
	assert_true(isnan(rows[0].write_p99_ns));
}

static void space_is_looked_up_else_taken_from_the_counters(void **state)
{
	struct disks_space space = disks_space("/", 0);

	assert_true(space.is_known && space.total_bytes >= space.free_bytes);
	space = disks_space("/nonexistent", 1234);
	assert_true(space.is_known);
	assert_int_equal(space.free_bytes, 1234);
	assert_int_equal(space.total_bytes, 0);
	assert_false(disks_space(NULL, 0).is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		                                    writers_show_rates_and_what_waits, setup, teardown),
		cmocka_unit_test(space_is_looked_up_else_taken_from_the_counters) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
