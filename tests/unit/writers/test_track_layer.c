/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/writers/track_rig.h"

#define FRAMES_MAX 4096
#define LAYERS     3

static struct track_rig rig;
static struct track_rig_vp8 of[LAYERS]; /* 0: the best */
static struct track_rig_frame got[FRAMES_MAX];
static uint32_t answered[LAYERS]; /* wishes that a sender has met */

static void three_layers(struct track_cfg *cfg)
{
	cfg->layers = LAYERS;
	strcpy(cfg->rids[0], "h");
	strcpy(cfg->rids[1], "m");
	strcpy(cfg->rids[2], "l");
}

static void keep_sizes(void **state)
{
	of[0].width = of[1].width = of[2].width = 320;
	of[0].height = of[1].height = of[2].height = 240;
}

static int set_up(void **state)
{
	for (unsigned i = 0; i < LAYERS; i++) {
		of[i] = (struct track_rig_vp8){ .seq = 1000 * (i + 1),
			.rtp = 4000000000u * i,
			.ssrc = 10 + i,
			.layer = (uint8_t)i,
			.width = (uint16_t)(1280 >> i),
			.height = (uint16_t)(720 >> i) };
		answered[i] = 0;
	}
	track_rig_open_as(&rig, CODEC_VP8, NULL, three_layers);
	return 0;
}

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

/* A picture of each layer of @mask; the least one comes first, as encoders send them. */
static void put(unsigned mask, bool key)
{
	for (unsigned i = LAYERS; i-- > 0;) {
		if (mask >> i & 1) {
			track_rig_vp8(&rig, &of[i], key, 2, 0);
			continue;
		}
		of[i].rtp += TRACK_RIG_FRAME_RTP;
		of[i].at_ns += TRACK_RIG_FRAME_NS;
	}
}

/* The same for @frames pictures, from a sender that gives each layer the key frames that are wished for. */
static void run(unsigned mask, unsigned frames)
{
	for (; frames; frames--) {
		for (unsigned i = LAYERS; i-- > 0;) {
			uint32_t wanted = track_key_frames_wanted(rig.track, i);

			if (mask >> i & 1) {
				track_rig_vp8(&rig, &of[i], wanted != answered[i], 2, 0);
				answered[i] = wanted;
				continue;
			}
			of[i].rtp += TRACK_RIG_FRAME_RTP;
			of[i].at_ns += TRACK_RIG_FRAME_NS;
		}
	}
}

/* A report of layer @i, whose clock says @ms after the start what its RTP time says at the next picture. */
static void report(unsigned i, int64_t late_ns)
{
	struct track_rig_packet packet = {
		.kind = PACKET_SENDER_REPORT,
		.layer = (uint8_t)i,
		.ssrc = of[i].ssrc,
		.rtp = of[i].rtp,
		.at_ns = of[i].at_ns,
		.ntp = clk_unix_ns_to_ntp(
		        TRACK_RIG_START_NS - CLK_NS_PER_S + of[i].at_ns + (uint64_t)late_ns),
	};
	track_rig_put(&rig, &packet);
}

/* Browsers name the least first. */
static void the_largest_picture_is_the_best_layer_wherever_it_stands(void **state)
{
	for (unsigned i = 0; i < LAYERS; i++) {
		of[i].width = (uint16_t)(320 << i);
		of[i].height = (uint16_t)(180 << i);
	}
	put(7, true);
	run(7, 90);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	assert_int_equal(stat_of(STAT_TRACK_width), 1280);
	/* It goes: the next in size has its place, not the next in order. */
	run(3, 90);
	assert_int_equal(stat_of(STAT_TRACK_layer), 1);
	run(7, 300);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	track_rig_close(&rig, "bye");
}

static void plain_tracks_have_no_layers_and_too_many_are_refused(void **state)
{
	struct conf conf = { 0 };
	uint64_t slot[STAT_TRACK_COUNT] = { 0 };
	struct track_cfg cfg = { .conf = &conf,
		.codec = CODEC_VP8,
		.clock_rate = 90000,
		.slot = slot,
		.layers = TRACK_LAYERS + 1 };
	struct track *track;

	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg.layers = TRACK_LAYERS;
	assert_int_equal(track_create(&track, &cfg), 0);
	assert_int_equal(track_key_frames_wanted(track, TRACK_LAYERS), 0);
	track_free(track);
	cfg = (struct track_cfg){ .conf = &conf,
		.codec = CODEC_OPUS,
		.clock_rate = 48000,
		.channels = 2,
		.slot = slot,
		.layers = 2 };
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	track_rig_close(&rig, "bye");
}

static void first_key_frame_is_taken_from_whoever_gives_it(void **state)
{
	put(4, false);
	put(6, false);
	assert_int_equal(track_key_frames_wanted(rig.track, 2), 1); /* of the first to come */
	of[2].at_ns += 0;
	track_rig_vp8(&rig, &of[1], true, 3, 0);
	put(6, false);
	assert_int_equal(stat_of(STAT_TRACK_layer), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_true(memory_segment_meta_has(0, "\"layer\":1,\"rid\":\"m\""));
	assert_true(memory_segment_meta_has(0, "\"ssrc\":11,"));
	assert_true(memory_segment_end_has(0, "\"layer_packets\":4,\"layer_switches\":0"));
}

static void better_layer_is_climbed_to_at_its_key_frame(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	for (unsigned i = 0; i < 14; i++)
		put(7, false);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 0);
	put(7, true); /* too early: the better ones are not known to hold */
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	put(7, false);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 1); /* the best one, and it alone */
	assert_int_equal(track_key_frames_wanted(rig.track, 1), 0);
	put(6, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	put(7, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 1);
	run(7, 300);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 1);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"layer\""), 1);
	assert_int_equal(memory_segment_notes(0,
	                         "\"from\":2,\"to\":0,\"rid\":\"h\",\"cause\":\"better\",\"rtp\":54000,"
	                         "\"placed_by\":\"arrival\"}"),
	        1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"ssrc\""), 0);
	assert_true(memory_segment_end_has(0, "\"ssrcs\":[12,10]"));
	/* 19 pictures of the least layer, 301 of the best, of which one is the same. */
	assert_int_equal(stat_of(STAT_TRACK_frames), 19 + 301);
}

static void size_of_another_layer_begins_a_linked_file(void **state)
{
	run(7, 1);
	put(7, true);
	run(7, 60);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_true(memory_segment_meta_has(0, "\"layer\":2,\"rid\":\"l\""));
	assert_true(memory_segment_end_has(0, "\"reason\":\"size_change\""));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.ivf\""));
	assert_int_equal(memory_segment_notes(0, "\"type\":\"layer\""), 1);
	assert_true(memory_segment_meta_has(1, "\"layer\":0,\"rid\":\"h\""));
	assert_true(memory_segment_end_has(1, "\"width\":1280,\"height\":720"));
}

static void silent_layer_is_left_for_one_that_lives(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	run(6, 14);
	assert_int_equal(track_key_frames_wanted(rig.track, 1), 0);
	run(6, 4);
	assert_int_equal(track_key_frames_wanted(rig.track, 1), 1);
	assert_int_equal(stat_of(STAT_TRACK_layer), 1);
	assert_int_equal(
	        memory_segment_notes(0, "\"from\":0,\"to\":1,\"rid\":\"m\",\"cause\":\"silent\""), 1);
	run(4, 40);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	run(7, 90);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, FRAMES_MAX);
	for (unsigned i = 1; i < stat_of(STAT_TRACK_frames); i++)
		assert_true(got[i].pts > got[i - 1].pts);
}

static void any_layer_that_lives_will_do_when_the_next_gives_no_key_frame(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	for (unsigned i = 0; i < 60; i++)
		put(6, false);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_in_range(track_key_frames_wanted(rig.track, 1), 2, 3);
	put(4, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	track_rig_close(&rig, "bye");
}

static void broken_layer_without_a_key_frame_is_left(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	of[0].seq++; /* lost */
	for (unsigned i = 0; i < 60; i++)
		put(7, false);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	assert_int_equal(track_key_frames_wanted(rig.track, 1), 0);
	for (unsigned i = 0; i < 10; i++)
		put(7, false);
	assert_int_equal(track_key_frames_wanted(rig.track, 1), 1);
	put(6, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"broken\""), 1);
	track_rig_close(&rig, "bye");
}

static void lossy_layer_is_not_climbed_to(void **state)
{
	put(7, true);
	for (unsigned i = 0; i < 90; i++) {
		of[0].seq += i % 8 == 0;
		of[1].seq += i % 8 == 0;
		run(7, 1);
	}
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0); /* of the recorded layer alone */
	run(7, 60);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "G {"), 0);
}

static void picture_under_way_is_cut_with_its_event(void **state)
{
	struct track_rig_packet packet;

	keep_sizes(NULL);
	put(7, true);
	run(7, 15);
	put(7, false);
	packet = track_rig_vp8_packet(&of[2], false, 2, 0);
	track_rig_put(&rig, &packet);
	track_rig_vp8(&rig, &of[0], true, 2, 0);
	packet = track_rig_vp8_packet(&of[2], false, 2, 1);
	track_rig_put(&rig, &packet);
	of[2].seq += 2;
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 1);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"broken_frame\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"layer\"}"), 1);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 1);
	assert_int_equal(track_key_frames_wanted(rig.track, 2), 0);
	put(1, false);
	assert_int_equal(stat_of(STAT_TRACK_frames), 17 + 2);
	track_rig_close(&rig, "bye");
}

/* What builds on a key frame that broke after its layer was taken over cannot be decoded. */
static void broken_key_frame_of_the_new_layer_is_awaited_anew(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 15);
	put(7, false);
	track_rig_vp8(&rig, &of[0], true, 3, 2);
	for (unsigned i = 0; i < 12; i++)
		put(1, false);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_frames), 17);
	assert_int_equal(track_key_frames_wanted(rig.track, 0), 2);
	put(1, true);
	put(1, false);
	assert_int_equal(stat_of(STAT_TRACK_frames), 17 + 2);
	track_rig_close(&rig, "bye");
}

/* Nor does another layer step in at once, as if nothing had been recorded. */
static void broken_key_frame_of_a_new_file_is_the_new_layers_affair(void **state)
{
	put(7, true);
	run(7, 15);
	put(7, false);
	track_rig_vp8(&rig, &of[0], true, 3, 2);
	for (unsigned i = 0; i < 12; i++)
		put(7, false);
	assert_int_equal(stat_of(STAT_TRACK_files), 2);
	put(6, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	put(1, true);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_true(memory_segment_end_has(1, "\"frames\":1,"));
}

static void reports_of_both_layers_keep_time_exact(void **state)
{
	uint64_t at_ns;
	unsigned count;

	keep_sizes(NULL);
	put(7, true);
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned l = 0; i % 10 == 5 && l < LAYERS; l++)
			report(l, 0);
		put(7, false);
	}
	at_ns = of[0].at_ns;
	of[0].at_ns += 70 * CLK_NS_PER_MS; /* a large key frame takes its time */
	track_rig_vp8(&rig, &of[0], true, 2, 0);
	of[0].at_ns = at_ns + TRACK_RIG_FRAME_NS;
	for (unsigned i = 0; i < 10; i++)
		put(1, false);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"placed_by\":\"sender_report\""), 1);
	count = track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, FRAMES_MAX);
	assert_int_equal(count, 41 + 11);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(got[i].pts, i * TRACK_RIG_FRAME_RTP);
}

static void first_report_after_a_switch_by_arrival_sets_time_right(void **state)
{
	unsigned count;
	uint64_t at_ns;

	keep_sizes(NULL);
	put(7, true);
	report(2, 0);
	run(7, 15);
	put(7, false);
	report(2, 0);
	at_ns = of[0].at_ns;
	of[0].at_ns += 30 * CLK_NS_PER_MS; /* late by 2700 ticks */
	track_rig_vp8(&rig, &of[0], true, 2, 0);
	of[0].at_ns = at_ns + TRACK_RIG_FRAME_NS;
	run(1, 2);
	report(0, 0);
	run(1, 10);
	assert_int_equal(memory_segment_notes(0, "\"placed_by\":\"arrival\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 1);
	track_rig_close(&rig, "bye");
	count = track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, FRAMES_MAX);
	assert_int_equal(count, 17 + 13);
	assert_in_range(got[17].pts, 17 * 3000 + 2690, 17 * 3000 + 2710);
	for (unsigned i = 1; i < count; i++)
		assert_in_range(got[i].pts - got[i - 1].pts, 1, 6000);
	assert_in_range(got[count - 1].pts, (count - 1) * 3000 - 2, (count - 1) * 3000 + 2);
	assert_true(memory_segment_end_has(0, "\"source\":\"sender_report\""));
}

static void report_that_lies_places_nothing(void **state)
{
	unsigned count;

	keep_sizes(NULL);
	put(7, true);
	for (unsigned i = 0; i < 3; i++) {
		report(2, 0);
		report(0, 5000 * (int64_t)CLK_NS_PER_S);
		run(7, 5);
	}
	run(7, 20);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"placed_by\":\"arrival\""), 1);
	count = track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, FRAMES_MAX);
	for (unsigned i = 1; i < count; i++)
		assert_in_range(got[i].pts - got[i - 1].pts, 1, 3010);
}

static void key_frame_storm_changes_no_layer(void **state)
{
	put(7, true);
	for (unsigned i = 0; i < 900; i++)
		put(7, true);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
}

/* A layer that comes and goes for ten minutes: it is tried ever more seldom. */
static void layer_that_flaps_makes_few_files(void **state)
{
	put(7, true);
	for (unsigned i = 0; i < 200; i++) {
		run(7, 60);
		run(6, 30);
	}
	assert_in_range(stat_of(STAT_TRACK_layer_switches), 3, 10);
	assert_in_range(stat_of(STAT_TRACK_files), 4, 11);
	assert_true(track_key_frames_wanted(rig.track, 0) < 10);
	track_rig_close(&rig, "bye");
}

static void layer_that_gives_no_key_frame_is_wished_for_ever_more_seldom(void **state)
{
	put(7, true);
	for (unsigned i = 0; i < 30 * 300; i++)
		put(5, false);
	assert_in_range(track_key_frames_wanted(rig.track, 0), 10, 60); /* in five minutes */
	assert_int_equal(stat_of(STAT_TRACK_layer), 2);
	track_rig_close(&rig, "bye");
}

static void all_silent_is_waited_out(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	run(0, 30 * 120);
	track_rig_wait(&rig, of[0].at_ns);
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	run(7, 30);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
}

/* Two pictures a second: that is not silence. */
static void slow_layers_are_no_silent_ones(void **state)
{
	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	for (unsigned i = 0; i < 60; i++) {
		run(7, 1);
		run(0, 17);
	}
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	assert_int_equal(stat_of(STAT_TRACK_layer_switches), 1);
	track_rig_close(&rig, "bye");
}

static void restart_of_a_layer_that_is_not_recorded_is_its_own_affair(void **state)
{
	struct track_rig_packet packet;

	keep_sizes(NULL);
	put(7, true);
	run(7, 60);
	for (unsigned i = 0; i < 3; i++) {
		of[1].seq = 9;
		of[1].rtp += 1000000000;
		of[1].ssrc = 99 + i;
		packet = track_rig_vp8_packet(&of[1], true, 2, 0);
		packet.flags |= PACKET_RESTART;
		track_rig_put(&rig, &packet);
		packet = track_rig_vp8_packet(&of[1], true, 2, 1);
		track_rig_put(&rig, &packet);
		of[1].seq += 2;
		run(7, 10);
	}
	assert_int_equal(stat_of(STAT_TRACK_layer), 0);
	run(6, 40);
	assert_int_equal(stat_of(STAT_TRACK_layer), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"epoch\""), 0);
}

static void unknown_layer_is_counted_and_dropped(void **state)
{
	struct track_rig_packet packet = track_rig_vp8_packet(&of[0], true, 1, 0);

	packet.layer = 3;
	track_rig_put(&rig, &packet);
	packet.kind = PACKET_SENDER_REPORT;
	track_rig_put(&rig, &packet);
	assert_int_equal(stat_of(STAT_TRACK_layer_pkts), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_largest_picture_is_the_best_layer_wherever_it_stands, set_up),
		cmocka_unit_test_setup(plain_tracks_have_no_layers_and_too_many_are_refused, set_up),
		cmocka_unit_test_setup(first_key_frame_is_taken_from_whoever_gives_it, set_up),
		cmocka_unit_test_setup(better_layer_is_climbed_to_at_its_key_frame, set_up),
		cmocka_unit_test_setup(size_of_another_layer_begins_a_linked_file, set_up),
		cmocka_unit_test_setup(silent_layer_is_left_for_one_that_lives, set_up),
		cmocka_unit_test_setup(any_layer_that_lives_will_do_when_the_next_gives_no_key_frame, set_up),
		cmocka_unit_test_setup(broken_layer_without_a_key_frame_is_left, set_up),
		cmocka_unit_test_setup(lossy_layer_is_not_climbed_to, set_up),
		cmocka_unit_test_setup(picture_under_way_is_cut_with_its_event, set_up),
		cmocka_unit_test_setup(broken_key_frame_of_the_new_layer_is_awaited_anew, set_up),
		cmocka_unit_test_setup(broken_key_frame_of_a_new_file_is_the_new_layers_affair, set_up),
		cmocka_unit_test_setup(reports_of_both_layers_keep_time_exact, set_up),
		cmocka_unit_test_setup(first_report_after_a_switch_by_arrival_sets_time_right, set_up),
		cmocka_unit_test_setup(report_that_lies_places_nothing, set_up),
		cmocka_unit_test_setup(key_frame_storm_changes_no_layer, set_up),
		cmocka_unit_test_setup(layer_that_flaps_makes_few_files, set_up),
		cmocka_unit_test_setup(layer_that_gives_no_key_frame_is_wished_for_ever_more_seldom, set_up),
		cmocka_unit_test_setup(all_silent_is_waited_out, set_up),
		cmocka_unit_test_setup(slow_layers_are_no_silent_ones, set_up),
		cmocka_unit_test_setup(restart_of_a_layer_that_is_not_recorded_is_its_own_affair, set_up),
		cmocka_unit_test_setup(unknown_layer_is_counted_and_dropped, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
