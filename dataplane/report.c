/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dataplane/control_link.h"
#include "dataplane/inbox.h"
#include "dataplane/session.h"

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

	if (state->state == MSG_FILE_FINISHED)
		stat_add(table->proc, STAT_PROC_recordings_finished, 1);
	else if (state->state == MSG_FILE_FAILED)
		stat_add(table->proc, STAT_PROC_recordings_failed, 1);
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
	session_track_closed(s);
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

void report_take(void *arg, const struct inbox_item *item)
{
	struct session_track *t = item->cookie;

	switch (item->kind) {
	case INBOX_FILE:
		take_file(arg, &item->file);
		break;
	case INBOX_TRACK_FAILED:
		take_failed(t->session, item->why);
		break;
	case INBOX_TRACK_CLOSED:
		take_closed(t, item->status);
		break;
	}
}
