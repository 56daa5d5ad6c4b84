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

static void every_byte_is_a_sample(void **state)
{
	static const uint8_t payload[160] = { 1 };
	struct depay_piece piece;

	assert_int_equal(depay_pcm(payload, 160, false, &piece), 0);
	assert_ptr_equal(piece.data, payload);
	assert_int_equal(piece.len, 160);
	assert_int_equal(piece.duration_rtp, 160);
	assert_true(piece.frame_start && piece.frame_end && piece.key);
	assert_int_equal(depay_pcm(payload, 1, true, &piece), 0);
	assert_int_equal(piece.duration_rtp, 1);
}

static void nothing_is_malformed(void **state)
{
	struct depay_piece piece;

	assert_int_equal(depay_pcm((const uint8_t *)"", 0, false, &piece), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_a_sample),
		cmocka_unit_test(nothing_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
