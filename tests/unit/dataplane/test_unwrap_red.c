/* SPDX-License-Identifier: BSD-3-Clause */
/* Redundant audio (RFC 2198): the primary goes on, and of the redundant blocks those that are missing. */
#include "tests/unit/dataplane/publisher.h"
#include "tests/unit/base/red_build.h"

#define OPUS 111
#define RED  63
#define STEP 960 /* of RTP time, a packet */

static struct flow *flow;
static uint8_t bytes[256][50]; /* of media with that number */

static int reset(void **state)
{
	if (publisher_reset(state))
		return -1;
	flow = publisher_flow(OPUS, "0", NULL);
	flow->red_type = RED;
	flow->clock_rate = 48000;
	for (int i = 0; i < 256; i++)
		memset(bytes[i], i, 50);
	return 0;
}

static struct rte_mbuf *blocks_frame(uint64_t ext_seq, const struct red_block *blocks, unsigned count)
{
	uint8_t payload[1400];
	struct publisher_packet p = { .ssrc = 5,
		.ext_seq = ext_seq,
		.rtp_time = (uint32_t)(ext_seq * STEP),
		.payload_type = RED,
		.mid = "0",
		.payload = payload,
		.payload_bytes = (unsigned)red_build(payload, blocks, count) };

	return publisher_frame(&p);
}

static struct rte_mbuf *red_frame(uint64_t ext_seq, unsigned redundant)
{
	struct red_block blocks[LIMIT_RED_BLOCKS];

	for (unsigned i = 0; i <= redundant; i++)
		blocks[i] = (struct red_block){ OPUS, (uint16_t)((redundant - i) * STEP), 50,
			bytes[(ext_seq - (redundant - i)) & 0xFF] };
	return blocks_frame(ext_seq, blocks, redundant + 1);
}

static void send_red(uint64_t ext_seq, unsigned redundant)
{
	struct rte_mbuf *mbuf = red_frame(ext_seq, redundant);

	lcore_process(&wire_lc, &mbuf, 1);
}

static void send_blocks(uint64_t ext_seq, const struct red_block *blocks, unsigned count)
{
	struct rte_mbuf *mbuf = blocks_frame(ext_seq, blocks, count);

	lcore_process(&wire_lc, &mbuf, 1);
}

static void a_primary_goes_on_as_if_it_were_alone(void **state)
{
	struct packet *taken;

	send_red(100, 0);
	send_red(101, 2);
	publisher_assert_taken(100, 0);
	taken = media_taken();
	assert_int_equal(taken->ext_seq, 101);
	assert_int_equal(taken->rtp_time, 101 * STEP);
	assert_int_equal(taken->payload_bytes, 50);
	assert_int_equal(meta_data(meta_mbuf(taken))[1] & 0x7F, OPUS);
	media_done(taken);
	assert_int_equal(media_drain(), 0);
	assert_int_equal(media_count(recovered_pkts), 0);
}

static void a_lost_packet_comes_back_from_the_next(void **state)
{
	struct packet *taken;

	send_red(100, 1);
	send_red(102, 1);
	publisher_assert_taken(100, 0);
	publisher_assert_taken(102, 0);
	taken = media_taken();
	assert_int_equal(taken->rtp_time, 101 * STEP);
	assert_int_equal(taken->ssrc, 5);
	assert_int_equal(taken->ext_seq, 101);
	assert_int_equal(taken->flags, PACKET_REPAIRED);
	assert_int_equal(taken->payload_bytes, 50);
	assert_memory_equal(taken->payload, bytes[101], 50);
	assert_ptr_equal(taken->track, flow->track);
	media_done(taken);
	assert_int_equal(media_flow_count(0, red_repaired_pkts), 1);
	assert_int_equal(media_count(recovered_pkts), 1);
	assert_int_equal(media_flow_count(0, lost_pkts), 1);
	/* once */
	send_red(103, 2);
	assert_int_equal(media_count(recovered_pkts), 1);
	assert_int_equal(media_drain(), 1);
}

static void several_lost_packets_come_back_after_a_long_gap_too(void **state)
{
	send_red(100, 0);
	send_red(1200, 3);
	publisher_assert_taken(100, 0);
	publisher_assert_taken(1200, 0);
	for (unsigned i = 1197; i < 1200; i++)
		publisher_assert_taken(i, PACKET_REPAIRED);
	assert_int_equal(media_flow_count(0, red_repaired_pkts), 3);
}

static void the_first_packet_of_a_stream_brings_nothing_from_before_it(void **state)
{
	send_red(100, 2);
	publisher_assert_taken(100, 0);
	assert_int_equal(media_count(recovered_pkts), 0);
	send_red(101, 2);
	publisher_assert_taken(101, 0);
	assert_int_equal(media_count(recovered_pkts), 0);
}

static void packets_of_one_burst_are_not_missing_in_it(void **state)
{
	struct rte_mbuf *pkts[4];

	send_red(100, 0);
	for (unsigned i = 0; i < 4; i++)
		pkts[i] = red_frame(101 + i, 2);
	lcore_process(&wire_lc, pkts, 4);
	assert_int_equal(media_count(recovered_pkts), 0);
	assert_int_equal(media_drain(), 5);
}

static void a_burst_takes_as_many_as_there_is_room_for(void **state)
{
	struct rte_mbuf *pkts[LCORE_BURST];

	send_red(100, 0);
	media_drain();
	for (unsigned i = 0; i < LCORE_BURST; i++)
		pkts[i] = red_frame(103 + 3 * i, 2);
	lcore_process(&wire_lc, pkts, LCORE_BURST);
	assert_int_equal(media_count(recovered_pkts), LCORE_EXTRA);
	assert_int_equal(media_count(handed_pkts), 1 + LCORE_BURST + LCORE_EXTRA);
	assert_int_equal(media_drain(), MEDIA_RING);
}

static void the_media_type_may_come_bare(void **state)
{
	struct publisher_packet p = { .ssrc = 5, .ext_seq = 101, .payload_type = OPUS };

	send_red(100, 0);
	publisher_send(&p);
	send_red(102, 1);
	publisher_assert_taken(100, 0);
	publisher_assert_taken(101, 0);
	publisher_assert_taken(102, 0);
}

static void times_that_do_not_fit_place_nothing(void **state)
{
	struct red_block blocks[3] = { { OPUS, 960, 50, bytes[1] }, { OPUS, 960, 50, bytes[2] },
		{ OPUS, 0, 50, bytes[110] } };

	send_red(100, 0);
	send_blocks(110, blocks, 3); /* only the second is older than what follows it */
	publisher_assert_taken(100, 0);
	publisher_assert_taken(110, 0);
	assert_int_equal(media_count(recovered_pkts), 1);
	assert_int_equal(media_drain(), 1);
	blocks[1].timestamp_offset = 0;
	blocks[2].data = bytes[120];
	send_blocks(120, blocks + 1, 2);
	publisher_assert_taken(120, 0);
	blocks[1].timestamp_offset = 960;
	blocks[1].bytes = 0; /* silence */
	blocks[2].data = bytes[130];
	send_blocks(130, blocks + 1, 2);
	publisher_assert_taken(130, 0);
	blocks[1].bytes = 50;
	blocks[1].payload_type = 13; /* comfort noise */
	blocks[2].data = bytes[140];
	send_blocks(140, blocks + 1, 2);
	publisher_assert_taken(140, 0);
	assert_int_equal(media_count(recovered_pkts), 1);
}

static void red_that_lies_is_malformed(void **state)
{
	struct publisher_packet p = { .ssrc = 5, .ext_seq = 101, .payload_type = RED };
	struct red_block strange = { 13, 0, 50, bytes[1] };
	uint8_t data[256];
	unsigned len;

	send_red(100, 0);
	p.payload = "\xEF\xFF\xFF\xFF\x6F";
	p.payload_bytes = 5;
	publisher_send(&p);
	assert_int_equal(media_count(drop_red_malformed), 1);
	send_blocks(102, &strange, 1);
	assert_int_equal(media_count(drop_no_track), 1);
	p.ext_seq = 103;
	p.padding = 3;
	len = publisher_make(&p, data);
	data[len - 1] = 99;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, data, publisher_seal(data, len, p.ext_seq));
	assert_int_equal(media_count(drop_rtp_malformed), 1);
	assert_int_equal(media_drain(), 1);
}

static void padding_behind_the_primary_is_none_of_it(void **state)
{
	const uint8_t payload[] = { OPUS, 1, 2, 3 };
	struct publisher_packet p = { .ssrc = 5,
		.ext_seq = 101,
		.payload_type = RED,
		.payload = payload,
		.payload_bytes = 4,
		.padding = 9 };
	struct packet *taken;

	publisher_send(&p);
	taken = media_taken();
	assert_int_equal(taken->payload_bytes, 3);
	assert_memory_equal(taken->payload, payload + 1, 3);
	media_done(taken);
	p.ext_seq++;
	p.payload_bytes = 0; /* padding alone */
	publisher_send(&p);
	taken = media_taken();
	assert_int_equal(taken->payload_bytes, 0);
	media_done(taken);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, reset, publisher_end)
	const struct CMUnitTest tests[] = {
		CASE(a_primary_goes_on_as_if_it_were_alone),
		CASE(a_lost_packet_comes_back_from_the_next),
		CASE(several_lost_packets_come_back_after_a_long_gap_too),
		CASE(the_first_packet_of_a_stream_brings_nothing_from_before_it),
		CASE(packets_of_one_burst_are_not_missing_in_it),
		CASE(a_burst_takes_as_many_as_there_is_room_for),
		CASE(the_media_type_may_come_bare),
		CASE(times_that_do_not_fit_place_nothing),
		CASE(red_that_lies_is_malformed),
		CASE(padding_behind_the_primary_is_none_of_it),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
