/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams of a WebRTC session as they are once decrypted, from flow_match_burst to handover_burst, but for
 * SRTP itself: video with retransmissions, RED and ULPFEC, video with FlexFEC, and audio with RED. The
 * datagrams follow one another, each behind a byte that says whether they are of one burst, and its length in
 * two. */
#include "dataplane/crypto.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/fec.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/source.h"
#include "dataplane/twcc.h"
#include "dataplane/stray.h"
#include "dataplane/webrtc.h"
#include "tests/fuzz/dataplane/datagram_rig.h"

#define ROOM  2048
#define FLOWS 3

static struct lcore lc;
static struct rte_mempool *foreign; /* of what comes: each buffer is pointed at heap memory of its own */
static uint64_t lcore_slot[STAT_LCORE_COUNT], flow_slots[FLOWS][STAT_FLOW_COUNT];
static struct endpoint ep;
static struct webrtc webrtc;
static struct flow flows[FLOWS];
static const struct msg_track offered[FLOWS] = { { .mid = "0" }, { .mid = "1" }, { .mid = "2" } };

static void start(void)
{
	uint8_t key[PROFILE_KEY_BYTES] = { 1, 2, 3 };
	struct crypto_cfg cfg = {
		.profile = PROFILE_AEAD_AES_128_GCM, .key = key, .send_key = key, .send_ssrcs = { 1, 2 }
	};

	foreign = datagram_pool("foreign", 0);
	lc.pool = datagram_pool("fuzz", ROOM);
	lc.slot = lcore_slot;
	lc.tsc_hz = 1000000000;
	if (spsc_create(&lc.writers[0], 256) || crypto_create(&webrtc.crypto, &cfg) ||
	        crypto_engine_create(&lc.crypto))
		abort();
}

/* A session as it is when its keys are there. */
static void begin(void)
{
	struct crypto *crypto = webrtc.crypto;

	memset(&ep, 0, sizeof(ep));
	memset(&webrtc, 0, sizeof(webrtc));
	memset(flows, 0, sizeof(flows));
	memset(lcore_slot, 0, sizeof(lcore_slot));
	memset(flow_slots, 0, sizeof(flow_slots));
	lc.now_unix_ns = 1700000000000000000ull;
	webrtc.crypto = crypto;
	webrtc.ice.path_count = 1;
	webrtc.ice.paths[0].peer.port = 4000;
	for (uint8_t i = 0; i < MSG_EXTENSIONS; i++)
		webrtc.extensions[i] = (uint8_t)(i + 1);
	ep.webrtc = &webrtc;
	ep.flow_count = FLOWS;
	for (uint8_t i = 0; i < FLOWS; i++) {
		flows[i] = (struct flow){ .slot = flow_slots[i],
			.crypto = crypto,
			.offered = &offered[i],
			.clock_rate = 90000,
			.payload_type = (uint8_t)(96 + 10 * i),
			.rtx_type = (uint8_t)(97 + 10 * i),
			.red_type = (uint8_t)(98 + 10 * i),
			.red_rtx_type = (uint8_t)(99 + 10 * i),
			.index = i };
		ep.flows[i] = &flows[i];
	}
	flows[0].ulpfec_type = 100;
	flows[1].flexfec_type = 110;
	if (fec_create(&flows[0].fec, FEC_ULP) || fec_create(&flows[1].fec, FEC_FLEX) ||
	        twcc_create(&webrtc.twcc) || demux_create(&lc.demux, 1))
		abort();
}

/* Nothing leads to an endpoint that has gone. */
static void end(void)
{
	stray_put_slots(&lc, &ep, 0);
	for (unsigned i = 0; i < FLOWS; i++)
		if (demux_ssrc(lc.demux, ep.ssrcs[i]) || demux_ssrc(lc.demux, webrtc.expected_ssrcs[i]))
			abort();
	demux_free(lc.demux);
	fec_free(flows[0].fec);
	fec_free(flows[1].fec);
	twcc_free(webrtc.twcc);
}

static struct rte_mbuf *datagram(const uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf *mbuf = datagram_of(foreign, malloc(len ? len : 1), len);

	meta_of(mbuf)->endpoint = &ep;
	meta_of(mbuf)->src.port = 4000;
	memcpy(mbuf->buf_addr, bytes, len);
	return mbuf;
}

/* What unprotect_burst does with a packet that is authentic. */
static unsigned bind_all(struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++) {
		struct meta *m = meta_of(pkts[i]);
		if (m->is_rtcp || source_bind(&lc, &ep, m))
			pkts[out++] = pkts[i];
		else
			lcore_drop(&lc, pkts[i], STAT_LCORE_drop_no_track);
	}
	return out;
}

static void take_all(void)
{
	void *taken = NULL;

	while (spsc_take(lc.writers[0], &taken, 1)) {
		const struct packet *p = taken;
		const struct meta *m = meta_of(meta_mbuf(taken));
		const uint8_t *from = meta_data(meta_mbuf(taken));
		if (p->kind == PACKET_MEDIA &&
		        (p->payload < from || p->payload + p->payload_bytes > from + m->data_len))
			abort();
		for (unsigned i = 0; p->kind == PACKET_MEDIA && i < p->payload_bytes; i++)
			*(volatile const uint8_t *)&p->payload[i];
		rte_pktmbuf_free(meta_mbuf(taken));
	}
}

/* @pkts has room for what is added. */
static void run(struct rte_mbuf **pkts, unsigned count)
{
	uint8_t *heap[LCORE_BURST];
	unsigned n = count;

	for (unsigned i = 0; i < count; i++)
		heap[i] = pkts[i]->buf_addr;
	lc.now_unix_ns += 1000000;
	n = flow_match_burst(&lc, pkts, n);
	n = bind_all(pkts, n);
	n = unwrap_burst(&lc, pkts, n);
	if (n > LCORE_BURST + LCORE_EXTRA)
		abort();
	n = feedback_burst(&lc, pkts, n);
	n = sequence_burst(&lc, pkts, n);
	handover_burst(&lc, pkts, n);
	take_all();
	if (rte_mempool_in_use_count(lc.pool) || rte_mempool_in_use_count(foreign))
		abort();
	for (unsigned i = 0; i < count; i++)
		free(heap[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rte_mbuf *pkts[LCORE_BURST + LCORE_EXTRA];
	const uint8_t *bytes;
	unsigned count = 0;
	uint16_t len;
	uint8_t how;

	if (!lc.pool)
		start();
	begin();
	while (datagram_next(&data, &size, &how, &bytes, &len)) {
		/* What is no RTP or RTCP is others' matter. */
		if (len > 0 && bytes[0] >> 6 == 2)
			pkts[count++] = datagram(bytes, len);
		if (count == LCORE_BURST || !(how & 1)) {
			run(pkts, count);
			count = 0;
		}
	}
	run(pkts, count);
	end();
	return 0;
}
