/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/limits.h"
#include "base/rtp.h"

static enum rtp_class class_of(uint8_t first, uint8_t second)
{
	uint8_t data[] = { first, second };

	return rtp_classify(data, sizeof(data));
}

/* RFC 7983 section 7, figure 3. */
static void the_first_byte_tells_the_protocol(void **state)
{
	for (unsigned b = 0; b < 256; b++) {
		enum rtp_class expected = b <= 3                 ? RTP_CLASS_STUN
		                          : b >= 20 && b <= 63   ? RTP_CLASS_DTLS
		                          : b >= 128 && b <= 191 ? RTP_CLASS_RTP
		                                                 : RTP_CLASS_OTHER;
		assert_int_equal(class_of((uint8_t)b, 96), expected);
	}
}

/* RFC 5761 section 4: RTCP types 192-223 stand where the marker and payload types 64-95 would. */
static void the_second_byte_tells_rtcp(void **state)
{
	for (unsigned b = 0; b < 256; b++)
		assert_int_equal(
		        class_of(0x80, (uint8_t)b), b >= 192 && b <= 223 ? RTP_CLASS_RTCP : RTP_CLASS_RTP);
}

static void less_than_two_bytes_are_nothing(void **state)
{
	uint8_t byte = 0x80;

	assert_int_equal(rtp_classify(&byte, 0), RTP_CLASS_OTHER);
	assert_int_equal(rtp_classify(&byte, 1), RTP_CLASS_OTHER);
}

/* RFC 3550 section 5.1. */
static void parses_the_fixed_header(void **state)
{
	static const uint8_t data[] = { 0x80, 0xE0, 0x12, 0x34, 0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x02, 0x03,
		0x04, 0x99 };
	struct rtp_header h;

	assert_int_equal(rtp_parse(&h, data, sizeof(data)), 0);
	assert_int_equal(h.payload_type, 96);
	assert_true(h.marker);
	assert_false(h.padding);
	assert_int_equal(h.csrc_count, 0);
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.timestamp, 0xDEADBEEF);
	assert_int_equal(h.ssrc, 0x01020304);
	assert_int_equal(h.extension_profile, 0);
	assert_int_equal(h.extension_bytes, 0);
	assert_int_equal(h.payload_offset, 12);
	assert_int_equal(rtp_payload_bytes(&h, data, sizeof(data)), 1);
}

/* RFC 3550 sections 5.1 and 5.3.1: 15 CSRCs, an extension of two words of a profile of its own. */
static void steps_over_csrcs_and_extension(void **state)
{
	uint8_t data[12 + 60 + 4 + 8 + 1] = { 0x9F, 0x6F };
	struct rtp_header h;

	data[72] = 0x12, data[73] = 0x34, data[75] = 2;
	assert_int_equal(rtp_parse(&h, data, sizeof(data)), 0);
	assert_int_equal(h.csrc_count, 15);
	assert_false(h.marker);
	assert_int_equal(h.payload_type, 111);
	assert_int_equal(h.extension_profile, 0x1234);
	assert_int_equal(h.extension_offset, 76);
	assert_int_equal(h.extension_bytes, 8);
	assert_int_equal(h.payload_offset, 84);
	assert_int_equal(rtp_payload_bytes(&h, data, sizeof(data)), 1);
	/* Profiles other than those of RFC 8285 have no elements. */
	assert_int_equal(rtp_extensions(&h, data, NULL, 0), 0);
	/* Each length below the end of the extension is too short. */
	for (size_t len = 0; len < 84; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		memcpy(cut, data, len);
		assert_int_equal(rtp_parse(&h, cut, len), -EBADMSG);
		free(cut);
	}
}

static void other_versions_and_giants_are_refused(void **state)
{
	static uint8_t data[(1 << 16) + 300000] = { 0x80 };
	struct rtp_header h;

	for (unsigned version = 0; version < 4; version++) {
		data[0] = (uint8_t)(version << 6);
		assert_int_equal(rtp_parse(&h, data, 12), version == 2 ? 0 : -EBADMSG);
	}
	data[0] = 0x90;
	assert_int_equal(rtp_parse(&h, data, UINT16_MAX), 0);
	/* An extension of 262140 bytes would not fit the offsets. */
	data[14] = data[15] = 0xFF;
	assert_int_equal(rtp_parse(&h, data, sizeof(data)), -EBADMSG);
	assert_int_equal(rtp_parse(&h, data, UINT16_MAX), -EBADMSG);
}

/* RFC 3550 section 5.1, "padding (P)": the last byte counts the padding, itself included. */
static void padding_is_taken_off(void **state)
{
	uint8_t data[12 + 8] = { 0xA0, 96 };
	struct rtp_header h;

	assert_int_equal(rtp_parse(&h, data, sizeof(data)), 0);
	assert_true(h.padding);
	data[19] = 1;
	assert_int_equal(rtp_payload_bytes(&h, data, 20), 7);
	data[19] = 8;
	assert_int_equal(rtp_payload_bytes(&h, data, 20), 0);
	data[19] = 9;
	assert_int_equal(rtp_payload_bytes(&h, data, 20), -EBADMSG);
	data[19] = 0;
	assert_int_equal(rtp_payload_bytes(&h, data, 20), -EBADMSG);
	data[19] = 255;
	assert_int_equal(rtp_payload_bytes(&h, data, 20), -EBADMSG);
	/* Nothing behind the header that could count. */
	data[11] = 1;
	assert_int_equal(rtp_payload_bytes(&h, data, 12), -EBADMSG);
	/* Shorter than the header was, once the tag is off. */
	assert_int_equal(rtp_payload_bytes(&h, data, 11), -EBADMSG);
	h.padding = false;
	assert_int_equal(rtp_payload_bytes(&h, data, 11), -EBADMSG);
	assert_int_equal(rtp_payload_bytes(&h, data, 12), 0);
}

/* Puts @elements behind a header and lists them. */
static unsigned list(
        uint16_t profile, const char *elements, size_t len, struct rtp_extension *ret, unsigned max)
{
	static uint8_t data[16 + 256];
	struct rtp_header h;
	size_t words = (len + 3) / 4;

	memset(data, 0, sizeof(data));
	data[0] = 0x90;
	data[12] = (uint8_t)(profile >> 8), data[13] = (uint8_t)profile;
	data[15] = (uint8_t)words;
	memcpy(data + 16, elements, len);
	assert_int_equal(rtp_parse(&h, data, 16 + 4 * words), 0);
	return rtp_extensions(&h, data, ret, max);
}

/* The layout of the figure at the end of RFC 8285 section 4.2: three elements, padding between them. */
static void lists_one_byte_elements(void **state)
{
	struct rtp_extension e[4];

	assert_int_equal(list(0xBEDE, "\x10\x41\x21\x42\x43\x00\x00\x33\x44\x45\x46\x47", 12, e, 4), 3);
	assert_int_equal(e[0].id, 1);
	assert_int_equal(e[0].len, 1);
	assert_memory_equal(e[0].data, "A", 1);
	assert_int_equal(e[1].id, 2);
	assert_int_equal(e[1].len, 2);
	assert_memory_equal(e[1].data, "BC", 2);
	assert_int_equal(e[2].id, 3);
	assert_int_equal(e[2].len, 4);
	assert_memory_equal(e[2].data, "DEFG", 4);
}

/* RFC 8285 section 4.3: lengths from 0; the low four bits of the profile are the application's. */
static void lists_two_byte_elements(void **state)
{
	struct rtp_extension e[4];

	for (uint16_t appbits = 0; appbits < 16; appbits++) {
		assert_int_equal(
		        list(0x1000 | appbits, "\x01\x00\x02\x01\x41\x00\xFF\x04\x42\x43\x44\x45", 12, e, 4),
		        3);
		assert_int_equal(e[0].id, 1);
		assert_int_equal(e[0].len, 0);
		assert_int_equal(e[1].id, 2);
		assert_memory_equal(e[1].data, "A", 1);
		assert_int_equal(e[2].id, 255);
		assert_memory_equal(e[2].data, "BCDE", 4);
	}
	assert_int_equal(list(0x0FFF, "\x01\x01\x41\x42", 4, e, 4), 0);
	assert_int_equal(list(0x1010, "\x01\x01\x41\x42", 4, e, 4), 0);
}

static void lists_end_at_what_lies(void **state)
{
	struct rtp_extension e[4];

	/* One byte: an element of 16 bytes in three. */
	assert_int_equal(list(0xBEDE, "\x10\x41\x2F\x42", 4, e, 4), 1);
	/* ID 15 ends the list whatever its length (RFC 8285 section 4.2). */
	assert_int_equal(list(0xBEDE, "\x10\x41\xF0\x42\x20\x43\x00\x00", 8, e, 4), 1);
	/* ID 0 with a length is no padding. */
	assert_int_equal(list(0xBEDE, "\x10\x41\x01\x42\x43\x00\x00\x00", 8, e, 4), 1);
	/* Two bytes: too long, and an ID whose length is missing. */
	assert_int_equal(list(0x1000, "\x01\x01\x41\x02\x03\x42\x43\x00", 8, e, 4), 2);
	assert_int_equal(list(0x1000, "\x01\x01\x41\x02\x04\x42\x43\x00", 8, e, 4), 1);
	assert_int_equal(list(0x1000, "\x01\x01\x41\x02", 4, e, 4), 1);
	/* Nothing but padding, and nothing at all. */
	assert_int_equal(list(0xBEDE, "\x00\x00\x00\x00", 4, e, 4), 0);
	assert_int_equal(list(0xBEDE, "", 0, e, 4), 0);
}

static void lists_are_bounded(void **state)
{
	struct rtp_extension e[LIMIT_HEADER_EXTENSIONS + 8];
	char many[64];

	memset(many, 0x10, sizeof(many));
	assert_int_equal(list(0xBEDE, many, sizeof(many), e, 3), 3);
	assert_int_equal(list(0xBEDE, many, sizeof(many), e, 0), 0);
	assert_int_equal(
	        list(0xBEDE, many, sizeof(many), e, LIMIT_HEADER_EXTENSIONS + 8), LIMIT_HEADER_EXTENSIONS);
}

static void what_is_built_parses(void **state)
{
	uint8_t data[RTP_HEADER_BYTES + 1] = { 0 };
	struct rtp_header h;

	data[RTP_HEADER_BYTES] = 0x55;
	rtp_build(data, 127, true, 65535, UINT32_MAX - 1, 0x80000001);
	assert_int_equal(data[RTP_HEADER_BYTES], 0x55);
	assert_int_equal(rtp_parse(&h, data, RTP_HEADER_BYTES), 0);
	assert_int_equal(h.payload_type, 127);
	assert_true(h.marker);
	assert_int_equal(h.seq, 65535);
	assert_int_equal(h.timestamp, UINT32_MAX - 1);
	assert_int_equal(h.ssrc, 0x80000001);
	assert_int_equal(h.payload_offset, RTP_HEADER_BYTES);
	assert_int_equal(rtp_payload_bytes(&h, data, RTP_HEADER_BYTES), 0);
	rtp_build(data, 0, false, 0, 0, 0);
	assert_int_equal(rtp_parse(&h, data, RTP_HEADER_BYTES), 0);
	assert_false(h.marker);
	assert_int_equal(h.payload_type, 0);
}

static void unwraps_to_the_nearest(void **state)
{
	assert_true(rtp_unwrap32(0, 5) == 5);
	assert_true(rtp_unwrap32(0xFFFFFFF0, 5) == 0x100000005);
	assert_true(rtp_unwrap32(0x100000005, 0xFFFFFFF0) == 0xFFFFFFF0);
	assert_true(rtp_unwrap32(0x500000005, 0xFFFFFFF0) == 0x4FFFFFFF0);
	assert_true(rtp_unwrap32(0x500000005, 0x7FFFFFFF) == 0x57FFFFFFF);
	assert_true(rtp_unwrap32(0x5F0000000, 0x10000000) == 0x610000000);
	assert_true(rtp_unwrap16(0, 5) == 5);
	assert_true(rtp_unwrap16(65530, 5) == 65541);
	assert_true(rtp_unwrap16(65541, 65530) == 65530);
	assert_true(rtp_unwrap16(0xABCDFFFE, 1) == 0xABCE0001);
}

static void unwrapping_stays_in_the_first_era_near_zero(void **state)
{
	assert_true(rtp_unwrap32(5, 0xFFFFFFF0) == 0xFFFFFFF0);
	assert_true(rtp_unwrap32(0, UINT32_MAX) == UINT32_MAX);
	assert_true(rtp_unwrap16(5, 65530) == 65530);
	assert_true(rtp_unwrap16(10, 9) == 9);
	assert_true(rtp_unwrap16(10, 0) == 0);
}

/* Every step within half an era, forwards and backwards, over three turns. */
static void unwraps_a_long_walk(void **state)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t next = at + (i * 7919u % 32767);
		if (i % 3 == 0 && at > 30000)
			next = at - (i * 104729u % 30000);
		assert_true(rtp_unwrap16(at, (uint16_t)next) == next);
		assert_true(rtp_unwrap32(at << 16, (uint32_t)(next << 16)) == next << 16);
		at = next;
	}
	assert_true(at > 3 * 65536);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_byte_tells_the_protocol),
		cmocka_unit_test(the_second_byte_tells_rtcp),
		cmocka_unit_test(less_than_two_bytes_are_nothing),
		cmocka_unit_test(parses_the_fixed_header),
		cmocka_unit_test(steps_over_csrcs_and_extension),
		cmocka_unit_test(other_versions_and_giants_are_refused),
		cmocka_unit_test(padding_is_taken_off),
		cmocka_unit_test(lists_one_byte_elements),
		cmocka_unit_test(lists_two_byte_elements),
		cmocka_unit_test(lists_end_at_what_lies),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(what_is_built_parses),
		cmocka_unit_test(unwraps_to_the_nearest),
		cmocka_unit_test(unwrapping_stays_in_the_first_era_near_zero),
		cmocka_unit_test(unwraps_a_long_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
