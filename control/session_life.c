/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_life.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"

struct reading {
	struct sessions *sessions;
	struct session *session; /* NULL: all */
	bool ended;
};

static void read_tracks(struct session *s, const struct stat_segment *stat, bool ended)
{
	for (unsigned i = 0; i < s->track_count; i++)
		session_figures_read(&s->tracks[i].figures, stat, s->tracks[i].msg.stat_index, ended);
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

void session_life_end(
        struct sessions *ss, struct session *s, enum msg_session_state_id state, const char *reason)
{
	if (s->resuming)
		TAILQ_REMOVE(&ss->resume, s, by_resume);
	s->resuming = s->opening = false;
	session_ports_release(&ss->ports, s->port);
	if (*reason)
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
	session_life_read_figures(ss, s, true);
	log_info("session %s: %s%s%s, %u file%s", s->id, state == MSG_SESSION_DONE ? "done" : "failed",
	        *s->reason ? ": " : "", s->reason, s->file_count, s->file_count == 1 ? "" : "s");
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
	r = dataplane_ask(ss->control->dataplane, &msg, MSG_SESSION_CLOSE, close_answered, ss);
	if (r && r != -ENOTCONN)
		log_error("session %s: cannot be closed: %s; tried again when asked, or at its idle timeout",
		        s->id, strerror(-r));
}
