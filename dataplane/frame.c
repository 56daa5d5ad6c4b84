/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/frame.h"

#include <string.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"

#define FRAME_TTL 64

bool frame_send(struct lcore *lc, unsigned port_id, struct rte_mbuf *mbuf)
{
	uint32_t len = mbuf->pkt_len; /* what is sent is not ours any more */

	if (rte_eth_tx_burst((uint16_t)port_id, (uint16_t)lc->tx_queue, &mbuf, 1) == 1) {
		lcore_count(lc, STAT_LCORE_tx_pkts, 1);
		lcore_count(lc, STAT_LCORE_tx_bytes, len);
		return true;
	}
	rte_pktmbuf_free(mbuf);
	lcore_count(lc, STAT_LCORE_tx_dropped, 1);
	return false;
}

/* Ethernet, and the VLAN tag the peer uses. Returns where the IP header goes. */
static uint8_t *put_ethernet(const struct lcore *lc, uint8_t *at, const struct peer *to)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)at;
	rte_be16_t type = rte_cpu_to_be_16(to->is_v6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);

	eth->dst_addr = to->mac;
	eth->src_addr = lc->host->mac[to->port_id];
	eth->ether_type = type;
	if (!to->vlan)
		return at + sizeof(*eth);
	struct rte_vlan_hdr *vlan = (struct rte_vlan_hdr *)(eth + 1);
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	vlan->vlan_tci = rte_cpu_to_be_16(to->vlan);
	vlan->eth_proto = type;
	return (uint8_t *)(vlan + 1);
}

static struct rte_udp_hdr *put_ip(
        const struct lcore *lc, uint8_t *at, const struct peer *to, unsigned local, uint16_t udp_len)
{
	const uint8_t *from = lc->host->addrs[local].bytes;

	if (to->is_v6) {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)at;
		*ip = (struct rte_ipv6_hdr){ .vtc_flow = rte_cpu_to_be_32(0x60000000),
			.payload_len = rte_cpu_to_be_16(udp_len),
			.proto = IPPROTO_UDP,
			.hop_limits = FRAME_TTL };
		memcpy(ip->src_addr, from, 16);
		memcpy(ip->dst_addr, to->addr, 16);
		return (struct rte_udp_hdr *)(ip + 1);
	}
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)at;
	*ip = (struct rte_ipv4_hdr){ .version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(udp_len + sizeof(*ip))),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = FRAME_TTL,
		.next_proto_id = IPPROTO_UDP };
	memcpy(&ip->src_addr, from, 4);
	memcpy(&ip->dst_addr, to->addr, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return (struct rte_udp_hdr *)(ip + 1);
}

/* Of the headers that put_headers writes. */
static unsigned header_bytes(const struct peer *to)
{
	return (unsigned)(sizeof(struct rte_ether_hdr) + (to->vlan ? sizeof(struct rte_vlan_hdr) : 0) +
	                  (to->is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) +
	                  sizeof(struct rte_udp_hdr));
}

/* Write all headers of a datagram from @start on; its @len bytes of payload lie behind them already. */
static void put_headers(const struct lcore *lc, uint8_t *start, const struct peer *to, unsigned local,
        uint16_t local_port, uint16_t len)
{
	uint8_t *l3 = put_ethernet(lc, start, to);
	uint16_t udp_len = (uint16_t)(sizeof(struct rte_udp_hdr) + len);
	struct rte_udp_hdr *udp = put_ip(lc, l3, to, local, udp_len);

	*udp = (struct rte_udp_hdr){ .src_port = rte_cpu_to_be_16(local_port),
		.dst_port = rte_cpu_to_be_16(to->port),
		.dgram_len = rte_cpu_to_be_16(udp_len) };
	udp->dgram_cksum = to->is_v6 ? rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)l3, udp)
	                             : rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)l3, udp);
}

bool frame_send_udp(struct lcore *lc, const struct peer *to, unsigned local, uint16_t local_port,
        const void *payload, uint16_t len)
{
	struct rte_mbuf *mbuf = len <= FRAME_UDP_MAX ? rte_pktmbuf_alloc(lc->pool) : NULL;
	unsigned headers = header_bytes(to);

	if (!mbuf) {
		lcore_count(lc, STAT_LCORE_tx_dropped, 1);
		return false;
	}
	uint8_t *start = rte_pktmbuf_mtod(mbuf, uint8_t *);
	memcpy(start + headers, payload, len);
	put_headers(lc, start, to, local, local_port, len);
	mbuf->data_len = (uint16_t)(headers + len);
	mbuf->pkt_len = mbuf->data_len;
	return frame_send(lc, to->port_id, mbuf);
}

bool frame_answer_udp(struct lcore *lc, struct rte_mbuf *mbuf, const struct peer *to, unsigned local,
        uint16_t local_port, uint16_t len)
{
	unsigned headers = header_bytes(to), payload = mbuf->data_off + meta_of(mbuf)->data_offset;

	/* What the peer's own headers took is not enough where a device has taken the VLAN tag off. */
	if (payload < headers) {
		rte_pktmbuf_free(mbuf);
		lcore_count(lc, STAT_LCORE_tx_dropped, 1);
		return false;
	}
	mbuf->data_off = (uint16_t)(payload - headers);
	mbuf->data_len = (uint16_t)(headers + len);
	mbuf->pkt_len = mbuf->data_len;
	mbuf->ol_flags = 0;
	put_headers(lc, rte_pktmbuf_mtod(mbuf, uint8_t *), to, local, local_port, len);
	return frame_send(lc, to->port_id, mbuf);
}
