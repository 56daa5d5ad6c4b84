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
#include "tests/unit/writers/mux_rig.h"

#define AUD "\0\0\0\1\x09\xF0"
#define END "\0\0\0\1\x0B"

static int begin(void **state)
{
	struct mux_cfg cfg = { .codec = CODEC_H264, .clock_rate = 90000 };

	if (mux_rig_create(state))
		return -1;
	cfg.segment = segment;
	return mux_annexb.begin(&mux, &cfg);
}

static void put(const char *text)
{
	assert_int_equal(mux_annexb.frame_begin(mux, 0), 0);
	assert_int_equal(mux_annexb.frame_append(mux, text, strlen(text)), 0);
	assert_int_equal(mux_annexb.frame_end(mux, 0), 0);
}

static void each_frame_begins_with_a_delimiter(void **state)
{
	static const char want[] = AUD "one" AUD "two" END;

	put("one");
	assert_int_equal(mux_annexb.frame_begin(mux, 0), 0);
	assert_int_equal(mux_annexb.frame_append(mux, "cut", 3), 0);
	mux_annexb.frame_cut(mux);
	put("two");
	mux_rig_finish(&mux_annexb, 0);
	assert_int_equal(segment->committed, sizeof(want) - 1);
	assert_memory_equal(segment->bytes, want, sizeof(want) - 1);
	assert_int_equal(mux_rig_scan(&mux_annexb, want, sizeof(want) - 1), 0);
	assert_int_equal(scan.frames, 2);
	assert_int_equal(scan.valid_bytes, sizeof(want) - 1);
	assert_false(scan.tail_rewrite);
}

static void a_file_without_its_end_loses_the_last_frame(void **state)
{
	static const char file[] = AUD "one" AUD "two" AUD "thr";

	assert_int_equal(mux_rig_scan(&mux_annexb, file, sizeof(file) - 1), 0);
	assert_int_equal(scan.frames, 2);
	assert_true(scan.tail_rewrite);
	assert_int_equal(scan.tail_offset, 18);
	assert_int_equal(scan.tail_bytes, 5);
	assert_memory_equal(scan.tail, END, 5);
	assert_int_equal(scan.valid_bytes, 23);
	mux_rig_finish(&mux_annexb, 0);
}

static void zeros_behind_are_no_part_of_it(void **state)
{
	uint8_t file[8192] = AUD "one" AUD "two" END;

	assert_int_equal(mux_rig_scan(&mux_annexb, file, sizeof(file)), 0);
	assert_int_equal(scan.frames, 2);
	assert_int_equal(scan.valid_bytes, 23);
	assert_false(scan.tail_rewrite);
	memcpy(file + 18, AUD "three", 12); /* instead of the end */
	assert_int_equal(mux_rig_scan(&mux_annexb, file, sizeof(file)), 0);
	assert_int_equal(scan.frames, 2);
	assert_int_equal(scan.tail_offset, 18);
	memcpy(file + 4096, AUD "lost" AUD, 16); /* behind what was not written */
	assert_int_equal(mux_rig_scan(&mux_annexb, file, sizeof(file)), 0);
	assert_int_equal(scan.frames, 2);
	mux_rig_finish(&mux_annexb, 0);
}

static void one_frame_alone_is_kept_as_it_is(void **state)
{
	static const char file[] = AUD "one";

	assert_int_equal(mux_rig_scan(&mux_annexb, file, sizeof(file) - 1), 0);
	assert_int_equal(scan.frames, 1);
	assert_int_equal(scan.tail_offset, sizeof(file) - 1);
	assert_int_equal(mux_rig_scan(&mux_annexb, AUD, 6), -EBADMSG);
	assert_int_equal(mux_rig_scan(&mux_annexb, END, 5), -EBADMSG);
	assert_int_equal(mux_rig_scan(&mux_annexb, "", 0), -EBADMSG);
	assert_int_equal(mux_rig_scan(&mux_annexb, "\0\0\0\1\x67zzz", 8), -EBADMSG);
	assert_int_equal(mux_annexb.scan(-1, 100, &scan), -EBADMSG);
	mux_rig_finish(&mux_annexb, 0);
}

/* Delimiters lie across what is read at once. */
static void frames_are_found_wherever_they_begin(void **state)
{
	static uint8_t file[3 * 65536 + 8];
	size_t len = 0;
	unsigned frames = 0;

	while (len + 1000 < 3 * 65536) {
		size_t n = 6 + 991 + frames % 3;

		memset(file + len, 0x41, n);
		memcpy(file + len, AUD, 6);
		len += n;
		frames++;
	}
	memcpy(file + 65536 - 3, AUD, 6);
	memcpy(file + len, END, 5);
	assert_int_equal(mux_rig_scan(&mux_annexb, file, len + 5), 0);
	assert_int_equal(scan.frames, frames + 1);
	mux_rig_finish(&mux_annexb, 0);
}

static void an_end_without_room_is_left_out(void **state)
{
	memory_segment_plan.room = 9;
	put("one");
	mux_rig_finish(&mux_annexb, 0);
	assert_int_equal(segment->committed, 9);
}

static void the_container_tells_no_times(void **state)
{
	assert_true(mux_annexb.untimed);
	assert_int_equal(mux_annexb.header_bytes((const uint8_t *)"", 0), 0);
	assert_false(mux_annexb.holds(mux));
	assert_int_equal(mux_annexb.flush(mux), 0);
	mux_rig_finish(&mux_annexb, 0);
	assert_int_equal(segment->committed, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, mux_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_frame_begins_with_a_delimiter),
		CASE(a_file_without_its_end_loses_the_last_frame),
		CASE(zeros_behind_are_no_part_of_it),
		CASE(one_frame_alone_is_kept_as_it_is),
		CASE(frames_are_found_wherever_they_begin),
		CASE(an_end_without_room_is_left_out),
		CASE(the_container_tells_no_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
