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
#include "writers/superframe.h"

static uint8_t index_bytes[SUPERFRAME_INDEX_BYTES];

static void index_holds_the_sizes(void **state)
{
	struct superframe s = { 0 };
	static const uint8_t want[] = { 0xCA, 0x34, 0x12, 0x05, 0x00, 0xFF, 0x00, 0xCA };

	assert_true(superframe_add(&s, 0x1234) && superframe_add(&s, 5) && superframe_add(&s, 255));
	assert_int_equal(superframe_index(&s, index_bytes), sizeof(want));
	assert_memory_equal(index_bytes, want, sizeof(want));
	assert_true(superframe_marker(index_bytes[sizeof(want) - 1]));
}

static void sizes_take_as_few_bytes_as_they_need(void **state)
{
	static const struct {
		uint32_t size;
		unsigned bytes;
	} cases[] = { { 254, 1 }, { 255, 2 }, { 65534, 2 }, { 65535, 3 }, { 16777214, 3 }, { 16777215, 4 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct superframe s = { .frames = 1, .sizes = { cases[i].size } };

		assert_int_equal(superframe_index(&s, index_bytes), 2 + cases[i].bytes);
	}
}

static void eight_frames_are_the_most(void **state)
{
	struct superframe s = { 0 };

	for (unsigned i = 0; i < SUPERFRAME_FRAMES_MAX; i++)
		assert_true(superframe_add(&s, 0xFFFFFFFF));
	assert_false(superframe_add(&s, 1));
	assert_int_equal(superframe_index(&s, index_bytes), SUPERFRAME_INDEX_BYTES);
	assert_int_equal(index_bytes[0], 0xDF);
}

static void marker_is_known_by_three_bits(void **state)
{
	assert_true(superframe_marker(0xC0) && superframe_marker(0xDF));
	assert_false(superframe_marker(0xE0) || superframe_marker(0xBF) || superframe_marker(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_holds_the_sizes),
		cmocka_unit_test(sizes_take_as_few_bytes_as_they_need),
		cmocka_unit_test(eight_frames_are_the_most),
		cmocka_unit_test(marker_is_known_by_three_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
