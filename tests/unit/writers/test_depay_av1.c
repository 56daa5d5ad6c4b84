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

#define TAKE(bytes) take(depay_av1, depay_av1_unit, bytes, sizeof(bytes) - 1, false)

static void check_unit(unsigned i, enum depay_unit_kind kind, const char *head, const char *data)
{
	assert_int_equal(units[i].kind, kind);
	assert_int_equal(units[i].head_bytes, strlen(head));
	assert_memory_equal(units[i].head, head, strlen(head));
	assert_int_equal(units[i].len, strlen(data));
	assert_memory_equal(units[i].data, data, strlen(data));
	assert_int_equal(units[i].sized, *head != 0);
}

/* Section 4.4: W is the number of elements, and the last has no length. */
static void elements_are_counted_or_have_their_lengths(void **state)
{
	assert_int_equal(TAKE("\x28\x03\x08sh\x30\x10"
	                      "fr"),
	        2); /* W 2, N */
	check_unit(0, DEPAY_UNIT_SET, "\x0A", "sh");
	check_unit(1, DEPAY_UNIT_SLICE, "\x32",
	        "\x10"
	        "fr");
	assert_true(piece.key && piece.picture_start && piece.frame_start && piece.sets && !piece.prelude);
	assert_int_equal(TAKE("\x08\x03\x08sh\x04\x30\x10"
	                      "fr"),
	        2); /* W 0 */
	check_unit(1, DEPAY_UNIT_SLICE, "\x32",
	        "\x10"
	        "fr");
	assert_true(piece.key);
	assert_int_equal(TAKE("\x10\x30\x30"
	                      "fr"),
	        1); /* W 1, an inter frame */
	assert_true(!piece.key && piece.picture_start && !piece.sets);
	assert_false(piece.picture_end);
	assert_int_equal(take(depay_av1, depay_av1_unit, "\x10\x30\x30", 3, true), 1);
	assert_true(piece.picture_end);
}

/* Z and Y: the first goes on from the packet before, the last goes on in the next. */
static void fragments_are_told_from_whole_units(void **state)
{
	assert_int_equal(TAKE("\x50\x30\x30"
	                      "fr"),
	        1); /* Y */
	assert_true(units[0].start && !units[0].end);
	assert_int_equal(TAKE("\xD0"
	                      "more"),
	        1); /* Z, Y */
	check_unit(0, DEPAY_UNIT_REST, "", "more");
	assert_false(units[0].start || units[0].end || piece.frame_start || piece.picture_start);
	assert_int_equal(TAKE("\xA0\x04rest\x20tg"), 2); /* Z, W 2 */
	check_unit(0, DEPAY_UNIT_REST, "", "rest");
	assert_true(!units[0].start && units[0].end);
	check_unit(1, DEPAY_UNIT_SLICE, "\x22", "tg");
	assert_true(units[1].start && units[1].end);
	assert_int_equal(TAKE("\x40\x03\x20tg\x03\x20tg"), 2); /* W 0, Y: only the last goes on */
	assert_true(units[0].end && !units[1].end);
	assert_int_equal(TAKE("\x60\x03\x20tg\x20tg"), 2);
	assert_true(units[0].end && !units[1].end);
}

static void a_size_that_was_sent_goes(void **state)
{
	assert_int_equal(TAKE("\x10\x32\x03\x10"
	                      "fr"),
	        1);
	check_unit(0, DEPAY_UNIT_SLICE, "\x32",
	        "\x10"
	        "fr");
	assert_true(piece.key);
	assert_int_equal(TAKE("\x10\x32\x04\x10"
	                      "fr"),
	        -EBADMSG);
	assert_int_equal(TAKE("\x10\x32\x02\x10"
	                      "fr"),
	        -EBADMSG);
	assert_int_equal(TAKE("\x50\x32\x44\x10"
	                      "fr"),
	        1); /* of a fragment it is larger */
	check_unit(0, DEPAY_UNIT_SLICE, "\x32",
	        "\x10"
	        "fr");
}

static void layers_are_told_by_the_extension(void **state)
{
	assert_int_equal(TAKE("\x10\x34\x48\x30z"), 1);
	assert_int_equal(piece.temporal_id, 2);
	assert_int_equal(piece.spatial_id, 1);
	assert_true(piece.frame_start);
	assert_false(piece.picture_start); /* the layer below comes first */
	check_unit(0, DEPAY_UNIT_SLICE, "\x36\x48", "\x30z");
	assert_int_equal(TAKE("\x10\x34\x40\x30z"), 1);
	assert_true(piece.picture_start);
}

static void what_comes_before_frames_is_a_prelude(void **state)
{
	assert_int_equal(TAKE("\x18\x08sh"), 1);
	assert_true(piece.prelude && piece.key && piece.sets && piece.picture_start);
	assert_int_equal(TAKE("\x10\x28md"), 1);
	assert_true(piece.prelude && !piece.key && !piece.sets);
	check_unit(0, DEPAY_UNIT_OTHER, "\x2A", "md");
	assert_int_equal(TAKE("\x58\x08sh"), 1); /* in fragments it is not kept */
	assert_false(piece.sets);
	/* a sequence header before a frame that is no key frame */
	assert_int_equal(TAKE("\x20\x03\x08sh\x30\x30z"), 2);
	assert_false(piece.prelude || piece.key);
	assert_int_equal(TAKE("\x20\x03\x08sh\x18\x10z"), 2); /* a frame header by itself */
	assert_true(piece.key);
	assert_int_equal(TAKE("\x10\x20tg"), 1);
	assert_true(piece.frame_start && !piece.picture_start && !piece.prelude);
}

static void what_receivers_ignore_is_marked(void **state)
{
	assert_int_equal(TAKE("\x30\x01\x10\x01\x78\x40z"), 3); /* delimiter, padding, tile list */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(units[i].kind, DEPAY_UNIT_DROP);
	assert_true(piece.prelude && piece.picture_start);
}

static void what_breaks_its_form_is_malformed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "", 0 }, { "\x10", 1 },  /* no element */
		{ "\x98\x30\x10", 3 },     /* N and Z */
		{ "\x00\x04\x30\x10", 4 }, /* a length beyond the end */
		{ "\x00\x80", 2 },         /* a length that is cut */
		{ "\x00\x00\x01\x10", 4 }, /* an element of no bytes */
		{ "\x20\x02\x30\x10", 4 }, /* one element of two */
		{ "\x30\x01\x10", 3 },     /* one of three */
		{ "\x10\xB0z", 3 },        /* the forbidden bit */
		{ "\x10\x34", 2 },         /* an extension that is cut */
		{ "\x10\x32\x80", 3 },     /* a size that is cut */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(take(depay_av1, depay_av1_unit, bad[i].bytes, bad[i].len, true), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_counted_or_have_their_lengths),
		cmocka_unit_test(fragments_are_told_from_whole_units),
		cmocka_unit_test(a_size_that_was_sent_goes),
		cmocka_unit_test(layers_are_told_by_the_extension),
		cmocka_unit_test(what_comes_before_frames_is_a_prelude),
		cmocka_unit_test(what_receivers_ignore_is_marked),
		cmocka_unit_test(what_breaks_its_form_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
