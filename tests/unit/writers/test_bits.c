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
#include "writers/bits.h"

static void bits_come_most_significant_first(void **state)
{
	struct bits b = { .data = (const uint8_t *)"\xA5\x0F", .len = 2 };

	assert_int_equal(bits_take(&b, 1), 1);
	assert_int_equal(bits_take(&b, 3), 2);
	assert_int_equal(bits_take(&b, 0), 0);
	assert_int_equal(bits_take(&b, 8), 0x50);
	assert_int_equal(bits_take(&b, 4), 15);
	assert_false(b.overrun);
	assert_int_equal(bits_take(&b, 1), 0);
	assert_true(b.overrun);
}

/* ITU-T H.264 tables 9-2 and 9-3. */
static void numbers_of_variable_length_are_read(void **state)
{
	/* 1 010 011 00100 00101 00110 00111 0001000 */
	struct bits b = { .data = (const uint8_t *)"\xA6\x42\x98\xE2\x00", .len = 5 };

	for (uint32_t want = 0; want < 8; want++)
		assert_int_equal(bits_ue(&b), want);
	b.at = 0;
	assert_int_equal(bits_se(&b), 0);
	assert_int_equal(bits_se(&b), 1);
	assert_int_equal(bits_se(&b), -1);
	assert_int_equal(bits_se(&b), 2);
	assert_int_equal(bits_se(&b), -2);
	assert_false(b.overrun);
}

static void a_number_without_an_end_is_an_overrun(void **state)
{
	struct bits b = { .data = (const uint8_t *)"\0\0\0\0\0\0\0", .len = 7 };

	assert_int_equal(bits_ue(&b), UINT32_MAX);
	assert_true(b.overrun);
	b = (struct bits){ .data = (const uint8_t *)"\0\0\0\1\xFF\xFF\xFF\xFE", .len = 8 };
	assert_int_equal(bits_ue(&b), UINT32_MAX - 1); /* 31 zeros: the largest */
	assert_false(b.overrun);
	b = (struct bits){ .data = (const uint8_t *)"\x10", .len = 1 };
	b.at = 2;
	assert_int_equal(bits_ue(&b), 1);
	assert_int_equal(bits_ue(&b), UINT32_MAX);
	assert_true(b.overrun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_come_most_significant_first),
		cmocka_unit_test(numbers_of_variable_length_are_read),
		cmocka_unit_test(a_number_without_an_end_is_an_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
