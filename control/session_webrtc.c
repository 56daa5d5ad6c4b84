/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_webrtc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"

void sessions_on_webrtc_end(struct sessions *ss, sessions_ended *ended, void *arg)
{
	pthread_mutex_lock(&ss->lock);
	ss->on_webrtc_end = ended;
	ss->on_webrtc_end_arg = arg;
	pthread_mutex_unlock(&ss->lock);
}

void session_webrtc_follow(struct session *s, const struct msg_session_state *state)
{
	s->has_path = state->has_path;
	s->has_keys = state->has_keys;
	if (*state->open.ice.ufrag && !session_table_has_ended(s))
		s->ice = state->open.ice;
}

bool session_webrtc_keys_are_gone(const struct session *s)
{
	return s->transport == MSG_TRANSPORT_WEBRTC && s->has_keys && s->keys.profile == PROFILE_PLAIN;
}

static void keys_answered(void *arg, const char *id, int status, const char *why)
{
	char reason[LIMIT_REASON_BYTES + 1];
	struct sessions *ss = arg;
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, id);
	if (!s || session_table_has_ended(s)) {
		/* nobody needs them any more */
	} else if (!status || status == -EALREADY) {
		s->has_keys = true;
	} else if (status != -ENOTCONN) {
		snprintf(reason, sizeof(reason), "dtls: its keys are not taken: %.100s",
		        *why ? why : strerror(-status));
		log_with(LOG_LEVEL_ERROR, SESSION_IDS(s), "session %s: %s", id, reason);
		session_life_fail(ss, s, reason);
	}
	pthread_mutex_unlock(&ss->lock);
}

void session_webrtc_send_keys(struct sessions *ss, struct session *s)
{
	union msg msg = { 0 };
	int r;

	if (s->transport != MSG_TRANSPORT_WEBRTC || s->keys.profile == PROFILE_PLAIN)
		return;
	memcpy(msg.SESSION_KEYS_.id, s->id, sizeof(s->id));
	msg.SESSION_KEYS_.profile = (uint8_t)s->keys.profile;
	memcpy(msg.SESSION_KEYS_.key, s->keys.key, sizeof(s->keys.key));
	memcpy(msg.SESSION_KEYS_.send_key, s->keys.send_key, sizeof(s->keys.send_key));
	r = dataplane_ask(ss->control->dataplane, &msg, MSG_SESSION_KEYS, keys_answered, ss);
	if (r && r != -ENOTCONN) /* else the next LIST settles the matter */
		session_life_fail(ss, s, "dtls: its keys are not taken: no memory");
}

void session_webrtc_send_missing_keys(struct sessions *ss)
{
	struct session *s;

	TAILQ_FOREACH(s, &ss->table.by_age, by_age)
	{
		if (!session_table_has_ended(s) && s->listed && !s->has_keys && !s->closing)
			session_webrtc_send_keys(ss, s);
	}
}

void sessions_keyed(struct sessions *ss, const char *id, enum profile profile,
        const uint8_t key[PROFILE_KEY_BYTES], const uint8_t send_key[PROFILE_KEY_BYTES])
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, id);
	if (s && s->transport == MSG_TRANSPORT_WEBRTC && !session_table_has_ended(s) && !s->closing) {
		s->keys.profile = profile;
		memcpy(s->keys.key, key, sizeof(s->keys.key));
		memcpy(s->keys.send_key, send_key, sizeof(s->keys.send_key));
		/* A dataplane that does not have the session yet gets them after it. */
		if (!ss->listing && !s->lost)
			session_webrtc_send_keys(ss, s);
	}
	pthread_mutex_unlock(&ss->lock);
}

/* A live one that is known to others. With the lock. */
static struct session *find(struct sessions *ss, const char *id)
{
	struct session *s = session_table_find(&ss->table, id);

	return s && s->transport == MSG_TRANSPORT_WEBRTC && !s->opening && !s->orphan ? s : NULL;
}

void sessions_fail(struct sessions *ss, const char *id, const char *reason)
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = find(ss, id);
	if (s && !session_table_has_ended(s) && s->has_keys)
		session_life_close(ss, s, reason);
	else if (s && !session_table_has_ended(s))
		session_life_fail(ss, s, reason);
	pthread_mutex_unlock(&ss->lock);
}

bool sessions_publisher(struct sessions *ss, const char *room, const char *participant,
        char ret_id[LIMIT_SESSION_ID_BYTES + 1])
{
	const struct session *s;

	pthread_mutex_lock(&ss->lock);
	TAILQ_FOREACH(s, &ss->table.by_age, by_age)
	{
		if (s->transport == MSG_TRANSPORT_WEBRTC && !session_table_has_ended(s) && !s->opening &&
		        !s->orphan && !strcmp(s->room, room) && !strcmp(s->participant, participant))
			break;
	}
	if (s)
		memcpy(ret_id, s->id, sizeof(s->id));
	pthread_mutex_unlock(&ss->lock);
	return s;
}

int sessions_ice(struct sessions *ss, const char *id, struct msg_ice *ret_ice)
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = find(ss, id);
	if (s && session_table_has_ended(s))
		s = NULL;
	if (s)
		*ret_ice = s->ice;
	pthread_mutex_unlock(&ss->lock);
	return s ? 0 : -ENOENT;
}

static int refuse(char *ret_why, int error, const char *why)
{
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", why);
	return error;
}

int sessions_restart_ice(
        struct sessions *ss, const char *id, const struct msg_ice *ice, char ret_why[LIMIT_REASON_BYTES + 1])
{
	union msg msg = { 0 };
	struct session *s;
	bool ended;
	int r;

	pthread_mutex_lock(&ss->lock);
	s = find(ss, id);
	ended = s && (session_table_has_ended(s) || s->closing);
	pthread_mutex_unlock(&ss->lock);
	if (!s)
		return refuse(ret_why, -ENOENT, "no such session");
	if (ended)
		return refuse(ret_why, -EALREADY, "the session has ended");
	snprintf(msg.SESSION_ICE_.id, sizeof(msg.SESSION_ICE_.id), "%s", id);
	msg.SESSION_ICE_.ice = *ice;
	r = dataplane_request(ss->control->dataplane, &msg, MSG_SESSION_ICE, ret_why);
	if (r)
		return r;
	pthread_mutex_lock(&ss->lock);
	s = find(ss, id);
	if (s && !session_table_has_ended(s))
		s->ice = *ice;
	pthread_mutex_unlock(&ss->lock);
	return 0;
}
