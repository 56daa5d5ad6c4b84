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
#include "tests/unit/writers/track_rig.h"

static struct track_rig rig;
static struct track_rig_vp8 stream;

static int set_up(void **state)
{
	stream = (struct track_rig_vp8){ .seq = 70000, .rtp = 1000 };
	track_rig_open(&rig, CODEC_VP8, NULL);
	return 0;
}

static unsigned wishes(void)
{
	return track_key_frames_wanted(rig.track, 0);
}

/* @n frames of one packet at 30 frames a second. */
static void put(unsigned n)
{
	for (; n; n--)
		track_rig_vp8(&rig, &stream, false, 1, 0);
}

static void stream_that_begins_with_a_key_frame_gets_no_wish(void **state)
{
	track_rig_vp8(&rig, &stream, true, 3, 0);
	put(90);
	assert_int_equal(wishes(), 0);
	track_rig_close(&rig, "bye");
}

static void start_without_a_key_frame_wishes_at_once_and_every_second(void **state)
{
	put(1);
	assert_int_equal(wishes(), 1);
	put(29);
	assert_int_equal(wishes(), 1);
	put(2);
	assert_int_equal(wishes(), 2);
	put(120);
	assert_int_equal(wishes(), 5);
	track_rig_vp8(&rig, &stream, true, 3, 0);
	put(120);
	assert_int_equal(wishes(), 5);
	track_rig_close(&rig, "bye");
}

static void loss_wishes_until_a_key_frame_has_come(void **state)
{
	track_rig_vp8(&rig, &stream, true, 3, 0);
	stream.seq++;
	put(8); /* within reorder_ms: is given up after 200 ms */
	assert_int_equal(wishes(), 1);
	put(65);
	assert_int_equal(wishes(), 3);
	track_rig_vp8(&rig, &stream, true, 3, 0);
	put(60);
	assert_int_equal(wishes(), 3);
	track_rig_close(&rig, "bye");
}

static void second_loss_soon_after_is_wished_for_half_a_second_later(void **state)
{
	track_rig_vp8(&rig, &stream, true, 3, 0);
	stream.seq++;
	put(8);
	assert_int_equal(wishes(), 1);
	stream.seq++;
	put(8);
	assert_int_equal(wishes(), 1);
	put(9);
	assert_int_equal(wishes(), 2);
	track_rig_close(&rig, "bye");
}

static void broken_key_frame_is_wished_for_again(void **state)
{
	put(1);
	track_rig_vp8(&rig, &stream, true, 3, 2);
	put(20);
	assert_int_equal(wishes(), 2);
	track_rig_close(&rig, "bye");
}

static void malformed_packet_and_missing_block_wish(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	memory_segment_plan.room = 0;
	put(1);
	memory_segment_plan.room = UINT64_MAX;
	assert_int_equal(wishes(), 1);
	track_rig_vp8(&rig, &stream, true, 1, 0);
	put(30);
	assert_int_equal(wishes(), 1);
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = stream.seq++,
	                            .rtp = stream.rtp,
	                            .at_ns = stream.at_ns,
	                            .payload = "\x10",
	                            .len = 1 });
	assert_int_equal(wishes(), 2);
	track_rig_close(&rig, "bye");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stream_that_begins_with_a_key_frame_gets_no_wish, set_up),
		cmocka_unit_test_setup(start_without_a_key_frame_wishes_at_once_and_every_second, set_up),
		cmocka_unit_test_setup(loss_wishes_until_a_key_frame_has_come, set_up),
		cmocka_unit_test_setup(second_loss_soon_after_is_wished_for_half_a_second_later, set_up),
		cmocka_unit_test_setup(broken_key_frame_is_wished_for_again, set_up),
		cmocka_unit_test_setup(malformed_packet_and_missing_block_wish, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
