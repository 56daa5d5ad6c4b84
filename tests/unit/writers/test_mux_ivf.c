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
#include "base/limits.h"
#include "tests/unit/writers/mux_rig.h"

static int begin(void)
{
	const struct mux_cfg cfg = {
		.segment = segment, .codec = CODEC_VP8, .clock_rate = 90000, .width = 640, .height = 360
	};

	return mux_ivf.begin(&mux, &cfg);
}

static void put(uint64_t pts, const char *text)
{
	assert_int_equal(mux_ivf.frame_begin(mux, pts), 0);
	for (; *text; text++)
		assert_int_equal(mux_ivf.frame_append(mux, text, 1), 0);
	assert_int_equal(mux_ivf.frame_end(mux, 0), 0);
}

static void frames_lie_behind_a_true_header(void **state)
{
	static const uint8_t want[] =
	        "DKIF\0\0\x20\0VP80\x80\x02\x68\x01\x90\x5F\x01\0\x01\0\0\0\x02\0\0\0\0\0\0\0"
	        "\x05\0\0\0\0\0\0\0\0\0\0\0hello"
	        "\x02\0\0\0\x01\0\0\0\x02\0\0\0xy";

	assert_int_equal(begin(), 0);
	put(0, "hello");
	put(0x200000001, "xy"); /* past 32 bits */
	assert_false(mux_ivf.holds(mux));
	assert_int_equal(mux_ivf.flush(mux), 0);
	mux_rig_finish(&mux_ivf, 32);
	assert_int_equal(segment->committed, sizeof(want) - 1);
	assert_memory_equal(segment->bytes, want, sizeof(want) - 1);
}

static void cut_frame_leaves_no_trace(void **state)
{
	size_t end;

	assert_int_equal(begin(), 0);
	put(0, "a");
	end = segment->committed;
	assert_int_equal(mux_ivf.frame_begin(mux, 5), 0);
	assert_int_equal(mux_ivf.frame_append(mux, "bcd", 3), 0);
	assert_int_equal(segment->committed, end); /* nothing of an open frame may be written */
	mux_ivf.frame_cut(mux);
	assert_int_equal(segment->end, end);
	put(9, "e");
	mux_rig_finish(&mux_ivf, 32);
	assert_int_equal(cur_get_le(segment->bytes + 24, 4), 2);
}

static void size_set_later_is_in_the_header(void **state)
{
	assert_int_equal(begin(), 0);
	put(0, "a");
	mux_ivf.set_size(mux, 1280, 720);
	mux_rig_finish(&mux_ivf, 32);
	assert_int_equal(cur_get_le(segment->bytes + 12, 2), 1280);
	assert_int_equal(cur_get_le(segment->bytes + 14, 2), 720);
}

static void errors_of_the_segment_come_back(void **state)
{
	memory_segment_plan.room = 10;
	assert_int_equal(begin(), -ENOBUFS);
	assert_int_equal(segment->end, 0);
	memory_segment_plan.room = 32 + 12 + 1;
	assert_int_equal(begin(), 0);
	assert_int_equal(mux_ivf.frame_begin(mux, 0), 0);
	assert_int_equal(mux_ivf.frame_append(mux, "ab", 2), -ENOBUFS);
	mux_ivf.frame_cut(mux);
	memory_segment_plan.fail = -ENOSPC;
	assert_int_equal(mux_ivf.frame_begin(mux, 0), -EIO);
	mux_ivf.frame_cut(mux);
	mux_rig_finish(&mux_ivf, 32);
}

static void scan_finds_whole_frames_at_every_cut(void **state)
{
	size_t ends[3];
	uint8_t *bytes;

	assert_int_equal(begin(), 0);
	put(0, "hello");
	ends[0] = segment->committed;
	put(3000, "wor");
	ends[1] = segment->committed;
	put(3000, "ld");
	ends[2] = segment->committed;
	bytes = segment->bytes;
	for (size_t len = 0; len <= ends[2]; len++) {
		unsigned frames = len >= ends[2] ? 3 : len >= ends[1] ? 2 : len >= ends[0] ? 1 : 0;

		assert_int_equal(mux_rig_scan(&mux_ivf, bytes, len), frames ? 0 : -EBADMSG);
		if (!frames)
			continue;
		assert_int_equal(scan.valid_bytes, ends[frames - 1]);
		assert_int_equal(scan.frames, frames);
		assert_int_equal(scan.first_pts, 0);
		assert_int_equal(scan.last_pts, frames > 1 ? 3000 : 0);
		assert_int_equal(scan.head_bytes, 32);
		assert_int_equal(cur_get_le(scan.head + 24, 4), frames);
		assert_false(scan.tail_rewrite);
	}
	mux_rig_finish(&mux_ivf, 32);
}

static void scan_stops_where_no_frame_can_be(void **state)
{
	static const struct {
		uint32_t len;
		uint64_t pts;
	} bad[] = { { 0, 9000 }, { LIMIT_FRAME_BYTES + 1, 9000 }, { 0xFFFFFFFF, 9000 }, { 2, 2999 } };
	size_t good;

	assert_int_equal(begin(), 0);
	put(0, "hello");
	put(3000, "wor");
	good = segment->committed;
	put(9000, "ld");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cur_put_le(segment->bytes + good, bad[i].len, 4);
		cur_put_le(segment->bytes + good + 4, bad[i].pts, 8);
		assert_int_equal(mux_rig_scan(&mux_ivf, segment->bytes, segment->committed), 0);
		assert_int_equal(scan.valid_bytes, good);
		assert_int_equal(scan.frames, 2);
	}
	mux_rig_finish(&mux_ivf, 32);
}

static void scan_refuses_what_is_no_ivf(void **state)
{
	static const size_t places[] = { 0, 4, 6, 8, 11 };

	assert_int_equal(begin(), 0);
	put(0, "hello");
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		segment->bytes[places[i]] ^= 0x55;
		assert_int_equal(mux_rig_scan(&mux_ivf, segment->bytes, segment->committed), -EBADMSG);
		segment->bytes[places[i]] ^= 0x55;
	}
	cur_put_le(segment->bytes + 16, 0, 4); /* no time base */
	assert_int_equal(mux_rig_scan(&mux_ivf, segment->bytes, segment->committed), -EBADMSG);
	assert_int_equal(mux_ivf.scan(-1, 100, &scan), -EBADF);
	mux_rig_finish(&mux_ivf, 32);
}

/* Frames longer than the scan's window, and headers across its end. */
static void scan_walks_files_of_any_size(void **state)
{
	char *frame = calloc(1, 10000);

	memset(frame, 'x', 9999);
	assert_int_equal(begin(), 0);
	for (unsigned i = 0; i < 200; i++) {
		frame[i * 37 + 1] = '\0';
		put(i, frame);
		frame[i * 37 + 1] = 'x';
	}
	assert_int_equal(mux_rig_scan(&mux_ivf, segment->bytes, segment->committed), 0);
	assert_int_equal(scan.frames, 200);
	assert_int_equal(scan.valid_bytes, segment->committed);
	mux_rig_finish(&mux_ivf, 32);
	free(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        frames_lie_behind_a_true_header, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(cut_frame_leaves_no_trace, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        size_set_later_is_in_the_header, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        errors_of_the_segment_come_back, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        scan_finds_whole_frames_at_every_cut, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        scan_stops_where_no_frame_can_be, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(scan_refuses_what_is_no_ivf, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(scan_walks_files_of_any_size, mux_rig_create, mux_rig_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
