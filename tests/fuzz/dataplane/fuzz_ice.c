/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP payloads against the WebRTC port, through all stages from endpoint_lookup_burst to handover_burst: what
 * comes from where, whose it is, what ICE makes of it, what is held for keys, passed up, or refused by them.
 * Each datagram comes by itself. The first byte of each says from which port it comes (1 … 15), whether it is
 * made authentic (16: STUN with right MESSAGE-INTEGRITY and FINGERPRINT behind whatever it says), whether
 * time passes (32), whether control restarts ICE before it (64), whether the keys come before it (128); then
 * the payload, behind its length in two bytes. What is authentic media is fuzz_unwrap's matter. */
#include "base/clk.h"
#include "base/stun.h"
#include "dataplane/command.h"
#include "dataplane/crypto.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "dataplane/punt.h"
#include "dataplane/webrtc.h"
#include "tests/fuzz/dataplane/datagram_rig.h"

#define FLOWS   2
#define SECURED 32 /* MESSAGE-INTEGRITY and FINGERPRINT */

/* The bytes of a datagram: heap memory of its own, so that a read past its end is seen. */
struct copy {
	struct copy *next;
	uint8_t *bytes;
};

static struct lcore lc;
static uint64_t lcore_slot[STAT_LCORE_COUNT], flow_slots[FLOWS][STAT_FLOW_COUNT];
static struct host host;
static struct endpoint ep;
static struct webrtc webrtc;
static struct flow flows[FLOWS];
static struct crypto *crypto;
static struct msg_ice ours;
static struct copy *copies;
static const struct msg_track offered[FLOWS] = { { .mid = "0" }, { .mid = "1" } };

static void start(void)
{
	lc.pool = datagram_pool("fuzz", 0);
	lc.slot = lcore_slot;
	lc.host = &host;
	lc.tsc_hz = 1000000000;
	lc.webrtc_port = 3478;
	lc.held_max = LIMIT_HELD_PKTS;
	wheel_init(&lc.wheel, 0, lc.tsc_hz);
	if (endpoint_table_create(&lc.endpoints, 20000, 20099, 1) || demux_create(&lc.demux, 2) ||
	        spsc_create(&lc.commands, 16) || spsc_create(&lc.replies, 16) ||
	        spsc_create(&lc.punts, LIMIT_PUNTED_PKTS) || spsc_create(&lc.writers[0], 256) ||
	        crypto_engine_create(&lc.crypto))
		abort();
}

static void make_flows(void)
{
	memset(flows, 0, sizeof(flows));
	memset(flow_slots, 0, sizeof(flow_slots));
	ep.flow_count = FLOWS;
	for (uint8_t i = 0; i < FLOWS; i++) {
		flows[i] = (struct flow){ .slot = flow_slots[i],
			.offered = &offered[i],
			.clock_rate = 90000,
			.payload_type = (uint8_t)(96 + 2 * i),
			.rtx_type = (uint8_t)(97 + 2 * i),
			.index = i };
		ep.flows[i] = &flows[i];
	}
}

static void reset(void)
{
	uint8_t key[PROFILE_KEY_BYTES] = { 1, 2, 3 };
	const struct crypto_cfg cfg = { .profile = PROFILE_AEAD_AES_128_GCM,
		.key = key,
		.send_key = key,
		.others = true,
		.send_ssrcs = { 1, 2 },
		.ssrc_places = LIMIT_SOURCES };

	ours = (struct msg_ice){ "AbCdEfGh", "VOkJxbRl1RmTxUk/WvJxBt", "h6v+" };
	memset(&ep, 0, sizeof(ep));
	memset(&webrtc, 0, sizeof(webrtc));
	memset(lcore_slot, 0, sizeof(lcore_slot));
	lc.now_mono_ns = 1000 * CLK_NS_PER_S;
	lc.now_unix_ns = 1700000000 * CLK_NS_PER_S;
	ice_init(&webrtc.ice, &ours, lc.now_mono_ns);
	for (uint8_t i = 0; i < MSG_EXTENSIONS; i++)
		webrtc.extensions[i] = (uint8_t)(i + 1);
	make_flows();
	if (crypto_create(&crypto, &cfg))
		abort();
	ep.webrtc = &webrtc;
	ep.port = lc.webrtc_port;
	ep.local = ENDPOINT_ANY_LOCAL;
	endpoint_install(&lc, &ep);
}

/* A command about the session, carried out. */
static void give(struct command command)
{
	void *at = &command;

	command.endpoint = &ep;
	memcpy(command.ufrags[0], webrtc.ice.now.ufrag, MSG_UFRAG_BYTES);
	memcpy(command.ufrags[1], webrtc.ice.before.ufrag, MSG_UFRAG_BYTES);
	spsc_put(lc.commands, &at, 1);
	command_poll(&lc);
	if (!spsc_take(lc.replies, &at, 1) || command.status)
		abort();
}

static void take_punts(void)
{
	void *taken = NULL;

	while (spsc_take(lc.punts, &taken, 1)) {
		atomic_fetch_sub(&webrtc.punted, 1);
		rte_pktmbuf_free(taken);
	}
}

static void end(void)
{
	struct copy *copy;

	give((struct command){ .kind = COMMAND_PAUSE });
	take_punts();
	if (rte_mempool_in_use_count(lc.pool) || lc.held_count || atomic_load(&webrtc.punted))
		abort();
	give((struct command){ .kind = COMMAND_REMOVE });
	while ((copy = copies)) {
		copies = copy->next;
		free(copy->bytes);
		free(copy);
	}
	crypto_free(crypto);
}

static void hmac(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	const struct ice_key *key = arg;

	crypto_engine_hmac(
	        lc.crypto, (const uint8_t *)key->inner, (const uint8_t *)key->outer, bytes, len, ret_mac);
}

/* Whatever @bytes say, they are followed by what makes them authentic. */
static uint16_t secure(uint8_t *bytes, uint16_t len)
{
	struct stun_build build = { .data = bytes, .size = len + (size_t)SECURED, .len = len };

	return (uint16_t)stun_end(&build, hmac, &webrtc.ice.now.key);
}

static void restart(void)
{
	struct ice_credentials credentials;

	ours.ufrag[7]++;
	ice_credentials_init(&credentials, &ours);
	give((struct command){ .kind = COMMAND_ICE, .credentials = &credentials });
}

/* Of memory that lasts until the end, as a packet may. */
static uint8_t *copy_of(const uint8_t *bytes, uint16_t len)
{
	struct copy *copy = malloc(sizeof(*copy));

	copy->next = copies;
	copy->bytes = malloc(len + (size_t)1);
	memcpy(copy->bytes, bytes, len);
	copies = copy;
	return copy->bytes;
}

/* The stages behind the look-up. */
static void run(struct rte_mbuf *mbuf)
{
	struct rte_mbuf *pkts[LCORE_BURST + LCORE_EXTRA] = { mbuf };
	unsigned n = flow_match_burst(&lc, pkts, 1);

	n = unprotect_burst(&lc, pkts, n);
	n = unwrap_burst(&lc, pkts, n);
	n = feedback_burst(&lc, pkts, n);
	n = sequence_burst(&lc, pkts, n);
	handover_burst(&lc, pkts, n);
}

static void feed(const uint8_t *bytes, uint16_t len, uint8_t how)
{
	uint8_t whole[DATAGRAM_BYTES + SECURED];
	struct rte_mbuf *mbuf;

	memcpy(whole, bytes, len);
	if (how & 16 && len >= STUN_HEADER_BYTES && len % 4 == 0)
		len = secure(whole, len);
	/* There is no room for an answer's headers, so what would be sent is not. */
	mbuf = datagram_of(lc.pool, copy_of(whole, len), len);
	meta_of(mbuf)->local_port = lc.webrtc_port;
	meta_of(mbuf)->src.port = how & 15;
	lc.now_mono_ns += how & 32 ? (ICE_FRESH_S + 1) * CLK_NS_PER_S : CLK_NS_PER_MS;
	if (how & 64)
		restart();
	if (how & 128)
		give((struct command){ .kind = COMMAND_KEYS, .crypto = crypto });
	lcore_count(&lc, STAT_LCORE_rx_pkts, 1);
	if (endpoint_lookup_burst(&lc, &mbuf, 1))
		run(mbuf);
}

/* The equation of dataplane/lcore.h. */
static void check_conserved(void)
{
	static const unsigned outs[] = { STAT_LCORE_answered, STAT_LCORE_punted_pkts, STAT_LCORE_held_pkts,
		STAT_LCORE_rtcp_pkts, STAT_LCORE_fec_pkts, STAT_LCORE_handed_pkts };
	uint64_t in = lcore_slot[STAT_LCORE_rx_pkts] + lcore_slot[STAT_LCORE_released_pkts], out = 0;

	for (unsigned i = 0; i < RTE_DIM(outs); i++)
		out += lcore_slot[outs[i]];
	for (unsigned i = 0; i < STAT_LCORE_COUNT; i++)
		if (strncmp(stat_row(STAT_SCOPE_LCORE, i)->name, "drop_", 5) == 0)
			out += lcore_slot[i];
	if (in != out)
		abort();
}

/* What holds whatever comes. */
static void check(void)
{
	const struct ice *ice = &webrtc.ice;

	if (ice->path_count > LIMIT_ICE_PATHS || ice->selected >= (int)ice->path_count ||
	        ice->rival >= (int)ice->path_count || (ice->rival >= 0 && ice->rival == ice->selected) ||
	        (ice->rival >= 0 && ice->selected < 0) ||
	        (ice->selected >= 0 && !ice->paths[ice->selected].nominated))
		abort();
	for (unsigned i = 0; i < ice->path_count; i++)
		if (demux_path(lc.demux, &ice->paths[i].peer, ice->paths[i].local) != (uintptr_t)&ep)
			abort();
	if (webrtc.held.count + spsc_count(lc.punts) != rte_mempool_in_use_count(lc.pool) ||
	        webrtc.held.count != lc.held_count || (webrtc.crypto && webrtc.held.count))
		abort();
	check_conserved();
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
		check();
		if (spsc_count(lc.punts) == PUNT_SESSION_PKTS)
			take_punts();
	}
	end();
	return 0;
}
