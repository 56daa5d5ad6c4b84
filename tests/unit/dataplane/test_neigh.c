/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/wire.h"
#include "dataplane/classify.h"

static void feed(struct rte_mbuf *mbuf)
{
	assert_int_equal(classify_burst(&wire_lc, &mbuf, 1), 0);
}

static struct rte_mbuf *arp(uint16_t opcode, const uint8_t *sender, const uint8_t *target)
{
	struct rte_arp_hdr a = { .arp_hardware = rte_cpu_to_be_16(1),
		.arp_protocol = rte_cpu_to_be_16(0x0800),
		.arp_hlen = 6,
		.arp_plen = 4,
		.arp_opcode = rte_cpu_to_be_16(opcode) };

	a.arp_data.arp_sha = wire_their_mac;
	memcpy(&a.arp_data.arp_sip, sender, 4);
	memcpy(&a.arp_data.arp_tip, target, 4);
	return wire_frame(RTE_ETHER_TYPE_ARP, &a, sizeof(a));
}

/* ICMPv6 with its checksum; bytes 2 and 3 of @icmp are filled in. */
static struct rte_mbuf *icmp6(
        const uint8_t *bytes, unsigned len, const uint8_t *from, const uint8_t *to, uint8_t hops)
{
	struct rte_mbuf *mbuf = wire_ip6(IPPROTO_ICMPV6, bytes, len, from, to, hops);
	struct rte_ipv6_hdr *ip = wire_l3(mbuf);
	rte_be16_t sum = rte_ipv6_udptcp_cksum(ip, ip + 1);

	memcpy((uint8_t *)(ip + 1) + 2, &sum, 2);
	return mbuf;
}

static void an_arp_request_for_us_is_answered(void **state)
{
	feed(arp(RTE_ARP_OP_REQUEST, wire_theirs4, wire_ours4));
	struct rte_mbuf *sent = wire_sent();
	assert_non_null(sent);
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(sent, struct rte_ether_hdr *);
	const struct rte_arp_hdr *a = (const struct rte_arp_hdr *)(eth + 1);
	assert_memory_equal(&eth->dst_addr, &wire_their_mac, 6);
	assert_memory_equal(&a->arp_data.arp_sha, &wire_our_mac, 6);
	assert_memory_equal(&a->arp_data.arp_sip, wire_ours4, 4);
	assert_memory_equal(&a->arp_data.arp_tip, wire_theirs4, 4);
	assert_int_equal(a->arp_opcode, rte_cpu_to_be_16(RTE_ARP_OP_REPLY));
	assert_int_equal(wire_slot[STAT_LCORE_answered], 1);
	rte_pktmbuf_free(sent);
}

static void an_arp_request_for_another_is_not_answered(void **state)
{
	const uint8_t other[4] = { 10, 77, 0, 9 };

	feed(arp(RTE_ARP_OP_REQUEST, wire_theirs4, other));
	assert_null(wire_sent());
	assert_int_equal(wire_slot[STAT_LCORE_drop_not_ours], 1);
}

static void a_gateway_is_learnt_from_its_arp_reply(void **state)
{
	const uint8_t gateway[4] = { 10, 77, 0, 254 };

	assert_false(wire_host.gateways[0].known[0]);
	feed(arp(RTE_ARP_OP_REPLY, gateway, wire_ours4));
	assert_true(wire_host.gateways[0].known[0]);
	assert_memory_equal(&wire_host.gateways[0].mac[0], &wire_their_mac, 6);
}

static void a_neighbour_solicitation_is_answered(void **state)
{
	uint8_t ns[32] = {
		135, [24] = 1, [25] = 1, [26] = 2, [31] = 2
	}; /* RFC 4861 section 4.3, source option */
	const uint8_t group[16] = { 0xff, 2, [11] = 1, [12] = 0xff, [15] = 1 };

	memcpy(ns + 8, wire_ours6, 16);
	feed(icmp6(ns, sizeof(ns), wire_theirs6, group, 255));
	struct rte_mbuf *sent = wire_sent();
	assert_non_null(sent);
	struct rte_ipv6_hdr *ip = wire_l3(sent);
	const uint8_t *na = (const uint8_t *)(ip + 1);
	assert_int_equal(na[0], 136);
	assert_int_equal(na[4], 0x60); /* solicited, override */
	assert_memory_equal(na + 8, wire_ours6, 16);
	assert_memory_equal(na + 26, &wire_our_mac, 6);
	assert_memory_equal(ip->src_addr, wire_ours6, 16);
	assert_memory_equal(ip->dst_addr, wire_theirs6, 16);
	assert_int_equal(ip->hop_limits, 255);
	assert_int_equal(rte_ipv6_udptcp_cksum_verify(ip, na), 0);
	rte_pktmbuf_free(sent);
}

static void a_probe_for_our_address_is_answered_to_all_nodes(void **state)
{
	uint8_t ns[24] = { 135 };
	const uint8_t unspecified[16] = { 0 }, group[16] = { 0xff, 2, [11] = 1, [12] = 0xff, [15] = 1 },
	              all[16] = { 0xff, 2, [15] = 1 };

	memcpy(ns + 8, wire_ours6, 16);
	feed(icmp6(ns, sizeof(ns), unspecified, group, 255));
	struct rte_mbuf *sent = wire_sent();
	assert_non_null(sent);
	assert_memory_equal(((struct rte_ipv6_hdr *)wire_l3(sent))->dst_addr, all, 16);
	assert_int_equal(((uint8_t *)wire_l3(sent))[44], 0x20);
	assert_int_equal(rte_pktmbuf_pkt_len(sent), 14 + 40 + 32);
	rte_pktmbuf_free(sent);
}

static void a_solicitation_that_crossed_a_router_is_not_answered(void **state)
{
	uint8_t ns[24] = { 135 };

	memcpy(ns + 8, wire_ours6, 16);
	feed(icmp6(ns, sizeof(ns), wire_theirs6, wire_ours6, 254));
	assert_null(wire_sent());
}

static void a_gateway_is_learnt_from_its_advertisement(void **state)
{
	uint8_t na[32] = { 136, 0, 0, 0,
		0x60, [8] = 0xfd, [9] = 0x77, [23] = 0xfe, [24] = 2, [25] = 1, [26] = 6, 5, 4, 3, 2, 1 };
	const uint8_t gateway[16] = { 0xfd, 0x77, [15] = 0xfe }, mac[6] = { 6, 5, 4, 3, 2, 1 };

	feed(icmp6(na, sizeof(na), gateway, wire_ours6, 255));
	assert_true(wire_host.gateways[1].known[0]);
	assert_memory_equal(&wire_host.gateways[1].mac[0], mac, 6);
	assert_int_equal(wire_slot[STAT_LCORE_answered], 1);
}

static void an_option_of_length_zero_ends_the_list(void **state)
{
	uint8_t na[32] = { 136, 0, 0, 0,
		0x60, [8] = 0xfd, [9] = 0x77, [23] = 0xfe, [24] = 2, [25] = 0, [26] = 9, 9, 9, 9, 9, 9 };
	const uint8_t gateway[16] = { 0xfd, 0x77, [15] = 0xfe };

	feed(icmp6(na, sizeof(na), gateway, wire_ours6, 255));
	assert_memory_equal(&wire_host.gateways[1].mac[0], &wire_their_mac, 6); /* the frame's own source */
}

static void echo_requests_are_answered(void **state)
{
	uint8_t echo[64] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1, 'h', 'i' };
	uint16_t sum = (uint16_t)~rte_raw_cksum(echo, sizeof(echo));

	memcpy(echo + 2, &sum, 2);
	feed(wire_ip4(IPPROTO_ICMP, echo, sizeof(echo)));
	struct rte_mbuf *sent = wire_sent();
	assert_non_null(sent);
	const struct rte_ipv4_hdr *ip = wire_l3(sent);
	assert_int_equal(((const uint8_t *)(ip + 1))[0], 0);
	assert_int_equal(rte_raw_cksum(ip + 1, sizeof(echo)), 0xffff);
	assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
	assert_memory_equal(&ip->dst_addr, wire_theirs4, 4);
	assert_memory_equal((const uint8_t *)(ip + 1) + 4, echo + 4, 60);
	rte_pktmbuf_free(sent);

	echo[0] = 128, echo[2] = echo[3] = 0;
	feed(icmp6(echo, sizeof(echo), wire_theirs6, wire_ours6, 64));
	sent = wire_sent();
	assert_non_null(sent);
	assert_int_equal(((uint8_t *)wire_l3(sent))[40], 129);
	assert_int_equal(rte_ipv6_udptcp_cksum_verify(wire_l3(sent), (uint8_t *)wire_l3(sent) + 40), 0);
	rte_pktmbuf_free(sent);
}

static void a_wrong_icmp_checksum_is_not_answered(void **state)
{
	uint8_t echo[16] = { 8 };

	feed(wire_ip4(IPPROTO_ICMP, echo, sizeof(echo)));
	assert_null(wire_sent());
	echo[0] = 128;
	feed(wire_ip6(IPPROTO_ICMPV6, echo, sizeof(echo), wire_theirs6, wire_ours6, 64));
	assert_null(wire_sent());
	assert_int_equal(wire_slot[STAT_LCORE_drop_ip_malformed], 1);
}

static void the_timer_announces_us_once_and_asks_for_gateways(void **state)
{
	struct rte_mbuf *sent[8];

	wire_lc.announced = false;
	memset(wire_host.gateways[0].asked_tsc, 0, sizeof(wire_host.gateways[0].asked_tsc));
	memset(wire_host.gateways[1].asked_tsc, 0, sizeof(wire_host.gateways[1].asked_tsc));
	neigh_timer(&wire_lc);
	unsigned n = rte_eth_rx_burst(0, 0, sent, 8);
	assert_int_equal(n, 4); /* two announcements, two questions */
	rte_pktmbuf_free_bulk(sent, n);
	neigh_timer(&wire_lc);
	assert_int_equal(rte_eth_rx_burst(0, 0, sent, 8), 0);
	wire_lc.now_tsc += wire_lc.tsc_hz * (NEIGH_REFRESH_S + 1);
	neigh_timer(&wire_lc);
	n = rte_eth_rx_burst(0, 0, sent, 8);
	assert_int_equal(n, 2);
	rte_pktmbuf_free_bulk(sent, n);
}

static void addresses_that_do_not_fit_are_refused(void **state)
{
	struct host host;
	const char *why = NULL;
	char *twice[] = { (char *)"10.0.0.1/24", (char *)"10.0.0.1/8", NULL },
	     *one[] = { (char *)"10.0.0.1/24", NULL }, *none[] = { NULL };
	char *far[] = { (char *)"10.0.1.1", NULL },
	     *both[] = { (char *)"10.0.0.2", (char *)"10.0.0.3", NULL },
	     *near[] = { (char *)"10.0.0.2", NULL };

	assert_int_equal(neigh_host_init(&host,
	                         &(struct conf){ .ingest_address = twice, .ingest_gateway = none }, &why),
	        -EINVAL);
	assert_non_null(why);
	assert_int_equal(
	        neigh_host_init(&host, &(struct conf){ .ingest_address = one, .ingest_gateway = far }, &why),
	        -EINVAL);
	assert_int_equal(
	        neigh_host_init(&host, &(struct conf){ .ingest_address = one, .ingest_gateway = both }, &why),
	        -EINVAL);
	assert_int_equal(
	        neigh_host_init(&host, &(struct conf){ .ingest_address = one, .ingest_gateway = near }, &why),
	        0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_arp_request_for_us_is_answered, wire_reset),
		cmocka_unit_test_setup(an_arp_request_for_another_is_not_answered, wire_reset),
		cmocka_unit_test_setup(a_gateway_is_learnt_from_its_arp_reply, wire_reset),
		cmocka_unit_test_setup(a_neighbour_solicitation_is_answered, wire_reset),
		cmocka_unit_test_setup(a_probe_for_our_address_is_answered_to_all_nodes, wire_reset),
		cmocka_unit_test_setup(a_solicitation_that_crossed_a_router_is_not_answered, wire_reset),
		cmocka_unit_test_setup(a_gateway_is_learnt_from_its_advertisement, wire_reset),
		cmocka_unit_test_setup(an_option_of_length_zero_ends_the_list, wire_reset),
		cmocka_unit_test_setup(echo_requests_are_answered, wire_reset),
		cmocka_unit_test_setup(a_wrong_icmp_checksum_is_not_answered, wire_reset),
		cmocka_unit_test_setup(the_timer_announces_us_once_and_asks_for_gateways, wire_reset),
		cmocka_unit_test_setup(addresses_that_do_not_fit_are_refused, wire_reset),
	};
	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
