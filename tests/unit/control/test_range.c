/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "control/range.h"

/* The ranges of @header in a file of @bytes, as text: "0-99 200-299", or the error's name. */
static void assert_ranges(const char *header, uint64_t bytes, const char *want)
{
	struct range ranges[RANGE_MAX];
	char got[512] = "";
	int count = range_parse(header, bytes, ranges);

	if (count < 0)
		strcpy(got, count == -ERANGE ? "ERANGE" : count == -EINVAL ? "EINVAL" : "?");
	for (int i = 0; i < count; i++)
		sprintf(got + strlen(got), "%s%llu-%llu", i ? " " : "", (unsigned long long)ranges[i].first,
		        (unsigned long long)ranges[i].last);
	assert_string_equal(got, want);
}

/* RFC 9110 section 14.1.2, the examples for a representation of 10000 bytes. */
static void the_examples_of_the_rfc_come_out(void **state)
{
	assert_ranges("bytes=0-499", 10000, "0-499");
	assert_ranges("bytes=500-999", 10000, "500-999");
	assert_ranges("bytes=-500", 10000, "9500-9999");
	assert_ranges("bytes=9500-", 10000, "9500-9999");
	assert_ranges("bytes=0-0,-1", 10000, "0-0 9999-9999");
	assert_ranges("bytes= 0-999, 4500-5499, -1000", 10000, "0-999 4500-5499 9000-9999");
	assert_ranges("bytes=500-600,601-999", 10000, "500-999");
	assert_ranges("bytes=500-700,601-999", 10000, "500-999");
}

static void a_range_is_cut_to_the_file(void **state)
{
	assert_ranges("bytes=0-", 1, "0-0");
	assert_ranges("bytes=5-99", 10, "5-9");
	assert_ranges("bytes=-99", 10, "0-9");
	assert_ranges("bytes=0-18446744073709551615", 10, "0-9");
	assert_ranges("bytes=0-99999999999999999999999999", 10, "0-9");
	assert_ranges("BYTES=3-3", 10, "3-3");
}

static void what_does_not_exist_cannot_be_satisfied(void **state)
{
	assert_ranges("bytes=10-", 10, "ERANGE");
	assert_ranges("bytes=10-20,30-", 10, "ERANGE");
	assert_ranges("bytes=-0", 10, "ERANGE");
	assert_ranges("bytes=0-", 0, "ERANGE");
	assert_ranges("bytes=-5", 0, "ERANGE");
	assert_ranges("bytes=99999999999999999999999999-", 10, "ERANGE");
	assert_ranges("bytes=10-,2-3", 10, "2-3");
}

static void what_makes_no_sense_is_ignored(void **state)
{
	static const char *const wrong[] = { "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b",
		"bytes=5", "bytes=5-4", "bytes=1-2;3-4", "bytes=1-2 3-4", "bytes=--5", "bytes=1--2",
		"bytes=0x1-2", "bytes=1-2,x", "lines=1-2", "bytes 1-2", "bytes=1-2\n", "bytes=+1-2" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_ranges(wrong[i], 100, "EINVAL");
}

static void overlapping_ranges_are_joined_wherever_they_stand(void **state)
{
	assert_ranges("bytes=0-1,4-5,2-3", 10, "0-5");
	assert_ranges("bytes=0-1,8-9,0-9", 10, "0-9");
	assert_ranges("bytes=8-9,0-1", 10, "8-9 0-1");
	assert_ranges("bytes=1-2,1-2,1-2", 10, "1-2");
}

static void too_many_ranges_are_ignored(void **state)
{
	char header[512] = "bytes=";

	for (int i = 0; i < RANGE_MAX; i++)
		sprintf(header + strlen(header), "%s%d-%d", i ? "," : "", i * 10, i * 10);
	struct range ranges[RANGE_MAX];
	assert_int_equal(range_parse(header, 1000, ranges), RANGE_MAX);
	strcat(header, ",900-900");
	assert_int_equal(range_parse(header, 1000, ranges), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfc_come_out),
		cmocka_unit_test(a_range_is_cut_to_the_file),
		cmocka_unit_test(what_does_not_exist_cannot_be_satisfied),
		cmocka_unit_test(what_makes_no_sense_is_ignored),
		cmocka_unit_test(overlapping_ranges_are_joined_wherever_they_stand),
		cmocka_unit_test(too_many_ranges_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
