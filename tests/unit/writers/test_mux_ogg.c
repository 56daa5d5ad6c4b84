/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ogg/ogg.h>
#include "base/cur.h"
#include "base/id.h"
#include "tests/unit/writers/mux_rig.h"
#include "writers/depay.h"

#define PACKETS_MAX 4096

static const uint8_t frame[4000] = { 0xFC }; /* CELT, 20 ms, stereo, code 0 */

/* What libogg reads from the file. */
static struct {
	unsigned pages, packets, last_page_packets;
	size_t lens[PACKETS_MAX];
	int64_t granules[PACKETS_MAX]; /* of the packet's page, when it ends it, else -1 */
	bool eos;
	uint8_t head[19], tags[1024];
	size_t head_bytes, tags_bytes;
} seen;

static int begin(void)
{
	const struct mux_cfg cfg = {
		.segment = segment,
		.codec = CODEC_OPUS,
		.clock_rate = 48000,
		.channels = 2,
		.room = "demo",
		.participant = "",
		.track = "audio1",
		.started_unix_ns = 1710123456500000000ull,
	};
	return mux_ogg.begin(&mux, &cfg);
}

static int put(size_t len)
{
	int err = mux_ogg.frame_begin(mux, 0);

	if (!err)
		err = mux_ogg.frame_append(mux, frame, len);
	if (!err)
		err = mux_ogg.frame_end(mux, 960);
	if (err)
		mux_ogg.frame_cut(mux);
	return err;
}

/* Read the committed bytes with libogg; every byte belongs to a page, every checksum is right. */
static void read_all(void)
{
	ogg_sync_state sync;
	ogg_stream_state stream;
	ogg_packet packet;
	ogg_page page;
	size_t bytes = 0;

	memset(&seen, 0, sizeof(seen));
	ogg_sync_init(&sync);
	memcpy(ogg_sync_buffer(&sync, (long)segment->committed), segment->bytes, segment->committed);
	ogg_sync_wrote(&sync, (long)segment->committed);
	while (ogg_sync_pageout(&sync, &page) == 1) {
		bytes += (size_t)(page.header_len + page.body_len);
		if (seen.pages == 0) {
			assert_true(ogg_page_bos(&page));
			ogg_stream_init(&stream, ogg_page_serialno(&page));
		}
		assert_false(seen.eos);
		assert_int_equal(ogg_page_pageno(&page), seen.pages);
		seen.pages++;
		seen.eos = ogg_page_eos(&page);
		seen.last_page_packets = (unsigned)ogg_page_packets(&page);
		assert_int_equal(ogg_stream_pagein(&stream, &page), 0);
		while (ogg_stream_packetout(&stream, &packet) == 1) {
			if (packet.packetno == 0) {
				seen.head_bytes = (size_t)packet.bytes;
				memcpy(seen.head, packet.packet, (size_t)packet.bytes);
			} else if (packet.packetno == 1) {
				seen.tags_bytes = (size_t)packet.bytes;
				memcpy(seen.tags, packet.packet, (size_t)packet.bytes);
			} else {
				assert_true(seen.packets < PACKETS_MAX);
				seen.lens[seen.packets] = (size_t)packet.bytes;
				seen.granules[seen.packets++] = packet.granulepos;
			}
		}
	}
	assert_int_equal(bytes, segment->committed);
	ogg_stream_clear(&stream);
	ogg_sync_clear(&sync);
}

/* RFC 7845 section 5. */
static void headers_say_what_the_file_is(void **state)
{
	static const uint8_t head[] = "OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\0\0";
	static const uint8_t tags[] = "OpusTags\x0F\0\0\0wirespool 0.1.0\x04\0\0\0"
	                              "\x09\0\0\0ROOM=demo\x0C\0\0\0TRACK=audio1\x0F\0\0\0DATE=2024-03-11"
	                              "\x2D\0\0\0WIRESPOOL_STARTED=2024-03-11T02:17:36.500000Z";

	assert_int_equal(begin(), 0);
	assert_int_equal(put(100), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.head_bytes, sizeof(head) - 1);
	assert_memory_equal(seen.head, head, sizeof(head) - 1);
	assert_memory_equal(seen.tags, "OpusTags", 8);
	if (!strcmp(WIRESPOOL_VERSION, "0.1.0")) {
		assert_int_equal(seen.tags_bytes, sizeof(tags) - 1);
		assert_memory_equal(seen.tags, tags, sizeof(tags) - 1);
	}
}

static void granules_are_ends_of_packets(void **state)
{
	assert_int_equal(begin(), 0);
	for (unsigned i = 0; i < 240; i++)
		assert_int_equal(put(1 + i * 3), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, 240);
	assert_true(seen.eos);
	assert_true(seen.pages >= 2 + 4 && seen.pages <= 2 + 20);
	for (unsigned i = 0; i < 240; i++) {
		assert_int_equal(seen.lens[i], 1 + i * 3);
		if (seen.granules[i] >= 0)
			assert_int_equal(seen.granules[i], (i + 1) * 960);
	}
	assert_int_equal(seen.granules[239], 240 * 960);
}

static void page_ends_after_a_second(void **state)
{
	assert_int_equal(begin(), 0);
	for (unsigned i = 0; i < 49; i++)
		assert_int_equal(put(10), 0);
	read_all();
	assert_int_equal(seen.pages, 2);
	assert_int_equal(put(10), 0);
	read_all();
	assert_int_equal(seen.pages, 3);
	mux_rig_finish(&mux_ogg, 0);
}

static void flush_writes_all_but_the_newest_packet(void **state)
{
	assert_int_equal(begin(), 0);
	assert_false(mux_ogg.holds(mux));
	assert_int_equal(put(10), 0);
	assert_false(mux_ogg.holds(mux)); /* the one that the end of stream may go on */
	assert_int_equal(mux_ogg.flush(mux), 0);
	assert_int_equal(put(20), 0);
	assert_true(mux_ogg.holds(mux));
	assert_int_equal(mux_ogg.flush(mux), 0);
	assert_false(mux_ogg.holds(mux));
	read_all();
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.granules[0], 960);
	assert_false(seen.eos);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, 2);
	assert_int_equal(seen.granules[1], 1920);
	assert_int_equal(seen.last_page_packets, 1);
	assert_true(seen.eos);
}

static void cut_packet_leaves_no_trace(void **state)
{
	assert_int_equal(begin(), 0);
	assert_int_equal(put(10), 0);
	assert_int_equal(mux_ogg.frame_begin(mux, 0), 0);
	assert_int_equal(mux_ogg.frame_append(mux, frame, 500), 0);
	mux_ogg.frame_cut(mux);
	assert_int_equal(put(30), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, 2);
	assert_int_equal(seen.lens[1], 30);
}

static void packets_of_every_size_stay_whole(void **state)
{
	static const size_t lens[] = { 1, 254, 255, 256, 510, 765, 1275, 4000, 4000, 4000, 1, 4000 };
	const unsigned n = sizeof(lens) / sizeof(*lens);

	assert_int_equal(begin(), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(put(lens[i]), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(seen.lens[i], lens[i]);
}

static void full_page_is_written_by_number_of_packets(void **state)
{
	assert_int_equal(begin(), 0);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(mux_ogg.frame_begin(mux, 0), 0);
		assert_int_equal(mux_ogg.frame_append(mux, frame, 1), 0);
		assert_int_equal(mux_ogg.frame_end(mux, 120), 0); /* 2.5 ms */
	}
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, 1000);
	assert_int_equal(seen.granules[999], 120000);
}

static void packet_beyond_the_page_is_refused(void **state)
{
	static const uint8_t big[9000];

	assert_int_equal(begin(), 0);
	assert_int_equal(mux_ogg.frame_begin(mux, 0), 0);
	assert_int_equal(mux_ogg.frame_append(mux, big, sizeof(big)), -EMSGSIZE);
	mux_ogg.frame_cut(mux);
	assert_int_equal(mux_ogg.frame_append(mux, big, 4000), 0);
	assert_int_equal(mux_ogg.frame_append(mux, big, 4000), -EMSGSIZE);
	mux_ogg.frame_cut(mux);
	assert_int_equal(put(10), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, 1);
}

/* Without a block the page grows as far as it can; then packets are refused, and nothing that was taken is
 * lost. */
static void page_waits_for_a_block(void **state)
{
	unsigned taken = 0;

	assert_int_equal(begin(), 0);
	memory_segment_plan.room = 20;
	while (put(500) == 0)
		taken++;
	assert_true(taken >= 12);
	assert_int_equal(put(500), -ENOBUFS);
	assert_int_equal(mux_ogg.flush(mux), -ENOBUFS);
	memory_segment_plan.room = UINT64_MAX;
	assert_int_equal(put(501), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.packets, taken + 1);
	assert_int_equal(seen.lens[taken], 501);
	assert_int_equal(seen.granules[taken], (taken + 1) * 960);
}

static void errors_of_the_segment_come_back(void **state)
{
	memory_segment_plan.room = 60; /* OpusHead fits, OpusTags does not */
	assert_int_equal(begin(), -ENOBUFS);
	assert_int_equal(segment->end, 0);
	memory_segment_plan.room = UINT64_MAX;
	assert_int_equal(begin(), 0);
	assert_int_equal(put(10), 0);
	assert_int_equal(put(10), 0);
	memory_segment_plan.fail = -EDQUOT;
	assert_int_equal(mux_ogg.flush(mux), -EIO);
	mux_rig_finish(&mux_ogg, 0);
}

static void file_without_a_packet_has_headers_alone(void **state)
{
	assert_int_equal(begin(), 0);
	mux_rig_finish(&mux_ogg, 0);
	read_all();
	assert_int_equal(seen.pages, 2);
	assert_int_equal(seen.packets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(headers_say_what_the_file_is, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(granules_are_ends_of_packets, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(page_ends_after_a_second, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        flush_writes_all_but_the_newest_packet, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(cut_packet_leaves_no_trace, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        packets_of_every_size_stay_whole, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        full_page_is_written_by_number_of_packets, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        packet_beyond_the_page_is_refused, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(page_waits_for_a_block, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        errors_of_the_segment_come_back, mux_rig_create, mux_rig_free),
		cmocka_unit_test_setup_teardown(
		        file_without_a_packet_has_headers_alone, mux_rig_create, mux_rig_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
