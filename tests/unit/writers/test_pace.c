/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define INTERVAL 1000000000ull
#define START    (77 * INTERVAL)

static void the_first_block_is_small_and_later_ones_grow(void **state)
{
	struct pace pace = { 0 };

	assert_int_equal(pace_wish(&pace, 0, START, INTERVAL), 0);
	assert_int_equal(pace_wish(&pace, 4096, START, INTERVAL), 2048);
	assert_int_equal(pace_wish(&pace, 1 << 20, START + 1000, INTERVAL), 1 << 19);
}

static void half_of_an_interval_is_wished(void **state)
{
	struct pace pace = { 0 };

	pace_wish(&pace, 0, START, INTERVAL);
	assert_int_equal(pace_wish(&pace, 300000, START + 3 * INTERVAL, INTERVAL), 50000);
	assert_int_equal(pace_wish(&pace, 310000, START + 3 * INTERVAL + 1, INTERVAL), 50000);
}

static void a_track_that_falls_quiet_wishes_little(void **state)
{
	struct pace pace = { 0 };

	pace_wish(&pace, 0, START, INTERVAL);
	pace_wish(&pace, 10 << 20, START + INTERVAL, INTERVAL);
	assert_int_equal(pace_wish(&pace, (10 << 20) + 4096, START + 5 * INTERVAL, INTERVAL), 512);
}

static void what_was_cut_has_not_come(void **state)
{
	struct pace pace = { 0 };

	pace_wish(&pace, 0, START, INTERVAL);
	pace_wish(&pace, 5000, START + INTERVAL, INTERVAL);
	assert_int_equal(pace_wish(&pace, 4000, START + INTERVAL + 1, INTERVAL), 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_block_is_small_and_later_ones_grow),
		cmocka_unit_test(half_of_an_interval_is_wished),
		cmocka_unit_test(a_track_that_falls_quiet_wishes_little),
		cmocka_unit_test(what_was_cut_has_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
