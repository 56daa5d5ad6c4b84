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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vp8_of_an_encoder_comes_out_byte_for_byte),
		cmocka_unit_test(vp9_of_an_encoder_comes_out_byte_for_byte),
		cmocka_unit_test(spatial_layers_become_the_encoders_superframes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
