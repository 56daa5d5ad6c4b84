/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/cur.h"

static void reads_big_endian_in_order(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 255 };
	struct cur c = cur_of(bytes, sizeof(bytes));

	assert_int_equal(cur_u8(&c), 0x01);
	assert_int_equal(cur_u16(&c), 0x0203);
	assert_int_equal(cur_u24(&c), 0x040506);
	assert_int_equal(cur_u32(&c), 0x0708090A);
	assert_int_equal(cur_u64(&c), 0x0B0C0D0E0F101112ull);
	assert_int_equal(cur_left(&c), 1);
	assert_ptr_equal(cur_bytes(&c, 1), bytes + 18);
	assert_int_equal(cur_left(&c), 0);
	assert_false(c.overrun);
}

static void every_bit_counts_as_unsigned(void **state)
{
	uint8_t bytes[18];
	struct cur c = cur_of(bytes, sizeof(bytes));

	memset(bytes, 0xFF, sizeof(bytes));
	assert_true(cur_u8(&c) == UINT8_MAX);
	assert_true(cur_u16(&c) == UINT16_MAX);
	assert_true(cur_u24(&c) == 0xFFFFFF);
	assert_true(cur_u32(&c) == UINT32_MAX);
	assert_true(cur_u64(&c) == UINT64_MAX);
	assert_false(c.overrun);
}

static void past_the_end_are_zeros_and_a_flag(void **state)
{
	static const uint8_t bytes[] = { 0xAA, 0xBB, 0xCC };
	struct cur c = cur_of(bytes, sizeof(bytes));

	assert_int_equal(cur_u32(&c), 0);
	assert_true(c.overrun);
	/* What was left is gone too: no later field comes from the middle of a cut one. */
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(cur_u8(&c), 0);
	assert_int_equal(cur_u16(&c), 0);
	assert_int_equal(cur_u24(&c), 0);
	assert_int_equal(cur_u64(&c), 0);
	assert_null(cur_bytes(&c, 1));
	assert_null(cur_bytes(&c, SIZE_MAX));
	assert_true(c.overrun);
}

static void half_a_u64_is_none(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct cur c = cur_of(bytes, sizeof(bytes));

	cur_u64(&c);
	assert_true(c.overrun);
}

static void nothing_asked_of_nothing_is_no_overrun(void **state)
{
	uint8_t none = 0;
	struct cur c = cur_of(&none, 0);

	assert_ptr_equal(cur_bytes(&c, 0), &none);
	assert_false(c.overrun);
}

static void writers_and_readers_agree(void **state)
{
	uint8_t bytes[17];
	struct cur c = cur_of(bytes, sizeof(bytes));

	cur_put16(bytes, 0x8001);
	cur_put24(bytes + 2, 0xFF800001);
	cur_put32(bytes + 5, 0x80000001);
	cur_put64(bytes + 9, 0x8000000000000001ull);
	assert_int_equal(cur_u16(&c), 0x8001);
	assert_int_equal(cur_u24(&c), 0x800001);
	assert_int_equal(cur_u32(&c), 0x80000001);
	assert_int_equal(cur_u64(&c), 0x8000000000000001ull);
	assert_false(c.overrun);
}

static void little_endian_of_any_width(void **state)
{
	uint8_t bytes[9] = { 0 };

	for (unsigned width = 1; width <= 8; width++) {
		uint64_t value = 0xF1E2D3C4B5A69788ull >> (64 - 8 * width);
		memset(bytes, 0x55, sizeof(bytes));
		cur_put_le(bytes, value, width);
		assert_int_equal(bytes[0], (uint8_t)value);
		assert_int_equal(bytes[width], 0x55);
		assert_true(cur_get_le(bytes, width) == value);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_big_endian_in_order),
		cmocka_unit_test(every_bit_counts_as_unsigned),
		cmocka_unit_test(past_the_end_are_zeros_and_a_flag),
		cmocka_unit_test(half_a_u64_is_none),
		cmocka_unit_test(nothing_asked_of_nothing_is_no_overrun),
		cmocka_unit_test(writers_and_readers_agree),
		cmocka_unit_test(little_endian_of_any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
