/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control/sdp_fmtp.h"

static void a_parameter_is_found_by_its_whole_name(void **state)
{
	const char *fmtp = " xmode=7; packetization-MODE=1 ;profile-level-id=42e01f", *value;
	size_t len;

	value = sdp_fmtp_value(fmtp, "packetization-mode", &len);
	assert_non_null(value);
	assert_int_equal(len, 1);
	assert_int_equal(*value, '1');
	assert_null(sdp_fmtp_value(fmtp, "mode", &len));
	assert_null(sdp_fmtp_value(fmtp, "42e01f", &len));
	assert_null(sdp_fmtp_value("", "mode", &len));
	assert_null(sdp_fmtp_value(";; ;", "mode", &len));
}

static void h264_parameters_become_annex_b(void **state)
{
	/* RFC 6184 section 8.1's names; SPS and PPS of x264. */
	static const uint8_t want[] = { 0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F, 0, 0, 0, 1, 0x68, 0xCE, 0x3C,
		0x80 };
	struct sdp_h264 h264;

	sdp_fmtp_h264(&h264, " packetization-mode=1; sprop-parameter-sets=Z0LAHw==,aM48gA==; "
	                     "profile-level-id=42C01F");
	assert_int_equal(h264.packetization_mode, 1);
	assert_string_equal(h264.profile, "42C01F");
	assert_int_equal(h264.parameter_set_bytes, sizeof(want));
	assert_memory_equal(h264.parameter_sets, want, sizeof(want));
}

static void what_cannot_be_read_is_not_said(void **state)
{
	struct sdp_h264 h264;
	char text[600];

	sdp_fmtp_h264(&h264, "packetization-mode=x;profile-level-id=42C01;sprop-parameter-sets=Z0LAHw==,!");
	assert_int_equal(h264.packetization_mode, 0);
	assert_string_equal(h264.profile, "");
	assert_int_equal(h264.parameter_set_bytes, 0);
	sdp_fmtp_h264(&h264, "sprop-parameter-sets=Z0LAHw==,");
	assert_int_equal(h264.parameter_set_bytes, 0);
	strcpy(text, "sprop-parameter-sets=");
	memset(text + 21, 'A', 4 * (LIMIT_PARAMETER_SET_BYTES / 3 + 1));
	text[21 + 4 * (LIMIT_PARAMETER_SET_BYTES / 3 + 1)] = '\0';
	sdp_fmtp_h264(&h264, text);
	assert_int_equal(h264.parameter_set_bytes, 0);
	strcpy(text, "sprop-parameter-sets=");
	for (unsigned i = 0; i < 80; i++)
		strcat(text, "Z0LA,");
	sdp_fmtp_h264(&h264, text);
	assert_int_equal(h264.parameter_set_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parameter_is_found_by_its_whole_name),
		cmocka_unit_test(h264_parameters_become_annex_b),
		cmocka_unit_test(what_cannot_be_read_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
