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
#include "writers/track_state.h"

static struct track_rig rig;
static struct track_rig_vp8 stream;

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static int set_up(void **state)
{
	stream = (struct track_rig_vp8){ .seq = 70000, .rtp = 1000 };
	track_rig_open(&rig, CODEC_VP8, NULL);
	return 0;
}

static void config_out_of_bounds_is_refused(void **state)
{
	const struct conf conf = { 0 };
	uint64_t slot[STAT_TRACK_COUNT] = { 0 };
	const struct track_cfg good = {
		.conf = &conf, .codec = CODEC_OPUS, .clock_rate = 48000, .channels = 1, .slot = slot
	};
	struct track_cfg cfg = good;
	struct track *track;

	assert_int_equal(track_create(&track, &cfg), 0);
	assert_int_equal(track_cfg(track)->channels, 1);
	track_free(track);
	track_free(NULL);
	cfg.clock_rate = 0;
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg.clock_rate = 16000; /* RFC 7587 section 4.1: 48000 always */
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg = good;
	cfg.channels = 3;
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg.channels = 0;
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg = good;
	cfg.codec = CODEC_PCMU;
	assert_int_equal(track_create(&track, &cfg), -EINVAL); /* its rate is another */
	cfg.clock_rate = 8000;
	assert_int_equal(track_create(&track, &cfg), 0);
	track_free(track);
	cfg.channels = 2;
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg = good;
	cfg.codec = CODECS;
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
	cfg = (struct track_cfg){ .conf = &conf, .codec = CODEC_VP9, .clock_rate = 2000000, .slot = slot };
	assert_int_equal(track_create(&track, &cfg), -EINVAL);
}

static void track_without_a_packet_makes_no_file(void **state)
{
	assert_int_equal(stat_of(STAT_TRACK_state), TRACK_STATE_WAITING);
	assert_int_equal(track_deadline(rig.track), UINT64_MAX);
	assert_null(track_failure(rig.track));
	track_rig_close(&rig, "idle");
	assert_int_equal(memory_segment_count, 0);
	assert_int_equal(stat_of(STAT_TRACK_state), TRACK_STATE_FINALISING);
}

/* Packets of frames in any order within the window: nothing is lost. */
static void shuffled_packets_come_out_in_order(void **state)
{
	struct track_rig_packet packets[40];
	static uint8_t payloads[40][64];
	uint32_t seed = 1;

	track_rig_vp8(&rig, &stream, true, 1, 0);
	for (unsigned i = 0; i < 40; i++) {
		packets[i] = track_rig_vp8_packet(&stream, false, 1, 0);
		memcpy(payloads[i], packets[i].payload, packets[i].len);
		packets[i].payload = payloads[i];
		stream.seq++;
		stream.rtp += 3000;
	}
	for (unsigned i = 39; i > 0; i--) {
		unsigned j = (seed = seed * 1103515245 + 12345) >> 16;
		struct track_rig_packet t = packets[i];

		j %= i + 1;
		packets[i] = packets[j];
		packets[j] = t;
	}
	for (unsigned i = 0; i < 40; i++)
		track_rig_put(&rig, &packets[i]);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_frames), 41);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	assert_int_equal(stat_of(STAT_TRACK_late_pkts), 0);
}

/* A sender's kernel that resolves our address may let the second packet go before the first. */
static void first_packet_that_comes_second_is_not_lost(void **state)
{
	struct track_rig_packet first = track_rig_vp8_packet(&stream, true, 2, 0);
	uint8_t bytes[2048];

	memcpy(bytes, first.payload, first.len); /* the next one is made in the same place */
	first.payload = bytes;
	rig.patient = true;
	struct track_rig_packet second = track_rig_vp8_packet(&stream, true, 2, 1);
	track_rig_put(&rig, &second);
	track_rig_put(&rig, &first);
	assert_int_equal(stat_of(STAT_TRACK_frames), 0);
	track_rig_wait(&rig, 100 * CLK_NS_PER_MS);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_key_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	track_rig_close(&rig, "bye");
}

static void padding_alone_is_no_gap(void **state)
{
	track_rig_vp8(&rig, &stream, true, 2, 0);
	track_rig_put(&rig,
	        &(struct track_rig_packet){ .seq = stream.seq++, .rtp = stream.rtp, .at_ns = stream.at_ns });
	track_rig_vp8(&rig, &stream, false, 2, 0);
	track_rig_wait(&rig, CLK_NS_PER_S);
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_padding_pkts), 1);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	track_rig_close(&rig, "bye");
}

static void missing_packet_is_waited_for_and_then_a_gap(void **state)
{
	struct track_rig_packet late;

	track_rig_vp8(&rig, &stream, true, 2, 0);
	late = track_rig_vp8_packet(&stream, false, 1, 0);
	stream.seq++, stream.rtp += 3000;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	assert_int_equal(track_deadline(rig.track), CLK_NS_PER_S + 200 * CLK_NS_PER_MS + TRACK_RIG_FRAME_NS);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	track_rig_wait(&rig, 199 * CLK_NS_PER_MS);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	track_rig_wait(&rig, 240 * CLK_NS_PER_MS);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	late.at_ns = 250 * CLK_NS_PER_MS;
	track_rig_put(&rig, &late);
	assert_int_equal(stat_of(STAT_TRACK_late_pkts), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"seq\":70002,\"packets\":1,\"cause\":\"network\"}"), 1);
	assert_true(memory_segment_end_has(0, "\"gap_count\":1,\"gap_packets\":1,\"late_packets\":1"));
}

static void packet_after_the_wait_declares_the_gap_itself(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_vp8(&rig, &stream, false, 1, 1);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	rig.mono_ns += CLK_NS_PER_S; /* the writer was busy: no tick */
	stream.at_ns = 0;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 3);
	track_rig_close(&rig, "bye");
}

static void full_window_declares_gaps_without_waiting(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	stream.seq++;
	for (unsigned i = 0; i < LIMIT_REORDER_PKTS; i++) {
		track_rig_vp8(&rig, &stream, false, 1, 0);
		stream.at_ns = 0;
	}
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1 + LIMIT_REORDER_PKTS);
	stream.seq += 2000; /* past any window: a gap at once, in one piece */
	track_rig_vp8(&rig, &stream, false, 1, 0);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 2);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 2001);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"packets\":2000,"), 1);
}

static void be_patient(struct track_cfg *cfg)
{
	cfg->reorder_ms = 1000;
}

/* A sender that takes NACKs: what comes back within the track's own patience is no gap, and is counted. */
static void repair_is_waited_for_longer_and_is_no_gap(void **state)
{
	struct track_rig_packet repaired;

	track_rig_close(&rig, "bye");
	track_rig_open_as(&rig, CODEC_VP8, NULL, be_patient);
	track_rig_vp8(&rig, &stream, true, 2, 0);
	repaired = track_rig_vp8_packet(&stream, false, 1, 0);
	repaired.flags |= PACKET_REPAIRED;
	repaired.at_ns = 900 * CLK_NS_PER_MS;
	stream.seq++, stream.rtp += 3000, stream.at_ns += TRACK_RIG_FRAME_NS;
	for (unsigned i = 0; i < 20; i++)
		track_rig_vp8(&rig, &stream, false, 50, 0); /* a thousand held */
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	repaired = (struct track_rig_packet){ .seq = repaired.seq,
		.rtp = repaired.rtp,
		.at_ns = repaired.at_ns,
		.flags = repaired.flags,
		.payload = "\x10\x11 again",
		.len = 8 };
	track_rig_put(&rig, &repaired);
	assert_int_equal(stat_of(STAT_TRACK_frames), 22);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	stream.seq++;
	stream.at_ns = CLK_NS_PER_S;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_wait(&rig, 1999 * CLK_NS_PER_MS);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	track_rig_wait(&rig, 2000 * CLK_NS_PER_MS);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 1);
	track_rig_close(&rig, "bye");
	assert_true(memory_segment_end_has(0, "\"repaired_packets\":1"));
	assert_true(memory_segment_end_has(0, "\"gap_count\":1"));
}

/* A camera that is switched off for ten minutes: RTP time goes on, and so does the file. */
static void muted_video_goes_on_in_the_same_file(void **state)
{
	struct track_rig_frame frames[3];

	track_rig_vp8(&rig, &stream, true, 1, 0);
	stream.rtp += 600 * 90000, stream.at_ns += 600 * CLK_NS_PER_S;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(
	        track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, frames, 3), 3);
	assert_int_equal(frames[1].pts, 3000 + 600 * 90000);
	assert_int_equal(frames[2].pts, 6000 + 600 * 90000);
	assert_int_equal(memory_segment_notes(0, "E {"), 0);
}

static void gap_of_our_own_ring_is_told_apart(void **state)
{
	struct track_rig_packet packet;

	track_rig_vp8(&rig, &stream, true, 1, 0);
	stream.seq += 5;
	packet = track_rig_vp8_packet(&stream, false, 1, 0);
	packet.shed = 5;
	track_rig_put(&rig, &packet);
	stream.seq += 4; /* three missing, two of them shed */
	packet = track_rig_vp8_packet(&stream, false, 1, 0);
	packet.shed = 2;
	track_rig_put(&rig, &packet);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"packets\":5,\"cause\":\"ring_full\",\"shed\":5}"), 1);
	assert_int_equal(memory_segment_notes(0, "\"packets\":3,\"cause\":\"network\",\"shed\":2}"), 1);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 8);
}

static void duplicates_are_late(void **state)
{
	struct track_rig_packet packet = track_rig_vp8_packet(&stream, true, 1, 0);

	track_rig_put(&rig, &packet);
	track_rig_put(&rig, &packet);
	track_rig_close(&rig, "bye");
	assert_int_equal(stat_of(STAT_TRACK_pkts), 1);
	assert_int_equal(stat_of(STAT_TRACK_late_pkts), 1);
}

/* A sender that begins anew, far off in numbers and time: what was held goes out first, time goes on. */
static void restart_takes_what_is_held_and_begins_an_epoch(void **state)
{
	struct track_rig_packet packet;

	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_vp8(&rig, &stream, false, 1, 1);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	stream.seq = 20;
	stream.rtp = 4000000000u;
	stream.at_ns = 100 * CLK_NS_PER_MS;
	stream.ssrc = 77;
	packet = track_rig_vp8_packet(&stream, true, 1, 0);
	packet.flags |= PACKET_RESTART;
	track_rig_put(&rig, &packet);
	assert_int_equal(stat_of(STAT_TRACK_frames), 3);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 1);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"epoch\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"restart\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"ssrc\""), 1);
	assert_true(memory_segment_end_has(0, "\"ssrcs\":[1,77]"));
	assert_true(memory_segment_end_has(0, "\"duration_s\":0.1,"));
}

static void jump_of_rtp_time_makes_no_endless_file(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	stream.rtp += 0x70000000; /* 5.8 hours */
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"time_jump\""), 1);
	assert_true(memory_segment_end_has(0, "\"duration_s\":0.06"));
}

static void wall_clock_that_is_set_moves_no_media(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	rig.clock_set_ns = 3600 * CLK_NS_PER_S;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	rig.clock_set_ns = -3600 * CLK_NS_PER_S;
	track_rig_vp8(&rig, &stream, false, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"epoch\""), 0);
	assert_true(memory_segment_end_has(0, "\"duration_s\":0.1,"));
}

static void sender_reports_are_kept_and_not_counted(void **state)
{
	struct track_rig_packet report = { .kind = PACKET_SENDER_REPORT, .rtp = 1000, .shed = 0 };

	report.ntp = clk_unix_ns_to_ntp(TRACK_RIG_START_NS - 5 * CLK_NS_PER_S);
	track_rig_put(&rig, &report);
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "C "
	                                         "{\"unix_ns\":1710123451000000000,\"arrival_unix_ns\":"
	                                         "1710123456000000000,\"rtp\":1000}"),
	        1);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 1);
}

static void held_packets_are_taken_at_the_end(void **state)
{
	track_rig_vp8(&rig, &stream, true, 1, 0);
	for (unsigned i = 0; i < 5; i++) {
		stream.seq++;
		track_rig_vp8(&rig, &stream, false, 1, 0);
	}
	track_rig_close(&rig, "deleted");
	assert_int_equal(stat_of(STAT_TRACK_frames), 6);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 5);
	assert_int_equal(memory_segment_notes(0, "G {"), 5);
	assert_true(memory_segment_end_has(0, "\"reason\":\"deleted\""));
}

static void failed_disk_ends_the_track_and_not_the_process(void **state)
{
	track_rig_vp8(&rig, &stream, true, 3, 0);
	memory_segment_plan.fail = -ENOSPC;
	track_rig_vp8(&rig, &stream, false, 3, 0);
	assert_string_equal(track_failure(rig.track), "disk full: No space left on device");
	assert_int_equal(stat_of(STAT_TRACK_state), TRACK_STATE_FAILED);
	track_rig_vp8(&rig, &stream, false, 3, 2);
	track_rig_vp8(&rig, &stream, true, 3, 0);
	track_rig_close(&rig, "disk");
	assert_int_equal(stat_of(STAT_TRACK_state), TRACK_STATE_FAILED);
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_out_of_bounds_is_refused),
		cmocka_unit_test_setup(track_without_a_packet_makes_no_file, set_up),
		cmocka_unit_test_setup(shuffled_packets_come_out_in_order, set_up),
		cmocka_unit_test_setup(first_packet_that_comes_second_is_not_lost, set_up),
		cmocka_unit_test_setup(padding_alone_is_no_gap, set_up),
		cmocka_unit_test_setup(missing_packet_is_waited_for_and_then_a_gap, set_up),
		cmocka_unit_test_setup(packet_after_the_wait_declares_the_gap_itself, set_up),
		cmocka_unit_test_setup(full_window_declares_gaps_without_waiting, set_up),
		cmocka_unit_test_setup(repair_is_waited_for_longer_and_is_no_gap, set_up),
		cmocka_unit_test_setup(muted_video_goes_on_in_the_same_file, set_up),
		cmocka_unit_test_setup(gap_of_our_own_ring_is_told_apart, set_up),
		cmocka_unit_test_setup(duplicates_are_late, set_up),
		cmocka_unit_test_setup(restart_takes_what_is_held_and_begins_an_epoch, set_up),
		cmocka_unit_test_setup(jump_of_rtp_time_makes_no_endless_file, set_up),
		cmocka_unit_test_setup(wall_clock_that_is_set_moves_no_media, set_up),
		cmocka_unit_test_setup(sender_reports_are_kept_and_not_counted, set_up),
		cmocka_unit_test_setup(held_packets_are_taken_at_the_end, set_up),
		cmocka_unit_test_setup(failed_disk_ends_the_track_and_not_the_process, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
