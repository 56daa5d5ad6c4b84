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
#include "base/cur.h"
#include "tests/unit/writers/track_rig.h"

static struct track_rig rig;
static struct track_rig_vp8 stream;

static int set_up(void **state)
{
	stream = (struct track_rig_vp8){ .seq = 70000, .rtp = 1000 };
	track_rig_open(&rig, CODEC_VP8, NULL);
	return 0;
}

static unsigned width_of(unsigned segment)
{
	return (unsigned)cur_get_le(memory_segments[segment]->bytes + 12, 2);
}

static unsigned height_of(unsigned segment)
{
	return (unsigned)cur_get_le(memory_segments[segment]->bytes + 14, 2);
}

static void key_frame_of_another_size_begins_a_linked_file(void **state)
{
	track_rig_vp8(&rig, &stream, true, 2, 0);
	track_rig_vp8(&rig, &stream, false, 2, 0);
	stream.width = 640, stream.height = 360;
	track_rig_vp8(&rig, &stream, true, 2, 0);
	track_rig_vp8(&rig, &stream, false, 2, 0);
	track_rig_vp8(&rig, &stream, true, 2, 0); /* the same size: the same file */
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_int_equal(width_of(0), 320);
	assert_int_equal(height_of(0), 240);
	assert_int_equal(width_of(1), 640);
	assert_int_equal(height_of(1), 360);
	assert_true(memory_segment_end_has(0, "\"reason\":\"size_change\""));
	assert_true(memory_segment_end_has(0, "\"frames\":2,\"key_frames\":1,\"packets\":4"));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.ivf\""));
	assert_true(memory_segment_end_has(1, "\"frames\":3,\"key_frames\":2,\"packets\":6"));
	assert_false(memory_segment_end_has(1, "\"next\""));
	assert_int_equal(memory_segment_notes(0, "S {"), 1);
	assert_int_equal(memory_segment_notes(1, "\"width\":640,\"height\":360}"), 1);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_width), 640);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_files), 2);
}

/* The key frame that a new file was begun for is broken: what follows waits for the next one, in the same
 * file. */
static void broken_first_key_frame_of_a_new_file_is_awaited_anew(void **state)
{
	struct track_rig_frame frames[4];

	track_rig_vp8(&rig, &stream, true, 2, 0);
	stream.width = 640;
	track_rig_vp8(&rig, &stream, true, 3, 2);
	track_rig_vp8(&rig, &stream, false, 2, 0);
	stream.width = 800;
	track_rig_vp8(&rig, &stream, true, 3, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_int_equal(width_of(1), 800);
	assert_int_equal(
	        track_rig_ivf(memory_segments[1]->bytes, memory_segments[1]->committed, frames, 4), 1);
	assert_int_equal(frames[0].pts, 0);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_skipped_frames), 1);
}

/* A VP9 packet that is a picture, or with @upper its base layer and an upper one of explicit size. */
static void put_vp9(
        uint64_t seq, bool key, unsigned structure, uint16_t width, uint16_t height, uint16_t upper)
{
	uint8_t payload[64] = { 0x2C };
	struct track_rig_packet packet = {
		.seq = seq,
		.at_ns = seq * TRACK_RIG_FRAME_NS,
		.rtp = (uint32_t)seq * 3000,
		.flags = upper ? 0 : PACKET_MARKER,
		.payload = payload,
	};
	size_t n = 3;
	uint64_t w = width - 1u, h = height - 1u;

	if (structure) {
		payload[0] |= 0x02;
		payload[n++] = (uint8_t)((structure - 1) << 5 | 0x10);
		for (unsigned i = 0; i < structure; i++, n += 4) {
			cur_put16(payload + n, (uint16_t)(width << i));
			cur_put16(payload + n + 2, (uint16_t)(height << i));
		}
	}
	if (key) {
		memcpy(payload + n, "\x82\x49\x83\x42", 4);
		cur_put64(payload + n + 4, (w << 16 | h)
		                                   << 28); /* four bits of colour before, as a 64-bit field */
		n += 12;
	} else {
		memcpy(payload + n, "\x86\0\0\0", 4);
		cur_put64(payload + n + 4, (w << 16 | h) << 31); /* the last of three found_ref bits before */
		n += 12;
	}
	packet.len = n;
	track_rig_put(&rig, &packet);
	if (!upper)
		return;
	memcpy(payload, "\x2C\x02\x00\x86\0\0\0", 7);
	cur_put64(payload + 7, ((uint64_t)(upper - 1u) << 16 | (upper - 1u)) << 31);
	packet.seq = seq + 1;
	packet.flags = PACKET_MARKER;
	packet.len = 15;
	track_rig_put(&rig, &packet);
}

static void size_of_layers_is_the_highest_ones(void **state)
{
	track_rig_close(&rig, "bye");
	track_rig_open(&rig, CODEC_VP9, NULL);
	put_vp9(1, true, 3, 80, 60, 0);
	put_vp9(2, true, 3, 80, 60, 0); /* nothing new */
	put_vp9(3, true, 0, 80, 60, 0); /* says nothing of the layers */
	put_vp9(4, true, 2, 80, 60, 0); /* the top layer is gone */
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_int_equal(width_of(0), 320);
	assert_int_equal(height_of(0), 240);
	assert_int_equal(width_of(1), 160);
}

static void structure_of_one_layer_is_no_change(void **state)
{
	track_rig_close(&rig, "bye");
	track_rig_open(&rig, CODEC_VP9, NULL);
	put_vp9(1, true, 0, 80, 60, 0);
	put_vp9(2, true, 1, 80, 60, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
}

static void larger_frame_that_is_no_key_makes_the_file_larger(void **state)
{
	track_rig_close(&rig, "bye");
	track_rig_open(&rig, CODEC_VP9, NULL);
	put_vp9(1, true, 0, 80, 60, 0);
	put_vp9(2, false, 0, 100, 40, 0);
	put_vp9(3, false, 0, 20, 20, 300);
	put_vp9(5, true, 0, 80, 60, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(width_of(0), 300);
	assert_int_equal(height_of(0), 300);
	assert_int_equal(memory_segment_notes(0, "S {"), 3);
}

static void small_file(struct conf *conf)
{
	conf->record_max_size_mb = 1;
}

static void full_file_ends_at_a_key_frame(void **state)
{
	static uint8_t big[60000];

	track_rig_close(&rig, "bye");
	track_rig_open(&rig, CODEC_VP8, small_file);
	track_rig_vp8(&rig, &stream, true, 1, 0);
	for (unsigned i = 0; i < 30; i++) {
		struct track_rig_packet packet = track_rig_vp8_packet(&stream, false, 1, 0);

		memcpy(big, packet.payload, packet.len);
		packet.payload = big, packet.len = sizeof(big);
		track_rig_put(&rig, &packet);
		stream.seq++, stream.rtp += 3000, stream.at_ns += TRACK_RIG_FRAME_NS;
	}
	track_rig_vp8(&rig, &stream, false, 1, 0);
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 1); /* many senders make none unasked */
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_true(memory_segment_end_has(0, "\"reason\":\"max_size\""));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.ivf\""));
	assert_true(memory_segment_end_has(1, "\"frames\":2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(key_frame_of_another_size_begins_a_linked_file, set_up),
		cmocka_unit_test_setup(broken_first_key_frame_of_a_new_file_is_awaited_anew, set_up),
		cmocka_unit_test_setup(size_of_layers_is_the_highest_ones, set_up),
		cmocka_unit_test_setup(structure_of_one_layer_is_no_change, set_up),
		cmocka_unit_test_setup(larger_frame_that_is_no_key_makes_the_file_larger, set_up),
		cmocka_unit_test_setup(full_file_ends_at_a_key_frame, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
