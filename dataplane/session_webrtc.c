/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/session_webrtc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "dataplane/control_link.h"
#include "dataplane/crypto.h"
#include "dataplane/endpoint.h"
#include "dataplane/fec.h"
#include "dataplane/flow.h"
#include "dataplane/opening_check.h"
#include "dataplane/nack.h"
#include "dataplane/opening_check_webrtc.h"
#include "dataplane/session.h"
#include "dataplane/session_dtls.h"
#include "dataplane/twcc.h"
#include "dataplane/webrtc.h"

static const char gone[] = "the session has ended";

static void claim_ufrag(struct session *s, struct session_ufrag *u, const char *text)
{
	memcpy(u->text, text, sizeof(u->text));
	claim_put(&s->table->ufrags, &u->claim, u->text, "", s);
}

int session_webrtc_create(struct session *s)
{
	struct session_webrtc *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	s->webrtc = w;
	s->table->handshakes++;
	LIST_INIT(&w->sends);
	w->latest = &w->ufrags[0];
	claim_ufrag(s, w->latest, s->open.ice.ufrag);
	return 0;
}

static void free_half(struct webrtc *half)
{
	if (!half)
		return;
	rte_pktmbuf_free_bulk(half->held.pkts, half->held.count);
	twcc_free(half->twcc);
	explicit_bzero(&half->ice, sizeof(half->ice));
	free(half);
}

void session_webrtc_free(struct session *s)
{
	struct session_webrtc *w = s->webrtc;

	if (!w)
		return;
	for (unsigned i = 0; s->flows && i < s->open.track_count; i++) {
		fec_free(s->flows[i].fec);
		nack_free(s->flows[i].nack);
	}
	if (s->endpoint)
		free_half(s->endpoint->webrtc);
	crypto_free(w->crypto);
	session_dtls_forget(s);
	for (unsigned i = 0; i < sizeof(w->ufrags) / sizeof(w->ufrags[0]); i++)
		claim_drop(&s->table->ufrags, &w->ufrags[i].claim);
	s->table->handshakes -= !w->has_keys;
	explicit_bzero(w, sizeof(*w));
	free(w);
	s->webrtc = NULL;
}

static void send_keys(struct session *s)
{
	struct session_webrtc *w = s->webrtc;

	w->keys = (struct command){ .kind = COMMAND_KEYS, .crypto = w->crypto };
	w->keys_busy = true;
	session_send(s, s->owner, &w->keys);
}

/* One context for all flows: SSRCs come and go as the peer likes. */
static int make_crypto(struct session *s, const struct msg_session_keys *keys)
{
	const struct crypto_cfg cfg = {
		.profile = keys->profile,
		.key = keys->key,
		.send_key = keys->send_key,
		.others = true,
		.send_ssrcs = { s->endpoint->feedback_ssrcs[0], s->endpoint->feedback_ssrcs[1] },
		.send_indices = s->endpoint->report_indices,
		.ssrc_places = LIMIT_SOURCES,
	};

	return crypto_create(&s->webrtc->crypto, &cfg);
}

int session_webrtc_take_keys(
        struct session *s, const struct msg_session_keys *keys, uint64_t ack_id, const char **ret_why)
{
	struct session_webrtc *w = s->webrtc;
	int r;

	*ret_why = "not a WebRTC session, or no SRTP profile";
	if (!w || keys->profile == PROFILE_PLAIN || keys->profile >= PROFILES)
		return -EINVAL;
	*ret_why = gone;
	if (s->closing)
		return -ENOENT;
	*ret_why = "it has keys";
	if (w->crypto)
		return -EALREADY;
	*ret_why = "SRTP keys are not usable";
	r = make_crypto(s, keys);
	if (r < 0)
		return r == -ENOMEM ? -ENOKEY : r;
	w->keys_ack_id = ack_id;
	send_keys(s);
	return 0;
}

void session_webrtc_take_answer(struct session *s, const struct command *c)
{
	struct session_webrtc *w = s->webrtc;

	w->keys_busy = false;
	if (c->status == -EAGAIN && s->phase != SESSION_REMOVING) {
		send_keys(s); /* its endpoint was on its way to another lcore */
		return;
	}
	if (c->status == 0) {
		w->has_keys = true;
		s->table->handshakes--;
		log_debug("session %s: has keys", s->open.id);
	}
	control_link_ack(s->table->link, w->keys_ack_id, c->status ? -ENOENT : 0, c->status ? gone : "");
	session_advance(s);
}

int session_webrtc_restart(struct session *s, const struct msg_ice *ice, uint64_t ack_id, char *ret_why)
{
	struct session_webrtc *w = s->webrtc;
	int r;

	if (!w)
		return opening_check_refuse(ret_why, -EINVAL, "not a WebRTC session");
	if (s->closing)
		return opening_check_refuse(ret_why, -ENOENT, "%s", gone);
	if (w->restart != SESSION_RESTART_NONE)
		return opening_check_refuse(ret_why, -EBUSY, "a restart is under way");
	r = opening_check_webrtc_ice(s->table, ice, ret_why);
	if (r < 0)
		return r;
	for (w->coming = w->ufrags; w->coming == w->latest || w->coming == w->before; w->coming++)
		;
	claim_ufrag(s, w->coming, ice->ufrag);
	w->ice = *ice;
	ice_credentials_init(&w->credentials, ice);
	w->restart_ack_id = ack_id;
	w->restart = SESSION_RESTART_ASKED;
	session_advance(s);
	return 0;
}

/* The oldest ufrag goes first; the owner forgets it when the new one comes. */
static void forget_oldest(struct session *s)
{
	struct session_webrtc *w = s->webrtc;
	struct command c = { .kind = COMMAND_REMOVE };

	w->restart = SESSION_RESTART_FORGETTING;
	if (!w->before)
		return;
	memcpy(c.ufrags[0], w->before->text, MSG_UFRAG_BYTES);
	for (unsigned i = 0; i < s->table->cfg.lcore_count; i++)
		if (i != s->owner)
			session_command(s, i, &c);
}

static void point_to_new(struct session *s)
{
	struct session_webrtc *w = s->webrtc;
	struct command point = { .kind = COMMAND_POINT, .owner = (uint8_t)s->owner };
	struct command ice = { .kind = COMMAND_ICE, .credentials = &w->credentials };

	session_webrtc_get_ufrags(s, ice.ufrags); /* those that it has so far */
	w->restart = SESSION_RESTART_POINTING;
	if (w->before)
		claim_drop(&s->table->ufrags, &w->before->claim);
	w->before = w->latest;
	w->latest = w->coming;
	w->coming = NULL;
	for (unsigned i = 0; i < s->table->cfg.lcore_count; i++)
		session_command(s, i, i == s->owner ? &ice : &point);
}

static void end_restart(struct session *s, int status)
{
	struct session_webrtc *w = s->webrtc;

	w->restart = SESSION_RESTART_NONE;
	explicit_bzero(&w->credentials, sizeof(w->credentials));
	if (status == 0) {
		s->open.ice = w->ice;
	} else {
		claim_drop(&s->table->ufrags, &w->coming->claim);
		w->coming = NULL;
	}
	control_link_ack(s->table->link, w->restart_ack_id, status, status ? gone : "");
}

bool session_webrtc_advance(struct session *s)
{
	struct session_webrtc *w = s->webrtc;

	if (!w || w->restart == SESSION_RESTART_NONE)
		return false;
	if (w->restart == SESSION_RESTART_POINTING) {
		end_restart(s, 0);
		return false;
	}
	if (s->closing) {
		end_restart(s, -ENOENT);
		return false;
	}
	if (w->restart == SESSION_RESTART_ASKED)
		forget_oldest(s);
	if (s->answers == 0)
		point_to_new(s);
	return true;
}

void session_webrtc_take_news(struct session *s, const struct command *c)
{
	struct session_webrtc *w = s->webrtc;

	if (c->has_path && !w->has_path) {
		w->has_path = true;
		s->active_mono_ns = clk_mono_ns();
		if (s->phase != SESSION_OPENING)
			session_tell(s);
	}
	if (c->expired)
		session_close(s, "consent", false);
}

bool session_webrtc_is_settled(const struct session *s)
{
	const struct session_webrtc *w = s->webrtc;

	/* relaxed: no lcore adds to it any more, and this thread takes from it */
	return !w || (!w->keys_busy && w->send_count == 0 &&
	                     atomic_load_explicit(&s->endpoint->webrtc->punted, memory_order_relaxed) == 0);
}

void session_webrtc_get_ufrags(const struct session *s, char ret_ufrags[2][MSG_UFRAG_BYTES])
{
	const struct session_webrtc *w = s->webrtc;

	memset(ret_ufrags, 0, sizeof(char[2][MSG_UFRAG_BYTES]));
	if (!w)
		return;
	memcpy(ret_ufrags[0], w->latest->text, MSG_UFRAG_BYTES);
	if (w->before)
		memcpy(ret_ufrags[1], w->before->text, MSG_UFRAG_BYTES);
}
