/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "control/budget.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/disk.h"
#include "control/session_life.h"
#include "control/session_promise.h"

int sessions_create(struct sessions **ret_sessions, struct control *control)
{
	struct sessions *ss = calloc(1, sizeof(*ss));
	pthread_condattr_t attr;
	uint16_t first, last;

	if (!ss)
		return -ENOMEM;
	if (conf_port_range(control->conf->ingest_port_range, &first, &last)) {
		free(ss);
		return -EINVAL;
	}
	ss->control = control;
	TAILQ_INIT(&ss->resume);
	session_table_init(&ss->table);
	session_ports_init(&ss->ports, first, last, (uint16_t)control->conf->ingest_webrtc_port);
	pthread_mutex_init(&ss->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ss->changed, &attr);
	pthread_condattr_destroy(&attr);
	*ret_sessions = ss;
	return 0;
}

void sessions_free(struct sessions *ss)
{
	if (!ss)
		return;
	session_table_clear(&ss->table);
	pthread_cond_destroy(&ss->changed);
	pthread_mutex_destroy(&ss->lock);
	free(ss);
}

static int refuse(char *ret_why, int error, const char *why)
{
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", why);
	return error;
}

int sessions_admit(struct sessions *ss, char ret_why[LIMIT_REASON_BYTES + 1])
{
	const struct control *control = ss->control;
	const struct conf *conf = control->conf;
	struct statvfs fs;
	int error;

	if (!conf->record_enabled)
		return refuse(ret_why, -EPERM, "record.enabled is 0");
	if (!dataplane_is_up(control->dataplane))
		return refuse(ret_why, -ENOTCONN, "the dataplane is not there");
	if (statvfs(conf->record_dir, &fs))
		return refuse(ret_why, -EROFS, "record.dir is not usable");
	if (fs.f_flag & ST_RDONLY)
		return refuse(ret_why, -EROFS, "record.dir is read-only");
	if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)conf->record_min_free_mb << 20)
		return refuse(ret_why, -EDQUOT, "less space is free than record.min_free_mb");
	error = disk_last_error(control);
	if (error) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "the last write to record.dir failed: %s",
		        strerror(error));
		return error == ENOSPC || error == EDQUOT ? -EDQUOT : -EROFS;
	}
	return 0;
}

/* With the lock. */
static int take_port(struct sessions *ss, struct msg_session_open *open, char *ret_why)
{
	int r = 0;

	if (open->transport == MSG_TRANSPORT_RTP) /* else all share one */
		r = session_ports_take(&ss->ports, open->port, &open->port);
	if (r == -EADDRINUSE)
		return refuse(ret_why, r, "port: taken by another session");
	if (r == -ERANGE)
		return refuse(ret_why, r,
		        "port: an even port is expected that lies, with the next, within ingest.port_range");
	return r ? refuse(ret_why, r, "no port of ingest.port_range is free") : 0;
}

/* Take port, room and tracks for @open. With the lock. */
static int claim(struct sessions *ss, struct msg_session_open *open, char *ret_why)
{
	struct session *s;
	int r;

	for (unsigned i = 0; i < open->track_count; i++) {
		s = session_table_claimant(&ss->table, open->room, open->tracks[i].id);
		if (!s || open->tracks[i].layer_of)
			continue;
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "track %s of this room is taken by session %s",
		        open->tracks[i].id, s->id);
		return -EEXIST;
	}
	if (ss->table.live >= LIMIT_SESSIONS)
		return refuse(ret_why, -ENOSPC, "too many sessions");
	r = take_port(ss, open, ret_why);
	if (r)
		return r;
	s = session_table_add(&ss->table, open);
	if (!s) {
		if (open->transport == MSG_TRANSPORT_RTP)
			session_ports_release(&ss->ports, open->port);
		return refuse(ret_why, -ENOMEM, "no memory");
	}
	s->opening = true;
	return 0;
}

/* The dataplane has answered, or not. With the lock. */
static void settle(struct sessions *ss, const char *id, int status)
{
	struct session *s = session_table_find(&ss->table, id);

	if (!s || session_table_has_ended(s))
		return;
	s->opening = false;
	if (status == -ENOTCONN || status == -ETIMEDOUT) {
		/* It may have been opened nevertheless: then it is to end. */
		s->orphan = s->closing = true;
		snprintf(s->reason, sizeof(s->reason), "its opening was not answered in time");
		session_life_send_close(ss, s);
	} else if (status) {
		session_life_release_port(ss, s);
		session_table_remove(&ss->table, s);
	} else {
		session_life_tell(ss, s, EVENTS_session_opened);
	}
}

/* Open one that there is room for. */
static int open_admitted(struct sessions *ss, struct msg_session_open *open, char *ret_why)
{
	struct session_promise_copies free_copies;
	union msg msg;
	int r;

	if (!*open->id)
		id_make(open->id, sizeof(open->id), "s_");
	open->opened_unix_ns = clk_wall_ns();
	if (session_promise_look(ss, open, &free_copies))
		return refuse(ret_why, -EINVAL, "record.filename gives no name");
	pthread_mutex_lock(&ss->lock);
	session_promise_make(ss, open, &free_copies);
	r = claim(ss, open, ret_why);
	pthread_mutex_unlock(&ss->lock);
	if (r)
		return r;
	msg.SESSION_OPEN_ = *open;
	r = dataplane_request(ss->control->dataplane, &msg, MSG_SESSION_OPEN, ret_why);
	pthread_mutex_lock(&ss->lock);
	settle(ss, open->id, r);
	pthread_mutex_unlock(&ss->lock);
	if (!r)
		log_with(LOG_LEVEL_INFO, LOG_IDS(.session = open->id, .room = open->room),
		        "session %s: opened, port %u, %u track%s", open->id, open->port, open->track_count,
		        open->track_count == 1 ? "" : "s");
	return r;
}

int sessions_open(struct sessions *ss, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct budget_promise promise;
	int r;

	ret_why[0] = '\0';
	r = sessions_admit(ss, ret_why);
	if (!r)
		r = budget_ask(ss->control->budget, open, clk_mono_ns(), &promise, ret_why);
	if (r)
		return r;
	r = open_admitted(ss, open, ret_why);
	if (r)
		budget_return(ss->control->budget, &promise);
	return r;
}

/* One that the API may name, or NULL. With the lock. */
static struct session *find_shown(struct sessions *ss, const char *id)
{
	struct session *s = session_table_find(&ss->table, id);

	return s && !s->opening && !s->orphan ? s : NULL;
}

/* While the dataplane is away nothing ends: then no more threads wait for it than leave as many for other
 * calls. */
static bool may_wait(const struct sessions *ss)
{
	return ss->waiting < (unsigned)ss->control->conf->control_http_threads / 2 ||
	       dataplane_is_up(ss->control->dataplane);
}

static int wait_for_end(struct sessions *ss, const char *id, unsigned wait_ms)
{
	uint64_t ns = clk_mono_ns() + wait_ms * CLK_NS_PER_MS;
	struct timespec until = { .tv_sec = (time_t)(ns / CLK_NS_PER_S),
		.tv_nsec = (long)(ns % CLK_NS_PER_S) };

	for (;;) {
		struct session *s = session_table_find(&ss->table, id);

		if (!s || session_table_has_ended(s))
			return 0;
		if (!wait_ms || !may_wait(ss))
			return -ETIMEDOUT;
		ss->waiting++;
		bool late = pthread_cond_timedwait(&ss->changed, &ss->lock, &until);
		ss->waiting--;
		if (late)
			return -ETIMEDOUT;
	}
}

int sessions_close(struct sessions *ss, const char *id, const char *reason, unsigned wait_ms)
{
	struct session *s;
	int r = 0;

	pthread_mutex_lock(&ss->lock);
	s = find_shown(ss, id);
	if (!s) {
		r = -ENOENT;
	} else if (!session_table_has_ended(s)) {
		session_life_close(ss, s, reason);
		r = wait_for_end(ss, id, wait_ms);
	}
	pthread_mutex_unlock(&ss->lock);
	return r;
}

int sessions_key_frame(
        struct sessions *ss, const char *id, const char *track, char ret_why[LIMIT_REASON_BYTES + 1])
{
	union msg msg = { 0 };
	struct session *s;
	bool ended;

	pthread_mutex_lock(&ss->lock);
	s = find_shown(ss, id);
	ended = s && session_table_has_ended(s);
	pthread_mutex_unlock(&ss->lock);
	if (!s || strlen(track) > LIMIT_TRACK_ID_BYTES)
		return refuse(ret_why, -ENOENT, "no such session or track");
	if (ended)
		return refuse(ret_why, -EALREADY, "the session has ended");
	snprintf(msg.KEY_FRAME_.id, sizeof(msg.KEY_FRAME_.id), "%s", id);
	snprintf(msg.KEY_FRAME_.track_id, sizeof(msg.KEY_FRAME_.track_id), "%s", track);
	return dataplane_request(ss->control->dataplane, &msg, MSG_KEY_FRAME, ret_why);
}

bool sessions_opening(struct sessions *ss, const char *id, struct msg_session_open *ret_open)
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, id);
	if (s)
		session_table_to_open(s, ret_open);
	pthread_mutex_unlock(&ss->lock);
	if (s)
		explicit_bzero(ret_open->ice.pwd, sizeof(ret_open->ice.pwd));
	for (unsigned i = 0; s && i < ret_open->track_count; i++) {
		explicit_bzero(ret_open->tracks[i].key, sizeof(ret_open->tracks[i].key));
		explicit_bzero(ret_open->tracks[i].send_key, sizeof(ret_open->tracks[i].send_key));
	}
	return s != NULL;
}

bool sessions_is_live(struct sessions *ss, const char *id)
{
	pthread_mutex_lock(&ss->lock);
	const struct session *s = session_table_find(&ss->table, id);
	bool live = s && !session_table_has_ended(s);
	pthread_mutex_unlock(&ss->lock);
	return live;
}
