/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "appliance/top/format.h"

static char buf[FORMAT_BYTES];

static void three_digits_count(void **state)
{
	assert_string_equal(format_count(buf, 0), "0");
	assert_string_equal(format_count(buf, 7), "7");
	assert_string_equal(format_count(buf, 2.46), "2.5");
	assert_string_equal(format_count(buf, 999), "999");
	assert_string_equal(format_count(buf, 999.6), "1.00k");
	assert_string_equal(format_count(buf, 9996), "10.0k");
	assert_string_equal(format_count(buf, 12345678), "12.3M");
	assert_string_equal(format_count(buf, 999600000), "1.00G");
	assert_string_equal(format_count(buf, 1.8446744073709552e19), "18.4E");
}

static void units_stand_behind(void **state)
{
	assert_string_equal(format_unit(buf, 987, "bit/s"), "987 bit/s");
	assert_string_equal(format_unit(buf, 9.2e9, "bit/s"), "9.20 Gbit/s");
	assert_string_equal(format_bytes(buf, 1023), "1.00 KiB");
	assert_string_equal(format_bytes(buf, 1.5 * (1 << 30)), "1.50 GiB");
	assert_string_equal(format_ns(buf, 16586359), "16.6 ms");
	assert_string_equal(format_ns(buf, 120e9), "120 s");
	assert_string_equal(format_percent(buf, 0.1234), "12.3");
	assert_string_equal(format_percent(buf, 1), "100");
}

static void durations_are_told_in_two_units(void **state)
{
	assert_string_equal(format_duration(buf, 45.9), "45 s");
	assert_string_equal(format_duration(buf, 720), "12 min");
	assert_string_equal(format_duration(buf, 11520), "3 h 12 min");
	assert_string_equal(format_duration(buf, 187200), "2 d 4 h");
	assert_string_equal(format_duration(buf, INFINITY), "ever");
	assert_string_equal(format_duration(buf, -3), "0 s");
}

static void the_unknown_is_a_dash(void **state)
{
	assert_string_equal(format_count(buf, NAN), "-");
	assert_string_equal(format_bytes(buf, NAN), "-");
	assert_string_equal(format_percent(buf, NAN), "-");
	assert_string_equal(format_duration(buf, NAN), "-");
	assert_string_equal(format_ns(buf, NAN), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(three_digits_count),
		cmocka_unit_test(units_stand_behind), cmocka_unit_test(durations_are_told_in_two_units),
		cmocka_unit_test(the_unknown_is_a_dash) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
