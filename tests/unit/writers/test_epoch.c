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
#include "base/clk.h"
#include "writers/epoch.h"

#define RATE  90000u
#define START 1710123456000000000ull

static struct epoch epoch;
static bool began;

static int set_up(void **state)
{
	epoch = (struct epoch){ .rate = RATE };
	return 0;
}

/* The time of a packet that comes @ms after the start. */
static uint64_t at(uint32_t rtp, uint64_t ms)
{
	return epoch_time(&epoch, rtp, START + ms * CLK_NS_PER_MS, false, &began);
}

static void time_begins_at_zero_and_follows_rtp(void **state)
{
	assert_int_equal(at(5000, 0), 0);
	assert_false(began);
	assert_int_equal(at(5000, 1), 0);
	assert_int_equal(at(8000, 40), 3000);
	assert_int_equal(at(11000, 60), 6000);
	assert_false(began);
}

static void wrap_is_no_jump(void **state)
{
	assert_int_equal(at(4294965000u, 0), 0);
	assert_int_equal(at(704, 33), 3000);
	assert_false(began);
}

static void pause_of_any_length_stays_right(void **state)
{
	const uint64_t day_ms = 86400000;

	at(1000, 0);
	assert_int_equal(at((uint32_t)(1000 + day_ms * 90), day_ms + 20), day_ms * 90); /* 1.8 wraps */
	assert_false(began);
	assert_int_equal(at((uint32_t)(1000 + 3 * day_ms * 90), 3 * day_ms), 3 * day_ms * 90);
	assert_false(began);
}

static void jump_is_a_new_epoch_where_arrival_says(void **state)
{
	at(0, 0);
	at(90000, 1000);
	assert_int_equal(at(3000000000u, 1040), 90000 + 3600);
	assert_true(began);
	assert_int_equal(at(3000003000u, 1073), 90000 + 3600 + 3000);
	assert_false(began);
	assert_int_equal(at(93000, 2040), 90000 * 2 + 3600); /* and back */
	assert_true(began);
}

static void jump_below_the_limit_is_believed(void **state)
{
	at(0, 0);
	assert_int_equal(at(9 * RATE, 33), 9 * RATE);
	assert_false(began);
	assert_int_equal(at(9 * RATE + 2 * RATE, 66), 9 * RATE + 1); /* 11 s ahead: no more */
	assert_true(began);
}

static void frozen_sender_is_set_on_after_its_pause(void **state)
{
	at(0, 0);
	assert_int_equal(at(3000, 60000), 60 * RATE); /* it slept a minute, and its clock with it */
	assert_true(began);
	assert_int_equal(at(6000, 60033), 60 * RATE + 3000);
	assert_false(began);
}

static void restart_is_a_new_epoch_even_without_a_jump(void **state)
{
	at(0, 0);
	assert_int_equal(epoch_time(&epoch, 0, START + CLK_NS_PER_S, true, &began), RATE);
	assert_true(began);
	assert_int_equal(
	        epoch_time(&epoch, 7, START + CLK_NS_PER_S, true, &began), RATE + 1); /* still it grows */
	assert_true(began);
}

static void time_never_goes_back(void **state)
{
	at(90000, 0);
	assert_int_equal(at(96000, 66), 6000);
	assert_int_equal(at(93000, 70), 6000);
	assert_false(began);
	assert_int_equal(at(99000, 100), 9000);
	assert_int_equal(at(0, 110), 9900); /* more than a second back: an epoch */
	assert_true(began);
}

static void slow_clock_is_followed_for_days(void **state)
{
	uint64_t rtp = 0;

	at(0, 0);
	for (uint64_t s = 1; s < 5 * 86400; s++) {
		rtp = s * 90000 - s * 27; /* 300 ppm slow: 130 s in five days */
		assert_int_equal(at((uint32_t)rtp, s * 1000), rtp);
		assert_false(began);
	}
}

static void runaway_clock_makes_no_endless_file(void **state)
{
	uint64_t time = 0;

	at(0, 0);
	for (uint64_t i = 1; i < 10000; i++)
		time = at((uint32_t)(i * 9 * RATE), i * 10); /* nine seconds in ten milliseconds */
	assert_true(time < (100 + 20) * RATE);
}

static void arrival_may_go_back(void **state)
{
	at(0, 5000);
	assert_int_equal(at(3000, 4990), 3000);
	assert_int_equal(at(6000, 0), 6000);
	assert_false(began);
}

static int64_t located(uint32_t rtp, uint64_t ms)
{
	int64_t time = -1;

	assert_true(epoch_locate(&epoch, rtp, START + ms * CLK_NS_PER_MS, &time));
	return time;
}

static void report_is_located_without_moving_time(void **state)
{
	int64_t time;

	assert_false(epoch_locate(&epoch, 0, START, &time));
	at(5000, 0);
	at(8000, 33);
	assert_int_equal(located(9000, 40), 4000);
	assert_int_equal(located(2000, 40), -3000); /* before the first packet */
	assert_int_equal(
	        located(5000 + 600 * RATE, 600000), 600 * RATE); /* nothing has come since: a pause */
	assert_false(epoch_locate(&epoch, 5000 + 600 * RATE, START + 40 * CLK_NS_PER_MS, &time));
	assert_int_equal(at(11000, 66), 6000);
	assert_false(began);
}

static void placed_epoch_goes_on_from_there(void **state)
{
	at(0, 0);
	at(90000, 1000);
	assert_int_equal(epoch_place(&epoch, 4000000000u, 93000), 93000);
	assert_int_equal(at(4000003000u, 1066), 96000);
	assert_false(began);
	assert_int_equal(located(4000003000u, 1066), 96000);
}

static void place_before_the_last_packet_is_reached_little_by_little(void **state)
{
	uint64_t time, last;

	at(0, 0);
	at(90000, 1000);
	last = epoch_place(&epoch, 5000, 90000 - 7500);
	assert_int_equal(last, 90001);
	assert_int_equal(located(5000, 1000), 90000 - 7500); /* where it belongs */
	for (unsigned i = 1; i <= 5; i++) {
		time = at(5000 + i * 3000, 1000 + i * 33);
		assert_int_equal(time, 90001 + i * 1500);
		assert_int_equal(at(5000 + i * 3000, 1001 + i * 33), time); /* the same picture */
	}
	assert_int_equal(at(5000 + 6 * 3000, 1200), 90000 - 7500 + 18000);
	assert_int_equal(at(5000 + 7 * 3000, 1233), 90000 - 7500 + 21000);
}

static void shift_is_at_once_when_later_and_by_halves_when_earlier(void **state)
{
	at(0, 0);
	at(3000, 33);
	epoch_shift(&epoch, 900);
	assert_int_equal(at(3000, 34), 3000); /* the picture that is under way stays */
	assert_int_equal(at(6000, 66), 6900);
	epoch_shift(&epoch, -2000);
	assert_int_equal(located(9000, 100), 9000 + 900 - 2000);
	assert_int_equal(at(9000, 100), 8400);
	epoch_shift(&epoch, 400); /* it was not so much */
	assert_int_equal(at(12000, 133), 12000 - 700);
	assert_int_equal(at(15000, 166), 15000 - 700);
	assert_false(began);
}

static void set_back_is_at_once(void **state)
{
	at(0, 0);
	at(90000, 1000);
	epoch_shift(&epoch, 9000);
	assert_int_equal(at(93000, 1033), 102000);
	epoch_set_back(&epoch, 9000);
	assert_int_equal(at(96000, 1066), 96000);
	epoch_shift(&epoch, -50000); /* what is still to be taken back goes with it */
	epoch_set_back(&epoch, 1000);
	assert_int_equal(located(99000, 1100), 99000 - 51000);
	epoch_set_back(&epoch, 500000); /* not before the beginning */
	assert_int_equal(at(99000, 1100), 0);
	assert_false(began);
}

static void anything_placed_and_shifted_only_grows(void **state)
{
	uint64_t last = at(0, 0), time;
	uint32_t seed = 1;

	for (unsigned i = 1; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 1)
			epoch_shift(&epoch, (int64_t)(seed >> 17) - 16384);
		else if (seed >> 17 & 1)
			time = epoch_place(&epoch, seed, (int64_t)last + (seed >> 20) - 2048);
		time = at(seed, i * 33);
		assert_true(time >= last);
		last = time;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(report_is_located_without_moving_time, set_up),
		cmocka_unit_test_setup(placed_epoch_goes_on_from_there, set_up),
		cmocka_unit_test_setup(place_before_the_last_packet_is_reached_little_by_little, set_up),
		cmocka_unit_test_setup(shift_is_at_once_when_later_and_by_halves_when_earlier, set_up),
		cmocka_unit_test_setup(set_back_is_at_once, set_up),
		cmocka_unit_test_setup(anything_placed_and_shifted_only_grows, set_up),
		cmocka_unit_test_setup(time_begins_at_zero_and_follows_rtp, set_up),
		cmocka_unit_test_setup(wrap_is_no_jump, set_up),
		cmocka_unit_test_setup(pause_of_any_length_stays_right, set_up),
		cmocka_unit_test_setup(jump_is_a_new_epoch_where_arrival_says, set_up),
		cmocka_unit_test_setup(jump_below_the_limit_is_believed, set_up),
		cmocka_unit_test_setup(frozen_sender_is_set_on_after_its_pause, set_up),
		cmocka_unit_test_setup(restart_is_a_new_epoch_even_without_a_jump, set_up),
		cmocka_unit_test_setup(time_never_goes_back, set_up),
		cmocka_unit_test_setup(slow_clock_is_followed_for_days, set_up),
		cmocka_unit_test_setup(runaway_clock_makes_no_endless_file, set_up),
		cmocka_unit_test_setup(arrival_may_go_back, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
