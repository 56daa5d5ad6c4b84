/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of a peer and what ICE answers to them: the session is the first of tests/unit/dataplane/rtc.h.
 * Header only: each test is one source file. */
#ifndef TESTS_UNIT_DATAPLANE_ICE_RIG_H
#define TESTS_UNIT_DATAPLANE_ICE_RIG_H

#include "tests/unit/dataplane/rtc.h"

#define HIGH 2000
#define LOW  1000
#define P1   4001
#define P2   4002
#define P3   4003

static struct ice *ice;

static inline int ice_rig_create(void **state)
{
	wire_reset(state);
	if (rtc_lcore(&wire_lc))
		return -1;
	endpoint_install(&wire_lc, rtc_make(0, wire_lc.now_mono_ns));
	ice = &rtc_webrtcs[0].ice;
	return 0;
}

static inline int ice_rig_free(void **state)
{
	wire_reset(state);
	rtc_lcore_end(&wire_lc);
	assert_int_equal(rte_mempool_in_use_count(wire_lc.pool), 0);
	return 0;
}

static inline void pass_ms(unsigned ms)
{
	wire_lc.now_mono_ns += ms * CLK_NS_PER_MS;
}

/* Through the stages up to ICE. */
static inline void feed(struct rte_mbuf *mbuf)
{
	unsigned n = classify_burst(&wire_lc, &mbuf, 1);

	n = endpoint_lookup_burst(&wire_lc, &mbuf, n);
	if (n)
		ice_take(&wire_lc, mbuf);
}

/* An answer as the peer sees it; its bytes stay in a buffer of the test's. */
static uint8_t answer_bytes[2048];
static unsigned answer_len;

static inline bool read_answer(struct stun_message *ret_answer, const struct rtc_check *c)
{
	struct rte_mbuf *mbuf = wire_sent();
	struct rte_ether_hdr *eth;
	struct rte_udp_hdr *udp;

	if (!mbuf)
		return false;
	eth = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	assert_true(rte_is_same_ether_addr(&eth->dst_addr, &wire_their_mac));
	assert_true(rte_is_same_ether_addr(&eth->src_addr, &wire_our_mac));
	if (c->is_v6) {
		struct rte_ipv6_hdr *ip = wire_l3(mbuf);
		udp = (struct rte_udp_hdr *)(ip + 1);
		assert_memory_equal(ip->src_addr, wire_ours6, 16);
		assert_memory_equal(ip->dst_addr, wire_theirs6, 16);
		assert_int_equal(rte_ipv6_udptcp_cksum_verify(ip, udp), 0);
	} else {
		struct rte_ipv4_hdr *ip = wire_l3(mbuf);
		udp = (struct rte_udp_hdr *)(ip + 1);
		assert_memory_equal(&ip->src_addr, wire_ours4, 4);
		assert_memory_equal(&ip->dst_addr, wire_theirs4, 4);
		assert_int_equal(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
		assert_int_equal(rte_ipv4_udptcp_cksum_verify(ip, udp), 0);
	}
	assert_int_equal(udp->src_port, rte_cpu_to_be_16(RTC_PORT));
	assert_int_equal(udp->dst_port, rte_cpu_to_be_16(c->port));
	answer_len = rte_be_to_cpu_16(udp->dgram_len) - 8u;
	assert_int_equal((uint8_t *)(udp + 1) + answer_len - (uint8_t *)eth, mbuf->pkt_len);
	memcpy(answer_bytes, udp + 1, answer_len);
	rte_pktmbuf_free(mbuf);
	assert_int_equal(stun_parse(ret_answer, answer_bytes, answer_len), 0);
	return true;
}

/* Send a check; what came back: the type of the answer, 0: none. All answers are authentic. */
static inline uint16_t send_check(struct rtc_check c)
{
	struct msg_ice msg = rtc_ice(c.number, c.restart);
	struct stun_message answer;
	struct rte_mbuf *mbuf = rtc_check_frame(&c);
	unsigned asked = mbuf->pkt_len;

	feed(mbuf);
	if (!read_answer(&answer, &c))
		return 0;
	assert_true(answer.fingerprint);
	assert_int_equal(cur_get_le(answer.id + 8, 4), rte_bswap32(rtc_last_id));
	assert_true(stun_check_mac(&answer, answer_bytes, rtc_hmac, msg.pwd));
	assert_true(answer_len + (c.is_v6 ? 62 : 42) <= asked);
	if (answer.type == STUN_BINDING_SUCCESS) {
		assert_true(answer.has_mapped);
		assert_int_equal(answer.mapped_is_v6, c.is_v6);
		assert_int_equal(answer.mapped_port, c.port);
		assert_memory_equal(
		        answer.mapped_addr, c.is_v6 ? wire_theirs6 : wire_theirs4, c.is_v6 ? 16 : 4);
		return answer.type;
	}
	assert_int_equal(answer.type, STUN_BINDING_ERROR);
	return answer.error;
}

#define check_of(...)    send_check((struct rtc_check){ __VA_ARGS__ })
#define assert_good(...) assert_int_equal(check_of(__VA_ARGS__), STUN_BINDING_SUCCESS)

/* The port of the selected path; 0: none. */
static inline unsigned selected(void)
{
	const struct ice_path *path = ice_selected(ice);

	return path ? path->peer.port : 0;
}

static inline struct peer peer_of(uint16_t port)
{
	struct peer peer = { .port = port };

	memcpy(peer.addr, wire_theirs4, 4);
	return peer;
}

static inline bool knows(uint16_t port)
{
	struct peer peer = peer_of(port);

	return ice_knows(ice, &peer, 0) && demux_path(wire_lc.demux, &peer, 0) == (uintptr_t)&rtc_eps[0];
}

#endif
