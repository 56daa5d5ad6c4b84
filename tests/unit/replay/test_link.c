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
#include "tools/replay/link.h"

static const uint8_t ours[LINK_MAC_BYTES] = { 2, 0, 0, 0, 0, 1 };
static struct link_frame frame;

static unsigned type(void)
{
	return (unsigned)(frame.header[12] << 8 | frame.header[13]);
}

static void libpcap_s_numbers_are_known_and_others_are_not(void **state)
{
	enum link_kind kind;

	assert_int_equal(link_find(1, &kind), 0);
	assert_int_equal(kind, LINK_ETHERNET);
	assert_int_equal(link_find(276, &kind), 0);
	assert_int_equal(kind, LINK_SLL2);
	assert_int_equal(link_find(105, &kind), -ENOENT); /* IEEE 802.11 */
	assert_int_equal(kind, LINK_SLL2);
	assert_non_null(strstr(link_names(), "Ethernet, Linux cooked"));
}

static void ethernet_is_sent_to_us_unless_it_was_to_a_group(void **state)
{
	uint8_t bytes[20] = { 0x52, 1, 2, 3, 4, 5, 0x52, 9, 9, 9, 9, 9, 0x81, 0x00, 0, 7, 8, 0, 'a', 'b' };

	assert_true(link_unwrap(LINK_ETHERNET, bytes, sizeof(bytes), ours, &frame));
	assert_memory_equal(frame.header, ours, sizeof(ours));
	assert_memory_equal(frame.header + 6, bytes + 6, 8);
	assert_ptr_equal(frame.rest, bytes + 14);
	assert_int_equal(frame.rest_len, 6);
	bytes[0] = 0x33;
	assert_true(link_unwrap(LINK_ETHERNET, bytes, sizeof(bytes), ours, &frame));
	assert_int_equal(frame.header[0], 0x33);
}

static void cooked_packets_keep_their_type(void **state)
{
	uint8_t sll[17] = { [14] = 0x86, [15] = 0xdd, [16] = 'x' }, sll2[21] = { [0] = 0x08, [20] = 'y' };

	assert_true(link_unwrap(LINK_SLL, sll, sizeof(sll), ours, &frame));
	assert_int_equal(type(), 0x86dd);
	assert_memory_equal(frame.header, ours, sizeof(ours));
	assert_int_equal(frame.rest_len, 1);
	assert_int_equal(*frame.rest, 'x');
	assert_true(link_unwrap(LINK_SLL2, sll2, sizeof(sll2), ours, &frame));
	assert_int_equal(type(), 0x0800);
	assert_int_equal(*frame.rest, 'y');
}

static void raw_ip_is_told_by_its_version(void **state)
{
	const uint8_t v4[] = { 0x45 }, v6[] = { 0x60 }, other[] = { 0x50 };

	assert_true(link_unwrap(LINK_RAW, v4, 1, ours, &frame));
	assert_int_equal(type(), 0x0800);
	assert_int_equal(frame.rest_len, 1);
	assert_true(link_unwrap(LINK_RAW, v6, 1, ours, &frame));
	assert_int_equal(type(), 0x86dd);
	assert_false(link_unwrap(LINK_RAW, other, 1, ours, &frame));
	assert_true(link_unwrap(LINK_IPV4, v4, 1, ours, &frame));
	assert_true(link_unwrap(LINK_IPV6, v6, 1, ours, &frame));
}

static void loopback_families_are_taken_in_either_byte_order(void **state)
{
	const uint8_t little[] = { 2, 0, 0, 0, 'a' }, big[] = { 0, 0, 0, 2, 'a' },
	              mac_v6[] = { 30, 0, 0, 0, 'a' }, linux_v6[] = { 0, 0, 0, 10, 'a' },
	              appletalk[] = { 16, 0, 0, 0, 'a' };

	assert_true(link_unwrap(LINK_NULL, little, 5, ours, &frame));
	assert_int_equal(type(), 0x0800);
	assert_true(link_unwrap(LINK_LOOP, big, 5, ours, &frame));
	assert_int_equal(type(), 0x0800);
	assert_true(link_unwrap(LINK_NULL, mac_v6, 5, ours, &frame));
	assert_int_equal(type(), 0x86dd);
	assert_true(link_unwrap(LINK_LOOP, linux_v6, 5, ours, &frame));
	assert_int_equal(type(), 0x86dd);
	assert_false(link_unwrap(LINK_NULL, appletalk, 5, ours, &frame));
}

static void what_ends_within_the_link_s_header_is_refused(void **state)
{
	static const unsigned headers[LINK_KINDS] = { [LINK_ETHERNET] = 14,
		[LINK_SLL] = 16,
		[LINK_SLL2] = 20,
		[LINK_RAW] = 1,
		[LINK_IPV4] = 1,
		[LINK_IPV6] = 1,
		[LINK_NULL] = 4,
		[LINK_LOOP] = 4 };
	uint8_t bytes[20];

	for (unsigned kind = 0; kind < LINK_KINDS; kind++) {
		memset(bytes, kind >= LINK_NULL ? 0 : 0x45, sizeof(bytes));
		if (kind >= LINK_NULL)
			bytes[0] = 2;
		for (unsigned len = 0; len < headers[kind]; len++)
			assert_false(link_unwrap(kind, bytes, len, ours, &frame));
		assert_true(link_unwrap(kind, bytes, headers[kind], ours, &frame));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(libpcap_s_numbers_are_known_and_others_are_not),
		cmocka_unit_test(ethernet_is_sent_to_us_unless_it_was_to_a_group),
		cmocka_unit_test(cooked_packets_keep_their_type),
		cmocka_unit_test(raw_ip_is_told_by_its_version),
		cmocka_unit_test(loopback_families_are_taken_in_either_byte_order),
		cmocka_unit_test(what_ends_within_the_link_s_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
