/* SPDX-License-Identifier: BSD-3-Clause */
/* FEC in the pipeline: ULPFEC in RED as browsers send it, and FlexFEC on an SSRC of its own. */
#include "tests/unit/dataplane/publisher.h"
#include "tests/unit/dataplane/parity.h"
#include "tests/unit/base/red_build.h"

#define VP8     96
#define RED     98
#define ULPFEC  99
#define FLEXFEC 100
#define PKTS    6

static struct flow *flow;

/* Packet @i as its encoder made it, and as FEC is reckoned over it: what is filled in late is zero. */
static struct publisher_packet media(unsigned i, uint8_t *extra)
{
	const uint8_t elements[] = { TWCC << 4 | 1, 0, 0, SEND_TIME << 4 | 2, 0, 0, 0 };

	memcpy(extra, elements, sizeof(elements));
	return (struct publisher_packet){ .ssrc = 5,
		.ext_seq = 100 + i,
		.rtp_time = 7000 + i / 3,
		.payload_type = VP8,
		.marker = i % 3 == 2,
		.extra = extra,
		.extra_bytes = sizeof(elements) };
}

static void add_media(struct parity *p, unsigned i)
{
	uint8_t data[256], extra[16];
	struct publisher_packet packet = media(i, extra);

	parity_add(p, data, publisher_make(&packet, data));
}

static void send_media(unsigned i, bool red)
{
	uint8_t extra[16], payload[51];
	struct publisher_packet packet = media(i, extra);

	cur_put16(extra + 1, (uint16_t)(900 + i));
	cur_put24(extra + 4, 0x123456 + i);
	payload[0] = VP8;
	memset(payload + 1, (int)packet.ext_seq & 0xFF, 50);
	if (red) {
		packet.payload_type = RED;
		packet.payload = payload;
		packet.payload_bytes = 51;
	}
	publisher_send(&packet);
}

static int reset_ulp(void **state)
{
	if (publisher_reset(state))
		return -1;
	flow = publisher_flow(VP8, "0", NULL);
	flow->red_type = RED;
	flow->ulpfec_type = ULPFEC;
	return fec_create(&flow->fec, FEC_ULP);
}

static int reset_flex(void **state)
{
	if (publisher_reset(state))
		return -1;
	flow = publisher_flow(VP8, "0", NULL);
	flow->flexfec_type = FLEXFEC;
	return fec_create(&flow->fec, FEC_FLEX);
}

/* ULPFEC over packets 0 … count - 1, with the number behind theirs. */
static void send_ulpfec(unsigned count, bool red)
{
	struct parity p = { .bytes = 0 };
	uint8_t payload[512];
	struct publisher_packet packet = { .ssrc = 5,
		.ext_seq = 100 + count,
		.rtp_time = 7000,
		.payload_type = red ? RED : ULPFEC,
		.payload = red ? payload : payload + 1 };

	for (unsigned i = 0; i < count; i++)
		add_media(&p, i);
	payload[0] = ULPFEC;
	packet.payload_bytes = parity_ulp(&p, payload + 1, 100, ((1ull << count) - 1) << (48 - count)) + red;
	publisher_send(&packet);
}

static void assert_repaired(unsigned i)
{
	struct packet *taken = media_taken();

	assert_non_null(taken);
	assert_int_equal(taken->ext_seq, 100 + i);
	assert_int_equal(taken->rtp_time, 7000 + i / 3);
	assert_int_equal(taken->flags, PACKET_REPAIRED | (i % 3 == 2 ? PACKET_MARKER : 0));
	assert_int_equal(taken->payload_bytes, 50);
	assert_int_equal(taken->payload[0], 100 + i);
	assert_int_equal(taken->payload[49], 100 + i);
	media_done(taken);
}

static void assert_empty(uint64_t ext_seq)
{
	struct packet *taken = media_taken();

	assert_non_null(taken);
	assert_int_equal(taken->ext_seq, ext_seq);
	assert_int_equal(taken->payload_bytes, 0);
	assert_int_equal(taken->flags, 0);
	media_done(taken);
}

static void ulpfec_in_red_brings_a_packet_back_and_fills_its_own_number(void **state)
{
	for (unsigned i = 0; i < PKTS; i++)
		if (i != 2)
			send_media(i, true);
	assert_int_equal(media_drain(), PKTS - 1);
	send_ulpfec(PKTS, true);
	assert_empty(100 + PKTS);
	assert_repaired(2);
	assert_int_equal(media_flow_count(0, fec_repaired_pkts), 1);
	assert_int_equal(media_count(recovered_pkts), 1);
	assert_int_equal(media_flow_count(0, lost_pkts), 1); /* as it was before repair */
	assert_int_equal(media_drain(), 0);
}

static void ulpfec_without_red_does_the_same(void **state)
{
	for (unsigned i = 0; i < PKTS; i++)
		if (i != 5)
			send_media(i, false);
	media_drain();
	send_ulpfec(PKTS, false);
	assert_empty(100 + PKTS);
	assert_repaired(5);
}

static void fec_before_its_media_repairs_when_that_has_come(void **state)
{
	send_media(0, true);
	send_ulpfec(3, true);
	send_media(2, true);
	assert_int_equal(media_flow_count(0, fec_repaired_pkts), 1);
	assert_int_equal(media_drain(), 4);
}

static void what_was_retransmitted_is_not_repaired_again(void **state)
{
	struct publisher_packet rtx = { .ssrc = 6, .ext_seq = 7, .payload_type = 97, .mid = "0" };
	uint8_t extra[16];
	struct publisher_packet lost = media(1, extra);

	flow->rtx_type = 97;
	send_media(0, true);
	send_media(2, true);
	publisher_retransmit(&rtx, &lost);
	send_ulpfec(3, true);
	assert_int_equal(media_flow_count(0, rtx_repaired_pkts), 1);
	assert_int_equal(media_flow_count(0, fec_repaired_pkts), 0);
	assert_int_equal(media_count(recovered_pkts), 0);
	assert_int_equal(media_drain(), 4);
}

static void ulpfec_that_lies_is_malformed(void **state)
{
	struct publisher_packet packet = {
		.ssrc = 5, .ext_seq = 101, .payload_type = RED, .payload = "\x63wrong", .payload_bytes = 6
	};

	send_media(0, true);
	publisher_send(&packet);
	assert_int_equal(media_count(drop_fec_malformed), 1);
	assert_int_equal(media_drain(), 1);
}

static void fec_of_a_flow_that_has_no_memory_fills_its_number(void **state)
{
	fec_free(flow->fec);
	flow->fec = NULL;
	send_media(0, true);
	send_ulpfec(1, true);
	publisher_assert_taken(100, 0);
	assert_empty(101);
}

/* RFC 5109 section 14.2: FEC as the redundant block of a media packet. */
static void fec_may_ride_on_media(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[256], payload[512], primary[50];
	struct red_block blocks[2] = { { ULPFEC, 0, 0, repair }, { VP8, 0, 50, primary } };
	struct publisher_packet packet = {
		.ssrc = 5, .ext_seq = 102, .rtp_time = 7000, .payload_type = RED, .payload = payload
	};

	memset(primary, 102, 50);
	send_media(0, true);
	add_media(&p, 0);
	add_media(&p, 1);
	blocks[0].bytes = (uint16_t)parity_ulp(&p, repair, 100, 3ull << 46);
	packet.payload_bytes = (unsigned)red_build(payload, blocks, 2);
	publisher_send(&packet);
	publisher_assert_taken(100, 0);
	publisher_assert_taken(102, 0);
	assert_repaired(1);
}

static void send_flexfec(uint64_t ext_seq, bool draft)
{
	static const unsigned ats[] = { 0, 1, 2, 3, 4, 5 };
	struct parity p = { .bytes = 0 };
	uint8_t payload[512];
	struct publisher_packet packet = {
		.ssrc = 8, .ext_seq = ext_seq, .payload_type = FLEXFEC, .mid = "0", .payload = payload
	};

	for (unsigned i = 0; i < PKTS; i++)
		add_media(&p, i);
	packet.payload_bytes = parity_flex_mask(&p, payload, draft, 5, 100, ats, PKTS);
	publisher_send(&packet);
}

static void flexfec_is_consumed_and_brings_packets_back(void **state)
{
	for (unsigned i = 0; i < PKTS; i++)
		if (i != 4)
			send_media(i, false);
	media_drain();
	send_flexfec(1, true);
	assert_repaired(4);
	assert_int_equal(media_count(fec_pkts), 1);
	send_flexfec(2, false);
	assert_int_equal(media_count(fec_pkts), 2);
	assert_int_equal(media_drain(), 0);
	assert_int_equal(media_flow_count(0, pkts), PKTS);
}

static void the_last_packet_comes_back_before_any_later_one(void **state)
{
	for (unsigned i = 0; i + 1 < PKTS; i++)
		send_media(i, false);
	media_drain();
	send_flexfec(1, true);
	assert_repaired(PKTS - 1);
	assert_int_equal(media_flow_count(0, ext_seq), 100 + PKTS - 1);
}

static void flexfec_that_lies_or_is_padding_is_dropped(void **state)
{
	struct publisher_packet packet = { .ssrc = 8,
		.ext_seq = 1,
		.payload_type = FLEXFEC,
		.mid = "0",
		.payload = "abc",
		.payload_bytes = 3 };
	uint8_t data[256];
	unsigned len;

	send_media(0, false);
	publisher_send(&packet);
	assert_int_equal(media_count(drop_fec_malformed), 1);
	packet.ext_seq++;
	packet.payload_bytes = 0;
	packet.padding = 20;
	publisher_send(&packet);
	assert_int_equal(media_count(drop_probe), 1);
	packet.ext_seq++;
	len = publisher_make(&packet, data);
	data[len - 1] = 99;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, data, publisher_seal(data, len, packet.ext_seq));
	assert_int_equal(media_count(drop_rtp_malformed), 1);
	assert_int_equal(media_drain(), 1);
}

int main(void)
{
#define ULP(name)  cmocka_unit_test_setup_teardown(name, reset_ulp, publisher_end)
#define FLEX(name) cmocka_unit_test_setup_teardown(name, reset_flex, publisher_end)
	const struct CMUnitTest tests[] = {
		ULP(ulpfec_in_red_brings_a_packet_back_and_fills_its_own_number),
		ULP(ulpfec_without_red_does_the_same),
		ULP(fec_before_its_media_repairs_when_that_has_come),
		ULP(what_was_retransmitted_is_not_repaired_again),
		ULP(ulpfec_that_lies_is_malformed),
		ULP(fec_of_a_flow_that_has_no_memory_fills_its_number),
		ULP(fec_may_ride_on_media),
		FLEX(flexfec_is_consumed_and_brings_packets_back),
		FLEX(the_last_packet_comes_back_before_any_later_one),
		FLEX(flexfec_that_lies_or_is_padding_is_dropped),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
