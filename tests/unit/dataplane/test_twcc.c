/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports are taken apart by a reader of their own here, written from the draft's section 3.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cur.h"
#include "base/rtcp.h"
#include "dataplane/twcc.h"

#define MS     1000000ull
#define TICK   250000ull
#define TOLD   4096
#define NOWHEN INT64_MIN

/* What a report says: for each number from first on when it arrived, in ticks modulo 2^32 of the reference,
 * or NOWHEN. */
struct told {
	uint16_t first;
	unsigned count;
	uint8_t number;
	int64_t at[TOLD];
	size_t bytes;
};

static struct twcc *twcc;

static int set_up(void **state)
{
	return twcc_create(&twcc);
}

static int tear_down(void **state)
{
	twcc_free(twcc);
	return 0;
}

static unsigned read_chunk(uint16_t chunk, uint8_t *symbols, unsigned left)
{
	unsigned n;

	if (!(chunk >> 15)) {
		n = chunk & 0x1FFF;
		assert_true(n > 0 && n <= left);
		memset(symbols, chunk >> 13 & 3, n);
		return n;
	}
	if (!(chunk >> 14 & 1)) {
		n = left < 14 ? left : 14;
		for (unsigned i = 0; i < n; i++)
			symbols[i] = chunk >> (13 - i) & 1;
		return n;
	}
	n = left < 7 ? left : 7;
	for (unsigned i = 0; i < n; i++)
		symbols[i] = chunk >> (12 - 2 * i) & 3;
	return n;
}

static void read_report(const uint8_t *data, size_t len, struct told *told)
{
	struct cur c = cur_of(data, len);
	uint8_t symbols[TOLD];
	int64_t at;

	assert_int_equal(cur_u8(&c), 2 << 6 | 15);
	assert_int_equal(cur_u8(&c), RTCP_RTPFB);
	assert_int_equal(4 * (cur_u16(&c) + 1), len);
	assert_int_equal(cur_u32(&c), 0xAAAA0001);
	assert_int_equal(cur_u32(&c), 0xBBBB0002);
	told->first = cur_u16(&c);
	told->count = cur_u16(&c);
	at = (int64_t)cur_u24(&c) << 8;
	told->number = cur_u8(&c);
	told->bytes = len;
	assert_true(told->count > 0 && told->count <= TOLD);
	for (unsigned n = 0; n < told->count;)
		n += read_chunk(cur_u16(&c), symbols + n, told->count - n);
	for (unsigned i = 0; i < told->count; i++) {
		assert_true(symbols[i] <= 2);
		if (symbols[i] == 1)
			at += cur_u8(&c);
		else if (symbols[i] == 2)
			at += (int16_t)cur_u16(&c);
		told->at[i] = symbols[i] ? at : NOWHEN;
	}
	assert_false(c.overrun);
	assert_true(cur_left(&c) < 4);
}

static struct told report_of(size_t size)
{
	struct told told = { 0 };
	uint8_t data[2048];
	size_t len = twcc_build(twcc, data, size, 0, 0xAAAA0001, 0xBBBB0002);

	assert_true(len > 0 && len <= size && len % 4 == 0);
	read_report(data, len, &told);
	return told;
}

static void nothing_came_nothing_is_told(void **state)
{
	uint8_t data[200];

	assert_false(twcc_pending(twcc));
	assert_int_equal(twcc_build(twcc, data, sizeof(data), 0, 1, 2), 0);
}

static void what_came_in_order_is_told_with_its_times(void **state)
{
	for (unsigned i = 0; i < 10; i++)
		twcc_note(twcc, (uint16_t)(500 + i), 1000 * MS + i * 3 * MS);
	assert_true(twcc_pending(twcc));
	struct told t = report_of(400);
	assert_int_equal(t.first, 500);
	assert_int_equal(t.count, 10);
	assert_int_equal(t.number, 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(t.at[i], (int64_t)((1000 * MS + i * 3 * MS) / TICK));
	assert_false(twcc_pending(twcc));
	twcc_note(twcc, 510, 1100 * MS);
	assert_int_equal(report_of(400).number, 1);
}

static void missing_ones_are_told_as_such(void **state)
{
	twcc_note(twcc, 10, 64 * MS);
	twcc_note(twcc, 13, 70 * MS);
	struct told t = report_of(400);
	assert_int_equal(t.count, 4);
	assert_int_equal(t.at[0], 256);
	assert_int_equal(t.at[1], NOWHEN);
	assert_int_equal(t.at[2], NOWHEN);
	assert_int_equal(t.at[3], 280);
	/* The next report goes on where this one ended, and begins with what is missing. */
	twcc_note(twcc, 16, 80 * MS);
	t = report_of(400);
	assert_int_equal(t.first, 14);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.at[0], NOWHEN);
	assert_int_equal(t.at[2], 320);
}

static void a_late_one_is_told_again_from_there(void **state)
{
	twcc_note(twcc, 100, 100 * MS);
	twcc_note(twcc, 102, 101 * MS);
	report_of(400);
	twcc_note(twcc, 101, 130 * MS);
	assert_true(twcc_pending(twcc));
	struct told t = report_of(400);
	assert_int_equal(t.first, 101);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.at[0], 520);
	assert_int_equal(t.at[1], 404); /* earlier than the one before: a negative delta */
}

static void a_duplicate_changes_nothing(void **state)
{
	twcc_note(twcc, 7, 10 * MS);
	report_of(400);
	twcc_note(twcc, 7, 50 * MS);
	assert_false(twcc_pending(twcc));
}

static void long_waits_take_two_bytes_and_longer_ones_another_report(void **state)
{
	twcc_note(twcc, 1, 100 * MS);
	twcc_note(twcc, 2, 600 * MS);   /* 2000 ticks */
	twcc_note(twcc, 3, 60000 * MS); /* more than 16 bits hold */
	twcc_note(twcc, 4, 60001 * MS);
	struct told t = report_of(400);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.at[1], 2400);
	assert_true(twcc_pending(twcc));
	t = report_of(400);
	assert_int_equal(t.first, 3);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.at[0], 240000);
	assert_int_equal(t.at[1], 240004);
}

static void long_runs_are_short_to_tell(void **state)
{
	for (unsigned i = 0; i < 1000; i++)
		twcc_note(twcc, (uint16_t)i, 1000 * MS + i * TICK);
	struct told t = report_of(1400);
	assert_int_equal(t.count, 1000);
	assert_true(t.bytes <= 20 + 2 + 1000 + 4);
	twcc_note(twcc, 2500, 1300 * MS); /* 1500 lost in a row */
	t = report_of(400);
	assert_int_equal(t.first, 1000);
	assert_int_equal(t.count, 1501);
	assert_true(t.bytes <= 28);
	assert_int_equal(t.at[1500], 5200);
}

static void what_has_no_room_waits_for_the_next_report(void **state)
{
	unsigned told = 0;

	for (unsigned i = 0; i < 300; i++)
		if (i % 3)
			twcc_note(twcc, (uint16_t)(65400 + i), 1000 * MS + i * 7 * MS);
	while (twcc_pending(twcc)) {
		struct told t = report_of(100);
		assert_int_equal(t.first, (uint16_t)(65401 + told));
		for (unsigned i = 0; i < t.count; i++, told++) {
			bool came = (told + 1) % 3 != 0;
			assert_int_equal(t.at[i] != NOWHEN, came);
			if (came)
				assert_int_equal(
				        t.at[i], (int64_t)((1000 * MS + (told + 1) * 7 * MS) / TICK));
		}
	}
	assert_int_equal(told, 299);
}

static void numbers_and_reference_times_wrap(void **state)
{
	uint64_t late = ((1ull << 24) * 64 - 1) * MS; /* the last tick of the 24 bits */

	twcc_note(twcc, 65535, late);
	twcc_note(twcc, 0, late + 2 * MS);
	struct told t = report_of(400);
	assert_int_equal(t.first, 65535);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.at[1] - t.at[0], 8);
	twcc_note(twcc, 1, late + 70 * MS);
	assert_true(report_of(400).at[0] < 1024); /* begins anew at 0 */
}

static void a_jump_beyond_the_window_begins_anew(void **state)
{
	twcc_note(twcc, 1, 10 * MS);
	twcc_note(twcc, 1 + TWCC_WINDOW + 100, 20 * MS);
	struct told t = report_of(400);
	assert_int_equal(t.first, 1 + TWCC_WINDOW + 100);
	assert_int_equal(t.count, 1);
}

static void a_sender_that_counts_anew_is_heard_after_two_packets(void **state)
{
	twcc_note(twcc, 20000, 10 * MS);
	report_of(400);
	twcc_note(twcc, 500, 20 * MS); /* late by much, for all that is known */
	assert_false(twcc_pending(twcc));
	twcc_note(twcc, 501, 21 * MS);
	struct told t = report_of(400);
	assert_int_equal(t.first, 501);
	assert_int_equal(t.count, 1);
	/* those late by much that do not follow each other change nothing */
	twcc_note(twcc, 9000, 30 * MS);
	twcc_note(twcc, 100, 31 * MS);
	twcc_note(twcc, 102, 32 * MS);
	t = report_of(400);
	assert_int_equal(t.first, 9000);
	assert_int_equal(t.count, 1);
}

static void chance_is_told_as_it_was(void **state)
{
	static int64_t at[30000];
	uint32_t random = 12345;
	uint64_t now = 5000 * MS;
	unsigned next = 0, made = 0;

	for (unsigned i = 0; i < 30000; i++)
		at[i] = NOWHEN;
	while (made < 20000) {
		unsigned burst = (random = random * 1664525 + 1013904223) >> 26;
		for (unsigned i = 0; i < burst; i++, made++) {
			random = random * 1664525 + 1013904223;
			now += (random >> 20) * 1000;
			if (random >> 28 == 0)
				now += 100 * MS;
			if (random % 10 == 0)
				continue;
			at[made] = (int64_t)(now / TICK);
			twcc_note(twcc, (uint16_t)made, now);
		}
		while (twcc_pending(twcc)) {
			struct told t = report_of(200 + random % 1000);
			assert_int_equal(t.first, (uint16_t)next);
			for (unsigned i = 0; i < t.count; i++)
				assert_int_equal(t.at[i], at[next + i]);
			next += t.count;
		}
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(nothing_came_nothing_is_told),
		CASE(what_came_in_order_is_told_with_its_times),
		CASE(missing_ones_are_told_as_such),
		CASE(a_late_one_is_told_again_from_there),
		CASE(a_duplicate_changes_nothing),
		CASE(long_waits_take_two_bytes_and_longer_ones_another_report),
		CASE(long_runs_are_short_to_tell),
		CASE(what_has_no_room_waits_for_the_next_report),
		CASE(numbers_and_reference_times_wrap),
		CASE(a_jump_beyond_the_window_begins_anew),
		CASE(a_sender_that_counts_anew_is_heard_after_two_packets),
		CASE(chance_is_told_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
