/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>

static void the_example_of_rfc1071_section_3(void **state)
{
	const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	assert_int_equal(checksum_sum(bytes, sizeof(bytes)), rte_cpu_to_be_16(0xddf2));
}

static void fill(uint8_t *bytes, unsigned len, unsigned seed)
{
	srand(seed);
	for (unsigned i = 0; i < len; i++)
		bytes[i] = (uint8_t)rand();
}

static void every_length_at_every_place_is_as_dpdk_has_it(void **state)
{
	uint8_t bytes[1600];

	fill(bytes, sizeof(bytes), 1);
	for (unsigned at = 0; at < 16; at++)
		for (unsigned len = 1; len <= 1500; len++)
			assert_int_equal(checksum_sum(bytes + at, len), rte_raw_cksum(bytes + at, len));
}

static void carries_come_back(void **state)
{
	uint8_t bytes[1500];

	memset(bytes, 0xFF, sizeof(bytes));
	for (unsigned len = 2; len <= sizeof(bytes); len += 2)
		assert_int_equal(checksum_sum(bytes, len), 0xFFFF);
}

static void a_datagram_holds_until_a_bit_of_it_changes(void **state)
{
	_Alignas(4) uint8_t bytes[1500];
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)bytes;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	for (unsigned len = sizeof(*udp); len < 1400; len += 7) {
		uint8_t *one = (uint8_t *)udp + (unsigned)rand() % len;
		fill(bytes, sizeof(bytes), len);
		ip->version_ihl = 0x45;
		ip->next_proto_id = IPPROTO_UDP;
		ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + len));
		udp->dgram_len = rte_cpu_to_be_16((uint16_t)len);
		udp->dgram_cksum = 0;
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
		assert_true(checksum_udp4(ip, udp, len));
		*one ^= 4;
		assert_false(checksum_udp4(ip, udp, len));
		*one ^= 4;
		ip->src_addr ^= 1;
		assert_false(checksum_udp4(ip, udp, len));
	}
}

static void so_does_one_of_ipv6(void **state)
{
	_Alignas(4) uint8_t bytes[1500];
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)bytes;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	for (unsigned len = sizeof(*udp); len < 1400; len += 7) {
		fill(bytes, sizeof(bytes), len);
		ip->proto = IPPROTO_UDP;
		ip->payload_len = udp->dgram_len = rte_cpu_to_be_16((uint16_t)len);
		udp->dgram_cksum = 0;
		udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
		assert_true(checksum_udp6(ip, udp, len));
		ip->dst_addr[15] ^= 1;
		assert_false(checksum_udp6(ip, udp, len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc1071_section_3),
		cmocka_unit_test(every_length_at_every_place_is_as_dpdk_has_it),
		cmocka_unit_test(carries_come_back),
		cmocka_unit_test(a_datagram_holds_until_a_bit_of_it_changes),
		cmocka_unit_test(so_does_one_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
