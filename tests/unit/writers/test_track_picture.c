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

/* VP9 pictures of three spatial layers: the capture of libvpx with packets left out, and pictures by hand. */

static struct track_rig rig;
static struct track_rig_capture capture;
static struct track_rig_frame got[64], want[64];
static uint64_t seq;
static uint32_t rtp;

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static unsigned frames_of(unsigned segment)
{
	return track_rig_ivf(memory_segments[segment]->bytes, memory_segments[segment]->committed, got, 64);
}

static void open_vp9(void)
{
	seq = 70000, rtp = 5000;
	track_rig_open(&rig, CODEC_VP9, NULL);
}

#define START  0x08
#define END    0x04
#define MARKER 0x100

/* One packet of layer @sid that ends in @last; the first one of a key picture's base tells 64 x 64. */
static void put(unsigned flags, unsigned sid, bool key, uint8_t last)
{
	uint8_t payload[32] = { 0x20 };
	size_t len = 3;

	payload[0] |= flags & (START | END);
	payload[1] = (uint8_t)(sid << 1);
	if ((flags & START) && key) {
		memcpy(payload + len, "\x82\x49\x83\x42\x00\x03\xF0\x03\xF0", 9);
		len += 9;
	} else if (flags & START) {
		memcpy(payload + len, "\x86\0\0\0\x80", 5);
		len += 5;
	}
	payload[len++] = last;
	track_rig_put(&rig, &(struct track_rig_packet){
	                            .seq = seq++,
	                            .rtp = rtp,
	                            .at_ns = (uint64_t)(rtp - 5000) * 100000 / 9,
	                            .flags = flags & MARKER ? PACKET_MARKER : 0,
	                            .payload = payload,
	                            .len = len,
	                    });
}

static void next(void)
{
	rtp += 3000;
}

static void single_layer_stays_as_it_is(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(got[0].len, 10);
}

static void layers_get_an_index(void **state)
{
	open_vp9();
	put(START | END, 0, true, 1);
	put(START, 1, false, 2);
	put(END | MARKER, 1, false, 3);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(got[0].len, 10 + 7 + 4);
	assert_memory_equal(got[0].bytes + 17, "\xC1\x0A\x07\xC1", 4);
}

/* A superframe is one frame of the encoder's: kept when alone, not put into another one. */
static void superframe_is_not_put_into_another(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 0xC0);
	next();
	put(START | END, 0, false, 1);
	put(START | END | MARKER, 1, false, 0xC1);
	next();
	put(START | END, 0, false, 0xC1);
	put(START | END | MARKER, 1, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(got[0].len, 10);
	assert_int_equal(got[1].len, 6);
	assert_int_equal(got[2].len, 6);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 2);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\",\"layers_kept\":1"), 2);
}

static void ninth_layer_is_malformed(void **state)
{
	open_vp9();
	put(START | END, 0, true, 1);
	for (unsigned i = 1; i < 9; i++)
		put(START | END | (i == 8 ? MARKER : 0), i & 7, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\",\"layers_kept\":8"), 1);
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 1);
}

static void layer_that_begins_before_the_last_has_ended_is_malformed(void **state)
{
	open_vp9();
	put(START | END, 0, true, 1);
	put(START, 1, false, 1);
	put(START | END | MARKER, 2, false, 1);
	next();
	put(START | END, 0, false, 1);
	put(0, 1, false, 1); /* goes on with nothing */
	put(MARKER, 1, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\",\"layers_kept\":1"), 2);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 4);
}

static void lost_upper_layer_leaves_the_lower_ones(void **state)
{
	open_vp9();
	put(START | END, 0, true, 1);
	put(START | END | MARKER, 1, false, 1);
	next();
	put(START | END, 0, false, 1);
	put(START | END, 1, false, 1);
	put(START, 2, false, 1);
	seq++;
	put(END | MARKER, 2, false, 1);
	next();
	put(START | END | MARKER, 0, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(got[1].len, 6 + 6 + 4);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 2);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"loss\",\"layers_kept\":2"), 1);
}

static void lost_base_costs_the_picture(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	next();
	seq++;
	put(START | END, 1, false, 1);
	put(START | END | MARKER, 2, false, 1);
	next();
	put(START | END | MARKER, 0, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 2);
}

/* A sender that leaves out its base layer: an upper layer begins the picture, as long as nothing was lost. */
static void picture_may_begin_with_an_upper_layer(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	next();
	put(START | END, 1, false, 1);
	put(START | END | MARKER, 2, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 2);
	assert_int_equal(got[1].len, 6 + 6 + 4);
}

static void lost_mark_after_a_whole_single_layer_costs_nothing(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	next();
	put(START | END, 0, false, 1); /* and an empty packet with the mark, lost */
	seq++;
	next();
	put(START | END | MARKER, 0, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
}

static void layer_open_when_the_next_picture_begins_is_cut(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	next();
	put(START | END, 0, false, 1);
	put(START, 1, false, 1);
	next();
	put(START | END | MARKER, 0, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 3);
	assert_int_equal(got[1].len, 6);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 1);
}

static void picture_open_at_the_end_keeps_its_whole_layers(void **state)
{
	open_vp9();
	put(START | END, 0, true, 1);
	put(START, 1, false, 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(got[0].len, 10);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"end\",\"layers_kept\":1"), 1);
}

static void no_block_for_the_index_drops_the_picture(void **state)
{
	open_vp9();
	put(START | END | MARKER, 0, true, 1);
	next();
	memory_segment_plan.room = 12 + 6 + 6;
	put(START | END, 0, false, 1);
	put(START | END | MARKER, 1, false, 1);
	memory_segment_plan.room = UINT64_MAX;
	track_rig_close(&rig, "bye");
	assert_int_equal(frames_of(0), 1);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 2);
}

/* Of the real stream, each packet in turn is lost: every picture that comes out is the encoder's, or its
 * lower layers. */
static void any_loss_of_three_layers_leaves_whole_layers(void **state)
{
	size_t len;
	uint8_t *bytes = track_rig_read("svc.ivf", &len);
	unsigned count = track_rig_ivf(bytes, len, want, 64), kept = 0;

	track_rig_load(&capture, "svc.rtp", 90000);
	for (size_t lost = 0; lost < capture.count; lost++) {
		unsigned frames;

		track_rig_open(&rig, CODEC_VP9, NULL);
		for (size_t i = 0; i < capture.count; i++)
			if (i != lost)
				track_rig_put(&rig, &capture.packets[i]);
		track_rig_close(&rig, "bye");
		assert_int_equal(memory_segment_count, 1);
		frames = frames_of(0);
		for (unsigned i = 0; i < frames; i++) {
			/* without the first key frame the file begins with the second one, 12 pictures later
			 */
			uint64_t pts = got[i].pts + (frames == 12 ? want[12].pts : 0);
			const struct track_rig_frame *w = want;

			while (w < want + count && w->pts != pts)
				w++;
			assert_true(w < want + count);
			if (got[i].len == w->len) {
				assert_memory_equal(got[i].bytes, w->bytes, w->len);
				continue;
			}
			kept++;
			assert_true(got[i].len < w->len);
			/* the layers are the encoder's; an index may follow them */
			assert_memory_equal(got[i].bytes, w->bytes, got[i].len > 20 ? got[i].len - 8 : 1);
		}
	}
	assert_true(kept > 24);
	free(bytes);
	track_rig_unload(&capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_layer_stays_as_it_is),
		cmocka_unit_test(layers_get_an_index),
		cmocka_unit_test(superframe_is_not_put_into_another),
		cmocka_unit_test(ninth_layer_is_malformed),
		cmocka_unit_test(layer_that_begins_before_the_last_has_ended_is_malformed),
		cmocka_unit_test(lost_upper_layer_leaves_the_lower_ones),
		cmocka_unit_test(lost_base_costs_the_picture),
		cmocka_unit_test(picture_may_begin_with_an_upper_layer),
		cmocka_unit_test(lost_mark_after_a_whole_single_layer_costs_nothing),
		cmocka_unit_test(layer_open_when_the_next_picture_begins_is_cut),
		cmocka_unit_test(picture_open_at_the_end_keeps_its_whole_layers),
		cmocka_unit_test(no_block_for_the_index_drops_the_picture),
		cmocka_unit_test(any_loss_of_three_layers_leaves_whole_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
