/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet costs in the poll loop, stage by stage, from few flows to very many: SRTP packets of flows in
 * an order of chance run through lcore_process in bursts, and are taken out of the writer's ring at once.
 *
 *   seal a lot of packets (not measured) → copy a burst into packet buffers, as a NIC or memif would →
 * lcore_process → the ring → given back when RING_LAG others have come: buffers are as cold as writers leave
 * them
 *
 * usage: bench_loop PROFILE FLOWS PAYLOAD_BYTES [PACKETS [BURST]]    prints one line of JSON; needs huge
 * pages
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "base/conf.h"
#include "base/rtp.h"
#include "dataplane/command.h"
#include "dataplane/crypto.h"
#include "dataplane/crypto_frame.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "writers/track.h"

#define LINE         64 /* of a cache */
#define TRACKS       5  /* of a session: audio and video of two, and a screen */
#define FIRST        2000
#define LAST         65499
#define ADDRESSES    2
#define LOT          16384 /* packets sealed at a time */
#define RING_LAG     8192
#define ROOM         1536
#define HEADERS      (sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))
#define PAYLOAD_TYPE 96

/* One who sends. */
struct sender {
	struct crypto_key key;
	uint64_t ext_seq;
	uint32_t ssrc;
	uint16_t port;
	uint8_t address;
};

static const struct rte_ether_addr our_mac = { { 2, 0, 0, 0, 0, 1 } }, their_mac = { { 2, 0, 0, 0, 0, 2 } };
static const uint8_t feedback_key[PROFILE_KEY_BYTES] = { 9 };

static struct lcore lc;
static struct host host;
static uint64_t lcore_slot[STAT_LCORE_COUNT] __attribute__((aligned(64)));
static struct sender *senders;
static enum profile profile;
static unsigned flow_count, payload_bytes;
static struct crypto_engine *sealer;
static uint8_t (*lot)[ROOM];
static uint16_t lot_bytes[LOT];
static void *lag[RING_LAG];

/* The tracks are of no writer: the lcore only carries them about, and asks this. */
uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return 0;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_loop: %s\n", what);
	exit(1);
}

static enum profile profile_of(const char *name)
{
	for (unsigned i = 0; i < PROFILES; i++)
		if (strcmp(profile_info(i)->name, strcmp(name, "plain") ? name : "") == 0)
			return (enum profile)i;
	die("no such profile");
	return PROFILE_PLAIN;
}

static void *lines(size_t bytes)
{
	void *at = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);

	if (!at)
		die("no memory");
	return memset(at, 0, (bytes + LINE - 1) / LINE * LINE);
}

static void start_eal(unsigned cpu)
{
	char lcores[32];
	const char *eal[] = { "bench_loop", "--in-memory", "--no-pci", "-m", "256", "--no-telemetry",
		"--log-level=error", lcores };

	snprintf(lcores, sizeof(lcores), "--lcores=0@%u", cpu);
	if (rte_eal_init(RTE_DIM(eal), (char **)(uintptr_t)eal) < 0)
		die(rte_strerror(rte_errno));
}

static void make_lcore(void)
{
	static const char *addresses[] = { "10.77.0.1/24", "10.77.0.2/24", NULL }, *none[] = { NULL };
	struct conf conf = { .ingest_address = (char **)(uintptr_t)addresses,
		.ingest_gateway = (char **)(uintptr_t)none };
	const char *why = NULL;

	if (neigh_host_init(&host, &conf, &why))
		die(why);
	host.port_count = 1;
	neigh_host_set_mac(&host, 0, &our_mac);
	lc.pool = rte_pktmbuf_pool_create("packets", 32767, 256, META_BYTES, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (!lc.pool || endpoint_table_create(&lc.endpoints, FIRST, LAST, ADDRESSES) ||
	        spsc_create(&lc.writers[0], 16384) || crypto_engine_create(&lc.crypto) ||
	        crypto_engine_create(&sealer))
		die("no lcore");
	lc.slot = lcore_slot;
	lc.host = &host;
	lc.count = 1;
	lcore_set_clock(&lc, rte_get_tsc_hz());
	lc.now_tsc = rte_rdtsc();
	lc.now_unix_ns = 1700000000000000000ull;
	lc.now_mono_ns = 1000000000;
	wheel_init(&lc.wheel, lc.now_tsc, lc.tsc_hz);
}

static struct flow *make_flow(struct endpoint *ep, struct flow *flow, unsigned index, struct sender *sender)
{
	uint8_t key[PROFILE_KEY_BYTES];
	struct crypto_cfg cfg = { .profile = profile,
		.key = key,
		.send_key = feedback_key,
		.ssrc_known = true,
		.ssrc = sender->ssrc,
		.send_ssrcs = { 1, 2 },
		.send_indices = ep->report_indices };

	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(sender->ssrc * 31 + (sender->ssrc >> 8) + 7 * i);
	if (profile != PROFILE_PLAIN &&
	        (crypto_create(&flow->crypto, &cfg) ||
	                crypto_key_derive(&sender->key, profile, key, CRYPTO_KEY_RTP)))
		die("no keys");
	flow->slot = lines(STAT_FLOW_COUNT * sizeof(uint64_t));
	flow->track = (struct track *)(uintptr_t)(64 * sender->ssrc);
	flow->clock_rate = 90000;
	flow->payload_type = PAYLOAD_TYPE;
	flow->index = flow->key_group = (uint8_t)index;
	flow->video = flow->ssrc_known = true;
	ep->ssrcs[index] = sender->ssrc;
	ep->ssrc_bound |= 1u << index;
	return flow;
}

/* Sessions of TRACKS flows each, as dataplane/opening.c makes them. */
static void make_sessions(void)
{
	unsigned per_address = (LAST - FIRST) / 2;

	senders = lines(flow_count * sizeof(*senders));
	for (unsigned i = 0, at = 0; at < flow_count; i++) {
		struct endpoint *ep = lines(sizeof(*ep));
		struct flow *flows = lines(TRACKS * sizeof(*flows));

		if (i >= per_address * ADDRESSES)
			die("too many flows for the ports");
		ep->local = (uint8_t)(i / per_address);
		ep->port = (uint16_t)(FIRST + i % per_address * 2);
		for (; ep->flow_count < TRACKS && at < flow_count; ep->flow_count++, at++) {
			struct sender *sender = &senders[at];
			sender->ssrc = 1000 + at;
			sender->port = ep->port;
			sender->address = ep->local;
			ep->flows[ep->flow_count] =
			        make_flow(ep, &flows[ep->flow_count], ep->flow_count, sender);
		}
		endpoint_install(&lc, ep);
	}
}

/* Packets of one flow come in order, those of different flows in an order of chance. */
static struct sender *next_sender(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return &senders[(uint64_t)state * flow_count >> 32];
}

static uint16_t seal(struct sender *sender, uint8_t *data)
{
	const struct profile_info *info = profile_info(profile);
	unsigned bytes = RTP_HEADER_BYTES + payload_bytes;
	struct crypto_packet p = { .data = data,
		.ssrc = sender->ssrc,
		.len = (uint16_t)(bytes + info->tag_bytes),
		.header_bytes = RTP_HEADER_BYTES,
		.index = sender->ext_seq };

	rtp_build(data, PAYLOAD_TYPE, false, (uint16_t)sender->ext_seq, (uint32_t)sender->ext_seq / 8 * 3000,
	        sender->ssrc);
	memset(data + RTP_HEADER_BYTES, (int)sender->ext_seq & 0xFF, payload_bytes + info->tag_bytes);
	sender->ext_seq++;
	if (profile == PROFILE_PLAIN)
		return (uint16_t)bytes;
	crypto_frame_set(&p, info, &sender->key);
	uint8_t tag[20];
	crypto_engine_seal(sealer, &p.job, tag);
	memcpy(data + bytes, tag, info->tag_bytes);
	return p.len;
}

static uint16_t frame(uint8_t *at, struct sender *sender)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)at;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint16_t len = seal(sender, (uint8_t *)(udp + 1));

	*eth = (struct rte_ether_hdr){ our_mac, their_mac, rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) };
	*ip = (struct rte_ipv4_hdr){ .version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + sizeof(*udp) + len)),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = RTE_BE32(RTE_IPV4(10, 77, 0, 9)),
		.dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 77, 0, 1) + sender->address) };
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	*udp = (struct rte_udp_hdr){ .src_port = rte_cpu_to_be_16(sender->port),
		.dst_port = rte_cpu_to_be_16(sender->port),
		.dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len)) };
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	return (uint16_t)(HEADERS + len);
}

/* What was handed over is given back when as many others have come as a writer lags behind. */
static void take_out(void)
{
	static unsigned at;
	void *packet;

	while (spsc_take(lc.writers[0], &packet, 1)) {
		if (lag[at])
			rte_pktmbuf_free(meta_mbuf(lag[at]));
		lag[at] = packet;
		at = (at + 1) % RING_LAG;
	}
}

static void run_lot(unsigned burst)
{
	for (unsigned i = 0; i < LOT; i++)
		lot_bytes[i] = frame(lot[i], next_sender());
	for (unsigned i = 0; i < LOT; i += burst) {
		struct rte_mbuf *pkts[LCORE_BURST];

		if (rte_pktmbuf_alloc_bulk(lc.pool, pkts, burst))
			die("no packet buffers");
		for (unsigned k = 0; k < burst; k++) {
			memcpy(rte_pktmbuf_append(pkts[k], lot_bytes[i + k]), lot[i + k], lot_bytes[i + k]);
			pkts[k]->port = 0;
		}
		lc.now_tsc = rte_rdtsc();
		lc.now_unix_ns += burst * 1000;
		lc.now_mono_ns += burst * 1000;
		lcore_process(&lc, pkts, burst);
		take_out();
	}
}

static double per_packet(unsigned id)
{
	return (double)lcore_slot[id] / (double)lcore_slot[STAT_LCORE_rx_pkts];
}

static void print_result(unsigned burst)
{
	double cycles = per_packet(STAT_LCORE_cycles_busy), hz = (double)lc.tsc_hz;

	printf("{\"profile\":\"%s\",\"flows\":%u,\"payload_bytes\":%u,\"burst\":%u,\"packets\":%llu,"
	       "\"cycles\":%.1f,\"classify\":%.1f,\"unprotect\":%.1f,\"rtp\":%.1f,\"handover\":%.1f,\"pps\":%"
	       ".0f,"
	       "\"payload_bps\":%.0f}\n",
	        profile_info(profile)->name, flow_count, payload_bytes, burst,
	        (unsigned long long)lcore_slot[STAT_LCORE_rx_pkts], cycles,
	        per_packet(STAT_LCORE_cycles_classify), per_packet(STAT_LCORE_cycles_unprotect),
	        per_packet(STAT_LCORE_cycles_rtp), per_packet(STAT_LCORE_cycles_handover), hz / cycles,
	        hz / cycles * 8 * payload_bytes);
}

int main(int argc, char **argv)
{
	uint64_t packets = argc > 4 ? strtoull(argv[4], NULL, 10) : 1 << 19;
	unsigned burst = argc > 5 ? (unsigned)atoi(argv[5]) : LCORE_BURST;

	flow_count = argc > 3 ? (unsigned)atoi(argv[2]) : 0;
	payload_bytes = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	if (argc < 4 || !flow_count || !payload_bytes || payload_bytes > ROOM - HEADERS - 32 || burst == 0 ||
	        burst > LCORE_BURST)
		die("usage: bench_loop PROFILE FLOWS PAYLOAD_BYTES [PACKETS [BURST]]");
	profile = profile_of(argv[1]);
	start_eal((unsigned)sched_getcpu());
	make_lcore();
	make_sessions();
	lot = lines((size_t)LOT * ROOM);
	for (uint64_t warm = 0; warm < 2 * (uint64_t)flow_count + LOT; warm += LOT)
		run_lot(burst);
	memset(lcore_slot, 0, sizeof(lcore_slot));
	for (uint64_t done = 0; done < packets; done += LOT)
		run_lot(burst);
	if (lcore_slot[STAT_LCORE_handed_pkts] != lcore_slot[STAT_LCORE_rx_pkts])
		die("packets were dropped");
	print_result(burst);
	return 0;
}
