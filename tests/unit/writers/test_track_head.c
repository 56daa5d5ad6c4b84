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
#include "writers/obu.h"
#include "writers/track_state.h"

/* Of x264 and libaom: 320 x 180, 1918 x 1078; 322 x 182, 640 x 360. */
#define SPS_SMALL                                                                                            \
	"\x67\x42\xc0\x0d\xd9\x01\x41\x9f\x9f\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x42\xa4"   \
	"\x80"
#define SPS_LARGE                                                                                            \
	"\x67\x64\x00\x28\xac\xd9\x40\x78\x02\x27\xa9\xb0\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f"   \
	"\x18\x31\x96"
#define PPS      "\x68\xcb\x83\xcb\x20"
#define SH_SMALL "\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9\x00\x40"
#define SH_SAME  "\x00\x00\x00\x04\x3d\x06\xd4\xda\xf9\x00\x50" /* the same size, another header */
#define SH_LARGE "\x00\x00\x00\x0c\xc4\xff\x67\x3e\xfe\x40\x10"
#define SC       "\0\0\0\1"
#define AUD      SC "\x09\xF0"
#define END      SC "\x0B"
#define IDR      "\x65\x88zz"
#define SLICE    "\x41\x9Azz"

static struct track_rig rig;
static struct track_rig_capture capture;
static uint64_t seq;

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static void open_track(enum codec codec)
{
	seq = 70000;
	track_rig_open(&rig, codec, NULL);
}

/* A packet of picture @n. */
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

static void close_track(void)
{
	track_rig_close(&rig, "bye");
}

static void check_bytes(unsigned file, const char *want, size_t len)
{
	assert_true(file < memory_segment_count);
	assert_int_equal(memory_segments[file]->committed, len);
	assert_memory_equal(memory_segments[file]->bytes, want, len);
}

#define CHECK(file, want) check_bytes(file, want, sizeof(want) - 1)

static void a_file_begins_with_parameter_sets_and_a_key_frame(void **state)
{
	open_track(CODEC_H264);
	LAST(0, SLICE);    /* nothing to begin with */
	PUT(1, SPS_SMALL); /* packetization mode 0: each by itself */
	PUT(1, PPS);
	PUT(1, "\x06\x05zz");
	LAST(1, IDR);
	LAST(2, SLICE);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC "\x06\x05zz" SC IDR AUD SC SLICE END);
	assert_int_equal(stat_of(STAT_TRACK_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_key_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 5);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 1);
	assert_int_equal(stat_of(STAT_TRACK_width), 320);
	assert_int_equal(stat_of(STAT_TRACK_height), 180);
	assert_true(memory_segment_end_has(0, "\"width\":320,\"height\":180"));
	assert_int_equal(memory_segment_notes(0, "T {\"frame\":0,\"ms\":[0.000,33.333]}"), 1);
}

static void sets_that_came_before_go_before_a_key_frame_without(void **state)
{
	open_track(CODEC_H264);
	LAST(0, SPS_SMALL); /* alone, they are no picture */
	LAST(1, PPS);
	PUT(2, "\x09\xF0"); /* the sender's delimiter */
	LAST(2, IDR);
	LAST(3, SLICE);
	PUT(4, PPS); /* one of the two */
	LAST(4, IDR);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC IDR AUD SC SLICE AUD SC SPS_SMALL SC PPS SC IDR END);
	assert_int_equal(stat_of(STAT_TRACK_frames), 3);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 0);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 0);
}

static void sets_told_at_the_opening_serve_as_well(void **state)
{
	struct track_cfg cfg;
	struct track *track;

	open_track(CODEC_H264);
	cfg = *track_cfg(rig.track);
	memcpy(cfg.parameter_sets, SC SPS_SMALL SC PPS, sizeof(SC SPS_SMALL SC PPS) - 1);
	cfg.parameter_set_bytes = sizeof(SC SPS_SMALL SC PPS) - 1;
	assert_int_equal(track_create(&track, &cfg), 0);
	track_free(rig.track);
	rig.track = track;
	track_attach(track, NULL, &rig.bin);
	LAST(0, IDR);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC IDR END);
	assert_int_equal(stat_of(STAT_TRACK_width), 320);
}

static void a_key_frame_without_sets_is_waited_out(void **state)
{
	open_track(CODEC_H264);
	LAST(0, IDR);
	PUT(1, SPS_SMALL);
	LAST(1, IDR);       /* a picture parameter set is missing */
	PUT(2, "\x67\x42"); /* one that is none */
	PUT(2, PPS);
	LAST(2, SLICE);
	close_track();
	assert_int_equal(memory_segment_count, 0);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 3);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), 6);
}

static void another_size_begins_another_file(void **state)
{
	open_track(CODEC_H264);
	PUT(0, SPS_SMALL);
	PUT(0, PPS);
	LAST(0, IDR);
	PUT(1, SPS_LARGE);
	PUT(1, PPS);
	LAST(1, IDR);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC IDR END);
	CHECK(1, AUD SC SPS_LARGE SC PPS SC IDR END);
	assert_true(memory_segment_end_has(0, "\"reason\":\"size_change\""));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.h264\""));
	assert_true(memory_segment_end_has(1, "\"width\":1918,\"height\":1078"));
	assert_int_equal(memory_segment_notes(1, "T {\"frame\":0,\"ms\":[0.000]}"), 1);
}

/* A sender that begins anew has no claim to what was before it. */
static void another_sender_brings_its_own_sets(void **state)
{
	open_track(CODEC_H264);
	PUT(0, SPS_SMALL);
	PUT(0, PPS);
	LAST(0, IDR);
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = TRACK_RIG_FRAME_NS,
	                            .rtp = 5000,
	                            .ssrc = 2,
	                            .flags = PACKET_MARKER,
	                            .payload = IDR,
	                            .len = sizeof(IDR) - 1 });
	close_track();
	assert_int_equal(stat_of(STAT_TRACK_frames), 1);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 1);
}

static void what_decorates_is_left_out_when_there_is_too_much_of_it(void **state)
{
	static char sei[1401] = "\x06\x05";

	memset(sei + 2, 'z', sizeof(sei) - 3);
	open_track(CODEC_H264);
	PUT(0, SPS_SMALL);
	for (unsigned i = 0; i < 3; i++)
		PUT(0, sei);
	PUT(0, PPS);
	LAST(0, IDR);
	close_track();
	assert_int_equal(memory_segments[0]->committed,
	        6 + 2 * (4 + sizeof(sei) - 1) + 4 + sizeof(SPS_SMALL) - 1 + 4 + sizeof(PPS) - 1 + 4 + 4 + 5);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 6);
}

static void a_head_in_fragments_is_held_as_well(void **state)
{
	open_track(CODEC_H264);
	PUT(0, SPS_SMALL);
	PUT(0, PPS);
	PUT(0, "\x1C\x86xy");
	PUT(0, "\x1C\x06"
	       "cd");
	PUT(0, "\x1C\x46"
	       "ef");
	LAST(0, IDR);
	PUT(1, "\x1C\x86xy");
	LAST(1, SLICE); /* in the midst of it */
	PUT(2, "\x1C\x06"
	       "cd"); /* none was begun */
	LAST(2, SLICE);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC "\x06"
	                                    "xycdef" SC IDR END);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 2);
}

static void loss_in_the_head_breaks_the_picture(void **state)
{
	open_track(CODEC_H264);
	PUT(0, SPS_SMALL);
	PUT(0, PPS);
	LAST(0, IDR);
	PUT(1, SPS_SMALL);
	seq++;
	LAST(1, IDR);
	track_rig_wait(&rig, CLK_NS_PER_S);
	LAST(40, SLICE);
	close_track();
	CHECK(0, AUD SC SPS_SMALL SC PPS SC IDR AUD SC SLICE END);
	assert_int_equal(stat_of(STAT_TRACK_broken_frames), 1);
}

/* NAL units of a byte stream, start codes of three or four bytes; delimiters and the end are left out. */
static unsigned split(
        const uint8_t *bytes, size_t len, const uint8_t **ret_nals, size_t *ret_lens, unsigned max)
{
	const uint8_t *end = bytes + len, *at = memmem(bytes, len, "\0\0\1", 3);
	unsigned n = 0;

	while (at) {
		const uint8_t *nal = at + 3, *next = memmem(nal, (size_t)(end - nal), "\0\0\1", 3), *stop;

		for (stop = next ? next : end; stop > nal && !stop[-1];)
			stop--;
		if ((nal[0] & 31) != 9 && (nal[0] & 31) != 11) {
			assert_true(n < max);
			ret_nals[n] = nal;
			ret_lens[n++] = (size_t)(stop - nal);
		}
		at = next;
	}
	return n;
}

static void h264_of_an_encoder_comes_out_unit_by_unit(void **state)
{
	const uint8_t *want[512], *got[512];
	size_t len, want_lens[512], got_lens[512];
	uint8_t *bytes = track_rig_read("h264.h264", &len);
	unsigned n = split(bytes, len, want, want_lens, 512), times = 0;

	track_rig_load(&capture, "h264.rtp", 90000);
	track_rig_open(&rig, CODEC_H264, NULL);
	for (size_t i = 0; i < capture.count; i++) {
		capture.packets[i].at_ns = i * 20 * CLK_NS_PER_MS; /* RTP time is no order of coming here */
		track_rig_put(&rig, &capture.packets[i]);
	}
	close_track();
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(
	        split(memory_segments[0]->bytes, memory_segments[0]->committed, got, got_lens, 512), n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(got_lens[i], want_lens[i]);
		assert_memory_equal(got[i], want[i], want_lens[i]);
	}
	assert_int_equal(stat_of(STAT_TRACK_frames), 60);
	assert_int_equal(stat_of(STAT_TRACK_key_frames), 3);
	assert_int_equal(stat_of(STAT_TRACK_pkts), capture.count);
	assert_int_equal(stat_of(STAT_TRACK_width), 176);
	/* The B pictures have their own times: I P B B */
	assert_non_null(strstr(memory_segments[0]->notes, "\"ms\":[0.000,100.000,33.333,66.666"));
	for (const char *at = memory_segments[0]->notes; (at = strstr(at, "T {")); at++)
		for (const char *c = strchr(at, '['); *c != ']'; c++)
			times += *c == ',' || *c == '[';
	assert_int_equal(times, 60);
	track_rig_unload(&capture);
	free(bytes);
}

/* The next OBU of a temporal unit: its length with header, as it is without a size; *ret_at is its payload.
 */
static bool next_obu(struct cur *c, struct obu *ret_obu, const uint8_t **ret_payload)
{
	if (!cur_left(c))
		return false;
	assert_int_equal(obu_parse(ret_obu, c), 0);
	assert_true(ret_obu->has_size);
	*ret_payload = cur_bytes(c, ret_obu->size);
	assert_non_null(*ret_payload);
	return true;
}

static void check_same_unit(const struct track_rig_frame *a, const struct track_rig_frame *b)
{
	struct cur ca = cur_of(a->bytes, a->len), cb = cur_of(b->bytes, b->len);
	const uint8_t *pa, *pb;
	struct obu oa, ob;

	while (next_obu(&ca, &oa, &pa)) {
		assert_true(next_obu(&cb, &ob, &pb));
		assert_int_equal(oa.type, ob.type);
		assert_int_equal(oa.size, ob.size);
		assert_memory_equal(oa.header, ob.header, oa.header_bytes);
		if (oa.size)
			assert_memory_equal(pa, pb, oa.size);
	}
	assert_false(next_obu(&cb, &ob, &pb));
}

static void av1_of_an_encoder_comes_out_unit_by_unit(void **state)
{
	static struct track_rig_frame want[64], got[64];
	size_t len;
	uint8_t *bytes = track_rig_read("av1.ivf", &len);
	unsigned n = track_rig_ivf(bytes, len, want, 64);

	track_rig_load(&capture, "av1.rtp", 90000);
	track_rig_open(&rig, CODEC_AV1, NULL);
	for (size_t i = 0; i < capture.count; i++)
		track_rig_put(&rig, &capture.packets[i]);
	close_track();
	assert_int_equal(memory_segment_count, 1);
	assert_memory_equal(memory_segments[0]->bytes + 8, "AV01\xB0\0\x90\0", 8); /* 176 x 144 */
	assert_int_equal(track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, 64), n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(got[i].pts, i * 3000);
		check_same_unit(&want[i], &got[i]);
	}
	assert_int_equal(stat_of(STAT_TRACK_frames), n);
	assert_int_equal(stat_of(STAT_TRACK_pkts), capture.count);
	assert_true(stat_of(STAT_TRACK_key_frames) >= 2);
	track_rig_unload(&capture);
	free(bytes);
}

/* The frame of an IVF file with one. */
static void check_frame(unsigned file, unsigned i, const char *want, size_t len)
{
	struct track_rig_frame frames[8];

	assert_true(
	        track_rig_ivf(memory_segments[file]->bytes, memory_segments[file]->committed, frames, 8) > i);
	assert_int_equal(frames[i].len, len);
	assert_memory_equal(frames[i].bytes, want, len);
}

#define CHECK_FRAME(file, i, want) check_frame(file, i, want, sizeof(want) - 1)
#define KEY                        "\x30\x10kk" /* a frame OBU */
#define INTER                      "\x30\x30ii"
#define TD                         "\x12\0"

static void a_sequence_header_by_itself_is_held(void **state)
{
	open_track(CODEC_AV1);
	PUT(0, "\x18\x08" SH_SMALL);
	PUT(0, "\x10\x28md");
	LAST(0, "\x10" KEY);
	LAST(1, "\x10" INTER);
	LAST(2, "\x10" KEY); /* the sequence header is missing: that of before goes in */
	close_track();
	CHECK_FRAME(0, 0, TD "\x0A\x0B" SH_SMALL "\x2A\2md\x32\3\x10kk");
	CHECK_FRAME(0, 1, TD "\x32\3\x30ii");
	CHECK_FRAME(0, 2, TD "\x0A\x0B" SH_SMALL "\x32\3\x10kk");
	assert_int_equal(stat_of(STAT_TRACK_key_frames), 2);
	assert_int_equal(stat_of(STAT_TRACK_width), 322);
}

static void another_sequence_begins_another_file(void **state)
{
	open_track(CODEC_AV1);
	LAST(0, "\x28\x0C\x08" SH_SMALL KEY);
	LAST(1, "\x28\x0C\x08" SH_SMALL KEY);
	LAST(2, "\x28\x0C\x08" SH_SAME KEY);
	LAST(3, "\x28\x0C\x08" SH_LARGE KEY);
	close_track();
	assert_int_equal(memory_segment_count, 3);
	assert_true(memory_segment_end_has(0, "\"frames\":2,"));
	assert_true(memory_segment_end_has(0, "\"reason\":\"format_change\""));
	assert_true(memory_segment_end_has(1, "\"reason\":\"size_change\""));
	assert_true(memory_segment_end_has(2, "\"width\":640,\"height\":360"));
}

static void a_track_without_a_sequence_header_waits(void **state)
{
	open_track(CODEC_AV1);
	LAST(0, "\x10" KEY);
	LAST(1, "\x28\x03\x08zz" KEY); /* one that is cut */
	LAST(2, "\x28\x0C\x08" SH_SMALL INTER);
	close_track();
	assert_int_equal(memory_segment_count, 0);
	assert_int_equal(stat_of(STAT_TRACK_skipped_frames), 3);
}

static void fragments_of_what_is_left_out_are_left_out_too(void **state)
{
	open_track(CODEC_AV1);
	PUT(0, "\x18\x08" SH_SMALL);
	PUT(0, "\x50\x28meta"); /* metadata in two, the rest with the frame */
	LAST(0, "\xA0\x04"
	        "data" KEY);
	PUT(1, "\x50\x78padding");
	LAST(1, "\xA0\x02zz" INTER);
	close_track();
	CHECK_FRAME(0, 0, TD "\x0A\x0B" SH_SMALL "\x32\3\x10kk");
	CHECK_FRAME(0, 1, TD "\x32\3\x30ii");
	assert_int_equal(stat_of(STAT_TRACK_pkts), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_begins_with_parameter_sets_and_a_key_frame),
		cmocka_unit_test(sets_that_came_before_go_before_a_key_frame_without),
		cmocka_unit_test(sets_told_at_the_opening_serve_as_well),
		cmocka_unit_test(a_key_frame_without_sets_is_waited_out),
		cmocka_unit_test(another_size_begins_another_file),
		cmocka_unit_test(another_sender_brings_its_own_sets),
		cmocka_unit_test(what_decorates_is_left_out_when_there_is_too_much_of_it),
		cmocka_unit_test(a_head_in_fragments_is_held_as_well),
		cmocka_unit_test(loss_in_the_head_breaks_the_picture),
		cmocka_unit_test(h264_of_an_encoder_comes_out_unit_by_unit),
		cmocka_unit_test(av1_of_an_encoder_comes_out_unit_by_unit),
		cmocka_unit_test(a_sequence_header_by_itself_is_held),
		cmocka_unit_test(another_sequence_begins_another_file),
		cmocka_unit_test(a_track_without_a_sequence_header_waits),
		cmocka_unit_test(fragments_of_what_is_left_out_are_left_out_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
