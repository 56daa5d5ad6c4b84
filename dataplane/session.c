/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "dataplane/control_link.h"
#include "dataplane/dispatch.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/inbox.h"
#include "dataplane/neigh.h"
#include "dataplane/slot_pool.h"
#include "dataplane/unprotect.h"
#include "writers/writer.h"

static void advance(struct session *s);

struct session *session_find(struct session_table *table, const char *id)
{
	return claim_find(&table->ids, id, "");
}

/* The addresses that @local stands for: from *ret_from up to but not *ret_to. */
static void locals_of(const struct session_table *table, unsigned local, unsigned *ret_from, unsigned *ret_to)
{
	*ret_from = local == ENDPOINT_ANY_LOCAL ? 0 : local;
	*ret_to = local == ENDPOINT_ANY_LOCAL ? table->cfg.host->addr_count : local + 1;
}

static struct session **port_slot(const struct session_table *table, unsigned local, unsigned port)
{
	return &table->ports[local * (table->last_port - table->first_port + 1u) + port - table->first_port];
}

struct session *session_at_ports(const struct session_table *table, unsigned local, uint16_t port)
{
	unsigned from, to;

	locals_of(table, local, &from, &to);
	for (unsigned i = from; i < to; i++)
		for (unsigned j = 0; j < 2; j++)
			if (*port_slot(table, i, port + j))
				return *port_slot(table, i, port + j);
	return NULL;
}

static void set_ports(struct session *s, struct session *holder)
{
	unsigned from, to;

	locals_of(s->table, s->local, &from, &to);
	for (unsigned i = from; i < to; i++)
		for (unsigned j = 0; j < 2; j++)
			*port_slot(s->table, i, s->open.port + j) = holder;
}

void session_take_ports(struct session *s)
{
	set_ports(s, s);
	s->has_ports = true;
}

void session_tell(struct session *s)
{
	union msg msg;

	if (s->unborn || !control_link_is_up(s->table->link))
		return;
	msg.SESSION_STATE_ = (struct msg_session_state){
		.state = s->state,
		.first_pkt_unix_ns = s->first_pkt_unix_ns,
		.open = s->open,
	};
	memcpy(msg.SESSION_STATE_.reason, s->reason, sizeof(s->reason));
	control_link_send(s->table->link, &msg, MSG_SESSION_STATE, 0);
}

/* One command of the current set, to @lcore. */
static void command(struct session *s, enum command_kind kind, unsigned lcore, unsigned owner)
{
	struct command *c = &s->commands[lcore];

	*c = (struct command){
		.kind = kind,
		.endpoint = s->endpoint,
		.port = s->open.port,
		.local = s->local,
		.owner = (uint8_t)owner,
		.session = s,
	};
	s->answers++;
	dispatch_send(s->table->dispatch, lcore, c);
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
	advance(s);
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

/* Do the next step, if nothing is under way. May free the session. */
static void advance(struct session *s)
{
	if (s->answers > 0)
		return;
	switch (s->phase) {
	case SESSION_OPENING:
		opened(s);
		if (s->closing)
			advance(s);
		break;
	case SESSION_OPEN:
		if (!s->closing)
			break;
		s->phase = SESSION_PAUSING;
		command(s, COMMAND_PAUSE, s->owner, s->owner);
		break;
	case SESSION_PAUSING:
		s->phase = SESSION_FINALISING;
		for (unsigned i = 0; i < s->open.track_count; i++)
			close_track(&s->tracks[i], s->reason);
		advance(s);
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
		if (!s->key_frame_busy)
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
	advance(s);
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

/* Senders of @flows have said BYE; when all tracks have ended, so has the session. */
static void take_bye(struct session *s, uint32_t flows)
{
	unsigned open = 0;

	if (s->closing)
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
	s->key_frame = (struct command){
		.kind = COMMAND_KEY_FRAME,
		.endpoint = s->endpoint,
		.flows = flows,
		.port = s->open.port,
		.local = s->local,
		.session = s,
	};
	dispatch_send(s->table->dispatch, s->owner, &s->key_frame);
}

static void take_key_frame(struct session *s, const struct command *c)
{
	s->key_frame_busy = false;
	if (c->status == -EAGAIN)
		session_ask_key_frames(s, c->flows);
	if (s->phase == SESSION_REMOVING)
		advance(s);
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
	case COMMAND_KEY_FRAME:
		take_key_frame(s, c);
		return;
	case COMMAND_MOVE:
		s->answers--;
		if (c->status == 0)
			moved(s);
		break;
	default:
		s->answers--;
		break;
	}
	advance(s);
}

void session_begin_recording(struct session *s, uint64_t first_pkt_unix_ns)
{
	s->state = MSG_SESSION_RECORDING;
	s->first_pkt_unix_ns = first_pkt_unix_ns;
	session_tell(s);
}

/* Keep the list of open files. */
static void note_file(struct session *s, const struct msg_file_state *state)
{
	struct session_file *file;

	LIST_FOREACH(file, &s->files, link)
	if (strcmp(file->state.name, state->name) == 0)
		break;
	if (state->state == MSG_FILE_OPEN) {
		if (!file && (file = calloc(1, sizeof(*file))))
			LIST_INSERT_HEAD(&s->files, file, link);
		if (file)
			file->state = *state;
	} else if (file) {
		LIST_REMOVE(file, link);
		free(file);
	}
}

static void take_file(struct session_table *table, const struct msg_file_state *state)
{
	struct session *s = session_find(table, state->session);
	union msg msg;

	if (state->state == MSG_FILE_FINISHED) {
		stat_add(table->proc, STAT_PROC_recordings_finished, 1);
		stat_set(table->proc, STAT_PROC_disk_error, 0);
	} else if (state->state == MSG_FILE_FAILED) {
		stat_add(table->proc, STAT_PROC_recordings_failed, 1);
	}
	if (s)
		note_file(s, state);
	msg.FILE_STATE_ = *state;
	control_link_send(table->link, &msg, MSG_FILE_STATE, 0);
}

static void take_closed(struct session_track *t, int status)
{
	struct session *s = t->session;

	t->state = SESSION_TRACK_CLOSED;
	t->track = NULL;
	if (status < 0) {
		stat_set(s->table->proc, STAT_PROC_disk_error, (uint64_t)-status);
		if (!s->failed && !s->unborn) {
			s->failed = true;
			snprintf(s->reason, sizeof(s->reason), "file: %s", strerror(-status));
		}
	}
	if (s->phase == SESSION_FINALISING)
		advance(s);
}

static void take_failed(struct session *s, const char *why)
{
	if (!s->closing) {
		session_close(s, why, true);
	} else if (!s->failed) {
		s->failed = true;
		snprintf(s->reason, sizeof(s->reason), "%s", why);
	}
}

void session_take_item(struct session_table *table, const struct inbox_item *item)
{
	struct session_track *t = item->cookie;

	switch (item->kind) {
	case INBOX_FILE:
		take_file(table, &item->file);
		break;
	case INBOX_TRACK_FAILED:
		take_failed(t->session, item->why);
		break;
	case INBOX_TRACK_CLOSED:
		take_closed(t, item->status);
		break;
	}
}

static void free_track(struct session *s, struct session_track *t)
{
	if (!t->session)
		return;
	if (t->flow)
		unprotect_free(t->flow->unprotect);
	claim_drop(&s->table->names, &t->claim);
	slot_pool_put(s->table->slots, t->stat_index);
	s->table->track_count--;
}

void session_free(struct session *s)
{
	struct session_table *table = s->table;
	struct session_file *file;

	if (s->has_ports)
		set_ports(s, NULL);
	for (unsigned i = 0; i < LIMIT_TRACKS_PER_SESSION; i++)
		free_track(s, &s->tracks[i]);
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
