/* SPDX-License-Identifier: BSD-3-Clause */
/* A wheel of 1000 cycles a tick, and what goes off when. */
#include "dataplane/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HZ    1000000
#define TICK  1000
#define START (77 * TICK + 5)
#define MANY  5000

static struct wheel wheel;
static struct wheel_timer timers[MANY];
static uint64_t now, again; /* again: what goes off sets itself to that much later */
static unsigned gone[MANY], gone_count;

static int begin(void **state)
{
	now = START;
	again = 0;
	gone_count = 0;
	memset(timers, 0, sizeof(timers));
	wheel_init(&wheel, now, HZ);
	return 0;
}

static void go_off(void *arg, struct wheel_timer *timer)
{
	assert_ptr_equal(arg, &wheel);
	assert_false(wheel_is_set(timer));
	assert_true(timer->due_tsc <= now);
	if (gone_count < MANY)
		gone[gone_count] = (unsigned)(timer - timers);
	gone_count++;
	if (again)
		wheel_set(&wheel, timer, now + again);
}

static unsigned run(uint64_t cycles, unsigned max)
{
	now += cycles;
	return wheel_run(&wheel, now, max, go_off, &wheel);
}

static void a_timer_goes_off_within_a_tick_of_its_time(void **state)
{
	for (uint64_t after = 1; after < 3 * TICK; after += 37) {
		uint64_t waited = 0;

		wheel_set(&wheel, &timers[0], now + after);
		assert_true(wheel_is_set(&timers[0]));
		while (!run(100, 10))
			waited += 100;
		assert_in_range(waited + 100, after, after + TICK + 100);
		assert_int_equal(wheel.count, 0);
	}
}

static void what_is_past_goes_off_next(void **state)
{
	wheel_set(&wheel, &timers[0], 0);
	assert_int_equal(run(TICK, 10), 1);
	again = 0;
	wheel_set(&wheel, &timers[1], now - TICK);
	assert_int_equal(run(TICK, 10), 1);
	assert_int_equal(gone[1], 1);
}

/* Also when it says so while it goes off: one call ends. */
static void what_sets_itself_to_at_once_goes_off_once_a_run(void **state)
{
	wheel_set(&wheel, &timers[0], now);
	run(TICK, 0);
	run(50 * TICK, 0); /* all of it is left over */
	now -= 1;          /* so that now + 1 is not past the run's own time */
	again = 1;
	assert_int_equal(run(1, 100), 1);
	assert_int_equal(run(TICK, 100), 1);
	assert_int_equal(gone_count, 2);
}

static void a_timer_set_anew_or_cleared_does_not_go_off_then(void **state)
{
	wheel_set(&wheel, &timers[0], now + 5 * TICK);
	wheel_set(&wheel, &timers[0], now + 20 * TICK);
	wheel_set(&wheel, &timers[1], now + 5 * TICK);
	wheel_clear(&wheel, &timers[1]);
	wheel_clear(&wheel, &timers[1]);
	assert_int_equal(wheel.count, 1);
	assert_int_equal(run(19 * TICK, 10), 0);
	assert_int_equal(run(2 * TICK, 10), 1);
	wheel_set(&wheel, &timers[0], now + 20 * TICK);
	wheel_set(&wheel, &timers[0], now + TICK);
	assert_int_equal(run(3 * TICK, 10), 1);
	assert_int_equal(run(30 * TICK, 10), 0);
}

static void what_is_later_than_one_turn_waits_for_its_turn(void **state)
{
	uint64_t turns = 3ull * WHEEL_SLOTS * TICK + 500;

	wheel_set(&wheel, &timers[0], now + turns);
	while (now + TICK < START + turns)
		assert_int_equal(run(TICK, 10), 0);
	assert_int_equal(run(2 * TICK, 10), 1);
}

static void one_call_lets_no_more_go_off_than_it_is_told(void **state)
{
	unsigned total = 0;

	for (unsigned i = 0; i < MANY; i++)
		wheel_set(&wheel, &timers[i], now + (uint64_t)(i % 50) * TICK / 10);
	now += 100 * TICK;
	while (total < MANY) {
		unsigned n = run(TICK, 64);
		assert_in_range(n, 1, 64);
		total += n;
	}
	assert_int_equal(run(TICK, 64), 0);
	assert_int_equal(gone_count, MANY);
	memset(timers, 0, sizeof(timers));
	for (unsigned i = 0; i < MANY; i++) {
		assert_null(timers[gone[i]].next);
		timers[gone[i]].next = &timers[0];
	}
}

/* All at one time, and each set anew when it goes off: the bound pulls them apart. */
static void load_that_comes_at_once_is_spread(void **state)
{
	unsigned most = 0;

	again = 50 * TICK;
	for (unsigned i = 0; i < MANY; i++)
		wheel_set(&wheel, &timers[i], now);
	for (unsigned i = 0; i < 100; i++)
		run(TICK, 2 * MANY / 50);
	assert_int_equal(wheel.count, MANY);
	gone_count = 0;
	for (unsigned i = 0; i < 51; i++) {
		unsigned before = gone_count;
		run(TICK, MANY);
		most = gone_count - before > most ? gone_count - before : most;
	}
	assert_in_range(gone_count, MANY, MANY + MANY / 10);
	assert_in_range(most, 1, 2 * MANY / 50);
}

static void after_a_long_pause_nothing_is_forgotten(void **state)
{
	for (unsigned i = 0; i < 10; i++)
		wheel_set(&wheel, &timers[i], now + (uint64_t)i * 300 * TICK);
	assert_int_equal(run(10ull * WHEEL_SLOTS * TICK, 4), 4);
	assert_int_equal(run(TICK, 100), 6);
	wheel_set(&wheel, &timers[0], now + 10 * TICK);
	assert_int_equal(run(9 * TICK, 10), 0);
	assert_int_equal(run(2 * TICK, 10), 1);
}

/* Against a list. */
static void it_agrees_with_a_list(void **state)
{
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		struct wheel_timer *timer = &timers[rand() % 100];
		unsigned due = 0;

		if (rand() % 8 == 0)
			wheel_clear(&wheel, timer);
		else
			wheel_set(&wheel, timer, now + (uint64_t)(rand() % (3 * WHEEL_SLOTS)) * TICK);
		now += (uint64_t)(rand() % 20) * (rand() % 500 ? TICK : 100 * TICK);
		for (unsigned i = 0; i < 100; i++)
			due += wheel_is_set(&timers[i]) && timers[i].due_tsc + 2 * TICK < now;
		unsigned ran = wheel_run(&wheel, now, 1000, go_off, &wheel);
		assert_true(ran >= due);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		CASE(a_timer_goes_off_within_a_tick_of_its_time),
		CASE(what_is_past_goes_off_next),
		CASE(what_sets_itself_to_at_once_goes_off_once_a_run),
		CASE(a_timer_set_anew_or_cleared_does_not_go_off_then),
		CASE(what_is_later_than_one_turn_waits_for_its_turn),
		CASE(one_call_lets_no_more_go_off_than_it_is_told),
		CASE(load_that_comes_at_once_is_spread),
		CASE(after_a_long_pause_nothing_is_forgotten),
		CASE(it_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
