/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clk.h"
#include "control/clock_step.h"

#define S CLK_NS_PER_S

static const uint64_t wall = 1796035790 * S, mono = 5 * S;

static void a_clock_that_goes_on_is_believed(void **state)
{
	struct clock_step step = { 0 };

	assert_int_equal(clock_step_look(&step, wall, mono), 0);
	for (unsigned i = 1; i < 100; i++)
		assert_int_equal(
		        clock_step_look(&step, wall + i * 30 * S + i * S / 100, mono + i * 30 * S), 0);
	assert_false(clock_step_holds(&step, mono + 3000 * S));
}

static void small_corrections_are_none(void **state)
{
	struct clock_step step = { 0 };

	clock_step_look(&step, wall, mono);
	assert_int_equal(clock_step_look(&step, wall + 89 * S, mono + 30 * S), 0);
	assert_int_equal(clock_step_look(&step, wall + 60 * S, mono + 60 * S), 0);
	assert_false(clock_step_holds(&step, mono + 60 * S));
}

static void after_a_step_forward_no_age_is_believed_for_a_while(void **state)
{
	struct clock_step step = { 0 };

	clock_step_look(&step, wall, mono);
	assert_int_equal(
	        clock_step_look(&step, wall + 3630 * S - 1000, mono + 30 * S), 3600); /* read before */
	assert_true(clock_step_holds(&step, mono + 30 * S));
	assert_int_equal(clock_step_look(&step, wall + 3660 * S, mono + 60 * S), 0);
	assert_true(clock_step_holds(&step, mono + 29 * S + CLOCK_STEP_HOLD_S * S));
	assert_false(clock_step_holds(&step, mono + 30 * S + CLOCK_STEP_HOLD_S * S));
}

static void when_it_is_set_back_all_is_well(void **state)
{
	struct clock_step step = { 0 };

	clock_step_look(&step, wall, mono);
	assert_int_equal(clock_step_look(&step, wall + 3630 * S, mono + 30 * S), 3600);
	assert_int_equal(clock_step_look(&step, wall + 60 * S, mono + 60 * S), -3600);
	assert_false(clock_step_holds(&step, mono + 60 * S));
}

static void a_restart_is_no_way_around_a_hold(void **state)
{
	struct clock_step first = { 0 }, second = { 0 }, third = { 0 };
	char line[CLOCK_STEP_BYTES];

	clock_step_look(&first, wall, mono);
	clock_step_print(&first, "boot-1", line);
	/* set forward between two processes */
	assert_int_equal(clock_step_resume(&second, line, "boot-1", wall + 3630 * S, mono + 30 * S), 0);
	assert_int_equal(clock_step_look(&second, wall + 3630 * S, mono + 30 * S), 3600);
	clock_step_print(&second, "boot-1", line);
	assert_int_equal(clock_step_resume(&third, line, "boot-1", wall + 3660 * S, mono + 60 * S), 0);
	assert_int_equal(clock_step_look(&third, wall + 3660 * S, mono + 60 * S), 0);
	assert_true(clock_step_holds(&third, mono + 60 * S));
}

static void after_a_boot_a_long_absence_is_doubted(void **state)
{
	struct clock_step step = { 0 };
	char line[CLOCK_STEP_BYTES];

	clock_step_look(&step, wall, mono);
	clock_step_print(&step, "boot-1", line);
	step = (struct clock_step){ 0 };
	assert_int_equal(clock_step_resume(&step, line, "boot-2", wall + 86400 * S, S), 0); /* a day off */
	assert_false(clock_step_holds(&step, S));
	assert_int_equal(clock_step_resume(&step, line, "boot-2", wall - S, S), 0);
	assert_false(clock_step_holds(&step, S));
	assert_int_equal(
	        clock_step_resume(&step, line, "boot-2", wall + 15 * 365 * 86400 * S, S), 15 * 365 * 86400);
	assert_true(clock_step_holds(&step, 3600 * S));
	assert_int_equal(clock_step_look(&step, wall + 15 * 365 * 86400 * S, S), 0);
	assert_true(clock_step_holds(&step, 3600 * S));
	assert_false(clock_step_holds(&step, 3602 * S));
}

static void what_is_no_such_line_is_none(void **state)
{
	static const char *const lines[] = { "", "boot-1", "boot-1 1 2", "boot-1 x 2 3",
		"boot-1 1 99999999999999 0" };

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct clock_step step = { 0 };
		clock_step_resume(&step, lines[i], "boot-1", 2 * S, mono);
		assert_false(clock_step_holds(&step, mono));
		assert_int_equal(clock_step_look(&step, 2 * S, mono), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_goes_on_is_believed),
		cmocka_unit_test(small_corrections_are_none),
		cmocka_unit_test(after_a_step_forward_no_age_is_believed_for_a_while),
		cmocka_unit_test(when_it_is_set_back_all_is_well),
		cmocka_unit_test(a_restart_is_no_way_around_a_hold),
		cmocka_unit_test(after_a_boot_a_long_absence_is_doubted),
		cmocka_unit_test(what_is_no_such_line_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
