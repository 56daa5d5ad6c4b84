/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request.h"

#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "dataplane/control_link.h"
#include "dataplane/opening.h"
#include "dataplane/session.h"
#include "dataplane/session_dtls.h"
#include "dataplane/session_webrtc.h"

static void open_session(struct session_table *table, const union msg *msg)
{
	char why[LIMIT_REASON_BYTES + 1] = "the dataplane is stopping";
	struct session *s;
	int r = table->stopping ? -ENOSPC : opening_build(table, &msg->SESSION_OPEN_, &s, why);

	if (r < 0) {
		log_warn("session %s: refused: %s", msg->SESSION_OPEN_.id, why);
		control_link_ack(table->link, msg->head.id, r, why);
		return;
	}
	stat_add(table->proc, STAT_PROC_sessions_opened, 1);
	s->ack_id = msg->head.id;
	session_start(s);
}

static void close_session(struct session_table *table, const union msg *msg)
{
	struct session *s = session_find(table, msg->SESSION_CLOSE_.id);

	control_link_ack(table->link, msg->head.id, s ? 0 : -ENOENT, s ? "" : "no such session");
	if (s)
		session_close(s, msg->SESSION_CLOSE_.reason, msg->SESSION_CLOSE_.failed);
}

static void take_keys(struct session_table *table, const union msg *msg)
{
	struct session *s = session_find(table, msg->SESSION_KEYS_.id);
	const char *why = "no such session";
	int r = s ? session_webrtc_take_keys(s, &msg->SESSION_KEYS_, msg->head.id, &why) : -ENOENT;

	if (r < 0)
		control_link_ack(table->link, msg->head.id, r, why);
}

static void restart_ice(struct session_table *table, const union msg *msg)
{
	struct session *s = session_find(table, msg->SESSION_ICE_.id);
	char why[LIMIT_REASON_BYTES + 1] = "no such session";
	int r = s ? session_webrtc_restart(s, &msg->SESSION_ICE_.ice, msg->head.id, why) : -ENOENT;

	if (r < 0)
		control_link_ack(table->link, msg->head.id, r, why);
}

static void send_dtls(struct session_table *table, const union msg *msg)
{
	struct session *s = session_find(table, msg->DTLS_OUT_.id);

	if (!s || !session_dtls_send(s, &msg->DTLS_OUT_))
		stat_add(table->proc, STAT_PROC_dtls_out_lost, 1);
}

/* Whether the flow of track @i sends what becomes @track_id, or anything if that is empty. */
static bool sends(const struct session *s, unsigned i, const char *track_id)
{
	const struct msg_track *t = &s->open.tracks[i];

	if (t->layer_of)
		t = &s->open.tracks[t->layer_of - 1];
	return !track_id[0] || strcmp(track_id, t->id) == 0;
}

static void ask_key_frame(struct session_table *table, const union msg *msg)
{
	const struct msg_key_frame *ask = &msg->KEY_FRAME_;
	struct session *s = session_find(table, ask->id);
	uint32_t flows = 0;

	for (unsigned i = 0; s && i < s->open.track_count; i++)
		if (sends(s, i, ask->track_id))
			flows |= 1u << i;
	control_link_ack(
	        table->link, msg->head.id, flows ? 0 : -ENOENT, flows ? "" : "no such session or track");
	if (flows)
		session_ask_key_frames(s, flows);
}

static void list(struct session_table *table, const union msg *msg)
{
	const struct session_file *file;
	struct session *s;

	TAILQ_FOREACH(s, &table->sessions, link)
	{
		/* One that is still opening answers its own request. */
		if (s->unborn || s->phase == SESSION_OPENING)
			continue;
		session_tell(s);
		LIST_FOREACH(file, &s->files, link)
		{
			union msg answer;
			answer.FILE_STATE_ = file->state;
			control_link_send(table->link, &answer, MSG_FILE_STATE, 0);
		}
	}
	control_link_ack(table->link, msg->head.id, 0, "");
}

void request_handle(void *arg, const union msg *msg)
{
	struct session_table *table = arg;

	switch (msg->head.type) {
	case MSG_SESSION_OPEN:
		open_session(table, msg);
		break;
	case MSG_SESSION_CLOSE:
		close_session(table, msg);
		break;
	case MSG_SESSION_KEYS:
		take_keys(table, msg);
		break;
	case MSG_SESSION_ICE:
		restart_ice(table, msg);
		break;
	case MSG_DTLS_OUT:
		send_dtls(table, msg);
		break;
	case MSG_KEY_FRAME:
		ask_key_frame(table, msg);
		break;
	case MSG_LIST:
		list(table, msg);
		break;
	default:
		control_link_ack(table->link, msg->head.id, -EPROTO, "not a request");
		break;
	}
}
