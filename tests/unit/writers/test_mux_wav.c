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
#include "base/cur.h"
#include "tests/unit/writers/mux_rig.h"

#define HEADER 58

static int begin(enum codec codec)
{
	const struct mux_cfg cfg = { .segment = segment, .codec = codec, .clock_rate = 8000, .channels = 1 };

	return mux_wav.begin(&mux, &cfg);
}

static void put(const char *text)
{
	assert_int_equal(mux_wav.frame_begin(mux, 0), 0);
	assert_int_equal(mux_wav.frame_append(mux, text, strlen(text)), 0);
	assert_int_equal(mux_wav.frame_end(mux, (uint32_t)strlen(text)), 0);
}

static void samples_lie_behind_a_true_header(void **state)
{
	static const uint8_t want[] =
	        "RIFF\x3A\0\0\0WAVEfmt \x12\0\0\0\7\0\1\0\x40\x1F\0\0\x40\x1F\0\0\1\0\x8\0\0\0"
	        "fact\4\0\0\0\7\0\0\0data\7\0\0\0abcdefg\0";

	assert_int_equal(begin(CODEC_PCMU), 0);
	put("abc");
	put("defg");
	mux_rig_finish(&mux_wav, HEADER);
	assert_int_equal(segment->committed, sizeof(want) - 1);
	assert_memory_equal(segment->bytes, want, sizeof(want) - 1);
}

static void an_open_file_says_to_the_end(void **state)
{
	assert_int_equal(begin(CODEC_PCMA), 0);
	assert_int_equal(segment->committed, HEADER);
	assert_int_equal(cur_get_le(segment->bytes + 20, 2), 6);
	assert_int_equal(cur_get_le(segment->bytes + 4, 4), UINT32_MAX);
	assert_int_equal(cur_get_le(segment->bytes + 54, 4), UINT32_MAX);
	put("abcd");
	mux_rig_finish(&mux_wav, HEADER);
	assert_int_equal(segment->committed, HEADER + 4);
	assert_int_equal(cur_get_le(segment->bytes + 4, 4), HEADER + 4 - 8);
}

static void nothing_stays_of_what_had_no_room(void **state)
{
	memory_segment_plan.room = HEADER - 1;
	assert_int_equal(begin(CODEC_PCMU), -ENOBUFS);
	assert_int_equal(segment->end, 0);
	memory_segment_plan.room = HEADER + 3;
	assert_int_equal(begin(CODEC_PCMU), 0);
	put("abc");
	assert_int_equal(mux_wav.frame_begin(mux, 3), 0);
	assert_int_equal(mux_wav.frame_append(mux, "d", 1), -ENOBUFS);
	mux_wav.frame_cut(mux);
	mux_rig_finish(&mux_wav, HEADER); /* there is no room for the last zero either */
	assert_int_equal(segment->committed, HEADER + 3);
	assert_int_equal(mux_rig_scan(&mux_wav, segment->bytes, segment->committed), 0);
	assert_int_equal(scan.valid_bytes, HEADER + 4); /* repair puts it there */
}

static void an_open_file_ends_with_its_samples(void **state)
{
	uint8_t file[4096] = { 0 };

	assert_int_equal(begin(CODEC_PCMU), 0);
	put("abcdef");
	memcpy(file, segment->bytes, HEADER + 6);
	assert_int_equal(mux_rig_scan(&mux_wav, file, HEADER + 6), 0);
	assert_int_equal(scan.valid_bytes, HEADER + 6);
	assert_int_equal(mux_rig_scan(&mux_wav, file, sizeof(file)), 0); /* a page that was written whole */
	assert_int_equal(scan.valid_bytes, HEADER + 6);
	assert_int_equal(scan.head_bytes, HEADER);
	assert_int_equal(cur_get_le(scan.head + 54, 4), 6);
	assert_int_equal(scan.frames, 0);
	assert_int_equal(scan.first_pts, 0);
	assert_int_equal(scan.last_pts, 6);
	assert_false(scan.tail_rewrite);
	mux_rig_finish(&mux_wav, HEADER);
}

static void a_closed_file_keeps_its_zeros(void **state)
{
	uint8_t file[HEADER + 6];

	assert_int_equal(begin(CODEC_PCMU), 0);
	assert_int_equal(mux_wav.frame_append(mux, "ab\0\0\0", 5), 0);
	assert_int_equal(mux_wav.frame_end(mux, 5), 0);
	mux_rig_finish(&mux_wav, HEADER);
	memcpy(file, segment->bytes, sizeof(file));
	assert_int_equal(mux_rig_scan(&mux_wav, file, sizeof(file)), 0);
	assert_int_equal(scan.valid_bytes, HEADER + 6);
	assert_int_equal(scan.last_pts, 5);
}

static void what_is_no_file_of_ours_is_refused(void **state)
{
	uint8_t file[HEADER + 8];

	assert_int_equal(begin(CODEC_PCMU), 0);
	put("abcdefgh");
	memcpy(file, segment->bytes, sizeof(file));
	mux_rig_finish(&mux_wav, HEADER);
	assert_int_equal(mux_rig_scan(&mux_wav, file, HEADER), -EBADMSG); /* no samples */
	assert_int_equal(mux_rig_scan(&mux_wav, file, HEADER - 1), -EBADMSG);
	for (size_t i = 0; i < HEADER; i++) {
		bool number = (i >= 4 && i < 8) || (i >= 24 && i < 32) || (i >= 34 && i < 38) ||
		              (i >= 46 && i < 50) || i >= 54;

		file[i] ^= 0x80;
		assert_int_equal(mux_rig_scan(&mux_wav, file, sizeof(file)), number ? 0 : -EBADMSG);
		file[i] ^= 0x80;
	}
	assert_int_equal(mux_wav.scan(-1, 100, &scan), -EBADF);
}

static void headers_are_as_long_as_they_are(void **state)
{
	assert_int_equal(mux_wav.header_bytes((const uint8_t *)"", 1000), HEADER);
	assert_int_equal(mux_wav.header_bytes((const uint8_t *)"", 10), 10);
	assert_true(mux_wav.max_bytes < INT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        samples_lie_behind_a_true_header, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(an_open_file_says_to_the_end, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        nothing_stays_of_what_had_no_room, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        an_open_file_ends_with_its_samples, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(a_closed_file_keeps_its_zeros, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        what_is_no_file_of_ours_is_refused, mux_rig_create, mux_rig_free),
		cmocka_unit_test(headers_are_as_long_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
