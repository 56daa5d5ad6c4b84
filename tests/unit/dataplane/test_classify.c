/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/wire.h"
#include "dataplane/classify.h"

/* Classify one packet: true when it goes on (it is freed by the caller), else the counter @reason has grown
 * by one. */
static bool goes_on(struct rte_mbuf *mbuf)
{
	return classify_burst(&wire_lc, &mbuf, 1) == 1;
}

static void assert_dropped(struct rte_mbuf *mbuf, unsigned reason)
{
	uint64_t before = wire_slot[reason];

	assert_false(goes_on(mbuf));
	assert_int_equal(wire_slot[reason], before + 1);
}

static void udp_over_ipv4_goes_on_with_its_meta(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 100);
	struct meta *m = meta_of(mbuf);

	assert_true(goes_on(mbuf));
	assert_int_equal(m->data_len, 100);
	assert_int_equal(m->data_offset, 14 + 20 + 8);
	assert_int_equal(m->local_port, 20000);
	assert_int_equal(m->local, 0);
	assert_int_equal(m->src.port, 4000);
	assert_memory_equal(m->src.addr, wire_theirs4, 4);
	assert_memory_equal(&m->src.mac, &wire_their_mac, 6);
	assert_int_equal(meta_data(mbuf)[0], 0x80);
	rte_pktmbuf_free(mbuf);
}

static void udp_over_ipv6_goes_on(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(true, 40);

	assert_true(goes_on(mbuf));
	assert_int_equal(meta_of(mbuf)->local, 1);
	assert_int_equal(meta_of(mbuf)->src.is_v6, 1);
	assert_int_equal(meta_of(mbuf)->data_offset, 14 + 40 + 8);
	rte_pktmbuf_free(mbuf);
}

static void a_vlan_tag_is_taken_off_and_kept_for_the_answer(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 20);
	uint8_t *start = (uint8_t *)rte_pktmbuf_prepend(mbuf, 4);

	memmove(start, start + 4, 12);
	memcpy(start + 12, "\x81\x00\x20\x2a", 4); /* 802.1Q, priority 1, VLAN 42 */
	assert_true(goes_on(mbuf));
	assert_int_equal(meta_of(mbuf)->src.vlan, 42);
	assert_int_equal(meta_of(mbuf)->data_len, 20);
	rte_pktmbuf_free(mbuf);
}

static void ethernet_padding_is_not_payload(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 5);

	memset(rte_pktmbuf_append(mbuf, 13), 0, 13);
	assert_true(goes_on(mbuf));
	assert_int_equal(meta_of(mbuf)->data_len, 5);
	rte_pktmbuf_free(mbuf);
}

static void every_truncation_is_dropped_not_read(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		unsigned whole =
		        rte_pktmbuf_pkt_len(wire_udp(v6, 30)); /* leaks one buffer of the test's pool */
		for (unsigned len = 0; len < whole; len++) {
			struct rte_mbuf *mbuf = wire_udp(v6, 30);
			mbuf->data_len = mbuf->pkt_len = (uint16_t)len;
			assert_dropped(mbuf, STAT_LCORE_drop_truncated);
		}
	}
}

static void unknown_ether_type_is_dropped(void **state)
{
	assert_dropped(wire_frame(0x88cc, "lldp", 4), STAT_LCORE_drop_l2_unknown);
}

static void another_hosts_frames_are_dropped(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);

	rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *)->dst_addr.addr_bytes[5] = 99;
	assert_dropped(mbuf, STAT_LCORE_drop_not_ours);
	mbuf = wire_udp(true, 10);
	((struct rte_ipv6_hdr *)wire_l3(mbuf))->dst_addr[15] = 99;
	assert_dropped(mbuf, STAT_LCORE_drop_not_ours);
}

static void bad_ip_headers_are_dropped(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);
	((struct rte_ipv4_hdr *)wire_l3(mbuf))->time_to_live--; /* the checksum no longer fits */
	assert_dropped(mbuf, STAT_LCORE_drop_ip_malformed);
	mbuf = wire_udp(false, 10);
	((struct rte_ipv4_hdr *)wire_l3(mbuf))->version_ihl = 0x44;
	assert_dropped(mbuf, STAT_LCORE_drop_ip_malformed);
	mbuf = wire_udp(false, 10);
	((struct rte_ipv4_hdr *)wire_l3(mbuf))->version_ihl = 0x65;
	assert_dropped(mbuf, STAT_LCORE_drop_ip_malformed);
	mbuf = wire_udp(true, 10);
	*(uint8_t *)wire_l3(mbuf) = 0x40;
	assert_dropped(mbuf, STAT_LCORE_drop_ip_malformed);
}

static void fragments_are_dropped(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);
	struct rte_ipv4_hdr *ip = wire_l3(mbuf);
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	assert_dropped(mbuf, STAT_LCORE_drop_fragment);
	mbuf = wire_udp(true, 10);
	((struct rte_ipv6_hdr *)wire_l3(mbuf))->proto = IPPROTO_FRAGMENT;
	assert_dropped(mbuf, STAT_LCORE_drop_fragment);
}

static void other_protocols_are_dropped(void **state)
{
	assert_dropped(wire_ip4(IPPROTO_TCP, "12345678901234567890", 20), STAT_LCORE_drop_not_udp);
}

static void udp_lengths_that_lie_are_dropped(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)((uint8_t *)wire_l3(mbuf) + 20);
	udp->dgram_len = rte_cpu_to_be_16(19);
	assert_dropped(mbuf, STAT_LCORE_drop_udp_malformed);
	mbuf = wire_udp(false, 10);
	udp = (struct rte_udp_hdr *)((uint8_t *)wire_l3(mbuf) + 20);
	udp->dgram_len = rte_cpu_to_be_16(7);
	assert_dropped(mbuf, STAT_LCORE_drop_udp_malformed);
}

static void wrong_udp_checksums_are_dropped(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		struct rte_mbuf *mbuf = wire_udp(v6, 10);
		((uint8_t *)wire_l3(mbuf))[(v6 ? 40 : 20) + 8] ^= 1;
		assert_dropped(mbuf, STAT_LCORE_drop_udp_checksum);
	}
}

static void no_checksum_is_allowed_over_ipv4_only(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);
	((struct rte_udp_hdr *)((uint8_t *)wire_l3(mbuf) + 20))->dgram_cksum = 0;
	assert_true(goes_on(mbuf));
	rte_pktmbuf_free(mbuf);
	mbuf = wire_udp(true, 10);
	((struct rte_udp_hdr *)((uint8_t *)wire_l3(mbuf) + 40))->dgram_cksum = 0;
	assert_dropped(mbuf, STAT_LCORE_drop_udp_checksum);
}

static void the_devices_verdict_on_a_checksum_is_taken(void **state)
{
	struct rte_mbuf *mbuf = wire_udp(false, 10);
	mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_dropped(mbuf, STAT_LCORE_drop_udp_checksum);
	mbuf = wire_udp(false, 10);
	((uint8_t *)wire_l3(mbuf))[28] ^= 1;
	mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	assert_true(goes_on(mbuf));
	rte_pktmbuf_free(mbuf);
}

static void neighbours_are_kept_in_order_around_drops(void **state)
{
	struct rte_mbuf *pkts[3] = { wire_udp(false, 1), wire_frame(0x88cc, "lldp", 4), wire_udp(true, 2) };
	struct rte_mbuf *first = pkts[0], *last = pkts[2];

	assert_int_equal(classify_burst(&wire_lc, pkts, 3), 2);
	assert_ptr_equal(pkts[0], first);
	assert_ptr_equal(pkts[1], last);
	rte_pktmbuf_free_bulk(pkts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(udp_over_ipv4_goes_on_with_its_meta, wire_reset),
		cmocka_unit_test_setup(udp_over_ipv6_goes_on, wire_reset),
		cmocka_unit_test_setup(a_vlan_tag_is_taken_off_and_kept_for_the_answer, wire_reset),
		cmocka_unit_test_setup(ethernet_padding_is_not_payload, wire_reset),
		cmocka_unit_test_setup(every_truncation_is_dropped_not_read, wire_reset),
		cmocka_unit_test_setup(unknown_ether_type_is_dropped, wire_reset),
		cmocka_unit_test_setup(another_hosts_frames_are_dropped, wire_reset),
		cmocka_unit_test_setup(bad_ip_headers_are_dropped, wire_reset),
		cmocka_unit_test_setup(fragments_are_dropped, wire_reset),
		cmocka_unit_test_setup(other_protocols_are_dropped, wire_reset),
		cmocka_unit_test_setup(udp_lengths_that_lie_are_dropped, wire_reset),
		cmocka_unit_test_setup(wrong_udp_checksums_are_dropped, wire_reset),
		cmocka_unit_test_setup(no_checksum_is_allowed_over_ipv4_only, wire_reset),
		cmocka_unit_test_setup(the_devices_verdict_on_a_checksum_is_taken, wire_reset),
		cmocka_unit_test_setup(neighbours_are_kept_in_order_around_drops, wire_reset),
	};
	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
