/* SPDX-License-Identifier: BSD-3-Clause */
/* One session's endpoint on the lcore of wire.h, senders for it, and the writer's end of the ring: packets go
 * in as Ethernet frames and come out as the writer would take them. */
#ifndef TESTS_UNIT_DATAPLANE_MEDIA_H
#define TESTS_UNIT_DATAPLANE_MEDIA_H

#include "tests/unit/dataplane/wire.h"
#include <stdlib.h>
#include "base/balance.h"
#include "base/rtcp.h"
#include "base/rtp.h"
#include "dataplane/command.h"
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/stages.h"
#include "tests/unit/dataplane/reference.h"
#include "writers/track.h"

#define MEDIA_PORT  20000
#define MEDIA_FLOWS 4
#define MEDIA_RING  64
#define MEDIA_NS    1700000000000000000ull

static uint64_t media_slots[MEDIA_FLOWS][STAT_FLOW_COUNT];
static struct flow *media_flows[MEDIA_FLOWS];
static struct endpoint *media_ep;
static uint32_t media_wanted; /* what every track wishes */

/* The tracks are the test's: the lcore only carries them about, and asks this. */
uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return media_wanted;
}

/* A master key that differs by @seed. */
static inline void media_key(uint8_t key[PROFILE_KEY_BYTES], uint8_t seed)
{
	for (unsigned i = 0; i < PROFILE_KEY_BYTES; i++)
		key[i] = (uint8_t)(seed * 31 + 7 * i);
}

/* Add a flow: payload type, profile, and the key's seed; @ssrc 0: not known. */
static inline struct flow *media_flow(uint8_t payload_type, enum profile profile, uint8_t seed, uint32_t ssrc)
{
	unsigned index = media_ep->flow_count++;
	struct flow *flow = media_flows[index] = aligned_alloc(_Alignof(struct flow), sizeof(*flow));
	uint8_t key[PROFILE_KEY_BYTES];
	struct crypto_cfg cfg = { .profile = profile,
		.key = key,
		.send_key = key,
		.ssrc_known = ssrc != 0,
		.ssrc = ssrc,
		.send_ssrcs = { media_ep->feedback_ssrcs[0], media_ep->feedback_ssrcs[1] },
		.send_indices = media_ep->report_indices };

	memset(flow, 0, sizeof(*flow));
	media_key(key, seed);
	if (profile != PROFILE_PLAIN)
		assert_int_equal(crypto_create(&flow->crypto, &cfg), 0);
	memset(media_slots[index], 0, sizeof(media_slots[index]));
	flow->slot = media_slots[index];
	flow->track = (struct track *)(uintptr_t)(0x1000 + 64 * index);
	flow->clock_rate = 90000;
	flow->payload_type = payload_type;
	flow->index = flow->key_group = (uint8_t)index;
	flow->video = true;
	flow->ssrc_known = ssrc != 0;
	media_ep->flows[index] = flow;
	media_ep->ssrcs[index] = ssrc;
	media_ep->ssrc_bound |= (ssrc != 0) << index;
	return flow;
}

/* Test setup: an endpoint without flows at MEDIA_PORT, empty rings, counters at zero. */
static inline int media_reset(void **state)
{
	wire_reset(state);
	memset(wire_slot, 0, sizeof(wire_slot));
	if (endpoint_table_create(&wire_lc.endpoints, 20000, 20099, 2) ||
	        spsc_create(&wire_lc.writers[0], MEDIA_RING) ||
	        spsc_create(&wire_lc.commands, COMMAND_RING) || spsc_create(&wire_lc.replies, COMMAND_RING))
		return -1;
	media_ep = aligned_alloc(64, (sizeof(*media_ep) + 63) / 64 * 64);
	memset(media_ep, 0, sizeof(*media_ep));
	media_ep->port = MEDIA_PORT;
	media_ep->feedback_ssrcs[0] = 0xFEED0001;
	media_ep->feedback_ssrcs[1] = 0xFEED0002;
	media_ep->bye.kind = COMMAND_BYE;
	media_ep->astray.kind = COMMAND_ASTRAY;
	media_ep->bye.endpoint = media_ep->astray.endpoint = media_ep;
	strcpy(media_ep->cname, "us");
	wire_lc.now_unix_ns = MEDIA_NS;
	wire_lc.now_tsc = wire_lc.tsc_hz;
	wheel_init(&wire_lc.wheel, wire_lc.now_tsc, wire_lc.tsc_hz);
	media_wanted = 0;
	endpoint_install(&wire_lc, media_ep);
	return 0;
}

/* The next packet in the writer's ring, or NULL; media_done gives it back. */
static inline struct packet *media_taken(void)
{
	void *packet = NULL;

	return spsc_take(wire_lc.writers[0], &packet, 1) ? packet : NULL;
}

static inline void media_done(struct packet *packet)
{
	rte_pktmbuf_free(meta_mbuf(packet));
}

/* Give back all that is in the ring; returns how many. */
static inline unsigned media_drain(void)
{
	struct packet *packet;
	unsigned count = 0;

	for (; (packet = media_taken()); count++)
		media_done(packet);
	return count;
}

static inline void media_assert_conserved(void)
{
	assert_int_equal(balance_lcore(wire_slot), 0);
}

/* Test teardown: everything is accounted for, no packet buffer is lost. */
static inline int media_end(void **state)
{
	media_assert_conserved();
	media_drain();
	wire_reset(state);
	endpoint_remove(&wire_lc, 0, MEDIA_PORT);
	for (unsigned i = 0; i < media_ep->flow_count; i++) {
		crypto_free(media_flows[i]->crypto);
		free(media_flows[i]);
	}
	free(media_ep);
	endpoint_table_free(wire_lc.endpoints);
	spsc_free(wire_lc.writers[0]);
	spsc_free(wire_lc.commands);
	spsc_free(wire_lc.replies);
	assert_int_equal(rte_mempool_in_use_count(wire_lc.pool), 0);
	return 0;
}

/* A frame with @len bytes of UDP payload from 10.77.0.2, @from_port, to MEDIA_PORT + @rtcp_port. */
static inline struct rte_mbuf *media_frame(
        uint16_t from_port, unsigned to_port, const void *payload, unsigned len)
{
	uint8_t bytes[2048];
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)bytes;

	*udp = (struct rte_udp_hdr){ rte_cpu_to_be_16(from_port), rte_cpu_to_be_16((uint16_t)to_port),
		rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len)), 0 };
	memcpy(udp + 1, payload, len);
	return wire_ip4(IPPROTO_UDP, bytes, (unsigned)sizeof(*udp) + len);
}

static inline void media_feed(uint16_t from_port, unsigned to_port, const void *payload, unsigned len)
{
	struct rte_mbuf *mbuf = media_frame(from_port, to_port, payload, len);

	lcore_process(&wire_lc, &mbuf, 1);
}

/* One who sends. */
struct media_sender {
	uint32_t ssrc, rtp_time;
	uint16_t port;
	uint8_t payload_type, seed;
	enum profile profile;
	uint64_t ext_seq; /* of the next packet */
	uint32_t rtcp_index;
};

/* Make the sender's next packet with @len bytes of payload; returns its length. */
static inline unsigned media_make(struct media_sender *s, uint8_t *data, bool marker, unsigned len)
{
	const struct profile_info *info = profile_info(s->profile);
	uint8_t key[PROFILE_KEY_BYTES];
	struct reference_keys keys;
	unsigned bytes = 12 + len;

	rtp_build(data, s->payload_type, marker, (uint16_t)s->ext_seq, s->rtp_time, s->ssrc);
	memset(data + 12, (int)s->ext_seq & 0xFF, len);
	if (s->profile != PROFILE_PLAIN) {
		media_key(key, s->seed);
		reference_derive_all(&keys, key, info, REFERENCE_RTP);
		bytes = reference_rtp(&keys, info, data, bytes, (uint32_t)(s->ext_seq >> 16));
	}
	s->ext_seq++;
	return bytes;
}

static inline void media_send(struct media_sender *s)
{
	uint8_t data[2048];
	unsigned len = media_make(s, data, false, 50);

	media_feed(s->port, MEDIA_PORT, data, len);
}

/* Protect a compound RTCP packet as @s does, and send it to MEDIA_PORT + @odd. */
static inline void media_send_rtcp(struct media_sender *s, unsigned odd, uint8_t *data, size_t len)
{
	const struct profile_info *info = profile_info(s->profile);
	uint8_t key[PROFILE_KEY_BYTES];
	struct reference_keys keys;

	if (s->profile != PROFILE_PLAIN) {
		media_key(key, s->seed);
		reference_derive_all(&keys, key, info, REFERENCE_RTCP);
		len = reference_rtcp(&keys, info, data, (unsigned)len, ++s->rtcp_index);
	}
	media_feed((uint16_t)(s->port + odd), MEDIA_PORT + odd, data, (unsigned)len);
}

#define media_count(id)         ((int)wire_slot[STAT_LCORE_##id])
#define media_flow_count(i, id) ((int)media_slots[i][STAT_FLOW_##id])

/* Open a report with the reference's eyes: the tag is right, and this is what it says. */
static inline void media_open_rtcp(uint8_t *data, unsigned *len, enum profile profile, uint8_t seed)
{
	uint8_t key[PROFILE_KEY_BYTES], again[2048];
	struct reference_keys keys;
	unsigned plain = *len - 4 - profile_info(profile)->rtcp_tag_bytes;
	uint32_t index = ((uint32_t)data[plain] << 24 | (uint32_t)data[plain + 1] << 16 |
	                         (uint32_t)data[plain + 2] << 8 | data[plain + 3]) &
	                 0x7FFFFFFF;

	if (profile == PROFILE_PLAIN)
		return;
	media_key(key, seed);
	reference_derive_all(&keys, key, profile_info(profile), REFERENCE_RTCP);
	memcpy(again, data, *len);
	/* counter mode is its own inverse */
	reference_rtcp(&keys, profile_info(profile), again, plain, index);
	memcpy(data + 8, again + 8, plain - 8);
	memcpy(again, data, plain);
	unsigned sealed = reference_rtcp(&keys, profile_info(profile), again, plain, index);
	assert_int_equal(sealed, *len);
	*len = plain;
}

#endif
