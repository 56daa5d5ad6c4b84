/* SPDX-License-Identifier: BSD-3-Clause */
/* Lost packets from those around them: what comes back is, byte for byte, what was lost. */
#include "dataplane/fec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include "tests/unit/dataplane/parity.h"

#define SSRC 2

static struct fec *fec;

static int begin_ulp(void **state)
{
	return fec_create(&fec, FEC_ULP);
}

static int begin_flex(void **state)
{
	return fec_create(&fec, FEC_FLEX);
}

static int end(void **state)
{
	fec_free(fec);
	fec_free(NULL);
	return 0;
}

/* A packet with @bytes behind its fixed header, all of it depending on @seq. */
static unsigned packet_of(uint8_t *out, uint16_t seq, unsigned bytes)
{
	rtp_build(out, 96 + seq % 2, seq % 3 == 0, seq, 3000u * seq, SSRC);
	for (unsigned i = 0; i < bytes; i++)
		out[RTP_HEADER_BYTES + i] = (uint8_t)(seq * 7 + i * 3);
	return RTP_HEADER_BYTES + bytes;
}

static unsigned usual_bytes(uint16_t seq)
{
	return 20 + seq % 100 * 5;
}

static void hear(uint16_t seq)
{
	uint8_t packet[LIMIT_PACKET_BYTES];

	fec_media(fec, packet, packet_of(packet, seq, usual_bytes(seq)));
}

static void add_usual(struct parity *p, uint16_t seq)
{
	uint8_t packet[LIMIT_PACKET_BYTES];

	parity_add(p, packet, packet_of(packet, seq, usual_bytes(seq)));
}

static void assert_taken(uint16_t seq)
{
	uint8_t want[LIMIT_PACKET_BYTES], got[LIMIT_PACKET_BYTES];
	unsigned len = packet_of(want, seq, usual_bytes(seq));

	assert_int_equal(fec_take(fec, SSRC, got, sizeof(got)), len);
	assert_memory_equal(got, want, len);
}

static void assert_nothing(void)
{
	uint8_t got[LIMIT_PACKET_BYTES];

	assert_int_equal(fec_take(fec, SSRC, got, sizeof(got)), 0);
}

/* Packets A to D of RFC 5109 section 10. */
static const struct example {
	uint16_t seq;
	uint8_t payload_type;
	bool marker;
	uint32_t time;
	unsigned bytes;
} examples[4] = { { 8, 11, true, 3, 200 }, { 9, 18, false, 5, 140 }, { 10, 11, true, 7, 100 },
	{ 11, 18, false, 9, 340 } };

static unsigned example(uint8_t *out, unsigned i)
{
	const struct example *e = &examples[i];

	rtp_build(out, e->payload_type, e->marker, e->seq, e->time, SSRC);
	memset(out + RTP_HEADER_BYTES, 0x11 * (int)(i + 1), e->bytes);
	return RTP_HEADER_BYTES + e->bytes;
}

/* The first @count of them with an FEC packet over all, which has @header and @bytes protected: any one that
 * is lost comes back. */
static void assert_any_comes_back(unsigned count, uint64_t mask, const uint8_t header[14], unsigned bytes)
{
	for (unsigned lost = 0; lost < count; lost++) {
		struct parity p = { .bytes = 0 };
		uint8_t packets[4][512], repair[512], got[512];
		unsigned lens[4], len;
		for (unsigned i = 0; i < count; i++) {
			lens[i] = example(packets[i], i);
			parity_add(&p, packets[i], lens[i]);
		}
		len = parity_ulp(&p, repair, 8, mask);
		assert_int_equal(len, 14 + bytes);
		assert_memory_equal(repair, header, 14);
		for (unsigned i = 0; i < count; i++)
			if (i != lost)
				fec_media(fec, packets[i], lens[i]);
		assert_int_equal(fec_repair(fec, 1, repair, len), 0);
		assert_int_equal(fec_take(fec, SSRC, got, sizeof(got)), lens[lost]);
		assert_memory_equal(got, packets[lost], lens[lost]);
		assert_nothing();
		fec_free(fec);
		begin_ulp(NULL);
	}
}

/* Section 10.1: one FEC packet over all four, and what its fields are: 3 ^ 5 ^ 7 ^ 9, 200 ^ 140 ^ 100 ^ 340;
 * the payload types and markers cancel out. */
static void the_example_of_rfc_5109_section_10_1_brings_back_any_packet(void **state)
{
	static const uint8_t header[] = { 0, 0, 0, 8, 0, 0, 0, 8, 372 >> 8, 372 & 0xFF, 340 >> 8, 340 & 0xFF,
		0xF0, 0 };

	assert_any_comes_back(4, 15ull << 44, header, 340);
}

/* A and B alone: 11 ^ 18, 3 ^ 5, 200 ^ 140. */
static void of_two_packets_either_comes_back(void **state)
{
	static const uint8_t header[] = { 0, 0x80 | 25, 0, 8, 0, 0, 0, 6, 0, 68, 0, 200, 0xC0, 0 };

	assert_any_comes_back(2, 3ull << 46, header, 200);
}

/* Section 10.2 protects the first 70 bytes of C and D at the second level only: such a packet cannot be had.
 */
static void a_packet_longer_than_what_is_protected_does_not_come_back(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t packets[2][512], repair[512];

	for (unsigned i = 0; i < 2; i++)
		parity_add(&p, packets[i], example(packets[i], 2 + i));
	p.bytes = 140;
	fec_media(fec, packets[0], RTP_HEADER_BYTES + 100);
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 10, 3ull << 46)), 0);
	assert_nothing();
}

static void a_long_mask_reaches_48_packets(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	for (uint16_t i = 0; i < 48; i++)
		add_usual(&p, (uint16_t)(65500 + i));
	for (uint16_t i = 0; i < 48; i++)
		if (i != 40)
			hear((uint16_t)(65500 + i));
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 65500, (1ull << 48) - 1)), 0);
	assert_taken((uint16_t)(65500 + 40));
	assert_nothing();
}

static void what_comes_before_its_media_waits(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	hear(99);
	for (uint16_t i = 100; i < 104; i++)
		add_usual(&p, i);
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 100, 0xFull << 44)), 0);
	assert_nothing();
	hear(100);
	hear(103);
	assert_nothing();
	hear(103); /* again: counts once */
	assert_nothing();
	hear(102);
	assert_taken(101);
}

static void one_repair_makes_way_for_the_next(void **state)
{
	struct parity first = { .bytes = 0 }, second = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	for (uint16_t i = 10; i < 13; i++)
		add_usual(&first, i);
	for (uint16_t i = 12; i < 15; i++)
		add_usual(&second, i);
	hear(10);
	hear(13);
	/* 11, 12 and 14 are lost: the second brings nothing until 12 is there */
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&second, repair, 12, 7ull << 45)), 0);
	assert_int_equal(fec_repair(fec, 2, repair, parity_ulp(&first, repair, 10, 7ull << 45)), 0);
	assert_nothing();
	hear(11);
	assert_taken(12);
	assert_taken(14);
	assert_nothing();
}

static void a_packet_that_was_not_lost_is_not_made(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	for (uint16_t i = 10; i < 13; i++) {
		add_usual(&p, i);
		hear(i);
	}
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 10, 7ull << 45)), 0);
	assert_nothing();
}

static void ulpfec_that_lies_is_bad(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];
	unsigned len;

	hear(10);
	add_usual(&p, 11);
	len = parity_ulp(&p, repair, 11, 1ull << 47);
	for (unsigned cut = 0; cut < len; cut++)
		assert_int_equal(fec_repair(fec, 1, repair, cut), -EBADMSG);
	memset(repair + 12, 0, 2); /* an empty mask */
	assert_int_equal(fec_repair(fec, 1, repair, len), -EBADMSG);
	repair[12] = 0x80;
	repair[0] |= 0x80; /* E: not for us */
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	assert_nothing();
}

static void what_was_made_up_may_not_be_longer_than_it_can_be(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES], small[40];
	unsigned len;

	hear(10);
	add_usual(&p, 10);
	add_usual(&p, 11);
	len = parity_ulp(&p, repair, 10, 3ull << 46);
	repair[8] ^= 0xFF;
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	assert_nothing();
	repair[8] ^= 0xFF;
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	assert_int_equal(fec_take(fec, SSRC, small, sizeof(small)), 0);
}

static void another_stream_begins_with_nothing(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES], packet[64], got[LIMIT_PACKET_BYTES];

	hear(10);
	for (uint16_t i = 10; i < 13; i++)
		add_usual(&p, i);
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 10, 7ull << 45)), 0);
	rtp_build(packet, 96, false, 11, 1, SSRC + 1);
	fec_media(fec, packet, 40);
	rtp_build(packet, 96, false, 12, 1, SSRC + 1);
	fec_media(fec, packet, 40);
	assert_int_equal(fec_take(fec, SSRC, got, sizeof(got)), 0);
	assert_int_equal(fec_take(fec, SSRC + 1, got, sizeof(got)), 0);
}

static void numbers_of_another_turn_are_not_mistaken_for_these(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	for (uint16_t i = 10; i < 13; i++)
		add_usual(&p, i);
	hear(10);
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 10, 7ull << 45)), 0);
	for (uint32_t i = 13; i < 65536 + 10; i++)
		hear((uint16_t)i);
	hear(11);
	assert_nothing();
	/* what is far from all that was heard is of no use */
	assert_int_equal(fec_repair(fec, 1, repair, parity_ulp(&p, repair, 30000, 7ull << 45)), 0);
	hear(30000); /* a jump: all before it is forgotten */
	hear(30001);
	assert_nothing();
}

static void more_than_can_wait_costs_the_oldest(void **state)
{
	uint8_t repair[LIMIT_PACKET_BYTES];

	hear(1);
	for (uint16_t i = 0; i < FEC_WAITING + 1; i++) {
		struct parity p = { .bytes = 0 };
		add_usual(&p, (uint16_t)(10 + 2 * i));
		add_usual(&p, (uint16_t)(11 + 2 * i));
		assert_int_equal(fec_repair(fec, i, repair,
		                         parity_ulp(&p, repair, (uint16_t)(10 + 2 * i), 3ull << 46)),
		        0);
	}
	hear(10);
	assert_nothing();
	hear(12);
	assert_taken(13);
}

/* @count packets, one of them lost, and a flexible mask over them. */
static void check_mask(bool draft, const unsigned *ats, unsigned count, unsigned lost)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];
	uint16_t base = 65530;

	fec_free(fec);
	begin_flex(NULL);
	for (unsigned i = 0; i < count; i++) {
		add_usual(&p, (uint16_t)(base + ats[i]));
		if (i != lost)
			hear((uint16_t)(base + ats[i]));
	}
	assert_int_equal(
	        fec_repair(fec, 1, repair, parity_flex_mask(&p, repair, draft, SSRC, base, ats, count)), 0);
	assert_taken((uint16_t)(base + ats[lost]));
	assert_nothing();
}

static void flexible_masks_of_every_length_repair(void **state)
{
	static const unsigned small[] = { 0, 3, 14 }, middle[] = { 0, 14, 15, 30, 45 },
	                      large[] = { 0, 15, 45, 46, 47, 90, 108 }, largest[] = { 1, 109 };

	for (unsigned draft = 0; draft < 2; draft++) {
		for (unsigned lost = 0; lost < 3; lost++)
			check_mask(draft, small, 3, lost);
		for (unsigned lost = 0; lost < 5; lost++)
			check_mask(draft, middle, 5, lost);
		for (unsigned lost = 0; lost < 7; lost++)
			check_mask(draft, large, 7, lost);
	}
	check_mask(false, largest, 2, 1); /* the draft's has one bit less */
}

static void check_block(bool draft, uint8_t columns, uint8_t rows, unsigned count, unsigned step)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];
	unsigned lost = count - 1;

	fec_free(fec);
	begin_flex(NULL);
	for (unsigned i = 0; i < count; i++) {
		add_usual(&p, (uint16_t)(500 + i * step));
		if (i != lost)
			hear((uint16_t)(500 + i * step));
	}
	assert_int_equal(
	        fec_repair(fec, 1, repair, parity_flex_block(&p, repair, draft, SSRC, 500, columns, rows)),
	        0);
	assert_taken((uint16_t)(500 + lost * step));
	assert_nothing();
}

/* RFC 8627 section 4.2.2.2. */
static void rows_and_columns_repair(void **state)
{
	for (unsigned draft = 0; draft < 2; draft++) {
		check_block(draft, 5, 0, 5, 1);
		check_block(draft, 5, 1, 5, 1);
		check_block(draft, 5, 4, 4, 5);
		check_block(draft, 200, 0, 200, 1);
	}
}

static void flexfec_that_reaches_too_far_or_sends_again_is_passed_over(void **state)
{
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];
	unsigned len;

	hear(500);
	add_usual(&p, 501);
	assert_int_equal(
	        fec_repair(fec, 1, repair, parity_flex_block(&p, repair, false, SSRC, 500, 200, 200)), 0);
	len = parity_flex_block(&p, repair, false, SSRC, 501, 1, 0);
	repair[0] |= 0x80;
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	/* nor does it repair another stream than it says */
	len = parity_flex_block(&p, repair, true, SSRC + 1, 501, 1, 0);
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	assert_nothing();
	len = parity_flex_block(&p, repair, true, SSRC, 501, 1, 0);
	assert_int_equal(fec_repair(fec, 1, repair, len), 0);
	assert_taken(501);
}

static void flexfec_that_lies_is_bad(void **state)
{
	static const unsigned ats[] = { 0, 20, 60 };
	struct parity p = { .bytes = 0 };
	uint8_t repair[LIMIT_PACKET_BYTES];

	hear(500);
	for (unsigned draft = 0; draft < 2; draft++) {
		unsigned head = draft ? 32 : 24;
		parity_flex_mask(&p, repair, draft, SSRC, 500, ats, 3);
		for (unsigned cut = 0; cut < head; cut++)
			assert_int_equal(fec_repair(fec, 1, repair, cut), -EBADMSG);
		assert_int_equal(fec_repair(fec, 1, repair, head), 0);
		head -= 12;
		parity_flex_block(&p, repair, draft, SSRC, 500, 4, 4);
		for (unsigned cut = 0; cut < head; cut++)
			assert_int_equal(fec_repair(fec, 1, repair, cut), -EBADMSG);
		parity_flex_block(&p, repair, draft, SSRC, 500, 0, 0);
		assert_int_equal(fec_repair(fec, 1, repair, head), -EBADMSG);
	}
	memset(repair, 0, sizeof(repair));
	assert_int_equal(fec_repair(fec, 1, repair, 40), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ULP(name)  cmocka_unit_test_setup_teardown(name, begin_ulp, end)
#define FLEX(name) cmocka_unit_test_setup_teardown(name, begin_flex, end)
		ULP(the_example_of_rfc_5109_section_10_1_brings_back_any_packet),
		ULP(of_two_packets_either_comes_back),
		ULP(a_packet_longer_than_what_is_protected_does_not_come_back),
		ULP(a_long_mask_reaches_48_packets),
		ULP(what_comes_before_its_media_waits),
		ULP(one_repair_makes_way_for_the_next),
		ULP(a_packet_that_was_not_lost_is_not_made),
		ULP(ulpfec_that_lies_is_bad),
		ULP(what_was_made_up_may_not_be_longer_than_it_can_be),
		ULP(another_stream_begins_with_nothing),
		ULP(numbers_of_another_turn_are_not_mistaken_for_these),
		ULP(more_than_can_wait_costs_the_oldest),
		FLEX(flexible_masks_of_every_length_repair),
		FLEX(rows_and_columns_repair),
		FLEX(flexfec_that_reaches_too_far_or_sends_again_is_passed_over),
		FLEX(flexfec_that_lies_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
