/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/clk.h"

static void clocks_run_forward_and_agree_on_now(void **state)
{
	uint64_t mono = clk_mono_ns(), wall = clk_wall_ns();

	assert_true(clk_mono_ns() >= mono);
	/* After 2020 and before 2100: seconds and nanoseconds are not mixed up. */
	assert_in_range(wall / CLK_NS_PER_S, 1577836800, 4102444800);
}

static void ntp_of_the_unix_epoch(void **state)
{
	/* RFC 5905 section 6, figure 4: 1970-01-01 is second 2,208,988,800 of era 0. */
	assert_int_equal(clk_unix_ns_to_ntp(0), 2208988800ull << 32);
	assert_int_equal(clk_ntp_to_unix_ns(2208988800ull << 32), 0);
	assert_int_equal(clk_ntp_to_unix_ns(2208988800ull << 32 | 0x80000000), 500000000);
}

static void ntp_goes_on_into_its_second_era(void **state)
{
	/* RFC 5905 section 6, figure 4: the first day of era 1 is 2036-02-08, it begins at
	 * 2036-02-07T06:28:16Z. */
	uint64_t turn;

	assert_int_equal(clk_parse_rfc3339("2036-02-07T06:28:16Z", &turn), 0);
	assert_int_equal(clk_ntp_to_unix_ns(0), turn);
	assert_int_equal(clk_ntp_to_unix_ns(0xFFFFFFFFull << 32), turn - CLK_NS_PER_S);
	assert_int_equal(clk_unix_ns_to_ntp(turn + CLK_NS_PER_S), 1ull << 32);
	/* The last second that is told apart: just before 1970 plus an era. */
	assert_int_equal(clk_ntp_to_unix_ns(2208988799ull << 32), ((1ull << 32) - 1) * CLK_NS_PER_S);
}

static void ntp_keeps_every_nanosecond(void **state)
{
	for (uint64_t ns = 1710123456000000000ull; ns < 1710123456000000000ull + CLK_NS_PER_S; ns += 999983)
		assert_int_equal(clk_ntp_to_unix_ns(clk_unix_ns_to_ntp(ns)), ns);
	assert_int_equal(
	        clk_ntp_to_unix_ns(clk_unix_ns_to_ntp(1710123456999999999ull)), 1710123456999999999ull);
}

static void prints_with_the_digits_asked_for(void **state)
{
	char buf[CLK_RFC3339_BYTES];
	uint64_t ns = 1795222923456789987ull;

	assert_string_equal(clk_rfc3339(buf, ns, 0), "2026-11-21T01:02:03Z");
	assert_string_equal(clk_rfc3339(buf, ns, 3), "2026-11-21T01:02:03.456Z");
	assert_string_equal(clk_rfc3339(buf, ns, 6), "2026-11-21T01:02:03.456789Z");
	assert_string_equal(clk_rfc3339(buf, ns, 9), "2026-11-21T01:02:03.456789987Z");
	assert_string_equal(clk_rfc3339(buf, 5, 9), "1970-01-01T00:00:00.000000005Z");
	/* The last time there is fits the buffer. */
	assert_string_equal(clk_rfc3339(buf, UINT64_MAX, 9), "2554-07-21T23:34:33.709551615Z");
}

static void parses_what_it_prints(void **state)
{
	char buf[CLK_RFC3339_BYTES];
	uint64_t ns = 1795222923456789987ull, back;

	assert_int_equal(clk_parse_rfc3339(clk_rfc3339(buf, ns, 9), &back), 0);
	assert_int_equal(back, ns);
	assert_int_equal(clk_parse_rfc3339(clk_rfc3339(buf, ns, 0), &back), 0);
	assert_int_equal(back, ns / CLK_NS_PER_S * CLK_NS_PER_S);
	assert_int_equal(clk_parse_rfc3339(clk_rfc3339(buf, UINT64_MAX, 9), &back), 0);
	assert_true(back == UINT64_MAX);
}

/* RFC 3339 section 5.8. */
static void parses_the_examples_of_the_rfc(void **state)
{
	static const struct {
		const char *text, *same;
	} rows[] = {
		{ "1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z" },
		{ "1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z" },
		{ "1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000Z" },
		{ "1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z" },
		{ "2024-02-29t12:00:00.1z", "2024-02-29T12:00:00.100Z" },
		{ "1970-01-01T00:20:00+00:20", "1970-01-01T00:00:00.000Z" },
		{ "1969-12-31T23:59:00-00:01", "1970-01-01T00:00:00.000Z" },
	};
	char buf[CLK_RFC3339_BYTES];
	uint64_t ns;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(clk_parse_rfc3339(rows[i].text, &ns), 0);
		assert_string_equal(clk_rfc3339(buf, ns, 3), rows[i].same);
	}
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const rows[] = { "", "now", "1710123456", "2026-11-21", "2026-11-21T01:02:03",
		"2026-11-21 01:02:03Z", "2026-11-21T01:02Z", "2026-1-21T01:02:03Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z",
		"2026-11-21T01:60:00Z", "2026-11-21T01:02:60Z", "2026-11-21T01:02:61Z",
		"2026-11-21T01:02:03.Z", "2026-11-21T01:02:03.1234567890Z", "2026-11-21T01:02:03+0100",
		"2026-11-21T01:02:03+24:00", "2026-11-21T01:02:03+01:60", "2026-11-21T01:02:03*01:00",
		"2026-11-21T01:02:03Zjunk", "1969-12-31T23:59:59Z", "2554-07-21T23:34:33.709551616Z",
		"2554-07-21T23:34:34Z", "9999-12-31T23:59:59Z", "-026-11-21T01:02:03Z",
		"2026-11-21T+1:02:03Z" };
	uint64_t ns = 42;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (clk_parse_rfc3339(rows[i], &ns) != -EINVAL)
			fail_msg("took \"%s\"", rows[i]);
	assert_int_equal(ns, 42);
}

/* There is no way back: the last of the cases. */
static void clocks_that_are_set_stand_still(void **state)
{
	clk_set(5, 1700000000123456789);
	assert_int_equal(clk_mono_ns(), 5);
	assert_int_equal(clk_wall_ns(), 1700000000123456789);
	clk_set(6, 7);
	assert_int_equal(clk_mono_ns(), 6);
	assert_int_equal(clk_wall_ns(), 7);
	assert_int_equal(clk_mono_ns(), 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_run_forward_and_agree_on_now),
		cmocka_unit_test(ntp_of_the_unix_epoch),
		cmocka_unit_test(ntp_goes_on_into_its_second_era),
		cmocka_unit_test(ntp_keeps_every_nanosecond),
		cmocka_unit_test(prints_with_the_digits_asked_for),
		cmocka_unit_test(parses_what_it_prints),
		cmocka_unit_test(parses_the_examples_of_the_rfc),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(clocks_that_are_set_stand_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
