/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/budget_space.h"

#define GB 1e9
#define MB 1e6

static void uploads_that_keep_up_fill_nothing(void **state)
{
	struct budget_space space = {
		.free_bytes = GB, .waiting_bytes = 100 * GB, .recorded_bytes_s = 5 * MB
	};

	space.sent_bytes_s = 6 * MB;
	assert_true(isinf(budget_space_lasts_s(&space, 0)));
	assert_true(isinf(budget_space_lasts_s(&space, MB)));
	assert_true(budget_space_lasts_s(&space, 2 * MB) == 1000);
}

static void what_is_not_behind_is_not_to_blame(void **state)
{
	struct budget_space space = { .free_bytes = GB, .recorded_bytes_s = 5 * MB };

	assert_true(isinf(budget_space_lasts_s(&space, 0)));
	space.waiting_bytes = 5 * MB * BUDGET_SPACE_BEHIND_S; /* the last minute's */
	assert_true(isinf(budget_space_lasts_s(&space, 0)));
	space.waiting_bytes += 1;
	assert_true(budget_space_lasts_s(&space, 0) == 200);
}

/* Nothing is recorded, nothing was there to be sent: what waits is measured by what is asked for. */
static void a_byte_that_waits_on_an_idle_machine_is_not_behind(void **state)
{
	struct budget_space space = { .free_bytes = GB, .waiting_bytes = 1 };

	assert_true(isinf(budget_space_lasts_s(&space, 0)));
	assert_true(isinf(budget_space_lasts_s(&space, MB)));
	space.waiting_bytes = MB * BUDGET_SPACE_BEHIND_S;
	assert_true(isinf(budget_space_lasts_s(&space, MB)));
	space.waiting_bytes += 1;
	assert_true(budget_space_lasts_s(&space, MB) == 1000);
}

static void a_store_that_is_away_leaves_what_is_free(void **state)
{
	struct budget_space space = {
		.free_bytes = 3600 * MB, .waiting_bytes = GB, .recorded_bytes_s = 0.5 * MB
	};

	assert_true(budget_space_lasts_s(&space, 0.5 * MB) == 3600);
	space.recorded_bytes_s = 0;
	assert_true(isinf(budget_space_lasts_s(&space, 0)));
}

static void no_space_lasts_no_time(void **state)
{
	struct budget_space space = { .free_bytes = -GB, .waiting_bytes = GB, .recorded_bytes_s = MB };

	assert_true(budget_space_lasts_s(&space, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uploads_that_keep_up_fill_nothing),
		cmocka_unit_test(what_is_not_behind_is_not_to_blame),
		cmocka_unit_test(a_byte_that_waits_on_an_idle_machine_is_not_behind),
		cmocka_unit_test(a_store_that_is_away_leaves_what_is_free),
		cmocka_unit_test(no_space_lasts_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
