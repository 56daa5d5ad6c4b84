/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's side of control/session.h: what it says of its sessions, and how the table follows.
 *
 *   WELCOME, same boot      only the connection was lost: LIST says what still runs, the rest has ended
 *   WELCOME, another boot   a new dataplane: its LIST is compared with the table, and what waited or recorded
 * is opened again under its old id, port and keys, with the roll-over counter and SSRC that the old dataplane
 * left in its counters: the recording goes on in new files a session unknown here  control was started anew:
 * the session is adopted as it is; of WebRTC, only if its handshake was through, for DTLS went with control
 */
#include "control/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/session_life.h"
#include "control/session_webrtc.h"

#define RESUME_WINDOW 16 /* openings under way at once after a restart of the dataplane */

static void resume_more(struct sessions *ss);

/* What the dataplane that is gone knew of a track: the next one goes on from there. */
static void carry_over(struct session_track *track)
{
	struct session_figures *now = &track->figures, *before = &track->before;

	if (now->last_pkt_unix_ns) {
		track->msg.ssrc = (uint32_t)now->ssrc;
		track->msg.ssrc_bound = !track->msg.ssrc_known; /* its sender may come back as another */
		track->msg.roc = (uint32_t)(now->ext_seq >> 16);
	}
	for (unsigned i = 0; i < SESSION_FIGURES; i++)
		before->count[i] += now->count[i];
	memset(now, 0, sizeof(*now));
	track->rate_ns = track->rate_bytes = track->rate_bps = 0;
	track->msg.stat_index = SESSION_TABLE_NO_INDEX;
}

void sessions_dataplane_up(struct sessions *ss, const struct msg_welcome *welcome, bool same_boot)
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	ss->listing = true;
	ss->same_boot = same_boot;
	if (!same_boot)
		session_life_read_all(ss); /* the old segment is still mapped */
	TAILQ_FOREACH(s, &ss->table.by_age, by_age)
	{
		if (session_table_has_ended(s))
			continue;
		s->listed = false;
		if (s->resuming)
			TAILQ_REMOVE(&ss->resume, s, by_resume);
		s->resuming = false;
		for (unsigned i = 0; !same_boot && i < s->track_count; i++)
			carry_over(&s->tracks[i]);
	}
	pthread_mutex_unlock(&ss->lock);
}

/* A live session that the dataplane did not name. */
static void settle_unlisted(struct sessions *ss, struct session *s)
{
	bool ending = s->closing || s->state == MSG_SESSION_FINALISING;

	if (!ss->same_boot)
		s->lost = true;
	if (ending) {
		session_life_end(ss, s, MSG_SESSION_DONE, "");
	} else if (!s->lost) {
		session_life_end(ss, s, MSG_SESSION_DONE, "ended while control was away");
	} else if (session_webrtc_keys_are_gone(s)) {
		session_life_end(ss, s, MSG_SESSION_FAILED, "its keys went with the dataplane");
	} else {
		s->has_path = s->has_keys = false;
		s->state = MSG_SESSION_WAITING;
		TAILQ_INSERT_TAIL(&ss->resume, s, by_resume);
		s->resuming = true;
	}
}

void sessions_dataplane_listed(struct sessions *ss)
{
	struct session *s, *next;

	pthread_mutex_lock(&ss->lock);
	ss->listing = false;
	for (s = TAILQ_FIRST(&ss->table.by_age); s; s = next) {
		next = TAILQ_NEXT(s, by_age);
		if (!session_table_has_ended(s) && !s->opening && !s->listed)
			settle_unlisted(ss, s);
	}
	if (ss->table.live)
		log_info("sessions: %u live after the dataplane's list", ss->table.live);
	session_webrtc_send_missing_keys(ss);
	resume_more(ss);
	pthread_mutex_unlock(&ss->lock);
}

void sessions_dataplane_down(struct sessions *ss)
{
	pthread_mutex_lock(&ss->lock);
	ss->listing = false;
	pthread_cond_broadcast(&ss->changed); /* not all need to wait for its return */
	if (ss->table.live)
		log_warn("sessions: the dataplane is gone; %u live ones go on when it is back",
		        ss->table.live);
	pthread_mutex_unlock(&ss->lock);
}

static void resume_answered(void *arg, const char *id, int status, const char *why)
{
	struct sessions *ss = arg;
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	ss->resume_asked--;
	s = session_table_find(&ss->table, id);
	if (s && !session_table_has_ended(s) && status != -ENOTCONN) {
		s->lost = status != 0;
		if (!status) {
			log_with(LOG_LEVEL_INFO, SESSION_IDS(s),
			        "session %s: goes on in the new dataplane, in new files", id);
			session_webrtc_send_keys(ss, s);
		} else {
			session_life_end(ss, s, MSG_SESSION_FAILED, *why ? why : strerror(-status));
		}
	}
	if (status != -ENOTCONN)
		resume_more(ss);
	pthread_mutex_unlock(&ss->lock);
}

/* Open again the next of those that wait for it. With the lock. */
static void resume_more(struct sessions *ss)
{
	struct session *s;

	while (ss->resume_asked < RESUME_WINDOW && (s = TAILQ_FIRST(&ss->resume))) {
		union msg msg;
		int r;

		session_table_to_open(s, &msg.SESSION_OPEN_);
		r = dataplane_ask(ss->control->dataplane, &msg, MSG_SESSION_OPEN, resume_answered, ss);
		if (r == -ENOTCONN)
			return; /* the next WELCOME begins anew */
		TAILQ_REMOVE(&ss->resume, s, by_resume);
		s->resuming = false;
		if (r)
			session_life_end(ss, s, MSG_SESSION_FAILED, strerror(-r));
		else
			ss->resume_asked++;
	}
}

/* A session that runs, of before this process. */
static struct session *adopt(struct sessions *ss, const struct msg_session_state *state)
{
	bool cut_short = state->open.transport == MSG_TRANSPORT_WEBRTC && !state->has_keys;
	struct session *s = session_table_add(&ss->table, &state->open);

	if (!s) {
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.session = state->open.id, .room = state->open.room),
		        "session %s: cannot be adopted: no memory; it runs on until its idle timeout",
		        state->open.id);
		return NULL;
	}
	if (s->transport == MSG_TRANSPORT_RTP)
		session_ports_adopt(&ss->ports, s->port);
	s->told = true;
	if (state->state < MSG_SESSION_DONE)
		s->state = (enum msg_session_state_id)state->state;
	log_with(LOG_LEVEL_INFO, SESSION_IDS(s), "session %s: adopted", s->id);
	if (cut_short && state->state < MSG_SESSION_FINALISING)
		session_life_fail(ss, s, "dtls: the handshake was cut short by a restart of control");
	return s;
}

static void follow_tracks(struct session *s, const struct msg_session_open *open)
{
	for (unsigned i = 0; i < s->track_count && i < open->track_count; i++) {
		if (strcmp(s->tracks[i].msg.id, open->tracks[i].id))
			continue;
		s->tracks[i].msg.stat_index = open->tracks[i].stat_index;
		if (open->tracks[i].ssrc_known) {
			s->tracks[i].msg.ssrc = open->tracks[i].ssrc;
			s->tracks[i].msg.ssrc_known = 1;
		}
	}
}

/* With the lock. */
static void follow(
        struct sessions *ss, struct session *s, const struct msg_session_state *state, bool adopted)
{
	bool runs = state->state < MSG_SESSION_FINALISING;

	s->listed = true;
	s->lost = false;
	follow_tracks(s, &state->open);
	if (s->transport == MSG_TRANSPORT_WEBRTC)
		session_webrtc_follow(s, state);
	if (!s->first_pkt_unix_ns)
		s->first_pkt_unix_ns = state->first_pkt_unix_ns;
	if (state->state >= MSG_SESSION_DONE) {
		session_life_end(ss, s, (enum msg_session_state_id)state->state, state->reason);
		return;
	}
	bool turned = s->state != (enum msg_session_state_id)state->state;
	s->state = (enum msg_session_state_id)state->state;
	if (turned && s->state == MSG_SESSION_RECORDING)
		session_life_tell(ss, s, EVENTS_session_recording);
	if (!runs) {
		session_life_tell_end(ss, s);
		session_life_read_figures(ss, s, false);
		if (*state->reason)
			memcpy(s->reason, state->reason, sizeof(s->reason));
		if (turned)
			session_life_tell(ss, s, EVENTS_session_finalising);
	}
	if (runs && s->closing && ss->listing && !adopted)
		session_life_send_close(ss, s); /* asked for while nobody was there to hear it */
}

void sessions_on_state(struct sessions *ss, const struct msg_session_state *state)
{
	struct session *s;
	bool adopted;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, state->open.id);
	adopted = !s;
	if (!s && (ss->listing || state->state < MSG_SESSION_DONE)) /* else it was forgotten on purpose */
		s = adopt(ss, state);
	if (s && !session_table_has_ended(s))
		follow(ss, s, state, adopted);
	pthread_mutex_unlock(&ss->lock);
}

void sessions_on_file(struct sessions *ss, const struct msg_file_state *file)
{
	struct session *s;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, file->session);
	if (s && session_table_put_file(s, file))
		log_with(LOG_LEVEL_WARN,
		        LOG_IDS(.session = s->id, .room = s->room, .track = file->track,
		                .record = file->name),
		        "session %s: no memory to note file %s; the catalogue has it", s->id, file->name);
	pthread_mutex_unlock(&ss->lock);
}
