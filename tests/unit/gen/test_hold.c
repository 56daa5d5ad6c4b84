/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/hold.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int put(struct hold *h, uint64_t seq, unsigned due)
{
	uint8_t data[2] = { (uint8_t)seq, 0xAA };
	return hold_late(h, &(struct hold_packet){ .seq = seq, .due = due, .len = 2 }, data);
}

static void a_late_packet_comes_when_it_is_due(void **state)
{
	struct hold h = { 0 };
	const struct hold_slot *s;

	assert_int_equal(put(&h, 1, 2), 0);
	assert_int_equal(put(&h, 2, 1), 0);
	assert_null(hold_take(&h, false));
	hold_tick(&h);
	s = hold_take(&h, false);
	assert_int_equal(s->packet.seq, 2);
	assert_int_equal(s->data[0], 2);
	assert_null(hold_take(&h, false));
	hold_tick(&h);
	assert_int_equal(hold_take(&h, false)->packet.seq, 1);
	assert_int_equal(h.late_count, 0);
	hold_free(&h);
}

static void the_rest_is_taken_in_the_end(void **state)
{
	struct hold h = { 0 };

	for (unsigned i = 0; i < 5; i++)
		put(&h, i, 10);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(hold_take(&h, true)->packet.seq, i);
	assert_null(hold_take(&h, true));
	hold_free(&h);
}

static void a_full_hold_says_so(void **state)
{
	struct hold h = { 0 };

	for (unsigned i = 0; i < IMPAIR_DEPTH_MAX; i++)
		assert_int_equal(put(&h, i, 10), 0);
	assert_int_equal(put(&h, 99, 10), -ENOSPC);
	hold_free(&h);
}

static void the_last_ones_are_remembered(void **state)
{
	struct hold h = { 0 };

	assert_null(hold_recall(&h, 3));
	for (unsigned i = 0; i < 2 * HOLD_HISTORY; i++)
		assert_int_equal(hold_remember(&h, &(uint8_t){ (uint8_t)i }, 1), 0);
	for (unsigned i = 0; i < HOLD_HISTORY; i++)
		assert_in_range(hold_recall(&h, i)->data[0], HOLD_HISTORY, 2 * HOLD_HISTORY - 1);
	hold_forget(&h);
	assert_null(hold_recall(&h, 0));
	hold_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_packet_comes_when_it_is_due),
		cmocka_unit_test(the_rest_is_taken_in_the_end),
		cmocka_unit_test(a_full_hold_says_so),
		cmocka_unit_test(the_last_ones_are_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
