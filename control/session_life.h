/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of control/session.h share: the lock, and how a session ends. */
#ifndef CONTROL_SESSION_LIFE_H
#define CONTROL_SESSION_LIFE_H

#include <pthread.h>
#include <stdbool.h>
#include "control/events.h"
#include "control/session.h"
#include "control/session_ports.h"
#include "control/session_table.h"

struct sessions {
	struct control *control;
	pthread_mutex_t lock;
	pthread_cond_t changed;     /* a session ended */
	unsigned waiting;           /* threads that wait for it */
	bool listing;               /* between the dataplane's WELCOME and the end of its LIST */
	bool same_boot;             /* of that dataplane */
	struct session_list resume; /* to be opened again, oldest first */
	unsigned resume_asked;      /* of the dataplane, not answered */
	struct session_table table;
	struct session_ports ports;
	sessions_ended *on_webrtc_end; /* NULL: nobody asked */
	void *on_webrtc_end_arg;
};

/* All with the lock. */

/* @session is over: figures are read a last time, the port becomes free, who waits is woken. Frees @session
 * when nobody was to know of it. @reason may be empty: then the one given when its end was asked for stays.
 */
void session_life_end(struct sessions *sessions, struct session *session, enum msg_session_state_id state,
        const char *reason);

/* Emit the event @type of @session, which its opening precedes; nobody is told of one that nobody was told of
 * when it was opened. */
void session_life_tell(struct sessions *sessions, struct session *session, enum events_type type);

/* Give back the port of @session, if it has one of its own. */
void session_life_release_port(struct sessions *sessions, const struct session *session);

/* DTLS is told that @session, if it is one of WebRTC, ends: while its path is still there if it can be. */
void session_life_tell_end(struct sessions *sessions, const struct session *session);

/* Ask for the end of @session, that lives; the first reason stays. */
void session_life_close(struct sessions *sessions, struct session *session, const char *reason);

/* The same for an error: it ends as failed. */
void session_life_fail(struct sessions *sessions, struct session *session, const char *reason);

/* Have the dataplane close @session, without waiting. When there is none, its next LIST settles the matter.
 */
void session_life_send_close(struct sessions *sessions, struct session *session);

/* Read the counters of one session (ended: a last time), or of all that are live. */
void session_life_read_figures(struct sessions *sessions, struct session *session, bool ended);
void session_life_read_all(struct sessions *sessions);

#endif
