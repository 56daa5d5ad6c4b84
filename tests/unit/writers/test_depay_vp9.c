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
#include "writers/depay.h"

/* VP9 specification section 6.2: key frame, profile 0, shown, 320 x 192. */
#define KEY_FRAME 0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xF0, 0x0B, 0xF0
/* An inter frame that takes its size from its first reference. */
#define INTER_FRAME 0x86, 0x00, 0x00, 0x00, 0x80, 0x00

static struct depay_piece piece;

static int parse(const uint8_t *bytes, size_t len, bool marker)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, bytes, len);
	memset(&piece, 0xAA, sizeof(piece));
	err = depay_vp9(copy, (uint32_t)len, marker, &piece);
	if (!err)
		assert_true(piece.data >= copy && piece.data + piece.len == copy + len && piece.len > 0);
	free(copy);
	return err;
}
#define PARSE(marker, ...)                                                                                   \
	parse((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), marker)

static void key_frame_tells_its_size_whatever_p_says(void **state)
{
	assert_int_equal(PARSE(true, 0x0C, KEY_FRAME), 0);
	assert_true(piece.frame_start && piece.frame_end && piece.picture_start && piece.picture_end &&
	            piece.key);
	assert_int_equal(piece.width, 320);
	assert_int_equal(piece.height, 192);
	assert_int_equal(PARSE(false, 0x0C, INTER_FRAME), 0);
	assert_false(piece.key || piece.picture_end);
	assert_int_equal(piece.width, 0);
}

static void packet_in_the_middle_starts_and_ends_nothing(void **state)
{
	assert_int_equal(PARSE(false, 0x00, 0xFF), 0);
	assert_false(piece.frame_start || piece.frame_end || piece.picture_start || piece.picture_end ||
	             piece.key);
	assert_int_equal(PARSE(true, 0x04, 0xFF), 0);
	assert_true(piece.frame_end && piece.picture_end);
}

static void picture_id_has_seven_or_fifteen_bits(void **state)
{
	assert_int_equal(PARSE(false, 0x80, 0x45, 0xFF), 0);
	assert_int_equal(piece.picture_id, 0x45);
	assert_int_equal(piece.picture_id_bits, 7);
	assert_int_equal(PARSE(false, 0x80, 0xC5, 0x67, 0xFF), 0);
	assert_int_equal(piece.picture_id, 0x4567);
	assert_int_equal(piece.picture_id_bits, 15);
}

/* RFC 9628 section 4.2: TL0PICIDX follows the layer indices in non-flexible mode only. */
static void layers_are_told_apart(void **state)
{
	assert_int_equal(PARSE(false, 0x28, 0x42, 0x07, INTER_FRAME), 0); /* TID 2, SID 1 */
	assert_int_equal(piece.temporal_id, 2);
	assert_int_equal(piece.spatial_id, 1);
	assert_true(piece.frame_start && piece.layer_start);
	assert_false(piece.picture_start);
	assert_int_equal(piece.len, 6);
	assert_int_equal(PARSE(false, 0x38, 0x04, INTER_FRAME), 0); /* flexible: no TL0PICIDX */
	assert_int_equal(piece.spatial_id, 2);
	assert_int_equal(piece.len, 6);
}

static void up_to_three_references_are_skipped(void **state)
{
	assert_int_equal(PARSE(false, 0x58, 0x02, INTER_FRAME), 0);
	assert_int_equal(piece.len, 6);
	assert_int_equal(PARSE(false, 0x58, 0x03, 0x05, 0x08, INTER_FRAME), 0);
	assert_int_equal(piece.len, 6);
	assert_int_equal(PARSE(false, 0x58, 0x03, 0x05, 0x09, 0x02, INTER_FRAME), -EBADMSG); /* a fourth */
	assert_int_equal(PARSE(false, 0x18, INTER_FRAME), 0); /* F without P: none */
	assert_int_equal(piece.len, 6);
}

static void structure_tells_the_highest_layers_size(void **state)
{
	assert_int_equal(PARSE(false, 0x0A, 0x58, 0x00, 0x50, 0x00, 0x30, 0x00, 0xA0, 0x00, 0x60, 0x01, 0x40,
	                         0x00, 0xC0, 0x02, 0x04, 0x01, 0x28, 0x01, 0x02, KEY_FRAME),
	        0);
	assert_int_equal(piece.layers, 3);
	assert_int_equal(piece.layers_width, 320);
	assert_int_equal(piece.layers_height, 192);
	assert_int_equal(piece.len, 9);
	assert_int_equal(PARSE(false, 0x0A, 0x20, KEY_FRAME), 0); /* two layers, no sizes */
	assert_int_equal(piece.layers, 2);
	assert_int_equal(piece.layers_width, 0);
	/* A size out of bounds is not believed. */
	assert_int_equal(
	        PARSE(false, 0x0A, 0x30, 0x00, 0x50, 0x00, 0x30, 0xFF, 0xFF, 0xFF, 0xFF, KEY_FRAME), 0);
	assert_int_equal(piece.layers_width, 80);
}

static void inter_and_intra_only_frames_may_tell_a_size(void **state)
{
	/* shown, not resilient: reset_frame_context 0, refresh 0, refs 0, found_ref 0 0 0, 640 x 360 */
	assert_int_equal(PARSE(false, 0x08, 0x86, 0x00, 0x00, 0x00, 0x01, 0x3F, 0x80, 0xB3, 0x80), 0);
	assert_false(piece.key);
	assert_int_equal(piece.width, 640);
	assert_int_equal(piece.height, 360);
	/* hidden, resilient, intra-only, profile 0: sync code, refresh 0, 16 x 16 */
	assert_int_equal(PARSE(false, 0x08, 0x85, 0xA4, 0xC1, 0xA1, 0x00, 0x00, 0x07, 0x80, 0x07, 0x80), 0);
	assert_false(piece.key);
	assert_int_equal(piece.width, 16);
	assert_int_equal(piece.height, 16);
	assert_int_equal(
	        PARSE(false, 0x08, 0x85, 0xA4, 0xC1, 0xA0, 0x00, 0x00, 0x07, 0x80, 0x07, 0x80), -EBADMSG);
}

static void shown_again_frame_is_whole_and_no_key(void **state)
{
	assert_int_equal(PARSE(true, 0x0C, 0x88), 0); /* show_existing_frame */
	assert_true(piece.frame_start && piece.frame_end);
	assert_false(piece.key);
}

static void other_profiles_have_longer_headers(void **state)
{
	/* profile 1: subsampling bits; profile 2: bit depth; RGB has neither */
	assert_int_equal(PARSE(false, 0x08, 0xA2, 0x49, 0x83, 0x42, 0x40, 0x02, 0x7E, 0x01, 0x7E), 0);
	assert_int_equal(piece.width, 320);
	assert_int_equal(piece.height, 192);
	assert_int_equal(PARSE(false, 0x08, 0x92, 0x49, 0x83, 0x42, 0x20, 0x09, 0xF8, 0x05, 0xF8), 0);
	assert_int_equal(piece.width, 320);
	assert_int_equal(piece.height, 192);
	assert_int_equal(PARSE(false, 0x08, 0xA2, 0x49, 0x83, 0x42, 0xE0, 0x13, 0xF0, 0x0B, 0xF0), 0);
	assert_int_equal(piece.width, 320);
	assert_int_equal(piece.height, 192);
}

static void descriptor_that_lies_is_malformed(void **state)
{
	const uint8_t whole[] = { 0xEA, 0xC5, 0x67, 0x20, 0x07, 0x18, 0x00, 0x50, 0x00, 0x30, 0x02, 0x04,
		0x01, 0x28, 0x01, 0x02 };

	for (size_t len = 0; len <= sizeof(whole); len++)
		assert_int_equal(parse(whole, len, true), -EBADMSG);
}

static void frame_that_is_none_is_malformed(void **state)
{
	assert_int_equal(PARSE(true, 0x0C, 0x42), -EBADMSG);       /* frame marker */
	assert_int_equal(PARSE(true, 0x0C, 0xB8, 0x00), -EBADMSG); /* profile above 3 */
	assert_int_equal(PARSE(true, 0x0C, 0x82, 0x49, 0x83, 0x43, 0, 0, 0, 0, 0), -EBADMSG); /* sync code */
	assert_int_equal(
	        PARSE(true, 0x0C, 0x82, 0x49, 0x83, 0x42, 0x00, 0x13), -EBADMSG); /* cut before its size */
	assert_int_equal(PARSE(true, 0x0C, 0x82, 0x49, 0x83, 0x42, 0x0F, 0xFF, 0xFF, 0xFF, 0xF0),
	        -EBADMSG); /* 65536 wide */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_frame_tells_its_size_whatever_p_says),
		cmocka_unit_test(packet_in_the_middle_starts_and_ends_nothing),
		cmocka_unit_test(picture_id_has_seven_or_fifteen_bits),
		cmocka_unit_test(layers_are_told_apart),
		cmocka_unit_test(up_to_three_references_are_skipped),
		cmocka_unit_test(structure_tells_the_highest_layers_size),
		cmocka_unit_test(inter_and_intra_only_frames_may_tell_a_size),
		cmocka_unit_test(shown_again_frame_is_whole_and_no_key),
		cmocka_unit_test(other_profiles_have_longer_headers),
		cmocka_unit_test(descriptor_that_lies_is_malformed),
		cmocka_unit_test(frame_that_is_none_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
