/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "writers/mux.h"

static void container_is_found_by_codec_and_by_name(void **state)
{
	assert_ptr_equal(mux_of(CODEC_VP8), &mux_ivf);
	assert_ptr_equal(mux_of(CODEC_VP9), &mux_ivf);
	assert_ptr_equal(mux_of(CODEC_OPUS), &mux_ogg);
	assert_ptr_equal(mux_by_name("demo_video0_1710123456.ivf"), &mux_ivf);
	assert_ptr_equal(mux_by_name("a.b.ogg"), &mux_ogg);
	assert_ptr_equal(mux_of(CODEC_AV1), &mux_ivf);
	assert_ptr_equal(mux_of(CODEC_H264), &mux_annexb);
	assert_ptr_equal(mux_by_name("a.h264"), &mux_annexb);
	assert_ptr_equal(mux_of(CODEC_PCMU), &mux_wav);
	assert_ptr_equal(mux_of(CODEC_PCMA), &mux_wav);
	assert_ptr_equal(mux_by_name("a.wav"), &mux_wav);
	assert_null(mux_by_name("a.webm"));
	assert_null(mux_by_name("ogg"));
	assert_null(mux_by_name(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(container_is_found_by_codec_and_by_name) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
