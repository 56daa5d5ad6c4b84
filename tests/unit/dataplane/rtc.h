/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC sessions on the lcore of wire.h, and peers that check: STUN requests go in as Ethernet frames, and
 * the answers are read as they come out, with OpenSSL's HMAC on the other side. */
#ifndef TESTS_UNIT_DATAPLANE_RTC_H
#define TESTS_UNIT_DATAPLANE_RTC_H

#include "tests/unit/dataplane/wire.h"
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "base/clk.h"
#include "base/cur.h"
#include "base/stun.h"
#include "dataplane/classify.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/ice.h"
#include "dataplane/webrtc.h"

#define RTC_PORT     3478
#define RTC_SESSIONS 3
#define RTC_ROOM     8 /* sessions that the tables have room for */

static struct endpoint rtc_eps[RTC_SESSIONS];
static struct webrtc rtc_webrtcs[RTC_SESSIONS];

/* Credentials: session @number's, of the @restart-th restart. */
static inline struct msg_ice rtc_ice(unsigned number, unsigned restart)
{
	struct msg_ice ice = { 0 };

	snprintf(ice.ufrag, sizeof(ice.ufrag), "ours%02u%02u", number, restart);
	snprintf(ice.pwd, sizeof(ice.pwd), "password-of-ours-%02u-%02u", number, restart);
	snprintf(ice.remote_ufrag, sizeof(ice.remote_ufrag), "th+r%u/%u", number, restart);
	return ice;
}

static inline struct endpoint *rtc_make(unsigned number, uint64_t now_mono_ns)
{
	struct endpoint *ep = &rtc_eps[number];
	struct webrtc *w = &rtc_webrtcs[number];
	struct msg_ice ice = rtc_ice(number, 0);

	memset(ep, 0, sizeof(*ep));
	memset(w, 0, sizeof(*w));
	ice_init(&w->ice, &ice, now_mono_ns);
	w->news.kind = COMMAND_NEWS;
	w->news.endpoint = ep->astray.endpoint = ep;
	ep->astray.kind = COMMAND_ASTRAY;
	ep->webrtc = w;
	ep->port = RTC_PORT;
	ep->local = ENDPOINT_ANY_LOCAL;
	return ep;
}

/* What an lcore needs for WebRTC, but for what wire.h has set up. */
static inline int rtc_lcore(struct lcore *lc)
{
	lc->webrtc_port = RTC_PORT;
	lc->now_mono_ns = 1000 * CLK_NS_PER_S;
	lc->now_unix_ns = 1700000000 * CLK_NS_PER_S;
	lc->now_tsc = lc->tsc_hz;
	wheel_init(&lc->wheel, lc->now_tsc, lc->tsc_hz);
	if (endpoint_table_create(&lc->endpoints, 20000, 20099, 2) || demux_create(&lc->demux, RTC_ROOM) ||
	        spsc_create(&lc->commands, COMMAND_RING) || spsc_create(&lc->replies, COMMAND_RING))
		return -1;
	return 0;
}

static inline void rtc_lcore_end(struct lcore *lc)
{
	demux_free(lc->demux);
	endpoint_table_free(lc->endpoints);
	spsc_free(lc->commands);
	spsc_free(lc->replies);
}

/* A check of a peer's, as it is to be. */
struct rtc_check {
	unsigned number, restart; /* whose credentials */
	uint16_t port;            /* of the peer */
	bool is_v6;
	bool use, controlled; /* USE-CANDIDATE, ICE-CONTROLLED instead of ICE-CONTROLLING */
	bool no_username, no_mac, no_fingerprint, no_priority;
	uint16_t type, unknown; /* 0: binding request; no unknown attribute */
	uint32_t priority;
	const char *pwd, *username; /* NULL: those that are right */
	uint32_t id;                /* 0: a new one */
};

static inline void rtc_hmac(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	unsigned mac_len;

	HMAC(EVP_sha1(), arg, (int)strlen(arg), bytes, len, ret_mac, &mac_len);
}

static uint32_t rtc_last_id;

/* The STUN message of a check; returns its length. */
static inline unsigned rtc_request(uint8_t *out, size_t size, const struct rtc_check *c)
{
	struct msg_ice ice = rtc_ice(c->number, c->restart);
	uint8_t id[STUN_ID_BYTES] = { 1, 2, 3 };
	char pwd[64], name[300];
	struct stun_build b;
	size_t len;

	rtc_last_id = c->id ? c->id : rtc_last_id + 1;
	cur_put32(id + 8, rtc_last_id);
	snprintf(pwd, sizeof(pwd), "%s", c->pwd ? c->pwd : ice.pwd);
	snprintf(name, sizeof(name), "%s", c->username ? c->username : ice.ufrag);
	stun_begin(&b, out, size, c->type ? c->type : STUN_BINDING_REQUEST, id);
	if (c->unknown) {
		cur_put32(out + b.len, (uint32_t)c->unknown << 16);
		b.len += 4;
	}
	if (!c->no_username)
		stun_put_username(&b, name, ice.remote_ufrag);
	stun_put_controlling(&b, 77);
	if (c->controlled)
		cur_put16(out + b.len - 12, 0x8029);
	if (c->use)
		stun_put_use_candidate(&b);
	if (!c->no_priority)
		stun_put_priority(&b, c->priority);
	len = stun_end(&b, c->no_mac ? NULL : rtc_hmac, pwd);
	assert_true(len > 0);
	if (!c->no_fingerprint)
		return (unsigned)len;
	cur_put16(out + 2, (uint16_t)(len - 28));
	return (unsigned)len - 8;
}

/* A frame with @payload from 10.77.0.2 or fd77::2, @port, to our address of that version. */
static inline struct rte_mbuf *rtc_frame(bool is_v6, uint16_t port, const void *payload, unsigned len)
{
	uint8_t bytes[2048] = { 0 };
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)bytes;
	struct rte_mbuf *mbuf;

	*udp = (struct rte_udp_hdr){ rte_cpu_to_be_16(port), rte_cpu_to_be_16(RTC_PORT),
		rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len)), 0 };
	memcpy(udp + 1, payload, len);
	if (!is_v6)
		return wire_ip4(IPPROTO_UDP, bytes, (unsigned)sizeof(*udp) + len);
	mbuf = wire_ip6(IPPROTO_UDP, bytes, (unsigned)sizeof(*udp) + len, wire_theirs6, wire_ours6, 64);
	udp = (struct rte_udp_hdr *)((struct rte_ipv6_hdr *)wire_l3(mbuf) + 1);
	udp->dgram_cksum = rte_ipv6_udptcp_cksum(wire_l3(mbuf), udp);
	return mbuf;
}

static inline struct rte_mbuf *rtc_check_frame(const struct rtc_check *c)
{
	uint8_t bytes[512];
	unsigned len = rtc_request(bytes, sizeof(bytes), c);

	return rtc_frame(c->is_v6, c->port, bytes, len);
}

#define rtc_count(id) ((int)wire_slot[STAT_LCORE_##id])

#endif
