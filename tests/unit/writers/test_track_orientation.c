/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

/* A picture of two packets, of which the last one tells the orientation. */
static void put(bool key, uint8_t orientation)
{
	for (unsigned i = 0; i < 2; i++) {
		struct track_rig_packet packet = track_rig_vp8_packet(&stream, key, 2, i);

		packet.orientation = orientation;
		packet.flags |= i ? PACKET_ORIENTATION : 0;
		track_rig_put(&rig, &packet);
	}
	stream.seq += 2;
	stream.rtp += TRACK_RIG_FRAME_RTP;
	stream.at_ns += TRACK_RIG_FRAME_NS;
}

static void first_picture_tells_how_the_file_begins(void **state)
{
	put(true, 1);
	put(false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(
	        memory_segment_notes(
	                0, "M {\"orientation\":{\"degrees\":90,\"flip\":false,\"camera\":\"front\"}}\n"),
	        1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"orientation\""), 0);
}

static void each_change_is_an_event(void **state)
{
	track_rig_vp8(&rig, &stream, true, 2, 0);
	put(false, 0);
	put(false, 15);
	put(false, 15);
	put(false, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "M {\"orientation\""), 0);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"orientation\""), 2);
	assert_int_equal(memory_segment_notes(0,
	                         "\"rtp\":7000,\"time_rtp\":6000,\"orientation\":{\"degrees\":270,\"flip\":"
	                         "true,\"camera\":\"back\"}}"),
	        1);
	assert_int_equal(memory_segment_notes(0, "\"time_rtp\":12000,\"orientation\":{\"degrees\":0,"), 1);
}

static void next_file_begins_as_it_was(void **state)
{
	put(true, 2);
	stream.width = 640;
	put(true, 2);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_true(memory_segment_meta_has(
	        1, "\"orientation\":{\"degrees\":180,\"flip\":false,\"camera\":\"front\"}"));
	assert_false(memory_segment_meta_has(0, "orientation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_picture_tells_how_the_file_begins, set_up),
		cmocka_unit_test_setup(each_change_is_an_event, set_up),
		cmocka_unit_test_setup(next_file_begins_as_it_was, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
