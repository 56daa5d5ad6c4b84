/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/clk.h"
#include "dataplane/nack.h"

#define MS       CLK_NS_PER_MS
#define GIVE_UP  1000
#define BEGIN_NS (100 * MS)

static struct nack *nack;
static uint16_t asked[NACK_MISSING_MAX];
static unsigned gave_up;

static int set_up(void **state)
{
	int r = nack_create(&nack, GIVE_UP);

	nack_begin(nack, 1000);
	return r;
}

static int tear_down(void **state)
{
	nack_free(nack);
	return 0;
}

static unsigned collect(uint64_t now)
{
	return nack_collect(nack, now, asked, NACK_MISSING_MAX, &gave_up);
}

static void nothing_missing_nothing_is_asked(void **state)
{
	for (uint64_t i = 1001; i < 1100; i++)
		nack_take(nack, i, false, BEGIN_NS);
	assert_int_equal(nack_due_mono_ns(nack), UINT64_MAX);
	assert_int_equal(collect(BEGIN_NS + 500 * MS), 0);
	assert_int_equal(gave_up, 0);
}

static void what_is_missing_is_asked_for_after_a_while(void **state)
{
	nack_take(nack, 1003, false, BEGIN_NS);
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS + 10 * MS);
	assert_int_equal(collect(BEGIN_NS + 9 * MS), 0);
	assert_int_equal(collect(BEGIN_NS + 10 * MS), 2);
	assert_int_equal(asked[0], 1001);
	assert_int_equal(asked[1], 1002);
	/* The round trip is not known: 100 ms. */
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS + 110 * MS);
	assert_int_equal(collect(BEGIN_NS + 109 * MS), 0);
	assert_int_equal(collect(BEGIN_NS + 110 * MS), 2);
}

static void what_was_merely_late_is_not_asked_for(void **state)
{
	nack_take(nack, 1002, false, BEGIN_NS);
	nack_take(nack, 1001, false, BEGIN_NS + 5 * MS);
	assert_int_equal(nack_due_mono_ns(nack), UINT64_MAX);
	assert_int_equal(collect(BEGIN_NS + 50 * MS), 0);
	assert_int_equal(nack_round_trip_ns(nack), 0);
}

static void an_answer_tells_the_round_trip(void **state)
{
	nack_take(nack, 1002, false, BEGIN_NS);
	collect(BEGIN_NS + 10 * MS);
	nack_take(nack, 1001, true, BEGIN_NS + 50 * MS);
	assert_int_equal(nack_round_trip_ns(nack), 40 * MS);
	/* and is the time to the next try: 1.2 times as long */
	nack_take(nack, 1004, false, BEGIN_NS + 60 * MS);
	assert_int_equal(collect(BEGIN_NS + 70 * MS), 1);
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS + 118 * MS);
}

static void an_answer_to_the_second_request_tells_nothing(void **state)
{
	nack_take(nack, 1002, false, BEGIN_NS);
	collect(BEGIN_NS + 10 * MS);
	collect(BEGIN_NS + 110 * MS);
	nack_take(nack, 1001, true, BEGIN_NS + 115 * MS);
	assert_int_equal(nack_round_trip_ns(nack), 0);
}

static void a_measured_round_trip_stays(void **state)
{
	nack_round_trip(nack, 200 * MS);
	nack_take(nack, 1002, false, BEGIN_NS);
	collect(BEGIN_NS + 10 * MS);
	nack_take(nack, 1001, true, BEGIN_NS + 30 * MS);
	assert_int_equal(nack_round_trip_ns(nack), 200 * MS);
	nack_round_trip(nack, 90 * CLK_NS_PER_S);
	assert_int_equal(nack_round_trip_ns(nack), CLK_NS_PER_S);
}

static void requests_keep_a_distance_however_short_the_trip(void **state)
{
	nack_round_trip(nack, MS);
	nack_take(nack, 1002, false, BEGIN_NS);
	collect(BEGIN_NS + 10 * MS);
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS + 30 * MS);
}

static void what_never_comes_is_given_up_in_time(void **state)
{
	unsigned times = 0;
	uint64_t now = BEGIN_NS;

	nack_round_trip(nack, 150 * MS);
	nack_take(nack, 1002, false, now);
	for (gave_up = 0; !gave_up; now += MS) {
		times += collect(now);
		assert_true(now <= BEGIN_NS + GIVE_UP * MS);
	}
	assert_int_equal(gave_up, 1);
	assert_true(times >= 5 && times <= NACK_TRIES);
	assert_int_equal(nack_due_mono_ns(nack), UINT64_MAX);
	/* When it comes after all it is no longer of interest. */
	nack_take(nack, 1001, true, now);
	assert_int_equal(collect(now + 10 * MS), 0);
}

static void it_is_not_asked_for_more_than_so_often(void **state)
{
	unsigned times = 0;

	nack_round_trip(nack, MS);
	nack_take(nack, 1002, false, BEGIN_NS);
	gave_up = 0;
	for (uint64_t now = BEGIN_NS; !gave_up; now += MS)
		times += collect(now);
	assert_int_equal(times, NACK_TRIES);
}

static void too_much_at_once_is_beyond_repair(void **state)
{
	nack_take(nack, 1000 + NACK_MISSING_MAX + 2, false, BEGIN_NS);
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS);
	assert_int_equal(collect(BEGIN_NS), 0);
	assert_int_equal(gave_up, 1);
	assert_int_equal(nack_due_mono_ns(nack), UINT64_MAX);
	nack_take(nack, 1000 + NACK_MISSING_MAX + 4, false, BEGIN_NS);
	assert_int_equal(collect(BEGIN_NS + 10 * MS), 1);
	assert_int_equal(asked[0], 1000 + NACK_MISSING_MAX + 3);
}

static void as_much_as_can_be_remembered_is_asked_for(void **state)
{
	nack_take(nack, 1000 + NACK_MISSING_MAX + 1, false, BEGIN_NS);
	assert_int_equal(nack_collect(nack, BEGIN_NS + 10 * MS, asked, 100, &gave_up), 100);
	assert_int_equal(asked[99], 1100);
	assert_int_equal(gave_up, 0);
	/* The others are due at once. */
	assert_int_equal(nack_due_mono_ns(nack), BEGIN_NS + 10 * MS);
	assert_int_equal(collect(BEGIN_NS + 10 * MS), NACK_MISSING_MAX - 100);
	assert_int_equal(asked[0], 1101);
}

static void a_stream_that_begins_anew_has_nothing_missing(void **state)
{
	nack_take(nack, 1010, false, BEGIN_NS);
	nack_begin(nack, 90000);
	assert_int_equal(nack_due_mono_ns(nack), UINT64_MAX);
	nack_take(nack, 90002, false, BEGIN_NS);
	assert_int_equal(collect(BEGIN_NS + 10 * MS), 1);
	assert_int_equal(asked[0], (uint16_t)90001);
}

/* 10 % loss both ways, 60 ms round trip: what is asked for again and again comes. */
static void loss_is_repaired(void **state)
{
	uint64_t answer_at[4096] = { 0 }, now = BEGIN_NS, ext = 1000;
	unsigned random = 1, given_up = 0, missing = 0;

	for (unsigned step = 0; step < 20000; step++, now += MS) {
		if (step % 5 == 0 && step < 15000) {
			ext++;
			if ((random = random * 1664525 + 1013904223) >> 24 < 26)
				missing++;
			else
				nack_take(nack, ext, false, now);
		}
		for (unsigned i = 0; i < 4096; i++)
			if (answer_at[i] && answer_at[i] <= now) {
				answer_at[i] = 0;
				nack_take(nack, 1000 + i, true, now);
			}
		unsigned n = collect(now);
		given_up += gave_up;
		for (unsigned i = 0; i < n; i++)
			if ((random = random * 1664525 + 1013904223) >> 24 >= 52)
				answer_at[asked[i] - 1000] = now + 60 * MS;
	}
	assert_true(missing > 200);
	assert_int_equal(given_up, 0);
	assert_in_range(nack_round_trip_ns(nack), 60 * MS, 62 * MS);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(nothing_missing_nothing_is_asked),
		CASE(what_is_missing_is_asked_for_after_a_while),
		CASE(what_was_merely_late_is_not_asked_for),
		CASE(an_answer_tells_the_round_trip),
		CASE(an_answer_to_the_second_request_tells_nothing),
		CASE(a_measured_round_trip_stays),
		CASE(requests_keep_a_distance_however_short_the_trip),
		CASE(what_never_comes_is_given_up_in_time),
		CASE(it_is_not_asked_for_more_than_so_often),
		CASE(too_much_at_once_is_beyond_repair),
		CASE(as_much_as_can_be_remembered_is_asked_for),
		CASE(a_stream_that_begins_anew_has_nothing_missing),
		CASE(loss_is_repaired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
