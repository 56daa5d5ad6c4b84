/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP payloads against a session's port, from flow_match_burst to handover_burst: a plain track, whose RTP
 * and RTCP are parsed to the end, and an SRTP track. The first byte says to which of the two ports it goes
 * and whether time passes; the datagrams follow, each behind its length in two bytes. */
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "tests/fuzz/dataplane/datagram_rig.h"

#define ROOM 2048

static struct lcore lc;
static uint64_t lcore_slot[STAT_LCORE_COUNT], flow_slots[2][STAT_FLOW_COUNT];
static struct endpoint ep;
static struct flow flows[2];

static void start(void)
{
	uint8_t key[PROFILE_KEY_BYTES] = { 1, 2, 3 };
	struct crypto_cfg cfg = {
		.profile = PROFILE_AEAD_AES_128_GCM, .key = key, .send_key = key, .send_ssrcs = { 1, 2 }
	};

	lc.pool = datagram_pool("fuzz", ROOM);
	lc.slot = lcore_slot;
	lc.tsc_hz = 1000000000;
	if (spsc_create(&lc.writers[0], 64) || crypto_create(&flows[1].crypto, &cfg) ||
	        crypto_engine_create(&lc.crypto))
		abort();
}

/* A session as it is opened. */
static void reset(void)
{
	struct crypto *crypto = flows[1].crypto;

	memset(&ep, 0, sizeof(ep));
	memset(flows, 0, sizeof(flows));
	memset(lcore_slot, 0, sizeof(lcore_slot));
	memset(flow_slots, 0, sizeof(flow_slots));
	/* Nothing that is fed in is authentic, so it stays as it is. */
	flows[1].crypto = crypto;
	lc.now_unix_ns = 1700000000000000000ull;
	ep.port = 20000;
	ep.flow_count = 2;
	for (uint8_t i = 0; i < 2; i++) {
		flows[i].slot = flow_slots[i];
		flows[i].clock_rate = 90000;
		flows[i].payload_type = (uint8_t)(96 + i);
		flows[i].index = flows[i].key_group = i;
		flows[i].video = true;
		ep.flows[i] = &flows[i];
	}
}

static void feed(const uint8_t *bytes, uint16_t len, uint8_t how)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct rte_mbuf *mbuf = datagram_of(lc.pool, copy, len);
	struct meta *m = meta_of(mbuf);
	void *packet = NULL;
	unsigned n;

	m->endpoint = &ep;
	m->local_port = (uint16_t)(20000 + (how & 1));
	m->src.port = 4000;
	memcpy(copy, bytes, len);
	lc.now_unix_ns += how & 2 ? 2000000000u : 1000000u;
	n = flow_match_burst(&lc, &mbuf, 1);
	n = unprotect_burst(&lc, &mbuf, n);
	n = feedback_burst(&lc, &mbuf, n);
	n = sequence_burst(&lc, &mbuf, n);
	handover_burst(&lc, &mbuf, n);
	while (spsc_take(lc.writers[0], &packet, 1)) {
		const struct packet *p = packet;
		/* The payload lies within the datagram. */
		if (p->kind == PACKET_MEDIA &&
		        (p->payload < meta_data(meta_mbuf(packet)) ||
		                p->payload + p->payload_bytes > meta_data(meta_mbuf(packet)) + len))
			abort();
		rte_pktmbuf_free(meta_mbuf(packet));
	}
	if (rte_mempool_in_use_count(lc.pool))
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *bytes;
	uint16_t len;
	uint8_t how;

	if (!lc.pool)
		start();
	reset();
	while (datagram_next(&data, &size, &how, &bytes, &len)) {
		feed(bytes, len, how);
	}
	return 0;
}
