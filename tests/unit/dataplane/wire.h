/* SPDX-License-Identifier: BSD-3-Clause */
/* An lcore with a looped-back port (net_ring: what is sent comes back at the next poll), and Ethernet frames
 * to feed it. */
#ifndef TESTS_UNIT_DATAPLANE_WIRE_H
#define TESTS_UNIT_DATAPLANE_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <rte_arp.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "base/conf.h"
#include "dataplane/crypto_engine.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"

static uint64_t wire_slot[STAT_LCORE_COUNT], wire_port_slot[STAT_PORT_COUNT];
static struct host wire_host;
static struct lcore wire_lc;
static const struct rte_ether_addr wire_our_mac = { { 2, 0, 0, 0, 0, 1 } },
                                   wire_their_mac = { { 2, 0, 0, 0, 0, 2 } };
static const uint8_t wire_ours4[4] = { 10, 77, 0, 1 }, wire_theirs4[4] = { 10, 77, 0, 2 };
static const uint8_t wire_ours6[16] = { 0xfd, 0x77, [15] = 1 }, wire_theirs6[16] = { 0xfd, 0x77, [15] = 2 };

/* Group setup: EAL without huge pages, one looped port, one lcore with our addresses and gateways. */
static inline int wire_setup(void **state)
{
	static const char *eal[] = { "test", "--no-huge", "--no-pci", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level=error", "--lcores=0@0", "--vdev=net_ring0", NULL };
	static const char *addresses[] = { "10.77.0.1/24", "fd77::1/64", NULL },
	                  *gateways[] = { "10.77.0.254", "fd77::fe", NULL };
	struct conf conf = { .ingest_address = (char **)(uintptr_t)addresses,
		.ingest_gateway = (char **)(uintptr_t)gateways };
	struct rte_eth_conf eth = { 0 };
	const char *why = NULL;

	if (rte_eal_init((int)RTE_DIM(eal) - 1, (char **)(uintptr_t)eal) < 0)
		return -1;
	wire_lc.pool = rte_pktmbuf_pool_create(
	        "test", 2047, 0, META_BYTES, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!wire_lc.pool || rte_eth_dev_configure(0, 1, 1, &eth) ||
	        rte_eth_rx_queue_setup(0, 0, 64, 0, NULL, wire_lc.pool) ||
	        rte_eth_tx_queue_setup(0, 0, 64, 0, NULL) || rte_eth_dev_start(0))
		return -1;
	if (neigh_host_init(&wire_host, &conf, &why))
		return -1;
	wire_host.port_count = 1;
	wire_host.port_slots[0] = wire_port_slot;
	neigh_host_set_mac(&wire_host, 0, &wire_our_mac);
	if (crypto_engine_create(&wire_lc.crypto))
		return -1;
	wire_lc.slot = wire_slot;
	wire_lc.host = &wire_host;
	wire_lc.count = 1;
	wire_lc.held_max = 1000;
	lcore_set_clock(&wire_lc, rte_get_tsc_hz());
	wire_lc.now_tsc = rte_rdtsc();
	return 0;
}

/* Test setup: counters at zero, nothing left in the loop. */
static inline int wire_reset(void **state)
{
	struct rte_mbuf *left[32];
	unsigned n;

	while ((n = rte_eth_rx_burst(0, 0, left, 32)))
		rte_pktmbuf_free_bulk(left, n);
	memset(wire_slot, 0, sizeof(wire_slot));
	return 0;
}

static inline struct rte_mbuf *wire_frame(uint16_t type, const void *payload, unsigned len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(wire_lc.pool);
	struct rte_ether_hdr *eth =
	        (struct rte_ether_hdr *)rte_pktmbuf_append(mbuf, (uint16_t)(sizeof(*eth) + len));

	eth->dst_addr = wire_our_mac;
	eth->src_addr = wire_their_mac;
	eth->ether_type = rte_cpu_to_be_16(type);
	memcpy(eth + 1, payload, len);
	mbuf->port = 0;
	return mbuf;
}

/* An IPv4 datagram of @proto from them to us with right checksums; the UDP header is the caller's to spoil.
 */
static inline struct rte_mbuf *wire_ip4(uint8_t proto, const void *l4, unsigned len)
{
	uint8_t bytes[2048];
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)bytes;

	*ip = (struct rte_ipv4_hdr){ .version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + len)),
		.time_to_live = 9,
		.next_proto_id = proto };
	memcpy(&ip->src_addr, wire_theirs4, 4);
	memcpy(&ip->dst_addr, wire_ours4, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	memcpy(ip + 1, l4, len);
	return wire_frame(RTE_ETHER_TYPE_IPV4, bytes, (unsigned)sizeof(*ip) + len);
}

static inline struct rte_mbuf *wire_ip6(
        uint8_t proto, const void *l4, unsigned len, const uint8_t *from, const uint8_t *to, uint8_t hops)
{
	uint8_t bytes[2048];
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)bytes;

	*ip = (struct rte_ipv6_hdr){ .vtc_flow = rte_cpu_to_be_32(0x60000000),
		.payload_len = rte_cpu_to_be_16((uint16_t)len),
		.proto = proto,
		.hop_limits = hops };
	memcpy(ip->src_addr, from, 16);
	memcpy(ip->dst_addr, to, 16);
	memcpy(ip + 1, l4, len);
	return wire_frame(RTE_ETHER_TYPE_IPV6, bytes, (unsigned)sizeof(*ip) + len);
}

static inline void *wire_l3(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, void *, sizeof(struct rte_ether_hdr));
}

/* A UDP datagram from 10.77.0.2:4000 (or fd77::2) to ours:20000 with @len bytes of 0x80… */
static inline struct rte_mbuf *wire_udp(bool is_v6, unsigned len)
{
	uint8_t bytes[2048] = { 0 };
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)bytes;
	struct rte_mbuf *mbuf;

	*udp = (struct rte_udp_hdr){ rte_cpu_to_be_16(4000), rte_cpu_to_be_16(20000),
		rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len)), 0 };
	memset(udp + 1, 0x80, len);
	if (is_v6)
		mbuf = wire_ip6(
		        IPPROTO_UDP, bytes, (unsigned)sizeof(*udp) + len, wire_theirs6, wire_ours6, 64);
	else
		mbuf = wire_ip4(IPPROTO_UDP, bytes, (unsigned)sizeof(*udp) + len);
	if (is_v6) {
		struct rte_ipv6_hdr *ip = wire_l3(mbuf);
		udp = (struct rte_udp_hdr *)(ip + 1);
		udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
	} else {
		struct rte_ipv4_hdr *ip = wire_l3(mbuf);
		udp = (struct rte_udp_hdr *)(ip + 1);
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	}
	return mbuf;
}

/* The one frame that was sent since, or NULL. */
static inline struct rte_mbuf *wire_sent(void)
{
	struct rte_mbuf *mbuf[2];
	unsigned n = rte_eth_rx_burst(0, 0, mbuf, 2);

	assert_true(n <= 1);
	return n ? mbuf[0] : NULL;
}

#endif
