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

/* RFC 6386 section 9.1: a key frame of 176 x 144, with scaling bits set that are no part of the size. */
#define KEY_FRAME 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0xB0, 0x40, 0x90, 0x80

static struct depay_piece piece;

/* Parse a copy of exactly @len bytes: a read past it is seen by ASan. */
static int parse(const uint8_t *bytes, size_t len, bool marker)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, bytes, len);
	memset(&piece, 0xAA, sizeof(piece));
	err = depay_vp8(copy, (uint32_t)len, marker, &piece);
	if (!err) {
		assert_true(piece.data >= copy && piece.data + piece.len == copy + len && piece.len > 0);
		piece.data = bytes + (piece.data - copy);
	}
	free(copy);
	return err;
}
#define PARSE(marker, ...)                                                                                   \
	parse((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), marker)

static void start_of_a_key_frame_tells_its_size(void **state)
{
	assert_int_equal(PARSE(false, 0x10, KEY_FRAME), 0);
	assert_true(piece.frame_start && piece.picture_start && piece.key);
	assert_false(piece.frame_end || piece.picture_end || piece.layer_start);
	assert_int_equal(piece.width, 176);
	assert_int_equal(piece.height, 144);
	assert_int_equal(piece.len, 10);
	assert_int_equal(piece.picture_id, -1);
}

static void start_of_an_inter_frame_is_no_key(void **state)
{
	assert_int_equal(PARSE(true, 0x10, 0x31, 0x02), 0);
	assert_true(piece.frame_start && piece.frame_end && piece.picture_end);
	assert_false(piece.key);
	assert_int_equal(piece.width, 0);
}

static void further_packets_and_partitions_start_nothing(void **state)
{
	assert_int_equal(PARSE(false, 0x00, 0x10), 0);
	assert_false(piece.frame_start);
	assert_int_equal(PARSE(false, 0x11, 0x10), 0); /* S = 1 of partition 1 */
	assert_false(piece.frame_start);
	assert_int_equal(PARSE(true, 0x01, 0x10), 0);
	assert_false(piece.frame_start);
	assert_true(piece.frame_end);
}

/* RFC 7741 section 4.2: the extension's fields, each alone and all. */
static void extensions_are_read_and_skipped(void **state)
{
	assert_int_equal(PARSE(false, 0x90, 0x80, 0x11, 0x31), 0);
	assert_int_equal(piece.picture_id, 0x11);
	assert_int_equal(piece.picture_id_bits, 7);
	assert_int_equal(piece.len, 1);
	assert_int_equal(PARSE(false, 0x90, 0x80, 0x92, 0x34, 0x31), 0);
	assert_int_equal(piece.picture_id, 0x1234);
	assert_int_equal(piece.picture_id_bits, 15);
	assert_int_equal(PARSE(false, 0x90, 0x40, 0x07, 0x31), 0);
	assert_int_equal(piece.picture_id, -1);
	assert_int_equal(piece.len, 1);
	assert_int_equal(PARSE(false, 0x90, 0x20, 0xA0, 0x31), 0);
	assert_int_equal(piece.temporal_id, 2);
	assert_int_equal(PARSE(false, 0x90, 0x10, 0xE5, 0x31), 0);
	assert_int_equal(piece.temporal_id, 0);
	assert_int_equal(PARSE(false, 0x90, 0xF0, 0xFF, 0xFF, 0x09, 0x65, KEY_FRAME), 0);
	assert_int_equal(piece.picture_id, 0x7FFF);
	assert_int_equal(piece.temporal_id, 1);
	assert_int_equal(piece.len, 10);
	assert_true(piece.key);
}

static void descriptor_without_a_payload_is_malformed(void **state)
{
	const uint8_t whole[] = { 0x90, 0xF0, 0xFF, 0xFF, 0x09, 0x65, 0x31 };

	for (size_t len = 0; len < sizeof(whole); len++)
		assert_int_equal(parse(whole, len, true), -EBADMSG);
	assert_int_equal(PARSE(true, 0x10), -EBADMSG);
}

static void key_frame_that_is_none_is_malformed(void **state)
{
	const uint8_t whole[] = { 0x10, KEY_FRAME };

	for (size_t len = 2; len < sizeof(whole); len++)
		assert_int_equal(parse(whole, len, false), -EBADMSG);
	for (size_t at = 4; at < 7; at++) {
		uint8_t bad[sizeof(whole)];

		memcpy(bad, whole, sizeof(bad));
		bad[at] ^= 1;
		assert_int_equal(parse(bad, sizeof(bad), false), -EBADMSG);
	}
	assert_int_equal(PARSE(false, 0x10, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x00, 0xC0, 0x90, 0x00),
	        -EBADMSG); /* no width */
	assert_int_equal(PARSE(false, 0x10, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0xB0, 0x00, 0x00, 0x40),
	        -EBADMSG); /* no height */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_of_a_key_frame_tells_its_size),
		cmocka_unit_test(start_of_an_inter_frame_is_no_key),
		cmocka_unit_test(further_packets_and_partitions_start_nothing),
		cmocka_unit_test(extensions_are_read_and_skipped),
		cmocka_unit_test(descriptor_without_a_payload_is_malformed),
		cmocka_unit_test(key_frame_that_is_none_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
