/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/ice.h"

#include <string.h>
#include "base/clk.h"
#include "base/stun.h"
#include "dataplane/crypto_engine.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/frame.h"
#include "dataplane/ice_path.h"
#include "dataplane/lcore.h"
#include "dataplane/webrtc.h"

/* What an HMAC takes. */
struct hmac {
	struct crypto_engine *engine;
	const struct ice_key *key;
};

static void hmac(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	const struct hmac *h = arg;

	crypto_engine_hmac(h->engine, (const uint8_t *)h->key->inner, (const uint8_t *)h->key->outer, bytes,
	        len, ret_mac);
}

void ice_credentials_init(struct ice_credentials *credentials, const struct msg_ice *ice)
{
	struct ice_credentials *c = credentials;

	memset(c, 0, sizeof(*c));
	memcpy(c->ufrag, ice->ufrag, sizeof(c->ufrag));
	c->remote_ufrag_bytes = (uint16_t)strnlen(ice->remote_ufrag, sizeof(c->remote_ufrag));
	memcpy(c->remote_ufrag, ice->remote_ufrag, c->remote_ufrag_bytes);
	/* It fails on a CPU on which no lcore has started. */
	(void)crypto_key_hmac((uint8_t *)c->key.inner, (uint8_t *)c->key.outer, (const uint8_t *)ice->pwd,
	        strnlen(ice->pwd, LIMIT_ICE_PWD_BYTES));
}

void ice_init(struct ice *ice, const struct msg_ice *first, uint64_t now_mono_ns)
{
	memset(ice, 0, sizeof(*ice));
	ice_credentials_init(&ice->now, first);
	ice->selected = ice->rival = ICE_PATH_NONE;
	ice->consent_mono_ns = now_mono_ns;
}

bool ice_expired(const struct ice *ice, uint64_t now_mono_ns)
{
	return now_mono_ns > ice->consent_mono_ns &&
	       now_mono_ns - ice->consent_mono_ns > ICE_CONSENT_S * CLK_NS_PER_S;
}

/* The peer has nominated its first path with the latest credentials: those before are not good any more. */
static void end_restart(struct lcore *lc, struct ice *ice)
{
	demux_put_ufrag(lc->demux, ice->before.ufrag, 0);
	memset(&ice->before, 0, sizeof(ice->before));
}

static uint32_t short_id(const struct stun_message *message)
{
	uint32_t id;

	memcpy(&id, message->id + STUN_ID_BYTES - sizeof(id), sizeof(id));
	return id;
}

/* Whether a request was there before, by a part of its id. */
static bool is_repeated(const struct ice *ice, const struct stun_message *message)
{
	unsigned known = ice->id_count < ICE_IDS ? ice->id_count : ICE_IDS;

	for (unsigned i = 0; i < known; i++)
		if (ice->ids[i] == short_id(message))
			return true;
	return false;
}

/* What an authentic check on path @at says. */
static void note_check(struct lcore *lc, struct ice *ice, int at, const struct stun_message *message,
        const struct ice_credentials *credentials)
{
	struct ice_path *path = &ice->paths[at];
	bool restarted = credentials == &ice->now && ice->before.ufrag[0];

	ice->ids[ice->id_count++ % ICE_IDS] = short_id(message);
	path->priority = message->priority;
	ice->consent_mono_ns = lc->now_mono_ns;
	if (message->use_candidate) {
		if (restarted)
			end_restart(lc, ice);
		ice_path_nominate(ice, at, restarted, lc->now_mono_ns);
	} else {
		ice_path_keep(ice, at, lc->now_mono_ns);
	}
	path->checked_mono_ns = lc->now_mono_ns;
}

static bool is_name(const uint8_t *bytes, size_t len, const char *name, size_t name_len)
{
	return len == name_len && memcmp(bytes, name, len) == 0;
}

/* The credentials that USERNAME "ours:theirs" names (RFC 8445 section 7.2.2), or NULL. */
static const struct ice_credentials *named(const struct ice *ice, const struct stun_message *message)
{
	const struct ice_credentials *both[2] = { &ice->now, &ice->before };
	const uint8_t *ours, *theirs;
	size_t ours_bytes, theirs_bytes;

	if (!stun_username(message, &ours, &ours_bytes, &theirs, &theirs_bytes))
		return NULL;
	for (unsigned i = 0; i < 2; i++)
		if (both[i]->ufrag[0] && is_name(ours, ours_bytes, both[i]->ufrag, MSG_UFRAG_BYTES) &&
		        is_name(theirs, theirs_bytes, both[i]->remote_ufrag, both[i]->remote_ufrag_bytes))
			return both[i];
	return NULL;
}

/* What is wrong with an authentic request; 0: nothing (RFC 8489 sections 6.3.1, 9.1.3; RFC 8445 sections 7.1,
 * 7.3.1.1: the other side of a lite one controls). */
static uint16_t error_of(const struct stun_message *message)
{
	if (message->unknown_count)
		return STUN_ERROR_UNKNOWN_ATTRIBUTE;
	if (message->controlled)
		return STUN_ERROR_ROLE_CONFLICT;
	return message->has_priority ? 0 : STUN_ERROR_BAD_REQUEST;
}

/* Send the answer back in the request's own buffer. */
static void answer(struct lcore *lc, struct rte_mbuf *mbuf, const struct stun_message *message,
        uint16_t error, struct hmac *with)
{
	struct meta *m = meta_of(mbuf);
	struct stun_build build;
	uint16_t type = error ? STUN_BINDING_ERROR : STUN_BINDING_SUCCESS;

	stun_begin(&build, meta_data(mbuf), m->data_len, type, message->id);
	if (!error)
		stun_put_xor_mapped(&build, m->src.addr, m->src.is_v6, m->src.port);
	else
		stun_put_error(&build, error);
	if (error == STUN_ERROR_UNKNOWN_ATTRIBUTE)
		stun_put_unknown(&build, message->unknown,
		        message->unknown_count < STUN_UNKNOWN_MAX ? message->unknown_count
		                                                  : STUN_UNKNOWN_MAX);
	size_t len = stun_end(&build, hmac, with);
	if (!len) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_malformed); /* smaller than its answer */
		return;
	}
	lcore_count(lc, STAT_LCORE_answered, 1);
	frame_answer_udp(lc, mbuf, &m->src, m->local, m->local_port, (uint16_t)len);
}

void ice_take(struct lcore *lc, struct rte_mbuf *mbuf)
{
	const struct meta *m = meta_of(mbuf);
	struct endpoint *ep = m->endpoint;
	struct ice *ice = &ep->webrtc->ice;
	struct stun_message message;
	int path = ICE_PATH_NONE;

	if (stun_parse(&message, meta_data(mbuf), m->data_len) < 0 || !message.fingerprint) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_malformed);
		return;
	}
	if (message.type != STUN_BINDING_REQUEST) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_other);
		return;
	}
	const struct ice_credentials *credentials = named(ice, &message);
	if (!credentials) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_stranger);
		return;
	}
	struct ice_key key = credentials->key; /* a restart may end, and wipe it */
	struct hmac with = { lc->crypto, &key };
	if (!stun_check_mac(&message, meta_data(mbuf), hmac, &with)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_auth);
		return;
	}
	lcore_count(lc, STAT_LCORE_stun_checks, 1);
	uint16_t error = error_of(&message);
	if (!error && !is_repeated(ice, &message)) {
		path = ice_path_enter(lc, ep, m);
		if (path == ICE_PATH_NONE) {
			lcore_drop(lc, mbuf, STAT_LCORE_drop_stun_path);
			return;
		}
		note_check(lc, ice, path, &message, credentials);
	}
	answer(lc, mbuf, &message, error, &with);
}

void ice_restart(struct lcore *lc, struct endpoint *ep, const struct ice_credentials *credentials)
{
	struct ice *ice = &ep->webrtc->ice;

	if (ice->before.ufrag[0])
		demux_put_ufrag(lc->demux, ice->before.ufrag, 0);
	ice->before = ice->now;
	ice->now = *credentials;
	demux_put_ufrag(lc->demux, ice->now.ufrag, (uintptr_t)ep);
}

void ice_news(struct lcore *lc, struct endpoint *ep)
{
	struct webrtc *w = ep->webrtc;
	bool has_path = w->ice.selected != ICE_PATH_NONE, expired = ice_expired(&w->ice, lc->now_mono_ns);

	if ((!has_path || w->path_told) && (!expired || w->expired_told))
		return;
	/* Only while it is not with the command thread it may be written. acquire: see command_tell */
	if (atomic_load_explicit(&w->news.told, memory_order_acquire))
		return;
	w->news.has_path = has_path;
	w->news.expired = expired;
	if (!command_tell(lc, &w->news))
		return;
	w->path_told |= has_path;
	w->expired_told |= expired;
}
