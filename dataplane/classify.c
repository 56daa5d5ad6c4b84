/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   0      6      12   14            (+4 with 802.1Q)
 *   | dst  | src  |type| IPv4: 20..60 bytes | UDP: sport dport length checksum | payload
 *                      | IPv6: 40 bytes     |
 */
#include "dataplane/classify.h"

#include <string.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "dataplane/checksum.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"

#define PREFETCH_AHEAD 4

/* What became of a packet: 0 goes on, CONSUMED by the host stage, else the counter of its drop. */
#define CONSUMED UINT32_MAX

/* Where the headers of a packet begin. */
struct layout {
	unsigned l3, l4, l4_len;
};

/* The checksum of the UDP datagram at @l4, by the NIC's word if it gave one, else in software. IPv4 allows
 * none (RFC 768), IPv6 asks for one (RFC 8200 section 8.1). */
static bool checksum_good(
        const struct rte_mbuf *mbuf, const void *l3, const struct rte_udp_hdr *udp, unsigned len, bool is_v6)
{
	uint64_t flags = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (flags == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	if (flags == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return false;
	if (!udp->dgram_cksum)
		return !is_v6;
	return is_v6 ? checksum_udp6(l3, udp, len) : checksum_udp4(l3, udp, len);
}

/* UDP: lengths, checksum, and the meta of what goes on. */
static uint32_t take_udp(struct rte_mbuf *mbuf, struct meta *m, const struct layout *at, const void *l3)
{
	const struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(mbuf, const struct rte_udp_hdr *, at->l4);

	if (at->l4_len < sizeof(*udp))
		return STAT_LCORE_drop_truncated;
	unsigned len = rte_be_to_cpu_16(udp->dgram_len);
	if (len < sizeof(*udp) || len > at->l4_len)
		return STAT_LCORE_drop_udp_malformed;
	if (!checksum_good(mbuf, l3, udp, len, m->src.is_v6))
		return STAT_LCORE_drop_udp_checksum;
	m->src.port = rte_be_to_cpu_16(udp->src_port);
	m->local_port = rte_be_to_cpu_16(udp->dst_port);
	m->data_offset = (uint16_t)(at->l4 + sizeof(*udp));
	m->data_len = (uint16_t)(len - sizeof(*udp));
	return 0;
}

static uint32_t take_ipv4(struct lcore *lc, struct rte_mbuf *mbuf, struct meta *m, unsigned l3)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, const struct rte_ipv4_hdr *, l3);
	unsigned have = mbuf->data_len - l3;

	if (have < sizeof(*ip))
		return STAT_LCORE_drop_truncated;
	unsigned header = (ip->version_ihl & 15u) * 4, total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version_ihl >> 4 != 4 || header < sizeof(*ip) || total < header)
		return STAT_LCORE_drop_ip_malformed;
	if (total > have)
		return STAT_LCORE_drop_truncated;
	uint64_t flags = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	if (flags == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
	        (flags != RTE_MBUF_F_RX_IP_CKSUM_GOOD && checksum_sum(ip, header) != UINT16_MAX))
		return STAT_LCORE_drop_ip_malformed;
	int local = neigh_local(lc->host, (const uint8_t *)&ip->dst_addr, false);
	if (local < 0)
		return STAT_LCORE_drop_not_ours;
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return STAT_LCORE_drop_fragment;
	m->local = (uint8_t)local;
	m->src.is_v6 = 0;
	memset(m->src.addr + 4, 0, 12);
	memcpy(m->src.addr, &ip->src_addr, 4);
	struct layout at = { l3, l3 + header, total - header };
	if (ip->next_proto_id == IPPROTO_ICMP) {
		neigh_icmp4(lc, mbuf, at.l3, at.l4, at.l4_len);
		return CONSUMED;
	}
	return ip->next_proto_id == IPPROTO_UDP ? take_udp(mbuf, m, &at, ip) : STAT_LCORE_drop_not_udp;
}

/* Extension headers (RFC 8200 section 4) do not occur in front of media; a fragment header is counted as
 * such. */
static uint32_t take_ipv6(struct lcore *lc, struct rte_mbuf *mbuf, struct meta *m, unsigned l3)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, const struct rte_ipv6_hdr *, l3);
	unsigned have = mbuf->data_len - l3;

	if (have < sizeof(*ip))
		return STAT_LCORE_drop_truncated;
	struct layout at = { l3, l3 + sizeof(*ip), rte_be_to_cpu_16(ip->payload_len) };
	if ((ip->vtc_flow & rte_cpu_to_be_32(0xf0000000)) != rte_cpu_to_be_32(0x60000000))
		return STAT_LCORE_drop_ip_malformed;
	if (at.l4_len > have - sizeof(*ip))
		return STAT_LCORE_drop_truncated;
	if (ip->proto == IPPROTO_ICMPV6) {
		neigh_icmp6(lc, mbuf, at.l3, at.l4, at.l4_len);
		return CONSUMED;
	}
	int local = neigh_local(lc->host, ip->dst_addr, true);
	if (local < 0)
		return STAT_LCORE_drop_not_ours;
	if (ip->proto == IPPROTO_FRAGMENT)
		return STAT_LCORE_drop_fragment;
	m->local = (uint8_t)local;
	m->src.is_v6 = 1;
	memcpy(m->src.addr, ip->src_addr, 16);
	return ip->proto == IPPROTO_UDP ? take_udp(mbuf, m, &at, ip) : STAT_LCORE_drop_not_udp;
}

static uint32_t take(struct lcore *lc, struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	struct meta *m = meta_of(mbuf);
	unsigned l3 = sizeof(*eth);

	if (mbuf->nb_segs != 1 || mbuf->data_len < l3)
		return STAT_LCORE_drop_truncated;
	m->hops = 0;
	m->src.port_id = (uint8_t)mbuf->port;
	m->src.mac = eth->src_addr;
	m->src.vlan = 0;
	if (!rte_is_multicast_ether_addr(&eth->dst_addr) &&
	        !rte_is_same_ether_addr(&eth->dst_addr, &lc->host->mac[mbuf->port]))
		return STAT_LCORE_drop_not_ours;
	rte_be16_t type = eth->ether_type;
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN)) {
		const struct rte_vlan_hdr *vlan = (const struct rte_vlan_hdr *)(eth + 1);
		if (mbuf->data_len < l3 + sizeof(*vlan))
			return STAT_LCORE_drop_truncated;
		m->src.vlan = rte_be_to_cpu_16(vlan->vlan_tci) & 0x0fff;
		type = vlan->eth_proto;
		l3 += sizeof(*vlan);
	} else if (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		m->src.vlan = mbuf->vlan_tci &
		              0x0fff; /* some devices, and the kernel under af_packet, take the tag off */
	}
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return take_ipv4(lc, mbuf, m, l3);
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		return take_ipv6(lc, mbuf, m, l3);
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP)) {
		neigh_arp(lc, mbuf, l3);
		return CONSUMED;
	}
	return STAT_LCORE_drop_l2_unknown;
}

static void prefetch(struct rte_mbuf *mbuf)
{
	rte_prefetch0_write(meta_of(mbuf));
	rte_prefetch0_write(&meta_of(mbuf)->src);
	rte_prefetch0(rte_pktmbuf_mtod(mbuf, void *));
}

unsigned classify_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned kept = 0;

	static_assert(STAT_LCORE_rx_pkts == 0, "no drop reason has the index 0");
	for (unsigned i = 0; i < count && i < PREFETCH_AHEAD; i++)
		prefetch(pkts[i]);
	for (unsigned i = 0; i < count; i++) {
		if (i + PREFETCH_AHEAD < count)
			prefetch(pkts[i + PREFETCH_AHEAD]);
		uint32_t verdict = take(lc, pkts[i]);
		if (!verdict)
			pkts[kept++] = pkts[i];
		else if (verdict != CONSUMED)
			lcore_drop(lc, pkts[i], verdict);
	}
	return kept;
}
