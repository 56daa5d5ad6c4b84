/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of one source. What the stage makes of them is in test_pipeline.c. */
#include "dataplane/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/limits.h"
#include "writers/track.h"

/* What the feedback asks of tracks, which are none of these tests' matter. */
uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return 0;
}

static struct sequence begun(uint64_t ext, bool authentic)
{
	struct sequence s = { 0 };
	uint64_t got = 0;

	sequence_begin(&s, ext, authentic);
	assert_int_equal(sequence_take(&s, (uint16_t)ext, &got), SEQUENCE_NEW);
	assert_int_equal(got, ext);
	return s;
}

static void takes(struct sequence *s, uint16_t seq, enum sequence_verdict verdict, uint64_t ext)
{
	uint64_t got = ext;

	assert_int_equal(sequence_take(s, seq, &got), verdict);
	assert_int_equal(got, ext);
}

static void numbers_go_on_past_the_wrap(void **state)
{
	struct sequence s = begun(65534, false);

	takes(&s, 65535, SEQUENCE_NEW, 65535);
	takes(&s, 0, SEQUENCE_NEW, 65536);
	takes(&s, 1, SEQUENCE_NEW, 65537);
	assert_int_equal(sequence_lost(&s), 0);
}

static void they_wrap_many_times(void **state)
{
	struct sequence s = begun(7ull << 16, false);

	for (uint64_t ext = (7ull << 16) + 1; ext < 12ull << 16; ext += 1000)
		takes(&s, (uint16_t)ext, SEQUENCE_NEW, ext);
}

static void a_late_packet_belongs_to_the_turn_before(void **state)
{
	struct sequence s = begun(65534, false);

	takes(&s, 2, SEQUENCE_NEW, 65538);
	takes(&s, 65535, SEQUENCE_REORDERED, 65535);
	takes(&s, 1, SEQUENCE_REORDERED, 65537);
	takes(&s, 0, SEQUENCE_REORDERED, 65536);
	assert_int_equal(sequence_lost(&s), 0);
}

static void a_packet_from_before_the_first_counts(void **state)
{
	struct sequence s = begun(1000, false);

	takes(&s, 998, SEQUENCE_REORDERED, 998);
	assert_int_equal(sequence_lost(&s), 1);
	takes(&s, 999, SEQUENCE_REORDERED, 999);
	assert_int_equal(sequence_lost(&s), 0);
}

static void a_packet_from_before_number_zero_is_too_old(void **state)
{
	struct sequence s = begun(2, false);

	takes(&s, 65535, SEQUENCE_OLD, 0);
	takes(&s, 3, SEQUENCE_NEW, 3);
}

static void what_was_there_is_a_duplicate(void **state)
{
	struct sequence s = begun(10, false);

	takes(&s, 10, SEQUENCE_DUPLICATE, 0);
	takes(&s, 12, SEQUENCE_NEW, 12);
	takes(&s, 10, SEQUENCE_DUPLICATE, 0);
	takes(&s, 11, SEQUENCE_REORDERED, 11);
	takes(&s, 11, SEQUENCE_DUPLICATE, 0);
	assert_int_equal(s.received, 3);
}

static void duplicates_are_known_over_at_least_512_packets(void **state)
{
	struct sequence s = begun(0, false);

	for (uint16_t seq = 1; seq < 2000; seq++)
		takes(&s, seq, SEQUENCE_NEW, seq);
	for (uint16_t seq = 1999 - 511; seq < 2000; seq += 2)
		takes(&s, seq, SEQUENCE_DUPLICATE, 0);
	assert_int_equal(s.received, 2000);
}

static void a_packet_that_is_missing_is_taken_until_the_window_ends(void **state)
{
	struct sequence s = begun(0, false);

	for (uint32_t seq = 1; seq < 3000; seq++)
		if (seq != 100 && seq != 2999 - SEQUENCE_WINDOW + 1)
			takes(&s, (uint16_t)seq, SEQUENCE_NEW, seq);
	takes(&s, 2999 - SEQUENCE_WINDOW + 1, SEQUENCE_REORDERED, 2999 - SEQUENCE_WINDOW + 1);
	takes(&s, 100, SEQUENCE_OLD, 0);
	assert_int_equal(sequence_lost(&s), 1);
}

/* RFC 3550 A.1, MAX_DROPOUT. */
static void a_jump_below_max_dropout_is_a_gap(void **state)
{
	struct sequence s = begun(100, false);

	takes(&s, (uint16_t)(100 + LIMIT_SEQ_JUMP - 1), SEQUENCE_NEW, 100 + LIMIT_SEQ_JUMP - 1);
	assert_int_equal(sequence_lost(&s), LIMIT_SEQ_JUMP - 2);
}

static void a_jump_is_confirmed_by_its_successor(void **state)
{
	struct sequence s = begun(100, false);

	takes(&s, 20000, SEQUENCE_FAR, 0);
	takes(&s, 101, SEQUENCE_NEW, 101);
	takes(&s, 20001, SEQUENCE_FAR, 0);
	takes(&s, 20002, SEQUENCE_RESTART, 20002);
	takes(&s, 20003, SEQUENCE_NEW, 20003);
	assert_int_equal(sequence_lost(&s), 0);
}

static void single_strays_never_make_a_jump(void **state)
{
	struct sequence s = begun(100, false);

	for (uint16_t i = 0; i < 50; i++) {
		takes(&s, (uint16_t)(30000 - 7 * i), SEQUENCE_FAR, 0);
		takes(&s, (uint16_t)(101 + i), SEQUENCE_NEW, 101u + i);
	}
}

static void a_jump_back_is_a_restart_in_the_next_turn(void **state)
{
	struct sequence s = begun((3ull << 16) + 30000, false);

	takes(&s, 5, SEQUENCE_OLD, 0);
	takes(&s, 6, SEQUENCE_RESTART, (4ull << 16) + 6);
	takes(&s, 7, SEQUENCE_NEW, (4ull << 16) + 7);
}

static void a_sender_that_begins_anew_inside_the_window_is_understood(void **state)
{
	struct sequence s = begun(0, false);

	for (uint16_t seq = 1; seq <= 500; seq++)
		takes(&s, seq, SEQUENCE_NEW, seq);
	takes(&s, 0, SEQUENCE_DUPLICATE, 0);
	takes(&s, 1, SEQUENCE_RESTART, (1ull << 16) + 1);
	takes(&s, 2, SEQUENCE_NEW, (1ull << 16) + 2);
}

static void an_authentic_jump_ahead_is_a_gap(void **state)
{
	struct sequence s = begun(100, true);

	takes(&s, 20000, SEQUENCE_NEW, 20000);
	takes(&s, 52000, SEQUENCE_NEW, 52000);
	takes(&s, 10000, SEQUENCE_NEW, 65536 + 10000);
}

static void losses_stay_counted_over_a_restart(void **state)
{
	struct sequence s = begun(0, false);

	takes(&s, 10, SEQUENCE_NEW, 10);
	assert_int_equal(sequence_lost_in_all(&s), 9);
	takes(&s, 20000, SEQUENCE_FAR, 0);
	takes(&s, 20001, SEQUENCE_RESTART, 20001);
	takes(&s, 20004, SEQUENCE_NEW, 20004);
	assert_int_equal(sequence_lost(&s), 2);
	assert_int_equal(sequence_lost_in_all(&s), 11);
}

/* RFC 3550 A.3. */
static void the_fraction_lost_is_of_the_packets_since_the_last_report(void **state)
{
	struct sequence s = begun(0, false);

	for (uint16_t seq = 1; seq < 100; seq++)
		takes(&s, seq, SEQUENCE_NEW, seq);
	assert_int_equal(sequence_fraction_lost(&s), 0);
	for (uint16_t seq = 100; seq < 200; seq++)
		if (seq % 4)
			takes(&s, seq, SEQUENCE_NEW, seq);
	assert_int_equal(sequence_fraction_lost(&s), 256 * 25 / 100);
	assert_int_equal(sequence_fraction_lost(&s), 0);
	takes(&s, 104, SEQUENCE_REORDERED, 104);
	assert_int_equal(sequence_fraction_lost(&s), 0);
	takes(&s, 2999, SEQUENCE_NEW, 2999);
	assert_int_equal(sequence_fraction_lost(&s), 255);
}

/* RFC 3550 A.8 by hand: D = 160 ticks, J += (160 - J) / 16 */
static void jitter_is_that_of_rfc_3550(void **state)
{
	struct sequence s = begun(0, false);
	double want = 0;
	uint64_t now = 1700000000000000000ull;

	sequence_time(&s, 0, now, 8000);
	assert_int_equal(s.jitter_q4, 0);
	for (uint32_t i = 1; i < 200; i++) {
		/* every other packet 20 ms late: 160 ticks there and back */
		sequence_time(&s, i * 160, now + i * 20000000ull + i % 2 * 20000000ull, 8000);
		want += (160 - want) / 16;
		assert_true(abs((int)(s.jitter_q4 >> 4) - (int)want) <= 1);
	}
	assert_int_equal(s.jitter_q4 >> 4, 159);
}

static void a_steady_stream_has_no_jitter_over_the_wrap_of_its_time(void **state)
{
	struct sequence s = begun(0, false);

	for (uint32_t i = 0; i < 100; i++)
		sequence_time(&s, 0xFFFFFF00u + i * 960, 1700000000000000000ull + i * 20000000ull, 48000);
	assert_int_equal(s.jitter_q4, 0);
}

static void a_jump_of_the_clock_is_no_jitter(void **state)
{
	struct sequence s = begun(0, false);

	sequence_time(&s, 0, 1700000000000000000ull, 90000);
	sequence_time(&s, 3000, 1700000000033333333ull, 90000);
	sequence_time(&s, 0x70000000u, 1700000000066666666ull, 90000);
	assert_true(s.jitter_q4 >> 4 <= 1);
}

static void repairs(struct sequence *s, uint16_t seq, enum sequence_verdict verdict, uint64_t ext)
{
	uint64_t got = ext;

	assert_int_equal(sequence_repair(s, seq, &got), verdict);
	assert_int_equal(got, ext);
}

static void what_was_brought_back_fills_its_gap_and_stays_lost(void **state)
{
	struct sequence s = begun(65534, true);

	takes(&s, 2, SEQUENCE_NEW, 65538);
	assert_int_equal(sequence_lost(&s), 3);
	assert_true(sequence_is_missing(&s, 0));
	repairs(&s, 0, SEQUENCE_REORDERED, 65536);
	assert_false(sequence_is_missing(&s, 0));
	repairs(&s, 0, SEQUENCE_DUPLICATE, 0);
	assert_int_equal(sequence_lost(&s), 3);
	/* a report tells 3 of 5 */
	assert_int_equal(sequence_fraction_lost(&s), 3 * 256 / 5);
}

static void an_original_that_comes_after_its_repair_was_not_lost(void **state)
{
	struct sequence s = begun(100, true);

	takes(&s, 103, SEQUENCE_NEW, 103);
	repairs(&s, 101, SEQUENCE_REORDERED, 101);
	takes(&s, 101, SEQUENCE_DUPLICATE, 0);
	assert_int_equal(sequence_lost(&s), 1);
	takes(&s, 101, SEQUENCE_DUPLICATE, 0);
	assert_int_equal(sequence_lost(&s), 1);
}

static void a_repair_may_lead_a_little_but_begins_nothing(void **state)
{
	struct sequence s = begun(100, true), none = { 0 };

	assert_true(sequence_is_missing(&s, 101));
	repairs(&s, 102, SEQUENCE_NEW, 102);
	assert_int_equal(sequence_lost(&s), 2);
	repairs(&s, 102 + LIMIT_SEQ_MISORDER + 1, SEQUENCE_FAR, 0);
	repairs(&s, 99, SEQUENCE_OLD, 0);
	assert_false(sequence_is_missing(&s, 99));
	repairs(&none, 5, SEQUENCE_FAR, 0);
	assert_false(sequence_is_missing(&none, 5));
	takes(&s, 102 + SEQUENCE_WINDOW, SEQUENCE_NEW, 102 + SEQUENCE_WINDOW);
	repairs(&s, 102, SEQUENCE_OLD, 0);
	assert_false(sequence_is_missing(&s, 102));
	repairs(&s, 103, SEQUENCE_REORDERED, 103);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_on_past_the_wrap),
		cmocka_unit_test(they_wrap_many_times),
		cmocka_unit_test(a_late_packet_belongs_to_the_turn_before),
		cmocka_unit_test(a_packet_from_before_the_first_counts),
		cmocka_unit_test(a_packet_from_before_number_zero_is_too_old),
		cmocka_unit_test(what_was_there_is_a_duplicate),
		cmocka_unit_test(duplicates_are_known_over_at_least_512_packets),
		cmocka_unit_test(a_packet_that_is_missing_is_taken_until_the_window_ends),
		cmocka_unit_test(a_jump_below_max_dropout_is_a_gap),
		cmocka_unit_test(a_jump_is_confirmed_by_its_successor),
		cmocka_unit_test(single_strays_never_make_a_jump),
		cmocka_unit_test(a_jump_back_is_a_restart_in_the_next_turn),
		cmocka_unit_test(a_sender_that_begins_anew_inside_the_window_is_understood),
		cmocka_unit_test(an_authentic_jump_ahead_is_a_gap),
		cmocka_unit_test(losses_stay_counted_over_a_restart),
		cmocka_unit_test(the_fraction_lost_is_of_the_packets_since_the_last_report),
		cmocka_unit_test(jitter_is_that_of_rfc_3550),
		cmocka_unit_test(a_steady_stream_has_no_jitter_over_the_wrap_of_its_time),
		cmocka_unit_test(a_jump_of_the_clock_is_no_jitter),
		cmocka_unit_test(what_was_brought_back_fills_its_gap_and_stays_lost),
		cmocka_unit_test(an_original_that_comes_after_its_repair_was_not_lost),
		cmocka_unit_test(a_repair_may_lead_a_little_but_begins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
