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
#include "base/limits.h"
#include "base/rtcp.h"

/* What the callbacks were told, as text. */
static char told[4096];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
	size_t len = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + len, sizeof(told) - len, format, args);
	va_end(args);
}

static void on_sender_report(
        void *arg, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time, uint32_t packets, uint32_t bytes)
{
	assert_ptr_equal(arg, told);
	tell("SR %x %llx %x %x %x;", ssrc, (unsigned long long)ntp, rtp_time, packets, bytes);
}

static void on_bye(void *arg, uint32_t ssrc)
{
	tell("BYE %x;", ssrc);
}

static void on_key_frame_request(void *arg, uint32_t media_ssrc)
{
	tell("KEY %x;", media_ssrc);
}

static void on_report_block(
        void *arg, uint32_t ssrc, uint8_t fraction_lost, int32_t lost, uint32_t highest_seq, uint32_t jitter)
{
	tell("BLOCK %x %u %d %x %x;", ssrc, fraction_lost, lost, highest_seq, jitter);
}

static const struct rtcp_handlers handlers = {
	.sender_report = on_sender_report,
	.bye = on_bye,
	.key_frame_request = on_key_frame_request,
	.report_block = on_report_block,
	.arg = told,
};

/* Parses a heap copy of exactly @len bytes. */
static int parse(const void *data, size_t len)
{
	static const struct rtcp_handlers nobody = { 0 };
	uint8_t *copy = malloc(len ? len : 1);
	int result;

	memcpy(copy, data, len);
	told[0] = '\0';
	result = rtcp_parse(copy, len, &handlers);
	assert_int_equal(rtcp_parse(copy, len, &nobody), result);
	if (result < 0)
		assert_string_equal(told, "");
	free(copy);
	return result;
}

#define PARSE(data) parse(data, sizeof(data))

/* RFC 3550 section 6.4.1. */
static const uint8_t sr_with_block[] = { 0x81, 200, 0, 12, 1, 2, 3, 4, 0xE1, 0xE2, 0xE3, 0xE4, 0xF1, 0xF2,
	0xF3, 0xF4, 0xA1, 0xA2, 0xA3, 0xA4, 0, 0, 1, 0, 0, 1, 0, 0, 0xB1, 0xB2, 0xB3, 0xB4, 64, 0xFF, 0xFF,
	0xFE, 0, 1, 0x80, 0, 0, 0, 0, 9, 5, 5, 5, 5, 6, 6, 6, 6 };

static void a_sender_report_tells_its_clock_and_blocks(void **state)
{
	assert_int_equal(PARSE(sr_with_block), 0);
	assert_string_equal(
	        told, "SR 1020304 e1e2e3e4f1f2f3f4 a1a2a3a4 100 10000;BLOCK b1b2b3b4 64 -2 18000 9;");
}

/* RFC 3550 section 6.4.2; the cumulative loss at both ends of 24 bits. */
static void a_receiver_report_tells_its_blocks(void **state)
{
	static const uint8_t data[] = { 0x82, 201, 0, 13, 0, 0, 0, 1, 0, 0, 0, 2, 255, 0x7F, 0xFF, 0xFF, 0, 0,
		0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0x80, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7,
		0, 0, 0, 0, 0, 0, 0, 0 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "BLOCK 2 255 8388607 3 4;BLOCK 5 0 -8388608 6 7;");
}

static void profile_specific_extensions_are_stepped_over(void **state)
{
	static const uint8_t data[] = { 0x80, 201, 0, 2, 0, 0, 0, 1, 9, 9, 9, 9, 0x81, 203, 0, 1, 0, 0, 0,
		1 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "BYE 1;");
}

/* RFC 3550 section 6.6: several SSRCs, a reason behind them; and none at all. */
static void a_bye_names_its_sources(void **state)
{
	static const uint8_t data[] = { 0x82, 203, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 6, 't', 'h', 'e', ' ', 'e',
		'n', 'd' };
	static const uint8_t nobody[] = { 0x80, 203, 0, 0 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "BYE 1;BYE 2;");
	assert_int_equal(PARSE(nobody), 0);
	assert_string_equal(told, "");
}

/* RFC 4585 section 6.3.1: FMT 1, no FCI. */
static void a_pli_asks_for_its_media_source(void **state)
{
	static const uint8_t data[] = { 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "KEY 2;");
}

/* RFC 5104 section 4.3.1: FMT 4; the media source of the header is 0, each entry names its own. */
static void a_fir_asks_for_the_source_of_each_entry(void **state)
{
	static const uint8_t data[] = { 0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0,
		0, 8, 2, 0, 0, 0 };
	static const uint8_t half[] = { 0x84, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "KEY 7;KEY 8;");
	assert_int_equal(PARSE(half), -EBADMSG);
}

static void other_feedback_is_no_request(void **state)
{
	/* REMB (PSFB FMT 15), a generic NACK (RFC 4585 section 6.2.1), APP, and a type not known. */
	static const uint8_t data[] = { 0x8F, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 'R', 'E', 'M', 'B', 0x81,
		205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 0, 0x80, 204, 0, 2, 0, 0, 0, 1, 'n', 'a', 'm',
		'e', 0x80, 207, 0, 1, 0, 0, 0, 9 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "");
}

/* RFC 5506: feedback alone, no report before it. */
static void reduced_size_is_taken(void **state)
{
	static const uint8_t data[] = { 0x81, 203, 0, 1, 0, 0, 0, 1 };

	assert_int_equal(PARSE(data), 0);
	assert_string_equal(told, "BYE 1;");
}

static void one_bad_packet_silences_the_whole(void **state)
{
	uint8_t data[sizeof(sr_with_block) + 8];

	memcpy(data, sr_with_block, sizeof(sr_with_block));
	memcpy(data + sizeof(sr_with_block), (uint8_t[]){ 0x81, 203, 0, 1, 0, 0, 0, 1 }, 8);
	assert_int_equal(PARSE(data), 0);
	data[sizeof(sr_with_block)] = 0x41; /* version 1 */
	assert_int_equal(PARSE(data), -EBADMSG);
	data[sizeof(sr_with_block)] = 0x82; /* two sources promised */
	assert_int_equal(PARSE(data), -EBADMSG);
	data[sizeof(sr_with_block)] = 0x81;
	data[sizeof(sr_with_block) + 3] = 2; /* longer than there is */
	assert_int_equal(PARSE(data), -EBADMSG);
	data[sizeof(sr_with_block) + 3] = 0; /* what follows is no header */
	assert_int_equal(PARSE(data), -EBADMSG);
}

static void every_cut_is_noticed(void **state)
{
	for (size_t len = 0; len < sizeof(sr_with_block); len++)
		assert_int_equal(parse(sr_with_block, len), -EBADMSG);
}

static void counts_must_fit_their_packet(void **state)
{
	static const uint8_t sr_short[] = { 0x80, 200, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0 };
	static const uint8_t rr_short[] = { 0x80, 201, 0, 0 };
	static const uint8_t app_short[] = { 0x80, 204, 0, 1, 0, 0, 0, 1 };
	static const uint8_t rtpfb_short[] = { 0x81, 205, 0, 1, 0, 0, 0, 1 };
	static const uint8_t psfb_short[] = { 0x81, 206, 0, 1, 0, 0, 0, 1 };
	static const uint8_t fir_short[] = { 0x84, 206, 0, 1, 0, 0, 0, 1 };
	uint8_t data[sizeof(sr_with_block)];

	assert_int_equal(PARSE(sr_short), -EBADMSG);
	assert_int_equal(PARSE(rr_short), -EBADMSG);
	assert_int_equal(PARSE(app_short), -EBADMSG);
	assert_int_equal(PARSE(rtpfb_short), -EBADMSG);
	assert_int_equal(PARSE(psfb_short), -EBADMSG);
	assert_int_equal(PARSE(fir_short), -EBADMSG);
	memcpy(data, sr_with_block, sizeof(data));
	data[0] = 0x82;
	assert_int_equal(PARSE(data), -EBADMSG);
	data[0] = 0x9F;
	assert_int_equal(PARSE(data), -EBADMSG);
}

/* RFC 3550 section 6.5. */
static void sdes_items_must_stay_inside(void **state)
{
	static const uint8_t two[] = { 0x82, 202, 0, 6, 0, 0, 0, 1, 1, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0xFF,
		0xFF, 1, 2, 'd', 'e', 0, 0, 0, 0 };
	uint8_t data[12] = { 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 1, 'a', 0 };

	assert_int_equal(PARSE(two), 0);
	assert_int_equal(PARSE(data), 0);
	data[9] = 2; /* the packet's end stands for the zero byte */
	assert_int_equal(PARSE(data), 0);
	data[9] = 3;
	assert_int_equal(PARSE(data), -EBADMSG);
	data[9] = 255;
	assert_int_equal(PARSE(data), -EBADMSG);
	data[9] = 1;
	data[0] = 0x82; /* a second chunk that is not there */
	assert_int_equal(PARSE(data), -EBADMSG);
	data[0] = 0x81;
	data[9] = 0, data[10] = 0, data[11] = 9; /* what follows the zero byte is padding */
	assert_int_equal(PARSE(data), 0);
	data[10] = 1; /* a type without its length */
	data[11] = 0;
	assert_int_equal(PARSE(data), 0);
	data[8] = 1, data[9] = 1, data[10] = 'a', data[11] = 1;
	assert_int_equal(PARSE(data), -EBADMSG);
}

/* RFC 3550 section 6.4.1: in the last packet only, its last byte the count, a multiple of four. */
static void padding_is_for_the_last_packet(void **state)
{
	uint8_t last[16] = { 0xA1, 203, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8 };
	uint8_t first[16] = { 0xA1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 0 };
	uint8_t bare[4] = { 0xA0, 203, 0, 0 };

	assert_int_equal(PARSE(last), 0);
	assert_string_equal(told, "BYE 1;");
	last[15] = 4;
	assert_int_equal(PARSE(last), 0);
	last[15] = 12; /* would take the source */
	assert_int_equal(PARSE(last), -EBADMSG);
	last[15] = 16;
	assert_int_equal(PARSE(last), -EBADMSG);
	last[15] = 0;
	assert_int_equal(PARSE(last), -EBADMSG);
	last[15] = 3;
	assert_int_equal(PARSE(last), -EBADMSG);
	assert_int_equal(PARSE(first), -EBADMSG);
	first[0] = 0x81;
	assert_int_equal(PARSE(first), 0);
	assert_int_equal(PARSE(bare), -EBADMSG);
}

static void compounds_are_bounded(void **state)
{
	uint8_t data[4 * (LIMIT_RTCP_COMPOUND + 1)];

	for (size_t i = 0; i < sizeof(data); i += 4)
		memcpy(data + i, (uint8_t[]){ 0x80, 203, 0, 0 }, 4);
	assert_int_equal(parse(data, 4 * LIMIT_RTCP_COMPOUND), 0);
	assert_int_equal(PARSE(data), -EBADMSG);
}

static void the_senders_ssrc_is_read_from_what_is_clear(void **state)
{
	uint8_t data[] = { 0x81, 206, 0, 2, 0xCA, 0xFE, 0xBA, 0xBE };
	uint32_t ssrc = 42;

	assert_int_equal(rtcp_sender_ssrc(data, 7, &ssrc), -EBADMSG);
	data[0] = 0x41;
	assert_int_equal(rtcp_sender_ssrc(data, 8, &ssrc), -EBADMSG);
	data[0] = 0x80;
	data[1] = 96;
	assert_int_equal(rtcp_sender_ssrc(data, 8, &ssrc), -EBADMSG);
	data[1] = 224;
	assert_int_equal(rtcp_sender_ssrc(data, 8, &ssrc), -EBADMSG);
	assert_int_equal(ssrc, 42);
	data[1] = 200;
	assert_int_equal(rtcp_sender_ssrc(data, 8, &ssrc), 0);
	assert_int_equal(ssrc, 0xCAFEBABE);
}

static void a_built_compound_parses(void **state)
{
	const struct rtcp_report_block blocks[] = {
		{ .ssrc = 0xA,
		        .fraction_lost = 12,
		        .lost = -3,
		        .highest_seq = 0x10005,
		        .jitter = 77,
		        .last_sr = 1,
		        .delay_since_sr = 2 },
		{ .ssrc = 0xB, .lost = INT32_MAX },
		{ .ssrc = 0xC, .lost = INT32_MIN },
	};
	uint8_t out[256];
	size_t len = rtcp_build_rr(out, sizeof(out), 0, 0x11, blocks, 3);

	assert_int_equal(len, 8 + 3 * 24);
	len = rtcp_build_sdes(out, sizeof(out), len, 0x11, "recorder@example.org");
	len = rtcp_build_pli(out, sizeof(out), len, 0x11, 0xA);
	len = rtcp_build_sr(out, sizeof(out), len, 0x11, 0x0102030405060708, 9, 10, 11);
	len = rtcp_build_bye(out, sizeof(out), len, 0x11);
	assert_int_equal(len, 80 + 32 + 12 + 28 + 8);
	assert_int_equal(parse(out, len), 0);
	assert_string_equal(told, "BLOCK a 12 -3 10005 4d;BLOCK b 0 8388607 0 0;BLOCK c 0 -8388608 0 0;"
	                          "KEY a;SR 11 102030405060708 9 a b;BYE 11;");
}

/* RFC 3550 sections 6.4.2 and 6.5, RFC 4585 section 6.3.1, byte for byte. */
static void built_bytes_are_those_of_the_rfcs(void **state)
{
	static const uint8_t expected[] = { 0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 4, 0, 0, 0, 5,
		0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8, 0x81, 202, 0, 3, 0, 0, 0, 1, 1, 2, 'm', 'e', 0, 0, 0, 0,
		0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x81, 203, 0, 1, 0, 0, 0, 1 };
	const struct rtcp_report_block block = { 2, 3, 4, 5, 6, 7, 8 };
	uint8_t out[sizeof(expected)];
	size_t len = rtcp_build_rr(out, sizeof(out), 0, 1, &block, 1);

	len = rtcp_build_sdes(out, sizeof(out), len, 1, "me");
	len = rtcp_build_pli(out, sizeof(out), len, 1, 2);
	len = rtcp_build_bye(out, sizeof(out), len, 1);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void a_cname_always_ends_with_a_zero(void **state)
{
	char cname[257];
	uint8_t out[300];

	memset(cname, 'c', sizeof(cname));
	for (size_t text = 0; text <= 255; text++) {
		cname[text] = '\0';
		size_t len = rtcp_build_sdes(out, sizeof(out), 0, 1, cname);
		assert_int_equal(len, (10 + text) / 4 * 4 + 4);
		assert_int_equal(out[9], text);
		assert_int_equal(out[10 + text], 0);
		assert_int_equal(parse(out, len), 0);
		cname[text] = 'c';
	}
	cname[256] = '\0';
	assert_int_equal(rtcp_build_sdes(out, sizeof(out), 0, 1, cname), 0);
}

static void nothing_is_built_without_room(void **state)
{
	const struct rtcp_report_block blocks[32] = { { 0 } };
	uint8_t out[1024];

	memset(out, 0x55, sizeof(out));
	assert_int_equal(rtcp_build_rr(out, 31, 0, 1, blocks, 1), 0);
	assert_int_equal(rtcp_build_sr(out, 27, 0, 1, 2, 3, 4, 5), 0);
	assert_int_equal(rtcp_build_sdes(out, 15, 0, 1, "me"), 0);
	assert_int_equal(rtcp_build_pli(out, 19, 8, 1, 2), 0);
	assert_int_equal(rtcp_build_bye(out, 8, 4, 1), 0);
	assert_int_equal(rtcp_build_bye(out, 8, 12, 1), 0);
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], 0x55);
	assert_int_equal(rtcp_build_rr(out, sizeof(out), 0, 1, blocks, 32), 0);
	assert_int_equal(rtcp_build_rr(out, sizeof(out), 0, 1, blocks, 31), 8 + 31 * 24);
	assert_int_equal(rtcp_build_rr(out, 8, 0, 1, NULL, 0), 8);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_report_tells_its_clock_and_blocks),
		cmocka_unit_test(a_receiver_report_tells_its_blocks),
		cmocka_unit_test(profile_specific_extensions_are_stepped_over),
		cmocka_unit_test(a_bye_names_its_sources),
		cmocka_unit_test(a_pli_asks_for_its_media_source),
		cmocka_unit_test(a_fir_asks_for_the_source_of_each_entry),
		cmocka_unit_test(other_feedback_is_no_request),
		cmocka_unit_test(reduced_size_is_taken),
		cmocka_unit_test(one_bad_packet_silences_the_whole),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(counts_must_fit_their_packet),
		cmocka_unit_test(sdes_items_must_stay_inside),
		cmocka_unit_test(padding_is_for_the_last_packet),
		cmocka_unit_test(compounds_are_bounded),
		cmocka_unit_test(the_senders_ssrc_is_read_from_what_is_clear),
		cmocka_unit_test(a_built_compound_parses),
		cmocka_unit_test(built_bytes_are_those_of_the_rfcs),
		cmocka_unit_test(a_cname_always_ends_with_a_zero),
		cmocka_unit_test(nothing_is_built_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
