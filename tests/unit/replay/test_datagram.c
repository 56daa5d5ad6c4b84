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
#include "tools/replay/datagram.h"
#include "tests/unit/replay/wire.h"

static const uint8_t nobody[LINK_MAC_BYTES];
static uint8_t bytes[256];
static struct datagram d;

/* Look at @len bytes behind an Ethernet header of @type. */
static bool look(unsigned type, unsigned len)
{
	struct link_frame frame;

	wire_be16(bytes + 12, type);
	assert_true(link_unwrap(LINK_ETHERNET, bytes, 14 + len, nobody, &frame));
	return datagram_look(&frame, &d);
}

static void a_datagram_s_place_and_first_byte_are_found(void **state)
{
	assert_true(look(0x0800, wire_ipv4(bytes + 14, 20000, "\x80", 1)));
	assert_false(d.is_v6);
	assert_memory_equal(d.dst, ((uint8_t[16]){ 10, 77, 0, 1 }), 16);
	assert_int_equal(d.dst_port, 20000);
	assert_true(d.has_payload);
	assert_int_equal(d.first, 0x80);
	assert_true(look(0x86dd, wire_ipv6(bytes + 14, 20002, "", 0)));
	assert_true(d.is_v6);
	assert_memory_equal(d.dst, ((uint8_t[16]){ 0xfd, 0x77, [15] = 1 }), 16);
	assert_int_equal(d.dst_port, 20002);
	assert_false(d.has_payload);
}

static void a_vlan_tag_is_passed_over(void **state)
{
	unsigned len = wire_ipv4(bytes + 18, 20000, "\x80", 1);

	wire_be16(wire_be16(bytes + 14, 7), 0x0800);
	assert_true(look(0x8100, 4 + len));
	assert_int_equal(d.dst_port, 20000);
}

static void dtls_is_told_by_its_first_byte(void **state)
{
	assert_true(look(0x0800, wire_ipv4(bytes + 14, 3478, "\x16", 1)));
	assert_true(datagram_is_dtls(&d));
	assert_true(look(0x0800, wire_ipv4(bytes + 14, 3478, "\x80", 1)));
	assert_false(datagram_is_dtls(&d));
	assert_true(look(0x0800, wire_ipv4(bytes + 14, 3478, "", 0)));
	assert_false(datagram_is_dtls(&d));
}

static void what_is_no_udp_or_no_first_fragment_is_none(void **state)
{
	unsigned len = wire_ipv4(bytes + 14, 20000, "\x80", 1);

	assert_false(look(0x0806, len));
	bytes[14 + 9] = 6;
	assert_false(look(0x0800, len));
	bytes[14 + 9] = 17;
	bytes[14 + 7] = 1;
	assert_false(look(0x0800, len));
	bytes[14 + 6] = 0x20; /* the first one: more follow */
	bytes[14 + 7] = 0;
	assert_true(look(0x0800, len));
	bytes[14] = 0x4f; /* options beyond the end */
	assert_false(look(0x0800, len));
	bytes[14] = 0x44;
	assert_false(look(0x0800, len));
}

static void headers_that_are_cut_are_none(void **state)
{
	for (unsigned len = 0; len < WIRE_IPV4_BYTES; len++) {
		wire_ipv4(bytes + 14, 20000, "\x80", 1);
		assert_false(look(0x0800, len));
	}
	for (unsigned len = 0; len < WIRE_IPV6_BYTES; len++) {
		wire_ipv6(bytes + 14, 20000, "\x80", 1);
		assert_false(look(0x86dd, len));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_s_place_and_first_byte_are_found),
		cmocka_unit_test(a_vlan_tag_is_passed_over),
		cmocka_unit_test(dtls_is_told_by_its_first_byte),
		cmocka_unit_test(what_is_no_udp_or_no_first_fragment_is_none),
		cmocka_unit_test(headers_that_are_cut_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
