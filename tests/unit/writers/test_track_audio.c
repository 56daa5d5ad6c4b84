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
#include <ogg/ogg.h>
#include "base/cur.h"
#include "tests/unit/writers/track_rig.h"
#include "writers/depay.h"

#define PACKETS_MAX 40000
#define MS          CLK_NS_PER_MS

static struct track_rig rig;
static struct track_rig_capture capture;
static uint64_t seq;

/* The packets of an Ogg file: bytes, and where each begins in ticks (by durations, checked against each
 * page). */
static struct seen {
	unsigned packets;
	const uint8_t *bytes[PACKETS_MAX];
	size_t lens[PACKETS_MAX];
	uint64_t starts[PACKETS_MAX];
	uint64_t end;
	bool eos;
	uint8_t *store;
	size_t store_bytes;
} got, want;

static uint64_t stat_of(enum stat_track id)
{
	return track_rig_stat(&rig, id);
}

static void read_ogg(const uint8_t *bytes, size_t len, struct seen *ret_seen)
{
	ogg_sync_state sync;
	ogg_stream_state stream;
	ogg_packet packet;
	ogg_page page;
	bool began = false;

	free(ret_seen->store);
	*ret_seen = (struct seen){ .store = malloc(len + 1) };
	ogg_sync_init(&sync);
	memcpy(ogg_sync_buffer(&sync, (long)len), bytes, len);
	ogg_sync_wrote(&sync, (long)len);
	while (ogg_sync_pageout(&sync, &page) == 1) {
		if (!began)
			ogg_stream_init(&stream, ogg_page_serialno(&page));
		began = true;
		assert_int_equal(ogg_stream_pagein(&stream, &page), 0);
		while (ogg_stream_packetout(&stream, &packet) == 1) {
			struct depay_piece piece;

			if (packet.packetno < 2)
				continue;
			assert_true(ret_seen->packets < PACKETS_MAX);
			assert_int_equal(depay_opus(packet.packet, (uint32_t)packet.bytes, false, &piece), 0);
			memcpy(ret_seen->store + ret_seen->store_bytes, packet.packet, (size_t)packet.bytes);
			ret_seen->bytes[ret_seen->packets] = ret_seen->store + ret_seen->store_bytes;
			ret_seen->lens[ret_seen->packets] = (size_t)packet.bytes;
			ret_seen->store_bytes += (size_t)packet.bytes;
			ret_seen->starts[ret_seen->packets++] = ret_seen->end;
			ret_seen->end += piece.duration_rtp;
		}
		if (ogg_page_packets(&page) && ret_seen->packets && !ogg_page_eos(&page))
			assert_int_equal(ogg_page_granulepos(&page), ret_seen->end);
		ret_seen->eos = ogg_page_eos(&page);
	}
	ogg_stream_clear(&stream);
	ogg_sync_clear(&sync);
}

static void read_segment(unsigned i)
{
	assert_true(i < memory_segment_count);
	read_ogg(memory_segments[i]->bytes, memory_segments[i]->committed, &got);
	assert_true(got.eos);
}

static void open_opus(void (*adjust)(struct conf *conf))
{
	seq = 70000;
	track_rig_open(&rig, CODEC_OPUS, adjust);
}

/* A packet of 20 ms, CELT, stereo, with the number @n in it, @at_ms after the start. */
static void put_at(uint64_t at_ms, uint32_t rtp, uint8_t n)
{
	const uint8_t payload[] = { 0xFC, n, 0x55 };

	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = at_ms * MS,
	                            .rtp = rtp,
	                            .payload = payload,
	                            .len = sizeof(payload) });
}

static void put(uint64_t at_ms, uint8_t n)
{
	put_at(at_ms, (uint32_t)(4294967000u + at_ms * 48), n);
}

/* The packet with the number @n begins at @ms of the file. */
static void check_at(uint8_t n, uint64_t ticks)
{
	for (unsigned i = 0; i < got.packets; i++) {
		if (got.lens[i] == 3 && got.bytes[i][1] == n) {
			assert_int_equal(got.starts[i], ticks);
			return;
		}
	}
	fail();
}

static void opus_of_an_encoder_comes_out_byte_for_byte(void **state)
{
	size_t len;
	uint8_t *bytes = track_rig_read("opus.ogg", &len);

	read_ogg(bytes, len, &want);
	track_rig_load(&capture, "opus.rtp", 48000);
	track_rig_open(&rig, CODEC_OPUS, NULL);
	for (size_t i = 0; i < capture.count; i++)
		track_rig_put(&rig, &capture.packets[i]);
	track_rig_close(&rig, "bye");
	read_segment(0);
	assert_int_equal(got.packets, want.packets);
	for (unsigned i = 0; i < got.packets; i++) {
		assert_int_equal(got.lens[i], want.lens[i]);
		assert_memory_equal(got.bytes[i], want.bytes[i], want.lens[i]);
		assert_int_equal(got.starts[i], want.starts[i]);
	}
	assert_int_equal(stat_of(STAT_TRACK_pkts), capture.count);
	assert_int_equal(stat_of(STAT_TRACK_frames), capture.count);
	assert_true(memory_segments[0]->small);
	assert_true(memory_segment_meta_has(0, "\"codec\":\"opus\",\"clock_rate\":48000,\"channels\":2"));
	assert_true(memory_segment_end_has(0, "\"duration_s\":3.02,"));
	free(bytes);
	track_rig_unload(&capture);
}

static void first_packet_begins_the_file(void **state)
{
	open_opus(NULL);
	put(0, 1);
	assert_int_equal(memory_segment_count, 1);
	assert_int_equal(stat_of(STAT_TRACK_files), 1);
	track_rig_close(&rig, "bye");
	read_segment(0);
	assert_int_equal(got.packets, 1);
}

static void lost_packets_leave_their_time(void **state)
{
	open_opus(NULL);
	put(0, 1);
	seq += 2;
	put(60, 2);
	put(80, 3);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 60 * 48);
	check_at(3, 80 * 48);
	assert_int_equal(got.packets, 4); /* one of two empty frames between */
	assert_int_equal(got.lens[1], 1);
	assert_int_equal(got.bytes[1][0], 0xFD);
	assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 2);
	assert_int_equal(stat_of(STAT_TRACK_frames), 3); /* what was filled in is no frame of the sender's */
	assert_true(memory_segment_end_has(0, "\"filled_s\":0.04"));
}

static void silence_that_was_not_sent_leaves_its_time(void **state)
{
	open_opus(NULL);
	put(0, 1);
	put(10020, 2);
	put(10040, 3);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 10020 * 48);
	check_at(3, 10040 * 48);
	assert_int_equal(stat_of(STAT_TRACK_gaps), 0);
	assert_true(got.packets < 100);
}

static void step_of_no_whole_frame_is_kept_to_the_nearest_one(void **state)
{
	open_opus(NULL);
	put_at(0, 1000, 1);
	put_at(20, 1000 + 960 + 100, 2); /* less than 2.5 ms late: cannot be filled */
	put_at(40, 1000 + 1920 + 250, 3);
	put_at(60, 1000 + 2880 + 250, 4);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 960);
	check_at(3, 1920 + 240);
	check_at(4, 2880 + 240);
}

static void overlap_is_kept_packet_by_packet(void **state)
{
	open_opus(NULL);
	put_at(0, 1000, 1);
	put_at(20, 1000 + 480, 2); /* 10 ms too early */
	put_at(40, 1000 + 1920, 3);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 960);
	check_at(3, 1920);
	assert_int_equal(got.packets, 3);
}

static void durations_that_run_ahead_are_set_back(void **state)
{
	open_opus(NULL);
	for (unsigned i = 0; i < 200; i++)
		put_at(i * 5, 1000 + i * 240, (uint8_t)i); /* 20 ms every 5 ms */
	track_rig_close(&rig, "bye");
	read_segment(0);
	assert_int_equal(got.packets, 200);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"overlap\""), 2);
}

static void pause_beyond_the_limit_begins_a_linked_file(void **state)
{
	open_opus(NULL);
	put(0, 1);
	put(20, 2);
	put(3600000, 3); /* is filled */
	put(3600020 + 3600021, 4);
	put(3600020 + 3600041, 5);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	read_segment(0);
	check_at(3, 3600000ull * 48);
	read_segment(1);
	check_at(4, 0);
	check_at(5, 960);
	assert_true(memory_segment_end_has(0, "\"reason\":\"pause\""));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.ogg\""));
}

static void time_jump_is_set_on_by_arrival(void **state)
{
	open_opus(NULL);
	put_at(0, 1000, 1);
	put_at(20, 3000000000u, 2);
	put_at(40, 3000000960u, 3);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 960);
	check_at(3, 1920);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"time_jump\""), 1);
}

static void malformed_packet_is_counted_and_filled(void **state)
{
	open_opus(NULL);
	put(0, 1);
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = 20 * MS,
	                            .rtp = 4294967000u + 960,
	                            .payload = "\xFD\x01",
	                            .len = 2 });
	put(40, 2);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 1920);
	assert_int_equal(stat_of(STAT_TRACK_malformed_pkts), 1);
	assert_int_equal(memory_segment_notes(0, "malformed"), 1);
}

static uint64_t written(void)
{
	return memory_segments[0]->committed;
}

/* Of the flush interval a third is left to the disk; a page is not kept waiting in the segment again. */
static void page_is_pushed_and_flushed_within_a_flush_interval(void **state)
{
	uint64_t before;

	open_opus(NULL);
	put(0, 1);
	before = written();
	assert_int_equal(track_deadline(rig.track), UINT64_MAX); /* the newest packet is held back */
	put(20, 2);
	assert_int_equal(track_deadline(rig.track), CLK_NS_PER_S + 20 * MS + CLK_NS_PER_S * 2 / 3);
	track_rig_wait(&rig, 686 * MS);
	assert_int_equal(written(), before);
	track_rig_wait(&rig, 687 * MS);
	assert_true(written() > before);
	assert_int_equal(memory_segments[0]->flushed, memory_segments[0]->committed);
	assert_int_equal(track_deadline(rig.track), UINT64_MAX);
	track_rig_close(&rig, "bye");
	read_segment(0);
	assert_int_equal(got.packets, 2);
}

static void small_file(struct conf *conf)
{
	conf->record_max_size_mb = 1;
}

static void full_file_ends_at_once(void **state)
{
	static uint8_t big[1200] = { 0xFC };

	open_opus(small_file);
	for (unsigned i = 0; i < 1000; i++) {
		track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
		                            .at_ns = i * 20 * MS,
		                            .rtp = i * 960,
		                            .payload = big,
		                            .len = sizeof(big) });
	}
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_true(memory_segment_end_has(0, "\"reason\":\"max_size\""));
	read_segment(0);
	assert_true(got.packets > 860 && got.packets < 900);
	want.packets = got.packets;
	read_segment(1);
	assert_int_equal(want.packets + got.packets, 1000);
}

static void without_a_block_packets_are_dropped_and_time_goes_on(void **state)
{
	unsigned dropped;

	open_opus(NULL);
	put(0, 0);
	memory_segment_plan.room = 0;
	for (unsigned i = 1; i < 200; i++)
		put(i * 20, 1);
	memory_segment_plan.room = UINT64_MAX;
	put(4000, 99);
	track_rig_close(&rig, "bye");
	dropped = (unsigned)stat_of(STAT_TRACK_dropped_frames);
	read_segment(0);
	check_at(99, 4000 * 48);
	assert_true(memory_segment_count == 1);
	assert_int_equal(stat_of(STAT_TRACK_cut_pkts), dropped);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 201 - dropped);
}

static void without_memory_for_a_file_the_next_packet_tries_again(void **state)
{
	open_opus(NULL);
	memory_segment_plan.begin_fails = -ENOMEM;
	put(0, 1);
	memory_segment_plan.begin_fails = 0;
	put(20, 2);
	track_rig_close(&rig, "bye");
	read_segment(0);
	check_at(2, 0);
	assert_int_equal(stat_of(STAT_TRACK_dropped_frames), 1);
}

static void failed_disk_ends_the_track(void **state)
{
	open_opus(NULL);
	put(0, 1);
	put(20, 2);
	memory_segment_plan.fail = -EIO;
	for (unsigned i = 2; i < 400; i++)
		put(i * 20, 3);
	assert_string_equal(track_failure(rig.track), "disk: Input/output error");
	track_rig_close(&rig, "disk");
}

static void oversize_packet_is_dropped(void **state)
{
	static uint8_t big[5000] = { 0xF7, 0x04 }; /* four frames of 1249 */

	big[0] = 0xE7; /* CELT, 2.5 ms */
	open_opus(NULL);
	put(0, 1);
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = 20 * MS,
	                            .rtp = 4294967000u + 960,
	                            .payload = big,
	                            .len = 2 + 4 * 1249 });
	put(40, 2);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"oversize\""), 1);
	read_segment(0);
	check_at(2, 1920);
}

static int tear_down(void **state)
{
	free(got.store);
	free(want.store);
	got.store = want.store = NULL;
	return 0;
}

/* 20 ms of G.711, every sample @value, @at_ms after the start; its RTP time may be @off_rtp from that. */
static void put_samples(uint64_t at_ms, int off_rtp, uint8_t value)
{
	uint8_t payload[160];

	memset(payload, value, sizeof(payload));
	track_rig_put(&rig, &(struct track_rig_packet){ .seq = seq++,
	                            .at_ns = at_ms * MS,
	                            .rtp = (uint32_t)(4294967000u + at_ms * 8 + (uint64_t)off_rtp),
	                            .payload = payload,
	                            .len = sizeof(payload) });
}

/* The file's samples from @at on, @n of them, are @value. */
static void check_samples(unsigned file, size_t at, size_t n, uint8_t value)
{
	const struct segment *segment = memory_segments[file];

	assert_true(58 + at + n <= segment->committed);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(segment->bytes[58 + at + i], value);
}

static void g711_lies_where_its_time_says_with_silence_between(void **state)
{
	static const struct {
		enum codec codec;
		uint8_t silence;
	} cases[] = { { CODEC_PCMU, 0xFF }, { CODEC_PCMA, 0xD5 } };

	for (unsigned i = 0; i < 2; i++) {
		seq = 70000;
		track_rig_open(&rig, cases[i].codec, NULL);
		put_samples(0, 0, 1);
		put_samples(20, 0, 2);
		seq++; /* one is lost */
		put_samples(60, 0, 3);
		put_samples(1060, 7, 4); /* a second of nothing, and seven samples */
		put_samples(1080, 7, 5);
		track_rig_close(&rig, "bye");
		assert_int_equal(memory_segment_count, 1);
		assert_int_equal(memory_segments[0]->committed, 58 + 1100 * 8 + 7 + 1);
		check_samples(0, 0, 160, 1);
		check_samples(0, 160, 160, 2);
		check_samples(0, 320, 160, cases[i].silence);
		check_samples(0, 480, 160, 3);
		check_samples(0, 640, 980 * 8 + 7, cases[i].silence);
		check_samples(0, 1060 * 8 + 7, 160, 4);
		check_samples(0, 1080 * 8 + 7, 160, 5);
		assert_int_equal(cur_get_le(memory_segments[0]->bytes + 54, 4), 1100 * 8 + 7);
		assert_int_equal(stat_of(STAT_TRACK_frames), 5);
		assert_int_equal(stat_of(STAT_TRACK_gap_pkts), 1);
		assert_true(memory_segment_end_has(0, "\"filled_s\":1.000875"));
		assert_true(memory_segment_end_has(0, "\"duration_s\":1.100875"));
		assert_true(memory_segment_meta_has(0, "\"channels\":1"));
	}
}

static void g711_that_comes_a_little_early_follows_what_is_there(void **state)
{
	seq = 70000;
	track_rig_open(&rig, CODEC_PCMU, NULL);
	put_samples(0, 0, 1);
	put_samples(20, -40, 2);
	put_samples(40, 0, 3);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segments[0]->committed, 58 + 480);
	check_samples(0, 160, 160, 2);
	check_samples(0, 320, 160, 3);
	assert_int_equal(stat_of(STAT_TRACK_pkts), 3);
}

static void small_g711(struct conf *conf)
{
	conf->record_max_size_mb = 1;
}

static void a_full_g711_file_goes_on_in_another(void **state)
{
	const unsigned packets = 7000;

	seq = 70000;
	track_rig_open(&rig, CODEC_PCMA, small_g711);
	for (unsigned i = 0; i < packets; i++)
		put_samples(i * 20, 0, (uint8_t)(i % 200));
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_int_equal(
	        memory_segments[0]->committed + memory_segments[1]->committed, 2 * 58 + packets * 160);
	assert_true(memory_segment_end_has(0, "\"reason\":\"max_size\""));
	assert_true(memory_segment_end_has(0, "\"next\":\"file-1.wav\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opus_of_an_encoder_comes_out_byte_for_byte),
		cmocka_unit_test(first_packet_begins_the_file),
		cmocka_unit_test(lost_packets_leave_their_time),
		cmocka_unit_test(silence_that_was_not_sent_leaves_its_time),
		cmocka_unit_test(step_of_no_whole_frame_is_kept_to_the_nearest_one),
		cmocka_unit_test(overlap_is_kept_packet_by_packet),
		cmocka_unit_test(durations_that_run_ahead_are_set_back),
		cmocka_unit_test(pause_beyond_the_limit_begins_a_linked_file),
		cmocka_unit_test(time_jump_is_set_on_by_arrival),
		cmocka_unit_test(malformed_packet_is_counted_and_filled),
		cmocka_unit_test(page_is_pushed_and_flushed_within_a_flush_interval),
		cmocka_unit_test(full_file_ends_at_once),
		cmocka_unit_test(without_a_block_packets_are_dropped_and_time_goes_on),
		cmocka_unit_test(without_memory_for_a_file_the_next_packet_tries_again),
		cmocka_unit_test(failed_disk_ends_the_track),
		cmocka_unit_test(oversize_packet_is_dropped),
		cmocka_unit_test(g711_lies_where_its_time_says_with_silence_between),
		cmocka_unit_test(g711_that_comes_a_little_early_follows_what_is_there),
		cmocka_unit_test(a_full_g711_file_goes_on_in_another),
	};
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
