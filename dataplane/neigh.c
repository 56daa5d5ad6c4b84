/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/neigh.h"

#include <errno.h>
#include <string.h>
#include <rte_arp.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include "dataplane/frame.h"
#include "dataplane/lcore.h"

#define ASK_EVERY_S 1 /* a gateway that has not answered yet */

#define ND_SOLICIT         135 /* RFC 4861 section 4.3 */
#define ND_ADVERT          136 /* RFC 4861 section 4.4 */
#define ND_HOP_LIMIT       255
#define ND_OPTION_SOURCE   1
#define ND_OPTION_TARGET   2
#define ND_SOLICITED       0x40000000u
#define ND_OVERRIDE        0x20000000u
#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY   129

/* Solicitation and advertisement, with the one option that we send. */
struct nd_message {
	uint8_t type, code;
	rte_be16_t checksum;
	rte_be32_t flags;
	uint8_t target[16];
	uint8_t option_type, option_len; /* in units of 8 bytes */
	uint8_t option_mac[RTE_ETHER_ADDR_LEN];
} __rte_packed;

#define ND_FIXED_BYTES 24 /* up to the option */

static bool on_link(const struct conf_addr *ours, const struct conf_addr *other)
{
	unsigned bytes = ours->prefix / 8, bits = ours->prefix % 8;

	if (ours->is_v6 != other->is_v6 || memcmp(ours->bytes, other->bytes, bytes))
		return false;
	return !bits || !((ours->bytes[bytes] ^ other->bytes[bytes]) >> (8 - bits));
}

static bool is_link_local(const struct conf_addr *addr)
{
	return addr->is_v6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

static int add_gateway(struct host *host, const char *text, const char **ret_why)
{
	struct host_gateway *gw = &host->gateways[host->gateway_count];

	if (host->gateway_count == RTE_DIM(host->gateways) || conf_addr_parse(text, false, &gw->addr)) {
		*ret_why = "ingest.gateway takes one IPv4 and one IPv6 address";
		return -EINVAL;
	}
	if (host->gateway_count && host->gateways[0].addr.is_v6 == gw->addr.is_v6) {
		*ret_why = "ingest.gateway takes at most one address of each IP version";
		return -EINVAL;
	}
	for (unsigned i = 0; i < host->addr_count; i++) {
		if (!on_link(&host->addrs[i], &gw->addr) &&
		        !(is_link_local(&gw->addr) && host->addrs[i].is_v6))
			continue;
		gw->local = (uint8_t)i;
		host->gateway_count++;
		return 0;
	}
	*ret_why = "ingest.gateway lies in none of the prefixes of ingest.address";
	return -EINVAL;
}

int neigh_host_init(struct host *host, const struct conf *conf, const char **ret_why)
{
	memset(host, 0, sizeof(*host));
	for (char **text = conf->ingest_address; *text; text++) {
		struct conf_addr *addr = &host->addrs[host->addr_count];

		if (host->addr_count == LIMIT_LOCAL_ADDRS || conf_addr_parse(*text, true, addr)) {
			*ret_why = "ingest.address takes at most 8 addresses with their prefix length";
			return -EINVAL;
		}
		if (neigh_local(host, addr->bytes, addr->is_v6) >= 0) {
			*ret_why = "ingest.address names an address twice";
			return -EINVAL;
		}
		host->addr_count++;
	}
	for (char **text = conf->ingest_gateway; *text; text++)
		if (add_gateway(host, *text, ret_why))
			return -EINVAL;
	return 0;
}

void neigh_host_set_mac(struct host *host, unsigned port, const struct rte_ether_addr *mac)
{
	uint8_t *ip = host->link_local[port];
	const uint8_t *m = mac->addr_bytes;
	const uint8_t address[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3],
		m[4], m[5] };

	host->mac[port] = *mac;
	memcpy(ip, address, sizeof(address)); /* RFC 4291 appendix A */
}

int neigh_local(const struct host *host, const uint8_t *addr, bool is_v6)
{
	for (unsigned i = 0; i < host->addr_count; i++)
		if (host->addrs[i].is_v6 == is_v6 && !memcmp(host->addrs[i].bytes, addr, is_v6 ? 16 : 4))
			return (int)i;
	return -1;
}

static bool is_ours6(const struct host *host, unsigned port, const uint8_t *addr)
{
	return neigh_local(host, addr, true) >= 0 || !memcmp(addr, host->link_local[port], 16);
}

/* Turn the frame round: to where it came from, from this port. */
static void turn_ethernet(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);

	eth->dst_addr = eth->src_addr;
	eth->src_addr = lc->host->mac[mbuf->port];
}

static void answer(struct lcore *lc, struct rte_mbuf *mbuf, unsigned bytes)
{
	unsigned port = mbuf->port;

	mbuf->data_len = (uint16_t)bytes;
	mbuf->pkt_len = bytes;
	mbuf->ol_flags = 0;
	lcore_count(lc, STAT_LCORE_answered, 1);
	frame_send(lc, port, mbuf);
}

static void consume(struct lcore *lc, struct rte_mbuf *mbuf)
{
	lcore_count(lc, STAT_LCORE_answered, 1);
	rte_pktmbuf_free(mbuf);
}

/* A gateway has said where it is. Lcore 0 alone writes the table: RSS brings ARP and ND to the first queue as
 * a rule, and what comes elsewhere is asked for again. */
static void learn(
        struct lcore *lc, unsigned port, const uint8_t *addr, bool is_v6, const struct rte_ether_addr *mac)
{
	for (unsigned i = 0; i < lc->host->gateway_count && lc->index == 0; i++) {
		struct host_gateway *gw = &lc->host->gateways[i];

		if (gw->addr.is_v6 != is_v6 || memcmp(gw->addr.bytes, addr, is_v6 ? 16 : 4))
			continue;
		gw->mac[port] = *mac;
		gw->known[port] = true;
	}
}

void neigh_arp(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3)
{
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(mbuf, struct rte_arp_hdr *, l3);

	if (mbuf->data_len < l3 + sizeof(*arp)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_truncated);
		return;
	}
	struct rte_arp_ipv4 *data = &arp->arp_data;
	rte_be32_t asked = data->arp_tip;
	if (arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) || arp->arp_plen != 4 ||
	        arp->arp_hlen != RTE_ETHER_ADDR_LEN) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_l2_unknown);
		return;
	}
	rte_be32_t sender = data->arp_sip;
	learn(lc, mbuf->port, (const uint8_t *)&sender, false, &data->arp_sha);
	if (neigh_local(lc->host, (const uint8_t *)&asked, false) < 0) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_not_ours);
		return;
	}
	if (arp->arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST)) {
		consume(lc, mbuf);
		return;
	}
	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	data->arp_tha = data->arp_sha;
	data->arp_tip = sender;
	data->arp_sha = lc->host->mac[mbuf->port];
	data->arp_sip = asked;
	turn_ethernet(lc, mbuf);
	answer(lc, mbuf, l3 + sizeof(*arp));
}

void neigh_icmp4(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3, unsigned l4, unsigned l4_len)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv4_hdr *, l3);
	struct rte_icmp_hdr *icmp = rte_pktmbuf_mtod_offset(mbuf, struct rte_icmp_hdr *, l4);

	if (l4_len < sizeof(*icmp)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_truncated);
		return;
	}
	if (icmp->icmp_type != RTE_IP_ICMP_ECHO_REQUEST || icmp->icmp_code ||
	        rte_raw_cksum(icmp, l4_len) != 0xffff) {
		consume(lc, mbuf);
		return;
	}
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = (uint16_t)~rte_raw_cksum(icmp, l4_len);
	rte_be32_t ours = ip->dst_addr;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = ours;
	ip->time_to_live = 64;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, l4 - l3);
	turn_ethernet(lc, mbuf);
	answer(lc, mbuf, l4 + l4_len);
}

/* An option of a neighbour discovery message (RFC 4861 section 4.6), or NULL. */
static const struct rte_ether_addr *nd_option(const struct nd_message *nd, unsigned len, uint8_t type)
{
	const uint8_t *at = (const uint8_t *)nd + ND_FIXED_BYTES, *end = (const uint8_t *)nd + len;

	while (end - at >= 8 && at[1] && at[1] * 8 <= end - at) {
		if (at[0] == type)
			return (const struct rte_ether_addr *)(at + 2);
		at += at[1] * 8;
	}
	return NULL;
}

/* Make the solicitation in @mbuf an advertisement of its target (RFC 4861 section 7.2.4). */
static void advertise(
        struct lcore *lc, struct rte_mbuf *mbuf, struct rte_ipv6_hdr *ip, struct nd_message *nd, unsigned l4)
{
	static const uint8_t unspecified[16], all_nodes[16] = { 0xff, 2, [15] = 1 };
	bool probing = !memcmp(
	        ip->src_addr, unspecified, 16); /* duplicate address detection, RFC 4862 section 5.4 */

	turn_ethernet(lc, mbuf);
	memcpy(ip->dst_addr, probing ? all_nodes : ip->src_addr, 16);
	if (probing)
		rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *)->dst_addr =
		        (struct rte_ether_addr){ { 0x33, 0x33, 0, 0, 0, 1 } }; /* RFC 2464 section 7 */
	memcpy(ip->src_addr, nd->target, 16);
	ip->hop_limits = ND_HOP_LIMIT;
	ip->payload_len = rte_cpu_to_be_16(sizeof(*nd));
	nd->type = ND_ADVERT;
	nd->flags = rte_cpu_to_be_32((probing ? 0 : ND_SOLICITED) | ND_OVERRIDE);
	nd->option_type = ND_OPTION_TARGET;
	nd->option_len = 1;
	memcpy(nd->option_mac, &lc->host->mac[mbuf->port], RTE_ETHER_ADDR_LEN);
	nd->checksum = 0;
	nd->checksum = rte_ipv6_udptcp_cksum(ip, nd);
	answer(lc, mbuf, l4 + sizeof(*nd));
}

static void echo6(struct lcore *lc, struct rte_mbuf *mbuf, struct rte_ipv6_hdr *ip, struct rte_icmp_hdr *icmp,
        unsigned bytes)
{
	uint8_t ours[16];

	memcpy(ours, ip->dst_addr, 16);
	memcpy(ip->dst_addr, ip->src_addr, 16);
	memcpy(ip->src_addr, ours, 16);
	ip->hop_limits = 64;
	icmp->icmp_type = ICMP6_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = rte_ipv6_udptcp_cksum(ip, icmp);
	turn_ethernet(lc, mbuf);
	answer(lc, mbuf, bytes);
}

void neigh_icmp6(struct lcore *lc, struct rte_mbuf *mbuf, unsigned l3, unsigned l4, unsigned l4_len)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv6_hdr *, l3);
	struct nd_message *nd = rte_pktmbuf_mtod_offset(mbuf, struct nd_message *, l4);
	bool discovery;

	if (l4_len < sizeof(struct rte_icmp_hdr)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_truncated);
		return;
	}
	discovery = (nd->type == ND_SOLICIT || nd->type == ND_ADVERT) && l4_len >= ND_FIXED_BYTES &&
	            ip->hop_limits == ND_HOP_LIMIT;
	if (rte_ipv6_udptcp_cksum_verify(ip, nd) || nd->code) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_ip_malformed);
	} else if (discovery && nd->type == ND_SOLICIT && is_ours6(lc->host, mbuf->port, nd->target)) {
		if (l4_len < sizeof(*nd))
			rte_pktmbuf_append(mbuf, (uint16_t)(l4 + sizeof(*nd) - mbuf->data_len));
		advertise(lc, mbuf, ip, nd, l4);
	} else if (discovery && nd->type == ND_ADVERT) {
		const struct rte_ether_addr *mac = nd_option(nd, l4_len, ND_OPTION_TARGET);
		learn(lc, mbuf->port, nd->target, true,
		        mac ? mac : &rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *)->src_addr);
		consume(lc, mbuf);
	} else if (nd->type == ICMP6_ECHO_REQUEST && is_ours6(lc->host, mbuf->port, ip->dst_addr)) {
		echo6(lc, mbuf, ip, (struct rte_icmp_hdr *)nd, l4 + l4_len);
	} else if (discovery || !is_ours6(lc->host, mbuf->port, ip->dst_addr)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_not_ours);
	} else {
		consume(lc, mbuf);
	}
}

/* An ARP request for @wanted from @ours; for an announcement both are the same (RFC 5227 section 3). */
static void ask4(struct lcore *lc, unsigned port, const uint8_t *ours, const uint8_t *wanted)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lc->pool);

	if (!mbuf)
		return;
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(eth + 1);
	memset(&eth->dst_addr, 0xff, sizeof(eth->dst_addr));
	eth->src_addr = lc->host->mac[port];
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	*arp = (struct rte_arp_hdr){ .arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER),
		.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = RTE_ETHER_ADDR_LEN,
		.arp_plen = 4,
		.arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) };
	arp->arp_data.arp_sha = lc->host->mac[port];
	memcpy(&arp->arp_data.arp_sip, ours, 4);
	memcpy(&arp->arp_data.arp_tip, wanted, 4);
	mbuf->data_len = sizeof(*eth) + sizeof(*arp);
	mbuf->pkt_len = mbuf->data_len;
	frame_send(lc, port, mbuf);
}

/* A solicitation for @wanted, or with @wanted NULL an unsolicited advertisement of @ours (RFC 4861
 * sections 4.3, 7.2.6). */
static void ask6(struct lcore *lc, unsigned port, const uint8_t *ours, const uint8_t *wanted)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lc->pool);
	const uint8_t *target = wanted ? wanted : ours;

	if (!mbuf)
		return;
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(eth + 1);
	struct nd_message *nd = (struct nd_message *)(ip + 1);
	/* solicited-node address (RFC 4291 section 2.7.1), or all nodes */
	uint8_t group[16] = { 0xff, 2, [11] = 1, [12] = 0xff, target[13], target[14], target[15] };
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	if (!wanted)
		memcpy(group, all_nodes, 16);
	eth->dst_addr = (struct rte_ether_addr){ { 0x33, 0x33, group[12], group[13], group[14], group[15] } };
	eth->src_addr = lc->host->mac[port];
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	*ip = (struct rte_ipv6_hdr){ .vtc_flow = rte_cpu_to_be_32(0x60000000),
		.payload_len = rte_cpu_to_be_16(sizeof(*nd)),
		.proto = IPPROTO_ICMPV6,
		.hop_limits = ND_HOP_LIMIT };
	memcpy(ip->src_addr, ours, 16);
	memcpy(ip->dst_addr, group, 16);
	*nd = (struct nd_message){ .type = wanted ? ND_SOLICIT : ND_ADVERT,
		.flags = wanted ? 0 : rte_cpu_to_be_32(ND_OVERRIDE),
		.option_type = wanted ? ND_OPTION_SOURCE : ND_OPTION_TARGET,
		.option_len = 1 };
	memcpy(nd->option_mac, &lc->host->mac[port], RTE_ETHER_ADDR_LEN);
	memcpy(nd->target, target, 16);
	nd->checksum = 0;
	nd->checksum = rte_ipv6_udptcp_cksum(ip, nd);
	mbuf->data_len = sizeof(*eth) + sizeof(*ip) + sizeof(*nd);
	mbuf->pkt_len = mbuf->data_len;
	frame_send(lc, port, mbuf);
}

static void announce(struct lcore *lc, unsigned port)
{
	for (unsigned i = 0; i < lc->host->addr_count; i++) {
		const struct conf_addr *addr = &lc->host->addrs[i];

		if (addr->is_v6)
			ask6(lc, port, addr->bytes, NULL);
		else
			ask4(lc, port, addr->bytes, addr->bytes);
	}
}

void neigh_timer(struct lcore *lc)
{
	struct host *host = lc->host;

	if (!lc->announced) {
		lc->announced = true;
		for (unsigned port = 0; port < host->port_count; port++)
			announce(lc, port);
	}
	for (unsigned i = 0; i < host->gateway_count; i++) {
		struct host_gateway *gw = &host->gateways[i];

		for (unsigned port = 0; port < host->port_count; port++) {
			uint64_t wait = lc->tsc_hz * (gw->known[port] ? NEIGH_REFRESH_S : ASK_EVERY_S);
			if (gw->asked_tsc[port] && lc->now_tsc - gw->asked_tsc[port] < wait)
				continue;
			gw->asked_tsc[port] = lc->now_tsc;
			const uint8_t *ours = is_link_local(&gw->addr) ? host->link_local[port]
			                                               : host->addrs[gw->local].bytes;
			(gw->addr.is_v6 ? ask6 : ask4)(lc, port, ours, gw->addr.bytes);
		}
	}
}
