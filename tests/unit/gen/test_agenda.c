/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/agenda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tools/gen/rng.h"

#define COUNT 1000

static void entries_come_in_order_of_time(void **state)
{
	struct rng rng = rng_of(7, 0);
	struct agenda a;
	uint64_t last = 0;

	assert_int_equal(agenda_init(&a, COUNT), 0);
	for (unsigned i = 0; i < COUNT; i++)
		agenda_push(&a, rng_below(&rng, 5000), i);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_true(a.entries[0].due >= last);
		last = a.entries[0].due;
		agenda_drop_first(&a);
	}
	assert_int_equal(a.count, 0);
	agenda_free(&a);
}

static void the_first_can_be_put_off(void **state)
{
	struct agenda a;

	assert_int_equal(agenda_init(&a, 3), 0);
	agenda_push(&a, 30, 0);
	agenda_push(&a, 10, 1);
	agenda_push(&a, 20, 2);
	assert_int_equal(a.entries[0].index, 1);
	agenda_move_first(&a, 25);
	assert_int_equal(a.entries[0].index, 2);
	agenda_move_first(&a, 40);
	assert_int_equal(a.entries[0].index, 1);
	agenda_move_first(&a, 50);
	assert_int_equal(a.entries[0].index, 0);
	agenda_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_order_of_time),
		cmocka_unit_test(the_first_can_be_put_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
