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

static int set_up(void **state)
{
	stream = (struct track_rig_vp8){ .seq = 70000, .rtp = 1000, .ssrc = 4 };
	track_rig_open(&rig, CODEC_VP8, NULL);
	return 0;
}

static void new_size(bool larger)
{
	stream.width = larger ? 640 : 320;
	stream.height = 240;
	track_rig_vp8(&rig, &stream, true, 1, 0);
}

static void first_line_says_what_the_file_is(void **state)
{
	new_size(false);
	track_rig_close(&rig, "bye");
	assert_string_equal(memory_segments[0]->meta,
	        "{\"version\":1,\"session\":\"s_1\",\"room\":\"demo "
	        "\\\"1\\\"\",\"participant\":\"alice\",\"track\":\"track0\","
	        "\"codec\":\"VP8\",\"clock_rate\":90000,\"promised\":\"demo_track0_1710123456.ivf\","
	        "\"started\":\"2024-03-11T02:17:36.000000Z\",\"started_unix_ns\":1710123456000000000,"
	        "\"ssrc\":4,\"first_rtp\":1000}");
}

static void last_line_has_the_files_own_figures(void **state)
{
	new_size(false);
	track_rig_vp8(&rig, &stream, false, 3, 0);
	track_rig_vp8(&rig, &stream, false, 3, 2);
	new_size(true);
	track_rig_vp8(&rig, &stream, false, 2, 0);
	track_rig_close(&rig, "idle");
	assert_string_equal(memory_segments[0]->json_end,
	        "{\"reason\":\"size_change\",\"started\":\"2024-03-11T02:17:36.000000Z\",\"ended\":\"2024-03-"
	        "11T02:17:36.066666Z\","
	        "\"duration_s\":0.03333333333333333,\"frames\":2,\"key_frames\":1,\"packets\":4,\"media_"
	        "bytes\":43,\"gap_count\":1,"
	        "\"gap_packets\":1,\"late_packets\":0,\"malformed_packets\":0,\"cut_packets\":2,\"broken_"
	        "frames\":1,\"skipped_frames\":0,"
	        "\"dropped_frames\":0,\"repaired_packets\":0,\"clock\":{\"unix_ns_at_start\":"
	        "1710123456000000000,\"rate_ppm\":0,\"residual_us\":0,\"samples\":1,\"source\":\"arrival\"},"
	        "\"width\":320,\"height\":240,\"first_rtp\":1000,\"last_rtp\":7000,"
	        "\"ssrcs\":[4],"
	        "\"next\":\"file-1.ivf\"}");
	assert_true(memory_segment_end_has(1, "\"reason\":\"idle\""));
	assert_true(memory_segment_end_has(
	        1, "\"frames\":2,\"key_frames\":1,\"packets\":3,\"media_bytes\":35,\"gap_count\":0"));
	assert_true(memory_segment_end_has(1, "\"first_rtp\":10000,\"last_rtp\":13000"));
}

static void ended_file_waits_for_the_name_of_the_next(void **state)
{
	memory_segment_plan.unnamed = true;
	new_size(false);
	new_size(true);
	assert_false(memory_segments[0]->finished);
	assert_true(track_deadline(rig.track) <= rig.mono_ns + 100 * CLK_NS_PER_MS);
	track_tick(rig.track, rig.mono_ns += CLK_NS_PER_S);
	assert_false(memory_segments[0]->finished);
	memory_segment_plan.unnamed = false;
	track_tick(rig.track, rig.mono_ns += CLK_NS_PER_S);
	assert_true(memory_segments[0]->finished);
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.ivf\""));
	assert_int_equal(track_deadline(rig.track), UINT64_MAX);
	track_rig_close(&rig, "bye");
}

static void ended_file_waits_for_no_more_than_the_next_end(void **state)
{
	memory_segment_plan.unnamed = true;
	new_size(false);
	new_size(true);
	new_size(false);
	assert_true(memory_segments[0]->finished);
	assert_false(memory_segment_end_has(0, "\"next\""));
	assert_false(memory_segments[1]->finished);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 3);
}

static void file_without_a_frame_is_discarded(void **state)
{
	new_size(false);
	track_rig_vp8(&rig, &stream, false, 1, 0);
	stream.width = 1280;
	track_rig_vp8(&rig, &stream, true, 3, 2);
	track_rig_wait(&rig, stream.at_ns + CLK_NS_PER_S);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_false(memory_segments[0]->discarded);
	assert_false(memory_segment_end_has(0, "\"next\"")); /* there is none */
	assert_true(memory_segments[1]->discarded);
}

static void senders_are_listed_up_to_a_bound(void **state)
{
	for (stream.ssrc = 1; stream.ssrc < 20; stream.ssrc++)
		track_rig_vp8(&rig, &stream, true, 1, 0);
	stream.ssrc = 2;
	track_rig_vp8(&rig, &stream, true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_true(memory_segment_end_has(0, "\"ssrcs\":[1,2,3,4,5,6,7,8]"));
}

static void events_left_out_are_told(void **state)
{
	new_size(false);
	for (unsigned i = 0; i < 500; i++)
		track_rig_put(&rig, &(struct track_rig_packet){ .seq = stream.seq++,
		                            .rtp = 1000 + i,
		                            .ssrc = 4,
		                            .payload = "\x90",
		                            .len = 1 });
	track_rig_close(&rig, "bye");
	assert_true(memory_segment_end_has(0, "\"malformed_packets\":500"));
	assert_true(memory_segment_end_has(0, "\"events_left_out\":801"));
}

/* A slot may hold what an earlier track counted. */
static void figures_begin_where_the_track_does(void **state)
{
	rig.slot[STAT_TRACK_frames] = 1000;
	rig.slot[STAT_TRACK_cut_pkts] = 7;
	track_attach(rig.track, NULL, &rig.bin);
	assert_true(track_file_empty(rig.track));
	new_size(false);
	assert_false(track_file_empty(rig.track));
	track_finish(rig.track, "bye");
	assert_true(memory_segment_end_has(0, "\"frames\":1,"));
	assert_true(memory_segment_end_has(0, "\"cut_packets\":0,"));
	packet_bin_empty(&rig.bin);
	track_free(rig.track);
}

static void track_that_fails_still_ends_its_file(void **state)
{
	new_size(false);
	memory_segment_plan.fail = -ENOSPC;
	new_size(false);
	track_rig_close(&rig, "disk full");
	assert_true(memory_segment_end_has(0, "\"reason\":\"disk full\""));
	assert_true(memory_segment_end_has(0, "\"frames\":1,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_line_says_what_the_file_is, set_up),
		cmocka_unit_test_setup(last_line_has_the_files_own_figures, set_up),
		cmocka_unit_test_setup(ended_file_waits_for_the_name_of_the_next, set_up),
		cmocka_unit_test_setup(ended_file_waits_for_no_more_than_the_next_end, set_up),
		cmocka_unit_test_setup(file_without_a_frame_is_discarded, set_up),
		cmocka_unit_test_setup(senders_are_listed_up_to_a_bound, set_up),
		cmocka_unit_test_setup(events_left_out_are_told, set_up),
		cmocka_unit_test_setup(figures_begin_where_the_track_does, set_up),
		cmocka_unit_test_setup(track_that_fails_still_ends_its_file, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
