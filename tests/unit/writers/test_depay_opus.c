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

static struct depay_piece piece;

static int parse(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	if (len)
		memcpy(copy, bytes, len);
	err = depay_opus(copy, (uint32_t)len, false, &piece);
	if (!err)
		assert_true(piece.data == copy && piece.len == len);
	free(copy);
	return err;
}
#define PARSE(...) parse((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* A packet of @len bytes that begins with @head; the rest is zeros. */
static int parse_long(const uint8_t *head, size_t head_bytes, size_t len)
{
	uint8_t *bytes = calloc(1, len);
	int err;

	memcpy(bytes, head, head_bytes);
	err = parse(bytes, len);
	free(bytes);
	return err;
}
#define LONG(len, ...)                                                                                       \
	parse_long((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), len)

/* RFC 6716 table 2. */
static void toc_tells_the_frames_duration(void **state)
{
	static const uint16_t ms10[32] = { 100, 200, 400, 600, 100, 200, 400, 600, 100, 200, 400, 600, 100,
		200, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200 };

	for (unsigned config = 0; config < 32; config++) {
		assert_int_equal(depay_opus_frame_rtp((uint8_t)(config << 3 | 7)), ms10[config] * 48 / 10);
		assert_int_equal(PARSE((uint8_t)(config << 3), 1, 2, 3), 0);
		assert_int_equal(piece.duration_rtp, ms10[config] * 48 / 10);
		assert_true(piece.frame_start && piece.frame_end && piece.picture_start && piece.picture_end);
	}
}

static void codes_tell_the_number_of_frames(void **state)
{
	assert_int_equal(PARSE(0x78), 0); /* code 0, no data: silence */
	assert_int_equal(piece.duration_rtp, 960);
	assert_int_equal(PARSE(0x79, 1, 2), 0);
	assert_int_equal(piece.duration_rtp, 1920);
	assert_int_equal(PARSE(0x7A, 1, 9, 9, 9), 0);
	assert_int_equal(piece.duration_rtp, 1920);
	assert_int_equal(PARSE(0x7B, 3, 1, 2, 3), 0);
	assert_int_equal(piece.duration_rtp, 2880);
	assert_int_equal(PARSE(0x7B, 0x83, 1, 1, 9, 9, 9), 0); /* VBR */
	assert_int_equal(piece.duration_rtp, 2880);
	assert_int_equal(PARSE(0x7B, 0x42, 2, 1, 1, 0, 0), 0); /* padding */
	assert_int_equal(piece.duration_rtp, 1920);
	assert_int_equal(LONG(300, 0x7B, 0x41, 255, 1), 0); /* 254 + 1 bytes of padding */
	assert_int_equal(piece.duration_rtp, 960);
	assert_int_equal(PARSE(0x83, 48), 0); /* 48 frames of 2.5 ms: 120 ms */
	assert_int_equal(piece.duration_rtp, 5760);
}

/* RFC 6716 section 3.4. */
static void packets_against_the_rules_are_malformed(void **state)
{
	assert_int_equal(parse(NULL, 0), -EBADMSG); /* R1 */
	assert_int_equal(LONG(1276, 0x78), 0);
	assert_int_equal(LONG(1277, 0x78), -EBADMSG); /* R2 */
	assert_int_equal(LONG(2551, 0x79), 0);
	assert_int_equal(LONG(2553, 0x79), -EBADMSG);
	assert_int_equal(PARSE(0x79, 1), -EBADMSG);          /* R3 */
	assert_int_equal(PARSE(0x7A), -EBADMSG);             /* R4: no length */
	assert_int_equal(PARSE(0x7A, 252), -EBADMSG);        /* half a length */
	assert_int_equal(PARSE(0x7A, 4, 1, 2, 3), -EBADMSG); /* longer than the packet */
	assert_int_equal(LONG(1400, 0x7A, 255, 255), 0);     /* 255 + 4 * 255: the longest frame */
	assert_int_equal(LONG(1200, 0x7A, 255, 255), -EBADMSG);
	assert_int_equal(LONG(1290, 0x7A, 1), -EBADMSG);
	assert_int_equal(PARSE(0x7B), -EBADMSG);    /* R6 */
	assert_int_equal(PARSE(0x7B, 0), -EBADMSG); /* R5: no frame */
	assert_int_equal(PARSE(0x7B, 7), -EBADMSG); /* 140 ms */
	assert_int_equal(PARSE(0x83, 49), -EBADMSG);
	assert_int_equal(PARSE(0x7B, 2, 1, 2, 3), -EBADMSG); /* R6: not equal */
	assert_int_equal(PARSE(0x7B, 0x42, 5, 1), -EBADMSG); /* R7: more padding than there is */
	assert_int_equal(PARSE(0x7B, 0x42, 255), -EBADMSG);
	assert_int_equal(PARSE(0x7B, 0x82, 9, 1), -EBADMSG); /* VBR longer than the packet */
	assert_int_equal(PARSE(0x7B, 0x83, 1), -EBADMSG);
	assert_int_equal(LONG(1300, 0x7B, 1), -EBADMSG);
	assert_int_equal(LONG(1300, 0x7B, 0x82, 0), -EBADMSG);
	assert_int_equal(LONG(1200, 0x7B, 0x82, 255, 255), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toc_tells_the_frames_duration),
		cmocka_unit_test(codes_tell_the_number_of_frames),
		cmocka_unit_test(packets_against_the_rules_are_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
