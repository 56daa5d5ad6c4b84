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
#include "tests/unit/writers/bits_text.h"
#include "writers/obu.h"

static struct cur of(const char *bytes, size_t len)
{
	return cur_of(bytes, len);
}

static void sizes_go_there_and_back(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 127, 128, 16383, 16384, OBU_SIZE_MAX, UINT32_MAX };
	uint8_t bytes[5];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned n = obu_put_size(bytes, sizes[i], 1);
		struct cur c = cur_of(bytes, n);

		assert_int_equal(obu_leb128(&c), sizes[i]);
		assert_false(c.overrun || cur_left(&c));
	}
	assert_int_equal(obu_put_size(bytes, 5, OBU_SIZE_BYTES), OBU_SIZE_BYTES);
	assert_memory_equal(bytes, "\x85\x80\x80\x00", OBU_SIZE_BYTES);
	assert_int_equal(obu_put_size(bytes, OBU_SIZE_MAX, OBU_SIZE_BYTES), OBU_SIZE_BYTES);
}

static void a_size_that_does_not_end_is_an_overrun(void **state)
{
	struct cur c = of("\x80\x80", 2);

	obu_leb128(&c);
	assert_true(c.overrun);
	c = of("\x80\x80\x80\x80\x80\x80\x80\x80\x01", 9);
	obu_leb128(&c);
	assert_true(c.overrun);
	c = of("\x80\x80\x80\x80\x10", 5); /* 2^32 */
	obu_leb128(&c);
	assert_true(c.overrun);
	c = of("\x81\x80\x80\x80\x80\x80\x80\x00", 8);
	assert_int_equal(obu_leb128(&c), 1);
	assert_false(c.overrun);
}

static void a_header_tells_type_layer_and_size(void **state)
{
	struct cur c = of("\x36\x48\x03zzz", 6);
	struct obu obu;

	assert_int_equal(obu_parse(&obu, &c), 0);
	assert_int_equal(obu.type, OBU_FRAME);
	assert_int_equal(obu.temporal_id, 2);
	assert_int_equal(obu.spatial_id, 1);
	assert_true(obu.has_size);
	assert_int_equal(obu.size, 3);
	assert_int_equal(cur_left(&c), 3);
	c = of("\x08", 1);
	assert_int_equal(obu_parse(&obu, &c), 0);
	assert_int_equal(obu.type, OBU_SEQUENCE_HEADER);
	assert_false(obu.has_size);
	assert_int_equal(obu.header_bytes, 1);
	assert_int_equal(obu.header[0], 0x0A); /* as it is written: with a size */
}

static void a_header_that_is_cut_or_forbidden_is_none(void **state)
{
	static const char *const bad[] = { "", "\x34", "\x36\x08", "\x32", "\x32\x80", "\xB0\x08" };
	struct obu obu;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct cur c = of(bad[i], strlen(bad[i]));

		assert_int_equal(obu_parse(&obu, &c), -EBADMSG);
	}
}

/* Of libaom and SVT-AV1. */
static void a_sequence_header_tells_the_size(void **state)
{
	uint16_t width, height;

	assert_int_equal(obu_sequence_size((const uint8_t *)"\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9\x00\x40",
	                         11, &width, &height),
	        0);
	assert_int_equal(width, 322);
	assert_int_equal(height, 182);
	assert_int_equal(obu_sequence_size((const uint8_t *)"\x00\x00\x00\x0c\xc4\xff\x67\x3e\xfe\x40\x10",
	                         11, &width, &height),
	        0);
	assert_int_equal(width, 640);
	assert_int_equal(height, 360);
	for (uint32_t len = 0; len < 6; len++)
		assert_int_equal(obu_sequence_size((const uint8_t *)"\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9",
		                         len, &width, &height),
		        -EBADMSG);
}

/* Sequence headers by hand, AV1 section 5.5.1. */
static void all_that_stands_before_the_size_is_passed(void **state)
{
#define SIZE " 0110 0101 1000000 100000" /* 7 and 6 bits: 65 x 33 */
	static const struct {
		const char *bits;
		int result;
	} cases[] = {
		{ "000 1 1 01000" SIZE, 0 }, /* reduced still picture */
		{ "000 0 0 0 0 00000 000000000000 00100" SIZE, 0 },
		{ "000 0 0 0 0 00001 000000000000 01000 1 000000000000 00100" SIZE, 0 }, /* two */
		{ "000 0 0 1 00000000000000000000000000000001 00000000000000000000000000011110 1 010 1 00010 "
		  "00000000000000000000000000000001 0000000000" /* decoder model: delays of 3 bits */
		  "1 00000 000000000000 00100 1 101 101 0 1 0011" SIZE,
		        0 },
		{ "000 0 0 0 0 00000 000000000000 00100 1111 1111 1000000000000000 0000000000000000",
		        -EBADMSG }, /* 32769 wide */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t bytes[64] = { 0 };
		uint32_t len = bits_text(bytes, cases[i].bits);
		uint16_t width, height;

		assert_int_equal(obu_sequence_size(bytes, len, &width, &height), cases[i].result);
		if (cases[i].result)
			continue;
		assert_int_equal(width, 65);
		assert_int_equal(height, 33);
	}
}

static void a_key_frame_is_one_that_is_shown(void **state)
{
	assert_true(obu_shows_key(0x10));
	assert_false(obu_shows_key(0x00)); /* not shown */
	assert_false(obu_shows_key(0x30)); /* an inter frame */
	assert_false(obu_shows_key(0x90)); /* one that was there before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_go_there_and_back),
		cmocka_unit_test(a_size_that_does_not_end_is_an_overrun),
		cmocka_unit_test(a_header_tells_type_layer_and_size),
		cmocka_unit_test(a_header_that_is_cut_or_forbidden_is_none),
		cmocka_unit_test(a_sequence_header_tells_the_size),
		cmocka_unit_test(all_that_stands_before_the_size_is_passed),
		cmocka_unit_test(a_key_frame_is_one_that_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
