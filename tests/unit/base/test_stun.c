/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stun.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "base/limits.h"

#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"

static const uint8_t id[STUN_ID_BYTES] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf,
	0xae };

/* RFC 5769 section 2.1, its padding is spaces */
static const char request_2_1[] = "000100582112a442b7e7a701bc34d686fa87dfae"
                                  "802200105354554e207465737420636c69656e74"
                                  "002400046e0001ff"
                                  "80290008932ff9b151263b36"
                                  "000600096576746a3a68367659202020"
                                  "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
                                  "80280004e57a3bcf";
/* section 2.2 */
static const char response_2_2[] = "0101003c2112a442b7e7a701bc34d686fa87dfae"
                                   "8022000b7465737420766563746f7220"
                                   "002000080001a147e112a643"
                                   "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                                   "80280004c07d4c96";
/* section 2.3 */
static const char response_2_3[] = "010100482112a442b7e7a701bc34d686fa87dfae"
                                   "8022000b7465737420766563746f7220"
                                   "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                                   "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
                                   "80280004c8fb0b4c";
/* section 2.4: long-term credentials, no FINGERPRINT */
static const char request_2_4[] = "000100602112a44278ad3433c6ad72c029da412e"
                                  "00060012e3839ee38388e383aae38383e382afe382b90000"
                                  "0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b"
                                  "6578616d706c652e6f726700"
                                  "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";

/* A message in memory of just its size. */
static uint8_t *bytes;
static size_t len;

static uint8_t *of_hex(const char *hex)
{
	free(bytes);
	len = strlen(hex) / 2;
	bytes = malloc(len ? len : 1);
	for (size_t i = 0; i < len; i++) {
		unsigned byte = 0;
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return bytes;
}

static int end(void **state)
{
	free(bytes);
	bytes = NULL;
	return 0;
}

static void hmac(void *arg, const uint8_t *data, size_t data_len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	unsigned mac_len;

	HMAC(EVP_sha1(), arg, (int)strlen(arg), data, data_len, ret_mac, &mac_len);
}

static char *password(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* A header with @type, and attributes in hex; with the length that is right. */
static int parse(struct stun_message *m, const char *type, const char *attributes)
{
	char hex[4096];

	snprintf(hex, sizeof(hex), "%s%04x2112a442b7e7a701bc34d686fa87dfae%s", type,
	        (unsigned)(strlen(attributes) / 2), attributes);
	of_hex(hex);
	return stun_parse(m, bytes, len);
}

static void the_sample_request_of_rfc_5769_2_1_is_understood(void **state)
{
	const uint8_t *first, *second, *peeked;
	size_t first_bytes, second_bytes, peeked_bytes;
	struct stun_message m;

	of_hex(request_2_1);
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_int_equal(m.type, STUN_BINDING_REQUEST);
	assert_memory_equal(m.id, id, sizeof(id));
	assert_true(m.has_priority);
	assert_int_equal(m.priority, 0x6e0001ff);
	assert_true(m.controlled);
	assert_false(m.controlling);
	assert_true(m.tie_breaker == 0x932ff9b151263b36);
	assert_true(m.fingerprint);
	assert_int_equal(m.unknown_count, 0);
	assert_true(stun_username(&m, &first, &first_bytes, &second, &second_bytes));
	assert_int_equal(first_bytes, 4);
	assert_memory_equal(first, "evtj", 4);
	assert_int_equal(second_bytes, 4);
	assert_memory_equal(second, "h6vY", 4);
	assert_true(stun_check_mac(&m, bytes, hmac, password(PASSWORD)));
	assert_false(stun_check_mac(&m, bytes, hmac, password(PASSWORD "x")));
	/* it is put back */
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_int_equal(stun_peek(bytes, len, &peeked, &peeked_bytes), 0);
	assert_ptr_equal(peeked, first);
	assert_int_equal(peeked_bytes, 9);
}

static void the_sample_responses_of_rfc_5769_2_2_and_2_3_are_understood(void **state)
{
	static const uint8_t addr4[4] = { 192, 0, 2, 1 }, addr6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34,
		0x56, 0x78, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };
	struct stun_message m;

	of_hex(response_2_2);
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_int_equal(m.type, STUN_BINDING_SUCCESS);
	assert_true(m.has_mapped && !m.mapped_is_v6 && m.fingerprint);
	assert_memory_equal(m.mapped_addr, addr4, 4);
	assert_int_equal(m.mapped_port, 32853);
	assert_true(stun_check_mac(&m, bytes, hmac, password(PASSWORD)));
	of_hex(response_2_3);
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_true(m.has_mapped && m.mapped_is_v6 && m.fingerprint);
	assert_memory_equal(m.mapped_addr, addr6, 16);
	assert_int_equal(m.mapped_port, 32853);
	assert_true(stun_check_mac(&m, bytes, hmac, password(PASSWORD)));
}

static void the_sample_request_of_rfc_5769_2_4_is_parsed(void **state)
{
	const uint8_t *first, *second;
	size_t first_bytes, second_bytes;
	struct stun_message m;

	of_hex(request_2_4);
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_int_equal(m.username_bytes, 18);
	assert_false(m.fingerprint);
	assert_int_equal(m.unknown_count, 0);
	assert_int_equal(m.mac_at, len - 24);
	assert_false(stun_username(&m, &first, &first_bytes, &second, &second_bytes));
}

/* What we write is what the RFC's samples are, but for SOFTWARE. */
static void what_is_written_is_read_again(void **state)
{
	uint8_t out[256], addr[16] = { 0xfd, 1, 2, 3, [15] = 9 };
	const uint16_t unknown[3] = { 0x7777, 0x0002, 0x7FFF };
	struct stun_build b;
	struct stun_message m;
	size_t n;

	stun_begin(&b, out, sizeof(out), STUN_BINDING_REQUEST, id);
	stun_put_username(&b, "evtj", "h6vYz");
	stun_put_priority(&b, 0x6e0001ff);
	stun_put_controlling(&b, 0x932ff9b151263b36);
	stun_put_use_candidate(&b);
	n = stun_end(&b, hmac, password(PASSWORD));
	assert_int_equal(n, 20 + 16 + 8 + 12 + 4 + 24 + 8);
	assert_int_equal(stun_parse(&m, out, n), 0);
	assert_true(m.use_candidate && m.controlling && !m.controlled && m.fingerprint);
	assert_int_equal(m.priority, 0x6e0001ff);
	assert_int_equal(m.username_bytes, 10);
	assert_memory_equal(m.username, "evtj:h6vYz", 10);
	assert_true(m.tie_breaker == 0x932ff9b151263b36);
	assert_true(stun_check_mac(&m, out, hmac, password(PASSWORD)));

	stun_begin(&b, out, sizeof(out), STUN_BINDING_ERROR, id);
	stun_put_error(&b, STUN_ERROR_UNKNOWN_ATTRIBUTE);
	stun_put_unknown(&b, unknown, 3);
	stun_put_xor_mapped(&b, addr, true, 5000);
	n = stun_end(&b, NULL, NULL);
	assert_int_equal(stun_parse(&m, out, n), 0);
	assert_int_equal(m.error, 420);
	assert_null(m.mac);
	assert_false(stun_check_mac(&m, out, hmac, password(PASSWORD)));
	assert_memory_equal(m.mapped_addr, addr, 16);
	assert_int_equal(m.mapped_port, 5000);
	/* UNKNOWN-ATTRIBUTES, section 14.13: behind ERROR-CODE, padded */
	assert_memory_equal(out + 28, "\x00\x0a\x00\x06\x77\x77\x00\x02\x7f\xff\x00\x00", 12);
}

static void nothing_is_written_past_the_end(void **state)
{
	uint8_t out[256];

	for (size_t size = 0; size < 100; size++) {
		struct stun_build b;

		memset(out, 0x55, sizeof(out));
		stun_begin(&b, out, size, STUN_BINDING_SUCCESS, id);
		stun_put_xor_mapped(&b, id, false, 1);
		size_t n = stun_end(&b, hmac, password(PASSWORD));
		assert_int_equal(n, size < 64 ? 0 : 64);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], 0x55);
	}
}

static void a_header_that_is_not_sound_is_refused(void **state)
{
	const uint8_t *name;
	struct stun_message m;
	size_t name_bytes;

	of_hex(request_2_1);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *part = malloc(cut ? cut : 1);
		memcpy(part, bytes, cut);
		assert_int_equal(stun_parse(&m, part, cut), -EBADMSG);
		assert_int_equal(stun_peek(part, cut, &name, &name_bytes), -EBADMSG);
		free(part);
	}
	bytes[3] -= 4; /* shorter than the datagram */
	assert_int_equal(stun_parse(&m, bytes, len), -EBADMSG);
	bytes[3] += 5; /* no multiple of 4 */
	assert_int_equal(stun_parse(&m, bytes, len), -EBADMSG);
	of_hex(request_2_1)[4] ^= 1; /* cookie */
	assert_int_equal(stun_parse(&m, bytes, len), -EBADMSG);
	of_hex(request_2_1)[0] |= 0x40; /* the two zero bits */
	assert_int_equal(stun_parse(&m, bytes, len), -EBADMSG);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -EBADMSG);
}

static void a_fingerprint_that_is_wrong_or_not_last_is_refused(void **state)
{
	struct stun_message m;

	of_hex(request_2_1);
	for (size_t i = 20; i < len; i++) {
		bytes[i] ^= 0x10; /* that of its type makes it another attribute */
		assert_true(stun_parse(&m, bytes, len) == -EBADMSG || !m.fingerprint);
		bytes[i] ^= 0x10;
	}
	assert_int_equal(stun_parse(&m, bytes, len), 0);
	assert_int_equal(parse(&m, "0001", "80280004e57a3bcf80220000"), -EBADMSG);
	assert_int_equal(parse(&m, "0001", "80280000"), -EBADMSG);
}

static void attributes_that_are_not_sound_are_refused(void **state)
{
	static const char *const bad[] = {
		"00060005616263",                                   /* longer than what is left */
		"00240000",                                         /* PRIORITY without a value */
		"0024000800000000aabbccdd",                         /* … with too much of it */
		"0025000401020304",                                 /* USE-CANDIDATE with one */
		"8029000400000000",                                 /* ICE-CONTROLLED of 4 */
		"802a000400000000",                                 /* ICE-CONTROLLING of 4 */
		"0008001000000000000000000000000000000000",         /* MESSAGE-INTEGRITY of 16 */
		"002000080003a147e112a643",                         /* a family that there is not */
		"002000080002a147e112a643",                         /* IPv6 with 4 bytes */
		"002000140001a1470113a9faa5d3f179bc25f4b5bed2b9d9", /* IPv4 with 16 */
		"002000040001a147",
		"0009000400000200", /* class 2 */
		"0009000400000464", /* number 100 */
		"0009000200000000",
	};
	struct stun_message m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&m, "0001", bad[i]), -EBADMSG);
}

static void only_the_first_of_an_attribute_counts(void **state)
{
	struct stun_message m;

	assert_int_equal(parse(&m, "0001",
	                         "000600016100000000060001620000000024000400000001002400040000000200090004000"
	                         "004140009000400000457"),
	        0);
	assert_int_equal(m.username_bytes, 1);
	assert_int_equal(m.username[0], 'a');
	assert_int_equal(m.priority, 1);
	assert_int_equal(m.error, 420);
}

static void what_follows_message_integrity_is_not_looked_at(void **state)
{
	struct stun_message m;

	assert_int_equal(
	        parse(&m, "0001",
	                "00080014000000000000000000000000000000000000000000250000000600016100000077770000"),
	        0);
	assert_false(m.use_candidate);
	assert_null(m.username);
	assert_int_equal(m.unknown_count, 0);
}

static void unknown_attributes_are_listed_if_they_must_be_understood(void **state)
{
	char many[8 * (STUN_UNKNOWN_MAX + 3) + 1] = "";
	struct stun_message m;

	assert_int_equal(parse(&m, "0001", "77770000c0570004000003e77fff0000"), 0);
	assert_int_equal(m.unknown_count, 2);
	assert_int_equal(m.unknown[0], 0x7777);
	assert_int_equal(m.unknown[1], 0x7fff);
	for (unsigned i = 0; i < STUN_UNKNOWN_MAX + 3; i++)
		strcat(many, "77770000");
	assert_int_equal(parse(&m, "0001", many), 0);
	assert_int_equal(m.unknown_count, STUN_UNKNOWN_MAX + 3);
}

static void attributes_are_bounded(void **state)
{
	char many[8 * (LIMIT_STUN_ATTRIBUTES + 1) + 1] = "";
	const uint8_t *name;
	struct stun_message m;
	size_t name_bytes;

	for (unsigned i = 0; i < LIMIT_STUN_ATTRIBUTES; i++)
		strcat(many, "c0000000");
	assert_int_equal(parse(&m, "0001", many), 0);
	strcat(many, "00060000");
	assert_int_equal(parse(&m, "0001", many), -EBADMSG);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -ENOENT);
}

static void a_peek_sees_binding_requests_only(void **state)
{
	const uint8_t *name;
	struct stun_message m;
	size_t name_bytes;

	assert_int_equal(parse(&m, "0011", "0006000161000000"), 0);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -ENOMSG);
	assert_int_equal(parse(&m, "0101", "0006000161000000"), 0);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -ENOMSG);
	assert_int_equal(parse(&m, "0003", "0006000161000000"), 0); /* Allocate, RFC 8656 */
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -ENOMSG);
	assert_int_equal(parse(&m, "0001", "0024000400000001"), 0);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -ENOENT);
	assert_int_equal(parse(&m, "0001", "0024000400000001000600096162"), -EBADMSG);
	assert_int_equal(stun_peek(bytes, len, &name, &name_bytes), -EBADMSG);
}

static void a_username_may_be_strange(void **state)
{
	const uint8_t *first, *second;
	size_t first_bytes, second_bytes;
	struct stun_message m;

	assert_int_equal(parse(&m, "0001", "000600013a000000"), 0);
	assert_true(stun_username(&m, &first, &first_bytes, &second, &second_bytes));
	assert_int_equal(first_bytes + second_bytes, 0);
	assert_int_equal(parse(&m, "0001", "00060000"), 0);
	assert_false(stun_username(&m, &first, &first_bytes, &second, &second_bytes));
	assert_int_equal(parse(&m, "0001", "0006000461613a3a"), 0);
	assert_true(stun_username(&m, &first, &first_bytes, &second, &second_bytes));
	assert_int_equal(first_bytes, 2);
	assert_int_equal(second_bytes, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
		CASE(the_sample_request_of_rfc_5769_2_1_is_understood),
		CASE(the_sample_responses_of_rfc_5769_2_2_and_2_3_are_understood),
		CASE(the_sample_request_of_rfc_5769_2_4_is_parsed),
		CASE(what_is_written_is_read_again),
		CASE(nothing_is_written_past_the_end),
		CASE(a_header_that_is_not_sound_is_refused),
		CASE(a_fingerprint_that_is_wrong_or_not_last_is_refused),
		CASE(attributes_that_are_not_sound_are_refused),
		CASE(only_the_first_of_an_attribute_counts),
		CASE(what_follows_message_integrity_is_not_looked_at),
		CASE(unknown_attributes_are_listed_if_they_must_be_understood),
		CASE(attributes_are_bounded),
		CASE(a_peek_sees_binding_requests_only),
		CASE(a_username_may_be_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
