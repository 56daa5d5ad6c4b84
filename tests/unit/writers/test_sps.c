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
#include "writers/sps.h"

/* Of x264, in several profiles. */
static const struct {
	const char *nal;
	uint32_t len;
	uint16_t width, height;
} sets[] = {
	/* baseline, cropped */
	{ "\x67\x42\xc0\x0d\xd9\x01\x41\x9f\x9f\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x42\xa4"
	  "\x80",
	        25, 320, 180 },
	/* high */
	{ "\x67\x64\x00\x28\xac\xd9\x40\x78\x02\x27\xa9\xb0\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f"
	  "\x18\x31\x96",
	        27, 1918, 1078 },
	/* 4:4:4 */
	{ "\x67\xf4\x00\x0d\x91\x9b\x28\x2a\x33\xc7\xc5\xe0\x22\x00\x00\x03\x00\x02\x00\x00\x03\x00\x78\x1e"
	  "\x28\x53\x2c",
	        27, 322, 182 },
	/* 4:2:2, interlaced */
	{ "\x67\x7a\x00\x1f\xb6\xcd\x94\x0b\x42\x4f\xd6\x02\x20\x00\x00\x03\x00\x20\x00\x00\x07\x83\xe2\xc5"
	  "\xb2\xc0",
	        26, 720, 574 },
	/* scaling matrix */
	{ "\x67\x64\x00\x1e\xac\xd9\x40\xa0\x2f\xf9\x70\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f\x16"
	  "\x2d\x96",
	        26, 640, 360 },
};
#define SETS (sizeof(sets) / sizeof(*sets))

static void the_size_is_that_of_the_picture_shown(void **state)
{
	struct sps sps;

	for (size_t i = 0; i < SETS; i++) {
		assert_int_equal(sps_parse(&sps, (const uint8_t *)sets[i].nal, sets[i].len), 0);
		assert_int_equal(sps.id, 0);
		assert_int_equal(sps.width, sets[i].width);
		assert_int_equal(sps.height, sets[i].height);
	}
}

static void a_cut_set_is_none(void **state)
{
	struct sps sps;

	for (uint32_t len = 0; len < 12; len++)
		assert_int_equal(sps_parse(&sps, (const uint8_t *)sets[1].nal, len), -EBADMSG);
	assert_int_equal(sps_parse(&sps, (const uint8_t *)"\x67\x42\xC0\x1E\xFF\xFF\xFF\xFF\xFF\xFF", 10), 0);
}

/* Baseline, level 3.0: id, then log2 of frame numbers 0, order by frame number (type 2), references 1, no
 * gaps. */
static void bounds_are_kept(void **state)
{
	static const struct {
		const char *bits; /* of the set, behind level_idc; a field a word */
		int result;
	} cases[] = {
		{ "1 1 011 010 0 1 1 1 1 0", 0 },                     /* 16 x 16 */
		{ "00000100000 1 011 010 0 1 1 1 1 0", 0 },           /* id 31 */
		{ "00000100001 1 011 010 0 1 1 1 1 0", -EBADMSG },    /* id 32 */
		{ "1 1 011 010 0 000000000010000000000 1 1 1 0", 0 }, /* 16384 wide */
		{ "1 1 011 010 0 000000000010000000001 1 1 1 0", -EBADMSG },
		{ "1 1 011 010 0 1 000000000010000000000 0 0 1 0", -EBADMSG }, /* fields: twice */
		{ "1 1 011 010 0 1 1 1 1 1 00100 00100 1 1", 0 },              /* 4 left of 16 */
		{ "1 1 011 010 0 1 1 1 1 1 00101 00101 1 1", -EBADMSG },       /* nothing left */
		{ "1 1 010 0 1 1 00110 1 1 1 1 1 010 0 1 1 1 1 0", 0 },        /* type 1 */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t nal[32] = { 0x67, 66, 0, 30 };
		uint32_t len = 4 + bits_text(nal + 4, cases[i].bits);
		struct sps sps;

		assert_int_equal(sps_parse(&sps, nal, len), cases[i].result);
	}
}

static void a_picture_parameter_set_has_an_id(void **state)
{
	uint32_t id;

	assert_int_equal(sps_pps_id(&id, (const uint8_t *)"\x68\xCB\x83\xCB\x20", 5), 0);
	assert_int_equal(id, 0);
	assert_int_equal(sps_pps_id(&id, (const uint8_t *)"\x68\x26", 2), 0);
	assert_int_equal(id, 3);
	assert_int_equal(sps_pps_id(&id, (const uint8_t *)"\x68", 1), -EBADMSG);
	assert_int_equal(sps_pps_id(&id, (const uint8_t *)"\x68\x00\x80\x80", 4), -EBADMSG); /* 256 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_is_that_of_the_picture_shown),
		cmocka_unit_test(a_cut_set_is_none),
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(a_picture_parameter_set_has_an_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
