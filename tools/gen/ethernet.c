/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/ethernet.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>
#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#define TTL        64
#define FRAGMENTED (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)

struct datagram {
	struct rte_ether_hdr ether;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2)));

struct arp {
	struct rte_ether_hdr ether;
	struct rte_arp_hdr arp;
} __attribute__((packed, aligned(2)));

static_assert(sizeof(struct datagram) == ETHERNET_UDP_BYTES, "three headers");
static_assert(sizeof(struct arp) == ETHERNET_ARP_BYTES, "two headers");

void ethernet_make_head(struct ethernet_head *ret_head, const struct ethernet_path *path)
{
	struct datagram *d = (struct datagram *)ret_head->bytes;

	memcpy(&d->ether.dst_addr, path->dst_mac, 6);
	memcpy(&d->ether.src_addr, path->src_mac, 6);
	d->ether.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	d->ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = TTL,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = path->src_ip_be,
		.dst_addr = path->dst_ip_be,
	};
	d->udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(path->src_port),
		.dst_port = rte_cpu_to_be_16(path->dst_port),
	};
	ret_head->ip_sum = (uint16_t)~rte_ipv4_cksum(&d->ip);
}

void ethernet_write_udp(uint8_t *frame, const struct ethernet_head *head, unsigned port_offset, size_t len)
{
	struct datagram *d = (struct datagram *)frame;
	uint16_t ip_bytes = rte_cpu_to_be_16((uint16_t)(sizeof(d->ip) + sizeof(d->udp) + len));
	uint32_t sum = (uint32_t)head->ip_sum + ip_bytes;

	memcpy(frame, head->bytes, sizeof(head->bytes));
	d->ip.total_length = ip_bytes;
	d->ip.hdr_checksum = (uint16_t) ~(sum + (sum >> 16));
	d->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(d->udp) + len));
	if (port_offset)
		d->udp.dst_port =
		        rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(d->udp.dst_port) + port_offset));
}

void ethernet_sum_udp(uint8_t *frame)
{
	struct datagram *d = (struct datagram *)frame;

	d->udp.dgram_cksum = rte_ipv4_udptcp_cksum(&d->ip, &d->udp);
}

uint8_t *ethernet_read_udp(
        uint8_t *frame, size_t len, uint32_t ip_be, struct ethernet_path *ret_path, size_t *ret_len)
{
	struct datagram *d = (struct datagram *)frame;
	size_t total, udp;

	if (len < sizeof(*d) || d->ether.ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	        d->ip.version_ihl != RTE_IPV4_VHL_DEF || d->ip.next_proto_id != IPPROTO_UDP ||
	        d->ip.dst_addr != ip_be || (rte_be_to_cpu_16(d->ip.fragment_offset) & FRAGMENTED))
		return NULL;
	total = rte_be_to_cpu_16(d->ip.total_length);
	udp = rte_be_to_cpu_16(d->udp.dgram_len);
	if (total > len - sizeof(d->ether) || udp < sizeof(d->udp) || sizeof(d->ip) + udp > total)
		return NULL;
	memcpy(ret_path->src_mac, &d->ether.src_addr, 6);
	memcpy(ret_path->dst_mac, &d->ether.dst_addr, 6);
	ret_path->src_ip_be = d->ip.src_addr;
	ret_path->dst_ip_be = d->ip.dst_addr;
	ret_path->src_port = rte_be_to_cpu_16(d->udp.src_port);
	ret_path->dst_port = rte_be_to_cpu_16(d->udp.dst_port);
	*ret_len = udp - sizeof(d->udp);
	return frame + sizeof(*d);
}

static void write_arp(struct arp *a, uint16_t opcode, const struct ethernet_path *path, const uint8_t *to_mac,
        uint32_t to_ip_be)
{
	bool ask = opcode == RTE_ARP_OP_REQUEST;

	memset(a, 0, sizeof(*a));
	if (ask)
		memset(&a->ether.dst_addr, 0xFF, 6);
	else
		memcpy(&a->ether.dst_addr, to_mac, 6);
	memcpy(&a->ether.src_addr, path->src_mac, 6);
	a->ether.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	a->arp.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	a->arp.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	a->arp.arp_hlen = 6;
	a->arp.arp_plen = 4;
	a->arp.arp_opcode = rte_cpu_to_be_16(opcode);
	memcpy(&a->arp.arp_data.arp_sha, path->src_mac, 6);
	a->arp.arp_data.arp_sip = path->src_ip_be;
	if (!ask)
		memcpy(&a->arp.arp_data.arp_tha, to_mac, 6);
	a->arp.arp_data.arp_tip = to_ip_be;
}

void ethernet_write_arp_request(uint8_t *frame, const struct ethernet_path *path, uint32_t ip_be)
{
	write_arp((struct arp *)frame, RTE_ARP_OP_REQUEST, path, NULL, ip_be);
}

static bool is_arp(const uint8_t *frame, size_t len)
{
	const struct arp *a = (const struct arp *)frame;

	return len >= sizeof(*a) && a->ether.ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) &&
	       a->arp.arp_hardware == rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) &&
	       a->arp.arp_protocol == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) && a->arp.arp_hlen == 6 &&
	       a->arp.arp_plen == 4;
}

bool ethernet_answer_arp(uint8_t *frame, const uint8_t *request, size_t len, const struct ethernet_path *path)
{
	const struct arp *a = (const struct arp *)request;

	if (!is_arp(request, len) || a->arp.arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) ||
	        a->arp.arp_data.arp_tip != path->src_ip_be)
		return false;
	write_arp((struct arp *)frame, RTE_ARP_OP_REPLY, path, (const uint8_t *)&a->arp.arp_data.arp_sha,
	        a->arp.arp_data.arp_sip);
	return true;
}

bool ethernet_learn_arp(const uint8_t *frame, size_t len, uint32_t ip_be, uint8_t *ret_mac)
{
	const struct arp *a = (const struct arp *)frame;

	if (!is_arp(frame, len) || a->arp.arp_data.arp_sip != ip_be)
		return false;
	memcpy(ret_mac, &a->arp.arp_data.arp_sha, 6);
	return true;
}
