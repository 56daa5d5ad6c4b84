/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: opened by the API, run by the dataplane, adopted after a restart of control, taken up again after a restart
 * of the dataplane, remembered for an hour after their end. Any thread unless said; one lock inside. */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/msg.h"

struct control;
struct sessions;

int sessions_create(struct sessions **ret_sessions, struct control *control);
void sessions_free(struct sessions *sessions);

/* Take what @open asks (port 0: any free one; id, promised names and opened_unix_ns are filled in), have the dataplane open
 * it. 0; -EEXIST (port, or room and track, taken), -ENOSPC (no port or place left), -ENOTCONN, -EROFS, -ENOKEY, … with a sentence in
 * @ret_why. On success @open is the session as it runs. */
int sessions_open(struct sessions *sessions, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1]);

/* Stop and wait up to @wait_ms for its files to be durable. 0 (also when it had ended), -ENOENT, -ETIMEDOUT (goes on). */
int sessions_close(struct sessions *sessions, const char *id, const char *reason, unsigned wait_ms);

/* The API's view of one session (live figures included), or NULL; of all, newest first, a page. */
json_t *sessions_json(struct sessions *sessions, const char *id);
json_t *sessions_list_json(struct sessions *sessions, const char *room, const char *state, unsigned limit, const char *cursor, char **ret_cursor);

/* From control/dataplane.h, on the loop. */
void sessions_dataplane_up(struct sessions *sessions, const struct msg_welcome *welcome, bool same_boot);
void sessions_dataplane_listed(struct sessions *sessions);
void sessions_dataplane_down(struct sessions *sessions);
void sessions_on_state(struct sessions *sessions, const struct msg_session_state *state);
void sessions_on_file(struct sessions *sessions, const struct msg_file_state *file);

/* Copy what is known of a session's opening (room, participant, …) for others; false when unknown. Keys are left out. */
bool sessions_opening(struct sessions *sessions, const char *id, struct msg_session_open *ret_open);

#endif
