/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_life.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/json_field.h"

struct reading {
	struct sessions *sessions;
	struct session *session; /* NULL: all */
	bool ended;
};

static void read_tracks(struct session *s, const struct stat_segment *stat, bool ended)
{
	for (unsigned i = 0; i < s->track_count; i++) {
		const struct msg_track *msg = &s->tracks[i].msg;
		uint32_t owner =
		        msg->layer_of ? s->tracks[msg->layer_of - 1].msg.stat_index : msg->stat_index;

		session_figures_read(&s->tracks[i].figures, stat, msg->stat_index, owner, ended);
	}
}

static void read_figures(void *arg, const struct stat_segment *stat)
{
	struct reading *reading = arg;
	struct session *s;

	if (reading->session) {
		read_tracks(reading->session, stat, reading->ended);
		return;
	}
	TAILQ_FOREACH(s, &reading->sessions->table.by_age, by_age)
	{
		if (!session_table_has_ended(s))
			read_tracks(s, stat, false);
	}
}

void session_life_read_figures(struct sessions *ss, struct session *s, bool ended)
{
	struct reading reading = { ss, s, ended };

	dataplane_with_stats(ss->control->dataplane, read_figures, &reading);
}

void session_life_read_all(struct sessions *ss)
{
	struct reading reading = { ss, NULL, false };

	dataplane_with_stats(ss->control->dataplane, read_figures, &reading);
}

static json_t *describe_opening(const struct session *s)
{
	json_t *json = json_object(), *tracks = json_array();

	if (*s->participant)
		json_field_text(json, "participant", s->participant);
	json_field_text(json, "transport", s->transport == MSG_TRANSPORT_WEBRTC ? "webrtc" : "rtp");
	json_field_number(json, "port", s->port);
	for (unsigned i = 0; i < s->track_count; i++)
		if (!s->tracks[i].msg.layer_of)
			json_array_append_new(tracks, json_string(s->tracks[i].msg.id));
	json_object_set_new(json, "tracks", tracks);
	return json;
}

void session_life_tell(struct sessions *ss, struct session *s, enum events_type type)
{
	struct event event = { .type = type, .room = s->room, .session = s->id };

	if (s->orphan || (s->told && type == EVENTS_session_opened))
		return;
	if (!s->told && type != EVENTS_session_opened)
		session_life_tell(ss, s, EVENTS_session_opened);
	s->told = true;
	if (type == EVENTS_session_opened)
		event.more = describe_opening(s);
	else
		event.reason = s->reason;
	if (type == EVENTS_session_done || type == EVENTS_session_failed)
		event.more = json_pack("{s:i}", "files", (int)s->file_count);
	events_emit(ss->control->events, &event);
}

void session_life_release_port(struct sessions *ss, const struct session *s)
{
	if (s->transport == MSG_TRANSPORT_RTP)
		session_ports_release(&ss->ports, s->port);
}

void session_life_tell_end(struct sessions *ss, const struct session *s)
{
	if (s->transport == MSG_TRANSPORT_WEBRTC && ss->on_webrtc_end)
		ss->on_webrtc_end(ss->on_webrtc_end_arg, s->id);
}

void session_life_close(struct sessions *ss, struct session *s, const char *reason)
{
	if (!s->closing)
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
	s->closing = true;
	session_life_tell_end(ss, s);
	session_life_send_close(ss, s);
}

void session_life_fail(struct sessions *ss, struct session *s, const char *reason)
{
	s->failed |= !s->closing;
	session_life_close(ss, s, reason);
}

void session_life_end(
        struct sessions *ss, struct session *s, enum msg_session_state_id state, const char *reason)
{
	if (s->resuming)
		TAILQ_REMOVE(&ss->resume, s, by_resume);
	s->resuming = s->opening = false;
	if (s->failed)
		state = MSG_SESSION_FAILED;
	session_life_release_port(ss, s);
	session_life_tell_end(ss, s);
	if (*reason)
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
	session_life_read_figures(ss, s, true);
	session_life_tell(ss, s, state == MSG_SESSION_DONE ? EVENTS_session_done : EVENTS_session_failed);
	log_with(LOG_LEVEL_INFO, SESSION_IDS(s), "session %s: %s%s%s, %u file%s", s->id,
	        state == MSG_SESSION_DONE ? "done" : "failed", *s->reason ? ": " : "", s->reason,
	        s->file_count, s->file_count == 1 ? "" : "s");
	if (s->orphan)
		session_table_remove(&ss->table, s);
	else
		session_table_end(&ss->table, s, state);
	session_table_prune(&ss->table, clk_mono_ns());
	pthread_cond_broadcast(&ss->changed);
}

/* The dataplane's answer to a close that nobody waited for. */
static void close_answered(void *arg, const char *id, int status, const char *why)
{
	struct sessions *ss = arg;

	pthread_mutex_lock(&ss->lock);
	struct session *s = session_table_find(&ss->table, id);
	if (s && !session_table_has_ended(s) && status == -ENOENT)
		session_life_end(ss, s, MSG_SESSION_DONE, "");
	pthread_mutex_unlock(&ss->lock);
}

void session_life_send_close(struct sessions *ss, struct session *s)
{
	union msg msg = { 0 };
	int r;

	memcpy(msg.SESSION_CLOSE_.id, s->id, sizeof(s->id));
	memcpy(msg.SESSION_CLOSE_.reason, s->reason, sizeof(s->reason));
	msg.SESSION_CLOSE_.failed = s->failed;
	r = dataplane_ask(ss->control->dataplane, &msg, MSG_SESSION_CLOSE, close_answered, ss);
	if (r && r != -ENOTCONN)
		log_with(LOG_LEVEL_ERROR, SESSION_IDS(s),
		        "session %s: cannot be closed: %s; tried again when asked, or at its idle timeout",
		        s->id, strerror(-r));
}
