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

#define SH    "\x0C\x08\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9\x00\x40"
#define KEY   "\x30\x10kk"
#define TD    "\x12\0"
#define TD_SH TD "\x0A\x0B\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9\x00\x40"

static struct track_rig rig;
static uint64_t seq;

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static int set_up(void **state)
{
	seq = 70000;
	track_rig_open(&rig, CODEC_AV1, NULL);
	return 0;
}

static void put_bytes(unsigned n, const char *payload, size_t len, bool marker)
{
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = n * TRACK_RIG_FRAME_NS,
	                            .rtp = 4294967000u + n * TRACK_RIG_FRAME_RTP,
	                            .flags = marker ? PACKET_MARKER : 0,
	                            .payload = payload,
	                            .len = len });
}

#define PUT(n, payload)  put_bytes(n, payload, sizeof(payload) - 1, false)
#define LAST(n, payload) put_bytes(n, payload, sizeof(payload) - 1, true)

static void check_frames(unsigned count, const char *const *want, const size_t *lens)
{
	struct track_rig_frame frames[8];

	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(
	        track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, frames, 8), count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(frames[i].len, lens[i]);
		assert_memory_equal(frames[i].bytes, want[i], lens[i]);
	}
}

static void the_size_of_a_unit_in_fragments_is_patched(void **state)
{
	static const char want[] = TD_SH "\x32\x89\x80\x80\x00\x10kkmoreZZ\x22\2tg";
	const char *frames[] = { want };
	const size_t lens[] = { sizeof(want) - 1 };

	PUT(0, "\x68" SH KEY);
	PUT(0, "\xD0more");
	LAST(0, "\xA0\x02ZZ\x20tg");
	check_frames(1, frames, lens);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 3);
}

static void layers_stay_together(void **state)
{
	static const char key[] = TD_SH "\x36\0\3\x10kk\x36\x08\3\x30uu",
	                  inter[] = TD "\x36\x40\3\x30ll\x36\x48\3\x30uu";
	const char *frames[] = { key, inter };
	const size_t lens[] = { sizeof(key) - 1, sizeof(inter) - 1 };

	PUT(0, "\x28" SH "\x34\0\x10kk");
	LAST(0, "\x10\x34\x08\x30uu");
	PUT(1, "\x10\x34\x40\x30ll");
	LAST(1, "\x10\x34\x48\x30uu");
	check_frames(2, frames, lens);
	assert_int_equal(stat_of(STAT_TRACK_key_frames), 1);
}

static void what_does_not_fit_together_breaks_the_picture(void **state)
{
	static const char key[] = TD_SH "\x32\3\x10kk", last[] = TD "\x32\3\x30ii";
	const char *frames[] = { key, last };
	const size_t lens[] = { sizeof(key) - 1, sizeof(last) - 1 };

	LAST(0, "\x28" SH KEY);
	PUT(1, "\x50\x30\x30ii");
	LAST(1, "\x10\x20tg"); /* the frame was to go on */
	PUT(2, "\x10\x30\x30ii");
	LAST(2, "\x90rest");       /* of nothing */
	LAST(3, "\x50\x30\x30ii"); /* the end is none */
	PUT(4, "\x50\x30\x30ii");  /* and no mark */
	LAST(5, "\x10\x30\x30ii");
	check_frames(2, frames, lens);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 4);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 6);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"malformed\""), 4);
}

static void loss_cuts_the_temporal_unit(void **state)
{
	static const char key[] = TD_SH "\x32\3\x10kk", last[] = TD "\x32\3\x30jj";
	const char *frames[] = { key, last };
	const size_t lens[] = { sizeof(key) - 1, sizeof(last) - 1 };

	LAST(0, "\x28" SH KEY);
	PUT(1, "\x50\x30\x30ii");
	seq++;
	LAST(1, "\x90rest");
	seq++;
	PUT(2, "\x10\x34\x08\x30uu"); /* an upper layer's: the lower one is lost */
	LAST(2, "\x10\x34\x08\x30uu");
	LAST(3, "\x10\x30\x30jj");
	track_rig_wait(&rig, 2 * CLK_NS_PER_S);
	check_frames(2, frames, lens);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 2);
}

static void without_room_the_whole_unit_goes(void **state)
{
	static const char key[] = TD_SH "\x32\3\x10kk";
	const char *frames[] = { key };
	const size_t lens[] = { sizeof(key) - 1 };

	LAST(0, "\x28" SH KEY);
	memory_segment_plan.room = 20;
	PUT(1, "\x50\x30\x30ii");
	LAST(1, "\x90rest");
	memory_segment_plan.room = UINT64_MAX;
	check_frames(1, frames, lens);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_size_of_a_unit_in_fragments_is_patched, set_up),
		cmocka_unit_test_setup(layers_stay_together, set_up),
		cmocka_unit_test_setup(what_does_not_fit_together_breaks_the_picture, set_up),
		cmocka_unit_test_setup(loss_cuts_the_temporal_unit, set_up),
		cmocka_unit_test_setup(without_room_the_whole_unit_goes, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
