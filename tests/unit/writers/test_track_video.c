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

#define FRAMES_MAX 128
#define FRAME_NS   (CLK_NS_PER_S / 30)
#define FRAME_RTP  3000

static struct track_rig rig;
static struct track_rig_capture capture;
static struct track_rig_frame got[FRAMES_MAX], want[FRAMES_MAX];

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static unsigned frames_of(unsigned segment)
{
	return track_rig_ivf(
	        memory_segments[segment]->bytes, memory_segments[segment]->committed, got, FRAMES_MAX);
}

/* Feed the capture as it is, and compare with what the encoder made: bytes and times. */
static void check_identical(enum codec codec, const char *name, uint32_t ticks_per_pts)
{
	char file[32];
	size_t len;
	uint8_t *bytes;
	unsigned count;

	snprintf(file, sizeof(file), "%s.rtp", name);
	track_rig_load(&capture, file, 90000);
	track_rig_open(&rig, codec, NULL);
	for (size_t i = 0; i < capture.count; i++)
		track_rig_put(&rig, &capture.packets[i]);
	track_rig_close(&rig, "bye");
	snprintf(file, sizeof(file), "%s.ivf", name);
	bytes = track_rig_read(file, &len);
	count = track_rig_ivf(bytes, len, want, FRAMES_MAX);
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(frames_of(0), count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(got[i].len, want[i].len);
		assert_memory_equal(got[i].bytes, want[i].bytes, want[i].len);
		assert_int_equal(got[i].pts, want[i].pts * ticks_per_pts);
	}
	assert_memory_equal(memory_segments[0]->bytes + 8, bytes + 8, 8); /* fourcc, width, height */
	assert_int_equal(cur_get_le(memory_segments[0]->bytes + 16, 4), 90000);
	assert_int_equal(cur_get_le(memory_segments[0]->bytes + 20, 4), 1);
	assert_int_equal(cur_get_le(memory_segments[0]->bytes + 24, 4), count);
	assert_int_equal(stat_of(STAT_TRACK_pkts), capture.count);
	assert_int_equal(stat_of(STAT_TRACK_frames), count);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	free(bytes);
	track_rig_unload(&capture);
}

static void vp8_of_an_encoder_comes_out_byte_for_byte(void **state)
{
	check_identical(CODEC_VP8, "vp8", FRAME_RTP);
	assert_int_equal(stat_of(STAT_TRACK_width), 176);
	assert_int_equal(stat_of(STAT_TRACK_height), 144);
	assert_true(stat_of(STAT_TRACK_key_frames) >= 4);
	assert_true(memory_segment_meta_has(0, "\"room\":\"demo \\\"1\\\"\""));
	assert_true(memory_segment_meta_has(0, "\"promised\":\"demo_track0_1710123456.ivf\""));
	assert_true(memory_segment_end_has(0, "\"reason\":\"bye\""));
	assert_true(memory_segment_end_has(0, "\"frames\":60,"));
	assert_true(memory_segment_end_has(0, "\"width\":176,\"height\":144"));
	assert_true(memory_segment_end_has(0, "\"ssrcs\":[305419896]"));
	assert_int_equal(memory_segment_notes(0, "S {"), 1);
}

static void vp9_of_an_encoder_comes_out_byte_for_byte(void **state)
{
	check_identical(CODEC_VP9, "vp9", FRAME_RTP);
}

static void spatial_layers_become_the_encoders_superframes(void **state)
{
	check_identical(CODEC_VP9, "svc", 1);
	assert_int_equal(stat_of(STAT_TRACK_width), 320);
	assert_int_equal(stat_of(STAT_TRACK_height), 192);
	assert_int_equal(stat_of(STAT_TRACK_frames), 24);
}

static struct track_rig_vp8 stream;

static void open_vp8(void (*adjust)(struct conf *conf))
{
	stream = (struct track_rig_vp8){ .seq = 70000, .rtp = 4294960000u };
	track_rig_open(&rig, CODEC_VP8, adjust);
}

static void put_vp8(bool key, unsigned packets, uint32_t missing)
{
	track_rig_vp8(&rig, &stream, key, packets, missing);
}

static void wait_key(struct conf *conf)
{
	conf->record_on_loss = CONF_ON_LOSS_WAIT_KEY;
}

static void frames_before_the_first_key_frame_are_left_out(void **state)
{
	open_vp8(NULL);
	put_vp8(false, 3, 0);
	put_vp8(false, 2, 0);
	assert_int_equal(memory_segment_count, 0);
	assert_int_equal(stat_of(STAT_TRACK_state), 1);
	put_vp8(true, 4, 0);
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 5);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 5);
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(got[0].pts, 0);
	assert_int_equal(got[1].pts, 3000);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"skipped_frames\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"frames\":2}"), 1);
	assert_true(memory_segment_meta_has(0, "\"first_rtp\":4294966000"));
}

static void stream_that_is_joined_in_a_frame_waits_for_the_next(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 3, 1); /* its first packet was sent before we were there */
	put_vp8(true, 3, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
}

/* One of five packets of a frame is missing, each in turn: that frame is cut, the others are whole. */
static void frame_with_a_missing_packet_is_cut(void **state)
{
	for (unsigned lost = 0; lost < 5; lost++) {
		open_vp8(NULL);
		put_vp8(true, 2, 0);
		put_vp8(false, 5, 1u << lost);
		put_vp8(false, 2, 0);
		put_vp8(false, 2, 0);
		track_rig_close(&rig, "bye");
		assert_int_equal(frames_of(0), 3);
		assert_int_equal(got[0].pts, 0);
		assert_int_equal(got[1].pts, 6000);
		assert_int_equal(got[2].pts, 9000);
		assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
		assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 4);
		assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 1);
		assert_int_equal(memory_segment_notes(0, "\"type\":\"broken_frame\""), 1);
		assert_int_equal(memory_segment_notes(0, "\"cause\":\"loss\""), 1);
	}
}

static void gap_over_the_end_and_the_next_start_costs_both_frames(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 2, 0);
	put_vp8(false, 3, 4);
	put_vp8(false, 3, 1);
	put_vp8(false, 2, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 2);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 4);
}

static void frames_lost_whole_break_no_other(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 2, 0);
	put_vp8(false, 3, 7);
	put_vp8(false, 2, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(got[1].pts, 6000);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 3);
}

static void missing_end_mark_is_made_up_by_the_next_start(void **state)
{
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 2, 0);
	packet = track_rig_vp8_packet(&stream, false, 9, 0); /* one packet, no mark */
	track_rig_put(&rig, &packet);
	stream.seq++, stream.rtp += 3000;
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
}

static void frame_that_begins_twice_is_malformed(void **state)
{
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 1, 0);
	packet = track_rig_vp8_packet(&stream, false, 9, 0);
	track_rig_put(&rig, &packet);
	stream.seq++;
	put_vp8(false, 1, 0); /* the same RTP time */
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\""), 1);
}

static void frame_that_goes_on_without_a_start_is_malformed(void **state)
{
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 1, 0);
	packet = track_rig_vp8_packet(&stream, false, 2, 1);
	packet.seq = stream.seq++;
	track_rig_put(&rig, &packet);
	stream.rtp += 3000;
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\""), 1);
}

static void malformed_packet_breaks_its_frame_alone(void **state)
{
	static const uint8_t lie[] = { 0x90, 0x80 };

	for (unsigned bad = 0; bad < 3; bad++) {
		open_vp8(NULL);
		put_vp8(true, 2, 0);
		for (unsigned i = 0; i < 3; i++) {
			struct track_rig_packet packet = track_rig_vp8_packet(&stream, false, 3, i);

			if (i == bad)
				packet.payload = lie, packet.len = sizeof(lie);
			track_rig_put(&rig, &packet);
		}
		stream.seq += 3, stream.rtp += 3000;
		put_vp8(false, 2, 0);
		track_rig_close(&rig, "bye");
		assert_int_equal(frames_of(0), 2);
		assert_int_equal(stat_of(STAT_TRACK_malformed_pkts), 1);
		assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 2);
		assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
		assert_int_equal(memory_segment_notes(0, "\"type\":\"malformed\""), 1);
	}
}

static void with_wait_key_nothing_follows_a_loss_but_a_key_frame(void **state)
{
	open_vp8(wait_key);
	put_vp8(true, 2, 0);
	put_vp8(false, 3, 2);
	put_vp8(false, 2, 0);
	put_vp8(false, 2, 0);
	put_vp8(true, 2, 0);
	put_vp8(false, 2, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(got[1].pts, 4 * 3000);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 2);
	assert_int_equal(memory_segment_notes(0, "\"frames\":2}"), 1);
}

static void gap_of_the_ring_is_the_frames_cause(void **state)
{
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 1, 0);
	packet = track_rig_vp8_packet(&stream, false, 3, 0);
	track_rig_put(&rig, &packet);
	packet = track_rig_vp8_packet(&stream, false, 3, 2);
	packet.shed = 1;
	track_rig_put(&rig, &packet);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"broken_frame\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"ring_full\"}"), 1);
}

static void frame_open_at_the_end_is_cut(void **state)
{
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 2, 0);
	packet = track_rig_vp8_packet(&stream, false, 3, 0);
	track_rig_put(&rig, &packet);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"end\""), 1);
}

static void without_a_block_frames_are_dropped_and_the_file_goes_on(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 3, 0);
	memory_segment_plan.room = 12 + 10; /* the header and one packet of the next frame */
	put_vp8(false, 3, 0);
	memory_segment_plan.room = 5; /* not even a header */
	put_vp8(false, 3, 0);
	memory_segment_plan.room = UINT64_MAX;
	put_vp8(false, 3, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(got[1].pts, 9000);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 6);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"no_block\""), 2);
}

static void file_that_has_no_block_for_its_header_begins_later(void **state)
{
	open_vp8(NULL);
	memory_segment_plan.room = 0;
	put_vp8(true, 1, 0);
	put_vp8(false, 1, 0);
	memory_segment_plan.begin_fails = 0;
	memory_segment_plan.room = UINT64_MAX;
	put_vp8(false, 1, 0);
	put_vp8(true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(got[0].pts, 0);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 2);
}

static void without_memory_for_a_file_the_next_key_frame_tries_again(void **state)
{
	open_vp8(NULL);
	memory_segment_plan.begin_fails = -ENOMEM;
	put_vp8(true, 1, 0);
	memory_segment_plan.begin_fails = 0;
	put_vp8(true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
}

static void oversize_frame_is_cut(void **state)
{
	static uint8_t big[60000];
	struct track_rig_packet packet;

	open_vp8(NULL);
	put_vp8(true, 1, 0);
	packet = track_rig_vp8_packet(&stream, false, 999, 0);
	track_rig_put(&rig, &packet);
	for (unsigned i = 1; i < 150; i++) {
		packet.seq = stream.seq + i;
		packet.payload = big;
		packet.len = sizeof(big);
		track_rig_put(&rig, &packet);
	}
	stream.seq += 150, stream.rtp += 3000;
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"oversize\""), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 150);
}

static void new_sender_needs_a_key_frame(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 1, 0);
	stream.ssrc = 9;
	put_vp8(false, 1, 0);
	put_vp8(true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
}

static void pause_stays_right_in_time(void **state)
{
	open_vp8(NULL);
	put_vp8(true, 1, 0);
	stream.at_ns +=
	        7 * 3600 * CLK_NS_PER_S; /* RTP time wraps every 13 hours, and is ambiguous after 6.6 */
	stream.rtp += (uint32_t)(7ull * 3600 * 90000);
	put_vp8(false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(got[1].pts, 7ull * 3600 * 90000 + 3000);
	assert_int_equal(memory_segment_notes(0, "epoch"), 0);
}

/* Every packet of a real stream in turn is lost: what comes out is a part of what the encoder made, each
 * frame whole. */
static void check_losses(enum codec codec, const char *name, unsigned min_frames)
{
	char file[32];
	size_t len;
	uint8_t *bytes;
	unsigned count;

	snprintf(file, sizeof(file), "%s.rtp", name);
	track_rig_load(&capture, file, 90000);
	snprintf(file, sizeof(file), "%s.ivf", name);
	bytes = track_rig_read(file, &len);
	count = track_rig_ivf(bytes, len, want, FRAMES_MAX);
	for (size_t lost = 1; lost < capture.count; lost++) {
		unsigned frames, at = 0;

		track_rig_open(&rig, codec, NULL);
		for (size_t i = 0; i < capture.count; i++)
			if (i != lost)
				track_rig_put(&rig, &capture.packets[i]);
		track_rig_close(&rig, "bye");
		if (!memory_segment_count)
			continue;
		frames = frames_of(memory_segment_count - 1);
		assert_true(frames >= min_frames);
		for (unsigned i = 0; i < frames; i++, at++) {
			while (at < count && (got[i].len != want[at].len ||
			                             memcmp(got[i].bytes, want[at].bytes, got[i].len)))
				at++;
			assert_true(at < count);
		}
	}
	free(bytes);
	track_rig_unload(&capture);
}

static void any_loss_of_vp8_leaves_whole_frames(void **state)
{
	check_losses(CODEC_VP8, "vp8", 40);
}

static void any_loss_of_vp9_leaves_whole_frames(void **state)
{
	check_losses(CODEC_VP9, "vp9", 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_before_the_first_key_frame_are_left_out),
		cmocka_unit_test(stream_that_is_joined_in_a_frame_waits_for_the_next),
		cmocka_unit_test(frame_with_a_missing_packet_is_cut),
		cmocka_unit_test(gap_over_the_end_and_the_next_start_costs_both_frames),
		cmocka_unit_test(frames_lost_whole_break_no_other),
		cmocka_unit_test(missing_end_mark_is_made_up_by_the_next_start),
		cmocka_unit_test(frame_that_begins_twice_is_malformed),
		cmocka_unit_test(frame_that_goes_on_without_a_start_is_malformed),
		cmocka_unit_test(malformed_packet_breaks_its_frame_alone),
		cmocka_unit_test(with_wait_key_nothing_follows_a_loss_but_a_key_frame),
		cmocka_unit_test(gap_of_the_ring_is_the_frames_cause),
		cmocka_unit_test(frame_open_at_the_end_is_cut),
		cmocka_unit_test(without_a_block_frames_are_dropped_and_the_file_goes_on),
		cmocka_unit_test(file_that_has_no_block_for_its_header_begins_later),
		cmocka_unit_test(without_memory_for_a_file_the_next_key_frame_tries_again),
		cmocka_unit_test(oversize_frame_is_cut),
		cmocka_unit_test(new_sender_needs_a_key_frame),
		cmocka_unit_test(pause_stays_right_in_time),
		cmocka_unit_test(any_loss_of_vp8_leaves_whole_frames),
		cmocka_unit_test(any_loss_of_vp9_leaves_whole_frames),
		cmocka_unit_test(vp8_of_an_encoder_comes_out_byte_for_byte),
		cmocka_unit_test(vp9_of_an_encoder_comes_out_byte_for_byte),
		cmocka_unit_test(spatial_layers_become_the_encoders_superframes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
