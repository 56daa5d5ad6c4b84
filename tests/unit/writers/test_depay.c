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

static void every_codec_has_its_own(void **state)
{
	assert_ptr_equal(depay_of(CODEC_VP8), depay_vp8);
	assert_ptr_equal(depay_of(CODEC_VP9), depay_vp9);
	assert_ptr_equal(depay_of(CODEC_OPUS), depay_opus);
	assert_ptr_equal(depay_of(CODEC_AV1), depay_av1);
	assert_ptr_equal(depay_of(CODEC_H264), depay_h264);
	assert_ptr_equal(depay_unit_of(CODEC_AV1), depay_av1_unit);
	assert_ptr_equal(depay_unit_of(CODEC_H264), depay_h264_unit);
	assert_null(depay_unit_of(CODEC_VP8));
	assert_ptr_equal(depay_of(CODEC_PCMU), depay_pcm);
	assert_ptr_equal(depay_of(CODEC_PCMA), depay_pcm);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_codec_has_its_own) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
