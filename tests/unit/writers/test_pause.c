/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "writers/pause.h"

#define RATE  48000u
#define MS    CLK_NS_PER_MS
#define START (1000 * CLK_NS_PER_S)

static struct pause pause_;

static int set_up(void **state)
{
	pause_ = (struct pause){ .rate = RATE };
	return 0;
}

static uint64_t at(uint64_t ms)
{
	return START + ms * MS;
}

/* A second of packets, 20 ms each, that lag by 5 to 9 ms. The last one: RTP time 47040, after 980 ms. */
static void a_second(void)
{
	for (unsigned i = 0; i < 50; i++) {
		pause_pass(&pause_, i * 960, at(i * 20));
		assert_int_equal(pause_lag(&pause_, at(i * 20), (5 + i % 5) * 48), 0);
	}
}

static void nothing_stands_before_the_first_packet(void **state)
{
	assert_false(pause_stood(&pause_, 5, at(100000)));
}

static void gap_counts_when_rtp_time_went_on_by_less_than_half(void **state)
{
	a_second();
	assert_false(pause_stood(&pause_, 47040 + 960, at(980 + 299)));
	assert_true(pause_stood(&pause_, 47040 + 960, at(980 + 300)));
	assert_true(pause_stood(&pause_, 47040 + 7199, at(980 + 300)));
	assert_false(pause_stood(&pause_, 47040 + 7200, at(980 + 300)));
	assert_false(pause_stood(&pause_, 47040 + 4000 * 48, at(980 + 4000))); /* silence not sent */
	assert_false(pause_stood(&pause_, 47040 - 1, at(980 + 4000)));         /* back: an epoch's affair */
	assert_true(pause_stood(&pause_, 47040 + 960, at(980 + 600000)));
	assert_false(pause_stood(&pause_, 47040 + 960, at(980 + 13 * 3600000))); /* may have wrapped */
	assert_false(pause_stood(&pause_, 47040 + 960, at(0)));
}

static void packets_at_their_own_pace_are_a_pause(void **state)
{
	a_second();
	pause_begin(&pause_, at(4980));
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(
		        pause_judge(&pause_, at(4980 + i * 20), (3985 + i % 3) * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(4980 + 200), 3985 * 48, false), PAUSE_PAUSE);
	assert_int_equal(pause_ticks(&pause_), 3980 * 48);
}

static void packets_that_make_up_for_the_gap_are_a_stall(void **state)
{
	a_second();
	pause_begin(&pause_, at(4980));
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
		        pause_judge(&pause_, at(4980), (int64_t)(3985 - i * 20) * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(4980), 3885 * 48, false), PAUSE_STALL);
}

static void short_gap_is_made_up_for_by_half_of_it(void **state)
{
	a_second();
	pause_begin(&pause_, at(980 + 300));
	assert_int_equal(pause_judge(&pause_, at(1280), (5 + 160) * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(1280), (5 + 81) * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(1280), (5 + 80) * 48, false), PAUSE_STALL);
}

static void what_was_repaired_tells_nothing_unless_it_is_all(void **state)
{
	a_second();
	pause_begin(&pause_, at(5080));
	assert_int_equal(pause_judge(&pause_, at(5080), 4085 * 48, true), PAUSE_UNCLEAR);
	assert_int_equal(pause_ticks(&pause_), 4080 * 48);
	assert_int_equal(pause_conclude(&pause_), PAUSE_PAUSE);
	assert_int_equal(pause_judge(&pause_, at(5000), 3985 * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(5020), 3985 * 48, false), PAUSE_UNCLEAR);
	assert_int_equal(pause_judge(&pause_, at(5200), 3985 * 48, false), PAUSE_PAUSE);
	assert_int_equal(pause_ticks(&pause_), 3980 * 48);
}

static void conclusion_goes_by_what_is_there(void **state)
{
	a_second();
	pause_begin(&pause_, at(4980));
	pause_judge(&pause_, at(4980), 3985 * 48, false);
	assert_int_equal(pause_conclude(&pause_), PAUSE_PAUSE);
	pause_judge(&pause_, at(4980), 3800 * 48, false);
	assert_int_equal(pause_conclude(&pause_), PAUSE_STALL);
}

static void gap_that_only_made_up_for_delay_is_none(void **state)
{
	a_second();
	pause_begin(&pause_, at(1280));
	pause_judge(&pause_, at(1280), 4 * 48, false);
	assert_int_equal(pause_ticks(&pause_), 0);
	assert_int_equal(pause_conclude(&pause_), PAUSE_STALL);
}

static void belief(void)
{
	set_up(NULL);
	a_second();
	pause_begin(&pause_, at(4980));
	pause_judge(&pause_, at(4980), 3985 * 48, false);
	pause_believe(&pause_, 3980 * 48);
}

static void what_comes_before_the_least_lag_shows_that_too_much_was_believed(void **state)
{
	belief();
	assert_int_equal(pause_lag(&pause_, at(5000), (5 - 60) * 48), 0);
	assert_int_equal(pause_lag(&pause_, at(5020), (5 - 80) * 48), 80 * 48);
	assert_int_equal(pause_lag(&pause_, at(5020), 5 * 48), 0);
	assert_int_equal(pause_lag(&pause_, at(5040), -9000 * 48), 3900 * 48); /* no more than there was */
	assert_int_equal(pause_lag(&pause_, at(5060), -9000 * 48), 0);
	belief();
	pause_trust(&pause_);
	assert_int_equal(pause_lag(&pause_, at(5020), (5 - 80) * 48), 0);
	belief();
	assert_int_equal(pause_lag(&pause_, at(4980 + 60000), (5 - 80) * 48), 0); /* clocks drift */
}

static void restart_forgets(void **state)
{
	a_second();
	pause_restart(&pause_);
	assert_false(pause_stood(&pause_, 48000, at(9000)));
	assert_int_equal(pause_.rate, RATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_stands_before_the_first_packet, set_up),
		cmocka_unit_test_setup(gap_counts_when_rtp_time_went_on_by_less_than_half, set_up),
		cmocka_unit_test_setup(packets_at_their_own_pace_are_a_pause, set_up),
		cmocka_unit_test_setup(packets_that_make_up_for_the_gap_are_a_stall, set_up),
		cmocka_unit_test_setup(short_gap_is_made_up_for_by_half_of_it, set_up),
		cmocka_unit_test_setup(what_was_repaired_tells_nothing_unless_it_is_all, set_up),
		cmocka_unit_test_setup(conclusion_goes_by_what_is_there, set_up),
		cmocka_unit_test_setup(gap_that_only_made_up_for_delay_is_none, set_up),
		cmocka_unit_test_setup(
		        what_comes_before_the_least_lag_shows_that_too_much_was_believed, set_up),
		cmocka_unit_test_setup(restart_forgets, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
