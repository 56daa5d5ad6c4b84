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
#include "tools/wirespool/figure.h"

static char buf[FIGURE_BYTES];

static void sizes_are_in_powers_of_1024(void **state)
{
	assert_string_equal(figure_size(buf, 0), "0 B");
	assert_string_equal(figure_size(buf, 1023), "1023 B");
	assert_string_equal(figure_size(buf, 1024), "1.0 KiB");
	assert_string_equal(figure_size(buf, 1536), "1.5 KiB");
	assert_string_equal(figure_size(buf, 12ull << 20), "12 MiB");
	assert_string_equal(figure_size(buf, UINT64_MAX), "16384 PiB");
}

static void rates_are_in_powers_of_1000(void **state)
{
	assert_string_equal(figure_rate(buf, 900), "900 bit/s");
	assert_string_equal(figure_rate(buf, 64000), "64 kbit/s");
	assert_string_equal(figure_rate(buf, 2500000), "2.5 Mbit/s");
}

static void durations_have_as_many_parts_as_they_need(void **state)
{
	assert_string_equal(figure_duration(buf, 4.25), "4.2 s");
	assert_string_equal(figure_duration(buf, -1), "0.0 s");
	assert_string_equal(figure_duration(buf, 62), "1:02");
	assert_string_equal(figure_duration(buf, 3723.9), "1:02:03");
}

static void latencies_begin_at_microseconds(void **state)
{
	assert_string_equal(figure_latency(buf, 85000), "85 us");
	assert_string_equal(figure_latency(buf, 1200000), "1.2 ms");
	assert_string_equal(figure_latency(buf, 3400000000), "3.4 s");
}

static void times_lose_their_fraction_alone(void **state)
{
	assert_string_equal(figure_time(buf, "2026-11-30T10:47:44.523Z"), "2026-11-30T10:47:44Z");
	assert_string_equal(figure_time(buf, "2026-11-30T10:47:44.5+01:00"), "2026-11-30T10:47:44+01:00");
	assert_string_equal(figure_time(buf, "2026-11-30T10:47:44Z"), "2026-11-30T10:47:44Z");
	assert_string_equal(figure_time(buf, "soon"), "soon");
	assert_string_equal(figure_time(buf, NULL), "-");
	assert_int_equal(strlen(figure_time(buf, "a text that is longer than any time there is to be shown")),
	        FIGURE_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_in_powers_of_1024),
		cmocka_unit_test(rates_are_in_powers_of_1000),
		cmocka_unit_test(durations_have_as_many_parts_as_they_need),
		cmocka_unit_test(latencies_begin_at_microseconds),
		cmocka_unit_test(times_lose_their_fraction_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
