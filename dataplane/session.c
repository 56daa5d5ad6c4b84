/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "dataplane/control_link.h"
#include "dataplane/dispatch.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/port_claim.h"
#include "dataplane/session_dtls.h"
#include "dataplane/session_webrtc.h"
#include "dataplane/slot_pool.h"
#include "dataplane/crypto.h"
#include "writers/writer.h"

struct session *session_find(struct session_table *table, const char *id)
{
	return claim_find(&table->ids, id, "");
}

void session_tell(struct session *s)
{
	union msg msg;

	if (s->unborn || !control_link_is_up(s->table->link))
		return;
	msg.SESSION_STATE_ = (struct msg_session_state){
		.state = s->state,
		.first_pkt_unix_ns = s->first_pkt_unix_ns,
		.has_path = s->webrtc && s->webrtc->has_path,
		.has_keys = s->webrtc && s->webrtc->has_keys,
		.open = s->open,
	};
	memcpy(msg.SESSION_STATE_.reason, s->reason, sizeof(s->reason));
	control_link_send(s->table->link, &msg, MSG_SESSION_STATE, 0);
}

void session_send(struct session *s, unsigned lcore, struct command *c)
{
	c->endpoint = s->endpoint;
	c->port = s->open.port;
	c->local = s->local;
	c->session = s;
	if (!c->ufrags[0][0])
		session_webrtc_get_ufrags(s, c->ufrags);
	dispatch_send(s->table->dispatch, lcore, c);
}

void session_command(struct session *s, unsigned lcore, const struct command *c)
{
	s->commands[lcore] = *c;
	s->answers++;
	session_send(s, lcore, &s->commands[lcore]);
}

static void command(struct session *s, enum command_kind kind, unsigned lcore, unsigned owner)
{
	session_command(s, lcore, &(struct command){ .kind = kind, .owner = (uint8_t)owner });
}

void session_start(struct session *s)
{
	s->phase = SESSION_OPENING;
	for (unsigned i = 0; i < s->table->cfg.lcore_count; i++)
		command(s, i == s->owner ? COMMAND_ADD : COMMAND_POINT, i, s->owner);
}

/* The opening is done: every lcore knows where its packets go. */
static void opened(struct session *s)
{
	s->phase = SESSION_OPEN;
	log_info("session %s: open, room %s, port %u, %u tracks", s->open.id, s->open.room, s->open.port,
	        s->open.track_count);
	session_tell(s);
	control_link_ack(s->table->link, s->ack_id, 0, "");
}

static void close_track(struct session_track *t, const char *reason)
{
	if (t->state != SESSION_TRACK_OPEN)
		return;
	t->state = SESSION_TRACK_CLOSING;
	writer_track_close(t->session->table->cfg.writers, t->track, reason);
}

static bool tracks_closed(const struct session *s)
{
	for (unsigned i = 0; i < s->open.track_count; i++)
		if (s->tracks[i].state == SESSION_TRACK_OPEN || s->tracks[i].state == SESSION_TRACK_CLOSING)
			return false;
	return true;
}

void session_close(struct session *s, const char *reason, bool failed)
{
	if (s->closing)
		return;
	s->closing = true;
	s->failed = failed;
	s->state = MSG_SESSION_FINALISING;
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
	log_info("session %s: finalising (%s)", s->open.id, reason);
	session_tell(s);
	session_advance(s);
}

static void ended(struct session *s)
{
	struct session_table *table = s->table;

	s->state = s->failed ? MSG_SESSION_FAILED : MSG_SESSION_DONE;
	if (s->failed) {
		stat_add(table->proc, STAT_PROC_sessions_failed, 1);
		log_error("session %s: failed: %s", s->open.id, s->reason);
	} else if (!s->unborn) {
		log_info("session %s: done (%s)", s->open.id, s->reason);
	}
	session_tell(s);
	session_free(s);
}

void session_advance(struct session *s)
{
	if (s->answers > 0)
		return;
	switch (s->phase) {
	case SESSION_OPENING:
		opened(s);
		session_advance(s);
		break;
	case SESSION_OPEN:
		if (session_webrtc_advance(s) || !s->closing)
			break;
		s->phase = SESSION_PAUSING;
		command(s, COMMAND_PAUSE, s->owner, s->owner);
		break;
	case SESSION_PAUSING:
		s->phase = SESSION_FINALISING;
		for (unsigned i = 0; i < s->open.track_count; i++)
			close_track(&s->tracks[i], s->reason);
		session_advance(s);
		break;
	case SESSION_FINALISING:
		if (!tracks_closed(s))
			break;
		if (s->unborn) {
			ended(s);
			break;
		}
		s->phase = SESSION_REMOVING;
		for (unsigned i = 0; i < s->table->cfg.lcore_count; i++)
			command(s, COMMAND_REMOVE, i, s->owner);
		break;
	case SESSION_REMOVING:
		if (!s->key_frame_busy && session_webrtc_is_settled(s))
			ended(s);
		break;
	}
}

void session_abandon(struct session *s)
{
	s->unborn = true;
	s->closing = true;
	s->phase = SESSION_FINALISING;
	for (unsigned i = 0; i < s->open.track_count; i++)
		close_track(&s->tracks[i], "not opened");
	session_advance(s);
}

/* The endpoint has arrived at its new lcore: tell those that neither had nor have it. */
static void moved(struct session *s)
{
	unsigned from = s->owner;

	s->owner = s->move_to;
	log_debug("session %s: moved from lcore %u to %u", s->open.id, from, s->owner);
	for (unsigned i = 0; i < s->table->cfg.lcore_count; i++)
		if (i != from && i != s->owner)
			command(s, COMMAND_POINT, i, s->owner);
}

static void move(struct session *s, unsigned to)
{
	if (s->phase != SESSION_OPEN || s->closing || s->answers > 0 || to == s->owner ||
	        to >= s->table->cfg.lcore_count)
		return;
	s->move_to = to;
	command(s, COMMAND_MOVE, s->owner, to);
}

/* Senders of @flows have said BYE; when all tracks have ended, so has the session. Browsers say BYE of an
 * SSRC that another takes over from: a WebRTC session ends by other signs. */
static void take_bye(struct session *s, uint32_t flows)
{
	unsigned open = 0;

	if (s->closing || s->webrtc)
		return;
	for (unsigned i = 0; i < s->open.track_count; i++) {
		if (flows >> i & 1)
			close_track(&s->tracks[i], "bye");
		open += s->tracks[i].state == SESSION_TRACK_OPEN;
	}
	if (open == 0)
		session_close(s, "bye", false);
}

void session_ask_key_frames(struct session *s, uint32_t flows)
{
	/* One under way is enough: the lcore sends no more than one in FEEDBACK_PLI_MS anyway. */
	if (s->key_frame_busy || s->phase != SESSION_OPEN || s->closing)
		return;
	s->key_frame_busy = true;
	s->key_frame = (struct command){ .kind = COMMAND_KEY_FRAME, .flows = flows };
	session_send(s, s->owner, &s->key_frame);
}

static void take_key_frame(struct session *s, const struct command *c)
{
	s->key_frame_busy = false;
	if (c->status == -EAGAIN)
		session_ask_key_frames(s, c->flows);
	if (s->phase == SESSION_REMOVING)
		session_advance(s);
}

void session_take_command(struct session *s, struct command *c)
{
	switch (c->kind) {
	case COMMAND_BYE:
		take_bye(s, c->flows);
		return;
	case COMMAND_ASTRAY:
		move(s, c->owner);
		return;
	case COMMAND_NEWS:
		session_webrtc_take_news(s, c);
		return;
	case COMMAND_KEY_FRAME:
		take_key_frame(s, c);
		return;
	case COMMAND_KEYS:
		session_webrtc_take_answer(s, c);
		return;
	case COMMAND_SEND:
		session_dtls_take_answer(s, c);
		return;
	case COMMAND_MOVE:
		s->answers--;
		if (c->status == 0)
			moved(s);
		break;
	default:
		assert(c->status == 0); /* the owner is known while nothing else is under way */
		s->answers--;
		break;
	}
	session_advance(s);
}

void session_begin_recording(struct session *s, uint64_t first_pkt_unix_ns)
{
	s->state = MSG_SESSION_RECORDING;
	s->first_pkt_unix_ns = first_pkt_unix_ns;
	session_tell(s);
}

void session_track_closed(struct session *s)
{
	if (s->phase == SESSION_FINALISING)
		session_advance(s);
}

static void free_track(struct session *s, struct session_track *t)
{
	if (!t->session)
		return;
	if (t->flow && !s->webrtc)
		crypto_free(t->flow->crypto);
	claim_drop(&s->table->names, &t->claim);
	slot_pool_put(s->table->slots, t->stat_index);
	s->table->track_count--;
}

void session_free(struct session *s)
{
	struct session_table *table = s->table;
	struct session_file *file;

	port_claim_drop(s);
	for (unsigned i = 0; i < LIMIT_TRACKS_PER_SESSION; i++)
		free_track(s, &s->tracks[i]);
	session_webrtc_free(s);
	while ((file = LIST_FIRST(&s->files))) {
		LIST_REMOVE(file, link);
		free(file);
	}
	claim_drop(&table->ids, &s->id_claim);
	claim_drop(&table->participants, &s->participant_claim);
	TAILQ_REMOVE(&table->sessions, s, link);
	table->session_count--;
	free(s->endpoint);
	free(s->flows);
	free(s->commands);
	explicit_bzero(&s->open, sizeof(s->open));
	free(s);
}
