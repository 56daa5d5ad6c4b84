/* SPDX-License-Identifier: BSD-3-Clause */
/* Retransmissions (RFC 4588) become what they retransmit. */
#include "tests/unit/dataplane/publisher.h"
#include "base/red.h"

#define VP8 96
#define RTX 97
#define RED 98

static struct publisher_packet media = { .ssrc = 5, .payload_type = VP8 };
static struct publisher_packet rtx = { .ssrc = 6, .payload_type = RTX };

static int reset(void **state)
{
	media.ext_seq = 0xFFFE; /* what follows is in the next turn: the original number has 16 bits of it */
	media.mid = rtx.mid = "0";
	media.rtp_time = rtx.rtp_time = 1000;
	rtx.ext_seq = 5;
	rtx.payload_type = RTX;
	if (publisher_reset(state))
		return -1;
	publisher_flow(VP8, "0", NULL)->rtx_type = RTX;
	return 0;
}

static void begin_stream(void)
{
	publisher_next(&media);
	publisher_assert_taken(0xFFFE, 0);
}

static void a_lost_packet_comes_back_with_its_own_number(void **state)
{
	struct publisher_packet lost;
	struct packet *taken;

	begin_stream();
	lost = media;
	media.ext_seq++;
	media.rtp_time += 960;
	publisher_next(&media);
	publisher_assert_taken(0x10000, 0);
	lost.marker = true;
	publisher_retransmit(&rtx, &lost);
	taken = media_taken();
	assert_int_equal(taken->ext_seq, 0xFFFF);
	assert_int_equal(taken->rtp_time, lost.rtp_time);
	assert_int_equal(taken->ssrc, 5);
	assert_int_equal(taken->flags, PACKET_REPAIRED | PACKET_MARKER);
	assert_int_equal(taken->payload_bytes, 50);
	assert_int_equal(taken->payload[49], 0xFF);
	/* in its bytes, too */
	const uint8_t *data = meta_data(meta_mbuf(taken));
	struct rtp_header header;
	assert_int_equal(rtp_parse(&header, data, meta_of(meta_mbuf(taken))->data_len), 0);
	assert_int_equal(header.ssrc, 5);
	assert_int_equal(header.seq, 0xFFFF);
	assert_int_equal(header.payload_type, VP8);
	assert_ptr_equal(data + header.payload_offset, taken->payload);
	media_done(taken);
	assert_int_equal(media_count(rtx_pkts), 1);
	assert_int_equal(media_flow_count(0, rtx_repaired_pkts), 1);
	/* the report tells the loss all the same */
	assert_int_equal(media_flow_count(0, lost_pkts), 1);
	assert_int_equal(media_flow_count(0, reordered_pkts), 0);
	assert_int_equal(media_flow_count(0, ssrc), 5);
}

static void what_was_there_is_a_duplicate(void **state)
{
	struct publisher_packet first;

	begin_stream();
	first = media;
	first.ext_seq--;
	publisher_retransmit(&rtx, &first);
	assert_int_equal(media_count(drop_duplicate), 1);
	assert_int_equal(media_flow_count(0, rtx_repaired_pkts), 0);
}

static void an_original_behind_its_retransmission_is_a_duplicate_and_not_lost(void **state)
{
	struct publisher_packet late;

	begin_stream();
	late = media;
	media.ext_seq++;
	publisher_next(&media);
	publisher_retransmit(&rtx, &late);
	publisher_send(&late);
	assert_int_equal(media_count(drop_duplicate), 1);
	assert_int_equal(media_drain(), 2);
	publisher_next(&media);
	assert_int_equal(media_flow_count(0, lost_pkts), 0);
	media_drain();
}

static void padding_alone_is_a_probe(void **state)
{
	struct publisher_packet probe = rtx;

	begin_stream();
	probe.payload = "";
	probe.padding = 200;
	publisher_send(&probe);
	assert_int_equal(media_count(drop_probe), 1);
	probe.padding = 0;
	probe.ext_seq++;
	publisher_send(&probe);
	assert_int_equal(media_count(drop_probe), 2);
}

static void one_byte_and_padding_that_lies_are_malformed(void **state)
{
	struct publisher_packet bad = rtx;
	uint8_t data[256];
	unsigned len;

	begin_stream();
	bad.payload = "x";
	bad.payload_bytes = 1;
	publisher_send(&bad);
	bad.ext_seq++;
	bad.payload_bytes = 0;
	bad.padding = 3;
	len = publisher_make(&bad, data);
	data[len - 1] = 99;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, data, publisher_seal(data, len, bad.ext_seq));
	assert_int_equal(media_count(drop_rtp_malformed), 2);
}

static void an_original_without_payload_fills_its_gap(void **state)
{
	struct publisher_packet lost;
	struct packet *taken;

	begin_stream();
	lost = media;
	media.ext_seq++;
	publisher_next(&media);
	media_drain();
	lost.payload = "";
	publisher_retransmit(&rtx, &lost);
	taken = media_taken();
	assert_int_equal(taken->payload_bytes, 0);
	assert_int_equal(taken->ext_seq, 0xFFFF);
	media_done(taken);
}

static void without_media_nothing_is_known_of_it(void **state)
{
	publisher_retransmit(&rtx, &media);
	assert_int_equal(media_count(drop_rtx), 1);
	begin_stream();
	/* nor of one that is far ahead of all that came */
	media.ext_seq += 5000;
	publisher_retransmit(&rtx, &media);
	assert_int_equal(media_count(drop_rtx), 2);
	/* or from before the first */
	media.ext_seq = 0xFFFD;
	publisher_retransmit(&rtx, &media);
	assert_int_equal(media_count(drop_too_old), 1);
	assert_int_equal(media_flow_count(0, pkts), 1);
}

static void a_new_ssrc_of_media_is_not_repaired_by_what_was_before_it(void **state)
{
	struct publisher_packet next = media, lost;

	begin_stream();
	lost = media;
	media.ext_seq++;
	publisher_next(&media);
	next.ssrc = 7;
	next.ext_seq = 0x3000;
	publisher_send(&next);
	rtx.mid = NULL;
	publisher_retransmit(&rtx, &lost);
	assert_int_equal(media_count(drop_too_old) + media_count(drop_rtx), 1);
	assert_int_equal(media_drain(), 2);
}

static void red_that_is_retransmitted_is_unwrapped_twice(void **state)
{
	const uint8_t block[4] = { VP8, 1, 2, 3 };
	struct publisher_packet lost;
	struct packet *taken;

	media_flows[0]->red_type = RED;
	media_flows[0]->red_rtx_type = 99;
	begin_stream();
	lost = media;
	media.ext_seq++;
	publisher_next(&media);
	media_drain();
	lost.payload = block;
	lost.payload_bytes = 4;
	rtx.payload_type = 99;
	publisher_retransmit(&rtx, &lost);
	taken = media_taken();
	assert_int_equal(taken->ext_seq, 0xFFFF);
	assert_int_equal(taken->payload_bytes, 3);
	assert_memory_equal(taken->payload, block + 1, 3);
	assert_int_equal(meta_data(meta_mbuf(taken))[1] & 0x7F, VP8);
	media_done(taken);
	assert_int_equal(media_flow_count(0, rtx_repaired_pkts), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, reset, publisher_end)
	const struct CMUnitTest tests[] = {
		CASE(a_lost_packet_comes_back_with_its_own_number),
		CASE(what_was_there_is_a_duplicate),
		CASE(an_original_behind_its_retransmission_is_a_duplicate_and_not_lost),
		CASE(padding_alone_is_a_probe),
		CASE(one_byte_and_padding_that_lies_are_malformed),
		CASE(an_original_without_payload_fills_its_gap),
		CASE(without_media_nothing_is_known_of_it),
		CASE(a_new_ssrc_of_media_is_not_repaired_by_what_was_before_it),
		CASE(red_that_is_retransmitted_is_unwrapped_twice),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
