/* SPDX-License-Identifier: BSD-3-Clause */
/* One who publishes by WebRTC: media.h's endpoint as a WebRTC one at PUBLISHER_PORT, with a path that is
 * checked, and packets with header extensions, protected by one key. */
#ifndef TESTS_UNIT_DATAPLANE_PUBLISHER_H
#define TESTS_UNIT_DATAPLANE_PUBLISHER_H

#include "tests/unit/dataplane/media.h"
#include "base/clk.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint_webrtc.h"
#include "dataplane/fec.h"
#include "dataplane/source.h"
#include "dataplane/webrtc.h"

#define PUBLISHER_PORT    3478
#define PUBLISHER_FROM    4000 /* the peer's port */
#define PUBLISHER_PROFILE PROFILE_AEAD_AES_128_GCM
#define PUBLISHER_SEED    9

/* Ids of header extensions. */
enum { MID = 1, RID, REPAIRED_RID, TWCC, SEND_TIME, CAPTURE_TIME, ORIENTATION };

static struct webrtc *publisher_webrtc;
static struct msg_track publisher_offered[MEDIA_FLOWS];
static const char publisher_ufrags[2][MSG_UFRAG_BYTES] = { "abcdefgh" };

/* The keys of the handshake, not yet the lcore's. */
static inline struct crypto *publisher_crypto(void)
{
	uint8_t key[PROFILE_KEY_BYTES];
	struct crypto_cfg cfg = { .profile = PUBLISHER_PROFILE,
		.key = key,
		.send_key = key,
		.send_ssrcs = { media_ep->feedback_ssrcs[0], media_ep->feedback_ssrcs[1] },
		.ssrc_places = LIMIT_SOURCES };
	struct crypto *crypto = NULL;

	media_key(key, PUBLISHER_SEED);
	assert_int_equal(crypto_create(&crypto, &cfg), 0);
	return crypto;
}

/* A command about the endpoint, carried out; its status. */
static inline int publisher_command(enum command_kind kind, struct crypto *crypto)
{
	struct command command = { .kind = kind, .endpoint = media_ep, .crypto = crypto }, *at = &command;

	memcpy(command.ufrags, publisher_ufrags, sizeof(command.ufrags));
	assert_int_equal(spsc_put(wire_lc.commands, (void *const *)&at, 1), 1);
	command_poll(&wire_lc);
	assert_int_equal(spsc_take(wire_lc.replies, (void **)&at, 1), 1);
	assert_ptr_equal(at, &command);
	return command.status;
}

static inline void publisher_keys(void)
{
	assert_int_equal(publisher_command(COMMAND_KEYS, publisher_crypto()), 0);
}

/* Test setup: no flows, no keys. */
static inline int publisher_reset_keyless(void **state)
{
	static const uint8_t ids[MSG_EXTENSIONS] = { [MSG_EXTENSION_MID] = MID,
		[MSG_EXTENSION_RID] = RID,
		[MSG_EXTENSION_REPAIRED_RID] = REPAIRED_RID,
		[MSG_EXTENSION_TWCC] = TWCC,
		[MSG_EXTENSION_SEND_TIME] = SEND_TIME,
		[MSG_EXTENSION_CAPTURE_TIME] = CAPTURE_TIME,
		[MSG_EXTENSION_ORIENTATION] = ORIENTATION };
	struct ice_path *path;

	if (media_reset(state) || demux_create(&wire_lc.demux, 16) || spsc_create(&wire_lc.punts, 64))
		return -1;
	endpoint_remove(&wire_lc, 0, MEDIA_PORT);
	memset(publisher_offered, 0, sizeof(publisher_offered));
	wire_lc.webrtc_port = PUBLISHER_PORT;
	wire_lc.now_mono_ns = 1000 * CLK_NS_PER_S;
	publisher_webrtc = calloc(1, sizeof(*publisher_webrtc));
	memcpy(publisher_webrtc->extensions, ids, sizeof(ids));
	memcpy(publisher_webrtc->ice.now.ufrag, publisher_ufrags[0], MSG_UFRAG_BYTES);
	path = &publisher_webrtc->ice.paths[publisher_webrtc->ice.path_count++];
	memcpy(path->peer.addr, wire_theirs4, 4);
	path->peer.port = PUBLISHER_FROM;
	path->peer.mac = wire_their_mac;
	publisher_webrtc->ice.consent_mono_ns = wire_lc.now_mono_ns;
	publisher_webrtc->ice.rival = -1;
	media_ep->port = PUBLISHER_PORT;
	media_ep->webrtc = publisher_webrtc;
	endpoint_install(&wire_lc, media_ep);
	return 0;
}

static inline int publisher_reset(void **state)
{
	if (publisher_reset_keyless(state))
		return -1;
	publisher_keys();
	return 0;
}

/* Test teardown. */
static inline int publisher_end(void **state)
{
	assert_int_equal(publisher_command(COMMAND_PAUSE, NULL), 0);
	for (void *punted; spsc_take(wire_lc.punts, &punted, 1);)
		rte_pktmbuf_free(punted);
	endpoint_webrtc_remove(&wire_lc, publisher_ufrags);
	crypto_free(publisher_webrtc->crypto);
	for (unsigned i = 0; i < media_ep->flow_count; i++) {
		media_flows[i]->crypto = NULL;
		fec_free(media_flows[i]->fec);
	}
	free(publisher_webrtc);
	media_ep->webrtc = NULL;
	demux_free(wire_lc.demux);
	wire_lc.demux = NULL;
	spsc_free(wire_lc.punts);
	return media_end(state);
}

/* Add a flow of @mid, and @rid unless NULL. What else it negotiated is the caller's. */
static inline struct flow *publisher_flow(uint8_t payload_type, const char *mid, const char *rid)
{
	struct flow *flow = media_flow(payload_type, PROFILE_PLAIN, 0, 0);
	struct msg_track *offered = &publisher_offered[flow->index];

	snprintf(offered->mid, sizeof(offered->mid), "%s", mid);
	snprintf(offered->rid, sizeof(offered->rid), "%s", rid ? rid : "");
	flow->offered = offered;
	flow->crypto = publisher_webrtc->crypto;
	return flow;
}

/* One RTP packet to be. */
struct publisher_packet {
	uint32_t ssrc, rtp_time;
	uint64_t ext_seq;
	uint8_t payload_type;
	bool marker;
	uint8_t padding; /* bytes of it */
	const char *mid, *rid, *repaired_rid;
	const void *extra; /* further elements of the header extension, one-byte form */
	unsigned extra_bytes;
	const void *payload; /* NULL: 50 bytes of the sequence number */
	unsigned payload_bytes;
};

static inline unsigned publisher_element(uint8_t *out, uint8_t id, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return 0;
	out[0] = (uint8_t)(id << 4 | (len - 1));
	memcpy(out + 1, text, len);
	return (unsigned)len + 1;
}

/* The packet as it is before SRTP; its length. */
static inline unsigned publisher_make(const struct publisher_packet *p, uint8_t *out)
{
	unsigned at = RTP_HEADER_BYTES + 4, bytes;

	memset(out, 0, 256);
	rtp_build(out, p->payload_type, p->marker, (uint16_t)p->ext_seq, p->rtp_time, p->ssrc);
	at += publisher_element(out + at, MID, p->mid);
	at += publisher_element(out + at, RID, p->rid);
	at += publisher_element(out + at, REPAIRED_RID, p->repaired_rid);
	if (p->extra_bytes)
		memcpy(out + at, p->extra, p->extra_bytes);
	at += p->extra_bytes;
	bytes = at - RTP_HEADER_BYTES - 4;
	if (bytes) {
		out[0] |= 0x10;
		cur_put16(out + 12, 0xBEDE);
		cur_put16(out + 14, (uint16_t)((bytes + 3) / 4));
		at = RTP_HEADER_BYTES + 4 + (bytes + 3) / 4 * 4;
	} else {
		at = RTP_HEADER_BYTES;
	}
	if (p->payload)
		memcpy(out + at, p->payload, p->payload_bytes);
	else
		memset(out + at, (int)p->ext_seq & 0xFF, 50);
	at += p->payload ? p->payload_bytes : 50;
	if (p->padding) {
		out[0] |= 0x20;
		memset(out + at, 0, p->padding);
		at += p->padding;
		out[at - 1] = p->padding;
	}
	return at;
}

/* Protect a packet; its new length. */
static inline unsigned publisher_seal(uint8_t *data, unsigned len, uint64_t ext_seq)
{
	uint8_t key[PROFILE_KEY_BYTES];
	struct reference_keys keys;

	media_key(key, PUBLISHER_SEED);
	reference_derive_all(&keys, key, profile_info(PUBLISHER_PROFILE), REFERENCE_RTP);
	return reference_rtp(&keys, profile_info(PUBLISHER_PROFILE), data, len, (uint32_t)(ext_seq >> 16));
}

/* A frame with the protected packet. */
static inline struct rte_mbuf *publisher_frame(const struct publisher_packet *p)
{
	uint8_t data[2048];
	unsigned len = publisher_seal(data, publisher_make(p, data), p->ext_seq);

	return media_frame(PUBLISHER_FROM, PUBLISHER_PORT, data, len);
}

static inline void publisher_send(const struct publisher_packet *p)
{
	struct rte_mbuf *mbuf = publisher_frame(p);

	lcore_process(&wire_lc, &mbuf, 1);
}

/* Send, and go on to the next number; without names from then on. */
static inline void publisher_next(struct publisher_packet *p)
{
	publisher_send(p);
	p->ext_seq++;
	p->rtp_time += 960;
	p->mid = p->rid = p->repaired_rid = NULL;
}

/* A retransmission of @original in the stream @p: original number, payload; with @p's names. */
static inline void publisher_retransmit(struct publisher_packet *p, const struct publisher_packet *original)
{
	struct publisher_packet rtx = *p;
	uint8_t payload[1500];

	cur_put16(payload, (uint16_t)original->ext_seq);
	if (original->payload)
		memcpy(payload + 2, original->payload, original->payload_bytes);
	else
		memset(payload + 2, (int)original->ext_seq & 0xFF, 50);
	rtx.payload = payload;
	rtx.payload_bytes = 2 + (original->payload ? original->payload_bytes : 50);
	rtx.rtp_time = original->rtp_time;
	rtx.marker = original->marker;
	publisher_send(&rtx);
	p->ext_seq++;
}

/* The next packet at the writer has that number, and the payload that media has. */
static inline void publisher_assert_taken(uint64_t ext_seq, unsigned flags)
{
	struct packet *p = media_taken();

	assert_non_null(p);
	assert_int_equal(p->ext_seq, ext_seq);
	assert_int_equal(p->flags, flags);
	assert_int_equal(p->payload_bytes, 50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(p->payload[i], ext_seq & 0xFF);
	media_done(p);
}

#define publisher_test(name) cmocka_unit_test_setup_teardown(name, publisher_reset, publisher_end)

#endif
