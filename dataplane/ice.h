/* SPDX-License-Identifier: BSD-3-Clause */
/* ICE, the lite half of it (RFC 8445 sections 2.5, 6.1.1, 7.3, 8.2), and consent (RFC 7675), answered where
 * packets are received: a session stays alive while control is down.
 *
 * The peer sends checks, each authenticated with our password; where an authentic one came from is a path.
 * Media and DTLS are taken from any path, and media that is authentic from where none is yet, too
 * (dataplane/stray.h); what we send goes to the selected one. The peer controls: the path that it nominates
 * (USE-CANDIDATE) is selected
 *  - if none is, or the selected one has not been checked for ICE_FRESH_S, or it is the first of a restart;
 *  - if its priority is higher;
 *  - else, when the peer means it: it nominates the path again, or checks the selected one without
 *    nominating it, or sends media on it, before it has nominated the selected one again.
 * So a peer that nominates one path at a time (RFC 8445) gets it with its next packet, also if it is a worse
 * one, and one that nominates all it has (RFC 5245 section 2.6) gets the best and no to and fro.
 *
 * After a restart the credentials before it are good until a path has been nominated with the new ones. A
 * request that is not authentic is counted and answered by nothing; no answer is larger than what asked for
 * it. A request that was there already is answered alike, and changes nothing. Poll loop only, but for
 * what says otherwise.
 */
#ifndef DATAPLANE_ICE_H
#define DATAPLANE_ICE_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_mbuf.h>
#include "base/msg.h"
#include "dataplane/meta.h"

#define ICE_CONSENT_S 30 /* RFC 7675 section 5.1 */
/* Consent is checked every 4 to 6 s (RFC 7675 section 5.1). */
#define ICE_FRESH_S 7 /* a path that was not checked for longer gives way to one that was */
#define ICE_HOLD_S                                                                                           \
	13         /* and to another session's: one check may get lost, or whoever forges addresses has it */
#define ICE_IDS 32 /* requests whose repetition is known as such */

struct endpoint;
struct lcore;

/* HMAC-SHA1 with a short-term credential's key (RFC 8489 section 9.1.1), its two blocks hashed beforehand. */
struct ice_key {
	uint32_t inner[5], outer[5];
};

struct ice_credentials {
	char ufrag[MSG_UFRAG_BYTES]; /* ours; all zero: none */
	uint16_t remote_ufrag_bytes;
	char remote_ufrag[LIMIT_ICE_UFRAG_BYTES];
	struct ice_key key;
};

struct ice_path {
	struct peer peer;
	uint8_t local; /* our address */
	bool nominated;
	uint32_t priority; /* the peer's, of its candidate */
	uint64_t checked_mono_ns;
};

struct ice {
	struct ice_credentials now, before; /* before: until the restart is through */
	unsigned path_count;
	int selected; /* index of a path, -1: none yet */
	int rival;    /* another, nominated since the selected one was; -1: none */
	struct ice_path paths[LIMIT_ICE_PATHS];
	uint64_t consent_mono_ns; /* last authentic check; at first when the session was opened */
	uint32_t ids[ICE_IDS];    /* a word of each of the last requests' transaction ids, a ring */
	unsigned id_count;        /* of all so far */
};

/* Take what control gave. Command thread. */
void ice_credentials_init(struct ice_credentials *credentials, const struct msg_ice *ice);
void ice_init(struct ice *ice, const struct msg_ice *first, uint64_t now_mono_ns);

/* One STUN datagram to an endpoint of this lcore's own: answered, or dropped with a counted reason; consumed.
 */
void ice_take(struct lcore *lc, struct rte_mbuf *mbuf);

/* The path that what we send takes, or NULL. */
const struct ice_path *ice_selected(const struct ice *ice);

/* An authentic packet came on that path, and there is a rival: if it is that, it is selected. */
void ice_follow(struct ice *ice, const struct peer *peer, unsigned local);

/* Whether a packet came on a path that has been checked. */
bool ice_knows(const struct ice *ice, const struct peer *peer, unsigned local);

/* Further credentials (RFC 8445 section 9) of @ep, which is @lc's own: they are known from now on, those
 * before the last ones no more. */
void ice_restart(struct lcore *lc, struct endpoint *ep, const struct ice_credentials *credentials);

/* Whether the peer has not consented for ICE_CONSENT_S. */
bool ice_expired(const struct ice *ice, uint64_t now_mono_ns);

/* Tell the command thread, once each, that there is a path, and that consent has expired. At each look at
 * @ep, which has a webrtc. */
void ice_news(struct lcore *lc, struct endpoint *ep);

/* The ufrags and paths of @ep in this lcore's demux become @slot's: when it comes (a pointer), moves (an
 * lcore's), or goes (0). */
void ice_put_slots(struct lcore *lc, const struct endpoint *ep, uintptr_t slot);

#endif
