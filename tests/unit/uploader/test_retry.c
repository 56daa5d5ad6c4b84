/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "uploader/retry.h"

static const struct retry_bounds bounds = { 100, 1600 };

static void expect_range(uint32_t tries, uint64_t least, uint64_t most)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (int i = 0; i < 2000; i++) {
		uint64_t wait = retry_wait_ns(&bounds, tries);

		low = wait < low ? wait : low;
		high = wait > high ? wait : high;
	}
	assert_in_range(low, least, least + (most - least) / 4);
	assert_in_range(high, most - (most - least) / 4, most);
}

static void waits_double_with_jitter_up_to_the_bound(void **state)
{
	expect_range(1, 100, 125);
	expect_range(2, 100, 200);
	expect_range(3, 200, 400);
	expect_range(5, 800, 1600);
	expect_range(6, 800, 1600);
	expect_range(UINT32_MAX, 800, 1600);
}

static void equal_bounds_give_one_wait(void **state)
{
	const struct retry_bounds same = { 70, 70 };

	assert_int_equal(retry_wait_ns(&same, 1), 70);
	assert_int_equal(retry_wait_ns(&same, 9), 70);
}

static void gate_is_closed_by_a_failure_and_lets_one_through_after_the_wait(void **state)
{
	struct retry_gate gate = { 0 };

	assert_true(retry_gate_open(&gate, 0));
	uint64_t epoch = retry_gate_begin(&gate);
	assert_true(retry_gate_open(&gate, 0));
	assert_int_equal(retry_gate_end(&gate, epoch, RETRY_BAD, &bounds, 1000), -1);
	assert_false(retry_gate_open(&gate, 1099));
	assert_true(retry_gate_open(&gate, 1125));
	epoch = retry_gate_begin(&gate);
	assert_false(retry_gate_open(&gate, 9999));
	assert_int_equal(retry_gate_end(&gate, epoch, RETRY_BAD, &bounds, 2000), 0);
	assert_int_equal(gate.failures, 2);
	assert_true(retry_gate_open(&gate, 2200));
	epoch = retry_gate_begin(&gate);
	assert_int_equal(retry_gate_end(&gate, epoch, RETRY_GOOD, &bounds, 3000), 1);
	assert_true(retry_gate_open(&gate, 3000));
}

static void requests_from_before_the_failure_change_nothing(void **state)
{
	struct retry_gate gate = { 0 };
	uint64_t first = retry_gate_begin(&gate), second = retry_gate_begin(&gate),
	         third = retry_gate_begin(&gate);

	assert_int_equal(retry_gate_end(&gate, first, RETRY_BAD, &bounds, 0), -1);
	assert_int_equal(retry_gate_end(&gate, second, RETRY_BAD, &bounds, 0), 0);
	assert_int_equal(gate.failures, 1);
	assert_int_equal(retry_gate_end(&gate, third, RETRY_GOOD, &bounds, 0), 0);
	assert_false(retry_gate_open(&gate, 0));
}

static void a_probe_that_tells_nothing_lets_the_next_one_through(void **state)
{
	struct retry_gate gate = { 0 };

	retry_gate_end(&gate, retry_gate_begin(&gate), RETRY_BAD, &bounds, 0);
	uint64_t epoch = retry_gate_begin(&gate);
	assert_false(retry_gate_open(&gate, 1000));
	assert_int_equal(retry_gate_end(&gate, epoch, RETRY_UNKNOWN, &bounds, 1000), 0);
	assert_true(retry_gate_open(&gate, 1000));
	assert_int_equal(gate.failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_with_jitter_up_to_the_bound),
		cmocka_unit_test(equal_bounds_give_one_wait),
		cmocka_unit_test(gate_is_closed_by_a_failure_and_lets_one_through_after_the_wait),
		cmocka_unit_test(requests_from_before_the_failure_change_nothing),
		cmocka_unit_test(a_probe_that_tells_nothing_lets_the_next_one_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
