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
#include "writers/reorder.h"

#define SLOTS 8

static struct reorder reorder;
static struct packet packets[64];

static int set_up(void **state)
{
	for (unsigned i = 0; i < 64; i++)
		packets[i] = (struct packet){ .ext_seq = 100 + i };
	reorder_init(&reorder, SLOTS);
	reorder.started = true; /* under way: what is awaited is known */
	reorder.next = 100;
	return 0;
}

static int tear_down(void **state)
{
	reorder_free(&reorder);
	return 0;
}

static enum reorder_verdict put(unsigned i, uint64_t now)
{
	return reorder_put(&reorder, &packets[i], now);
}

static void in_order_nothing_is_held(void **state)
{
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(put(i, i), REORDER_NEXT);
		assert_null(reorder_take(&reorder));
		assert_int_equal(reorder.held, 0);
	}
}

static void gap_that_fills_lets_all_pass_in_order(void **state)
{
	assert_int_equal(put(0, 1), REORDER_NEXT);
	assert_int_equal(put(3, 2), REORDER_HELD);
	assert_int_equal(put(2, 3), REORDER_HELD);
	assert_null(reorder_take(&reorder));
	assert_int_equal(reorder.gap_since_ns, 2);
	assert_int_equal(put(1, 4), REORDER_NEXT);
	assert_ptr_equal(reorder_take(&reorder), &packets[2]);
	assert_ptr_equal(reorder_take(&reorder), &packets[3]);
	assert_null(reorder_take(&reorder));
	assert_int_equal(put(4, 5), REORDER_NEXT);
}

static void gap_given_up_makes_its_packets_late(void **state)
{
	put(0, 1);
	put(3, 2);
	assert_int_equal(reorder_give_up(&reorder), 2);
	assert_ptr_equal(reorder_take(&reorder), &packets[3]);
	assert_int_equal(reorder_give_up(&reorder), 0);
	assert_int_equal(put(1, 3), REORDER_LATE);
	assert_int_equal(put(2, 3), REORDER_LATE);
	assert_int_equal(put(4, 3), REORDER_NEXT);
}

static void second_gap_waits_since_it_was_seen(void **state)
{
	put(0, 10);
	put(2, 20);
	put(5, 30);
	put(4, 40);
	assert_int_equal(reorder.gap_since_ns, 20);
	assert_int_equal(reorder_give_up(&reorder), 1);
	assert_ptr_equal(reorder_take(&reorder), &packets[2]);
	assert_null(reorder_take(&reorder));
	assert_int_equal(reorder.gap_since_ns, 40); /* of 4, the packet behind the gap */
	assert_int_equal(reorder_give_up(&reorder), 1);
}

static void duplicates_do_no_harm(void **state)
{
	put(0, 1);
	assert_int_equal(put(0, 1), REORDER_LATE);
	assert_int_equal(put(2, 1), REORDER_HELD);
	assert_int_equal(put(2, 1), REORDER_LATE);
	assert_int_equal(reorder.held, 1);
	assert_int_equal(put(1, 1), REORDER_NEXT);
	assert_ptr_equal(reorder_take(&reorder), &packets[2]);
	assert_null(reorder_take(&reorder));
}

static void window_is_full_at_its_size(void **state)
{
	put(0, 1);
	assert_int_equal(put(SLOTS, 1), REORDER_HELD); /* 1 is awaited: the last slot */
	assert_int_equal(put(SLOTS + 1, 1), REORDER_FULL);
	assert_int_equal(reorder.held, 1);
	assert_int_equal(reorder_give_up(&reorder), SLOTS - 1);
	assert_ptr_equal(reorder_take(&reorder), &packets[SLOTS]);
	assert_int_equal(put(40, 1), REORDER_FULL);
	assert_int_equal(reorder_skip_to(&reorder, packets[40].ext_seq), 40 - SLOTS - 1);
	assert_int_equal(put(40, 1), REORDER_NEXT);
}

static void the_window_grows_with_the_distance_and_is_given_back(void **state)
{
	reorder_init(&reorder, 64);
	reorder.started = true;
	reorder.next = 100;
	assert_null(reorder.slots); /* in order nothing is stored */
	assert_int_equal(put(0, 1), REORDER_NEXT);
	assert_null(reorder.slots);
	assert_int_equal(put(3, 2), REORDER_HELD);
	assert_int_equal(reorder.size, 16);
	assert_int_equal(put(10, 3), REORDER_HELD);
	assert_int_equal(put(60, 4), REORDER_HELD);
	assert_int_equal(reorder.size, 64);
	assert_int_equal(put(3, 5), REORDER_LATE);
	assert_int_equal(reorder.gap_since_ns, 2);
	assert_int_equal(reorder_give_up(&reorder), 2);
	assert_ptr_equal(reorder_take(&reorder), &packets[3]);
	assert_int_equal(reorder.gap_since_ns, 3);
	assert_int_equal(reorder_give_up(&reorder), 6);
	assert_ptr_equal(reorder_take(&reorder), &packets[10]);
	assert_int_equal(reorder_give_up(&reorder), 49);
	assert_ptr_equal(reorder_take(&reorder), &packets[60]);
	assert_null(reorder.slots);
	assert_int_equal(put(61, 6), REORDER_NEXT);
}

static void restart_awaits_anything(void **state)
{
	put(0, 1);
	reorder_restart(&reorder);
	assert_int_equal(put(40, 1), REORDER_HELD);
	assert_int_equal(reorder_give_up(&reorder), 0); /* nothing is known to be missing */
	assert_ptr_equal(reorder_take(&reorder), &packets[40]);
	assert_int_equal(put(41, 1), REORDER_NEXT);
	assert_int_equal(put(39, 1), REORDER_LATE);
}

static void first_packets_that_come_in_another_order_are_put_in_order(void **state)
{
	reorder_restart(&reorder);
	assert_int_equal(put(11, 1), REORDER_HELD);
	assert_int_equal(put(10, 1), REORDER_HELD);
	assert_int_equal(put(12, 2), REORDER_HELD);
	assert_null(reorder_take(&reorder));
	assert_int_equal(reorder_give_up(&reorder), 0);
	for (unsigned i = 10; i <= 12; i++)
		assert_ptr_equal(reorder_take(&reorder), &packets[i]);
	assert_int_equal(put(14, 3), REORDER_HELD);
	assert_int_equal(reorder_give_up(&reorder), 1); /* from now on a gap is a gap */
	assert_ptr_equal(reorder_take(&reorder), &packets[14]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order_nothing_is_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gap_that_fills_lets_all_pass_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gap_given_up_makes_its_packets_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(second_gap_waits_since_it_was_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(duplicates_do_no_harm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(window_is_full_at_its_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        the_window_grows_with_the_distance_and_is_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(restart_awaits_anything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        first_packets_that_come_in_another_order_are_put_in_order, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
