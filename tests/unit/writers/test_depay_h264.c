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
#include "tests/unit/writers/units_rig.h"

#define TAKE(bytes) take(depay_h264, depay_h264_unit, bytes, sizeof(bytes) - 1, false)

static void check_unit(
        unsigned i, enum depay_unit_kind kind, const char *head, size_t head_bytes, const char *data)
{
	assert_int_equal(units[i].kind, kind);
	assert_int_equal(units[i].head_bytes, head_bytes);
	assert_memory_equal(units[i].head, head, head_bytes);
	assert_int_equal(units[i].len, strlen(data));
	assert_memory_equal(units[i].data, data, strlen(data));
	assert_false(units[i].sized);
}

/* RFC 6184 section 5.6 */
static void a_single_nal_unit_goes_behind_a_start_code(void **state)
{
	assert_int_equal(TAKE("\x65\x88zz"), 1);
	check_unit(0, DEPAY_UNIT_SLICE, "\0\0\0\1", 4, "\x65\x88zz");
	assert_true(units[0].start && units[0].end);
	assert_true(piece.key && piece.frame_start && piece.picture_start && !piece.prelude && !piece.sets);
	assert_false(piece.picture_end);
	assert_int_equal(piece.len, 8);
	assert_int_equal(take(depay_h264, depay_h264_unit, "\x41\x9Azz", 4, true), 1);
	assert_true(piece.picture_end && piece.frame_end && piece.picture_start);
	assert_false(piece.key);
}

/* first_mb_in_slice: where it is not 0, something comes before it. */
static void a_picture_begins_with_its_first_macroblock(void **state)
{
	assert_int_equal(TAKE("\x41\x4Azz"), 1);
	assert_true(piece.frame_start);
	assert_false(piece.picture_start);
	assert_int_equal(TAKE("\x41"), 1);
	assert_false(piece.picture_start);
	assert_int_equal(TAKE("\x7C\x85\x88zz"), 1);
	assert_true(piece.picture_start);
	assert_int_equal(TAKE("\x7C\x85\x48zz"), 1);
	assert_false(piece.picture_start);
	assert_int_equal(TAKE("\x44\x80zz"), 1); /* partition C: no macroblock's number there */
	assert_false(piece.picture_start);
	assert_int_equal(TAKE("\x06\x05zz"), 1);
	assert_true(piece.picture_start);
}

/* Section 5.7.1 */
static void an_aggregate_is_its_units(void **state)
{
	assert_int_equal(TAKE("\x78\0\4\x67\x42\xC0\x1E\0\2\x68\xCE\0\3\x65\x88z"), 3);
	check_unit(0, DEPAY_UNIT_SET, "\0\0\0\1", 4, "\x67\x42\xC0\x1E");
	check_unit(1, DEPAY_UNIT_SET, "\0\0\0\1", 4, "\x68\xCE");
	check_unit(2, DEPAY_UNIT_SLICE, "\0\0\0\1", 4, "\x65\x88z");
	assert_true(piece.key && piece.picture_start && piece.sets && !piece.prelude);
	assert_int_equal(piece.len, 3 * 4 + 9);
}

/* Section 5.8 */
static void fragments_rebuild_the_header(void **state)
{
	assert_int_equal(TAKE("\x7C\x85\x88yy"), 1);
	check_unit(0, DEPAY_UNIT_SLICE, "\0\0\0\1\x65", 5, "\x88yy");
	assert_true(units[0].start && !units[0].end && piece.key && piece.frame_start);
	assert_int_equal(TAKE("\x7C\x05yy"), 1);
	check_unit(0, DEPAY_UNIT_SLICE, "", 0, "yy");
	assert_false(units[0].start || units[0].end || piece.key || piece.frame_start || piece.picture_start);
	assert_int_equal(TAKE("\x7C\x45y"), 1);
	assert_true(!units[0].start && units[0].end);
	assert_int_equal(TAKE("\x1C\x86zz"), 1); /* SEI */
	check_unit(0, DEPAY_UNIT_OTHER, "\0\0\0\1\x06", 5, "zz");
	assert_true(piece.prelude);
}

static void what_comes_before_slices_is_a_prelude(void **state)
{
	assert_int_equal(TAKE("\x67\x42\xC0\x1E"), 1);
	assert_true(piece.prelude && piece.key && piece.sets && piece.picture_start);
	assert_int_equal(TAKE("\x68\xCE"), 1);
	assert_true(piece.prelude && !piece.key && piece.sets);
	assert_int_equal(TAKE("\x06\x05zz"), 1);
	assert_true(piece.prelude && !piece.key && !piece.sets);
	assert_int_equal(TAKE("\x78\0\2\x67\x42\0\2\x06\x05"), 2);
	assert_true(piece.prelude && piece.key);
	/* a parameter set before a slice that is none of a key frame */
	assert_int_equal(TAKE("\x78\0\2\x67\x42\0\2\x41\x9A"), 2);
	assert_false(piece.prelude || piece.key);
	assert_int_equal(TAKE("\x7C\x87\x42zz"), 1); /* one in fragments is not kept */
	assert_false(piece.sets);
}

static void what_is_not_for_a_file_is_marked(void **state)
{
	assert_int_equal(TAKE("\x09\xF0"), 1);
	assert_int_equal(units[0].kind, DEPAY_UNIT_DROP);
	assert_true(piece.prelude && piece.picture_start);
	assert_int_equal(TAKE("\x0C\xFF\x80"), 1);
	assert_int_equal(units[0].kind, DEPAY_UNIT_DROP);
	assert_int_equal(TAKE("\x0B"), 1);
	assert_int_equal(units[0].kind, DEPAY_UNIT_DROP);
	assert_int_equal(TAKE("\x0A"), 1); /* the end of a sequence stays */
	assert_int_equal(units[0].kind, DEPAY_UNIT_OTHER);
}

static void what_breaks_its_form_is_malformed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "", 0 }, { "\x60zz", 3 },         /* type 0 */
		{ "\x79\0\0\0\1\x65", 6 },          /* STAP-B */
		{ "\x7Azz", 3 },                    /* MTAP16 */
		{ "\x7Bzz", 3 },                    /* MTAP24 */
		{ "\x7D\x85\0\0z", 5 },             /* FU-B */
		{ "\x7Ezz", 3 },                    /* reserved */
		{ "\x7C", 1 },                      /* FU-A, cut */
		{ "\x7C\x85", 2 },                  /* nothing in it */
		{ "\x7C\xC5z", 3 },                 /* first and last in one */
		{ "\x7C\x80z", 3 },                 /* of type 0 */
		{ "\x7C\x98z", 3 },                 /* of an aggregate */
		{ "\x78", 1 },                      /* STAP-A, empty */
		{ "\x78\0", 2 }, { "\x78\0\0", 3 }, /* a unit of no bytes */
		{ "\x78\0\3\x65z", 5 },             /* longer than it is */
		{ "\x78\0\2\x65z\0", 6 },           /* a length that is cut */
		{ "\x78\0\2\x78z", 5 },             /* an aggregate in it */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(take(depay_h264, depay_h264_unit, bad[i].bytes, bad[i].len, true), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_nal_unit_goes_behind_a_start_code),
		cmocka_unit_test(a_picture_begins_with_its_first_macroblock),
		cmocka_unit_test(an_aggregate_is_its_units),
		cmocka_unit_test(fragments_rebuild_the_header),
		cmocka_unit_test(what_comes_before_slices_is_a_prelude),
		cmocka_unit_test(what_is_not_for_a_file_is_marked),
		cmocka_unit_test(what_breaks_its_form_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
