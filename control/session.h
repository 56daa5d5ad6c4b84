/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: opened by the API, run by the dataplane, adopted after a restart of control, taken up again after
 * a restart of the dataplane, remembered for an hour after their end. Any thread unless said; one lock
 * inside. */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/msg.h"

struct control;
struct sessions;

/* 0, -EINVAL (port range), -ENOMEM. @control->dataplane may still be unset until the loop runs. */
int sessions_create(struct sessions **ret_sessions, struct control *control);
/* When neither the loop nor an HTTP thread runs any more. NULL is allowed. */
void sessions_free(struct sessions *sessions);

/* Whether a new session is wanted at all just now. 0, or with a sentence in @ret_why one of the first three
 * and -ENOTCONN of sessions_open's. */
int sessions_admit(struct sessions *sessions, char ret_why[LIMIT_REASON_BYTES + 1]);

/* Take what @open asks (port 0: any free one, WebRTC's is as given; id, unless it has one, promised names and
 * opened_unix_ns are filled in), have the dataplane open it. On success @open is the session as it runs; the
 * caller wipes its keys. 0, or with a sentence in @ret_why: -EPERM (record.enabled is 0), -EDQUOT (less than
 * record.min_free_mb free), -EROFS (record.dir not usable, or the last write to it failed), -EEXIST (room and
 * track taken), -EADDRINUSE, -ERANGE (port taken, or not one of ours), -ENOSPC (no port or place left),
 * -EUSERS (the machine is full), -ENOTCONN, -ETIMEDOUT (no dataplane), -EINVAL, -ENOKEY, … (the dataplane's
 * refusal), -ENOMEM. */
int sessions_open(
        struct sessions *sessions, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1]);

/* Stop and wait up to @wait_ms for its files to be durable. 0 (also when it had ended), -ENOENT, -ETIMEDOUT
 * (goes on). */
int sessions_close(struct sessions *sessions, const char *id, const char *reason, unsigned wait_ms);

/* Have the sender of track @track (empty: of every video track) asked for a key frame. 0, -ENOENT (no such
 * session or track), -EALREADY (it has ended), -ENOTCONN, -ETIMEDOUT, … with a sentence in @ret_why. */
int sessions_key_frame(
        struct sessions *sessions, const char *id, const char *track, char ret_why[LIMIT_REASON_BYTES + 1]);

/* WebRTC sessions (control/session_webrtc.c). */

/* Its DTLS has failed: close it, without waiting. Without keys, so that nothing can have been recorded, it
 * ends as failed. */
void sessions_fail(struct sessions *sessions, const char *id, const char *reason);

/* The SRTP keys of session @id: its handshake is through. They are kept until it ends, given to the
 * dataplane, and again to a new one that takes the session up. */
void sessions_keyed(struct sessions *sessions, const char *id, enum profile profile,
        const uint8_t key[PROFILE_KEY_BYTES], const uint8_t send_key[PROFILE_KEY_BYTES]);

/* The ICE credentials that it has now. 0, -ENOENT (unknown, ended, or not WebRTC). */
int sessions_ice(struct sessions *sessions, const char *id, struct msg_ice *ret_ice);

/* Give it those of an ICE restart. 0, or with a sentence in @ret_why: -ENOENT, -EALREADY (it has ended),
 * -ENOTCONN, -ETIMEDOUT, … (the dataplane's refusal). */
int sessions_restart_ice(struct sessions *sessions, const char *id, const struct msg_ice *ice,
        char ret_why[LIMIT_REASON_BYTES + 1]);

/* The live WebRTC session of @participant in @room, one of them. False: there is none. */
bool sessions_publisher(struct sessions *sessions, const char *room, const char *participant,
        char ret_id[LIMIT_SESSION_ID_BYTES + 1]);

/* Have @ended called when a WebRTC session is about to end or has ended, however it does, once or more. It
 * must be quick and may call nothing of this header. Before the loop runs. */
typedef void sessions_ended(void *arg, const char *id);
void sessions_on_webrtc_end(struct sessions *sessions, sessions_ended *ended, void *arg);

/* The API's view of one session (live figures included; of one long ended, what the catalogue has), or NULL;
 * of all, newest first, a page: @room and @state may be NULL; -> NULL when the cursor is not one of ours.
 * *ret_cursor (free it) is NULL on the last page. */
json_t *sessions_json(struct sessions *sessions, const char *id);
json_t *sessions_list_json(struct sessions *sessions, const char *room, const char *state, unsigned limit,
        const char *cursor, char **ret_cursor);

/* The answer to an opening, @open as sessions_open left it. */
json_t *sessions_opened_json(const struct msg_session_open *open);

/* From control/dataplane.h, on the loop. */
void sessions_dataplane_up(struct sessions *sessions, const struct msg_welcome *welcome, bool same_boot);
void sessions_dataplane_listed(struct sessions *sessions);
void sessions_dataplane_down(struct sessions *sessions);
void sessions_on_state(struct sessions *sessions, const struct msg_session_state *state);
void sessions_on_file(struct sessions *sessions, const struct msg_file_state *file);

/* Copy what is known of a session's opening (room, participant, …) for others; false when unknown. Keys are
 * left out, as is the ICE password. */
bool sessions_opening(struct sessions *sessions, const char *id, struct msg_session_open *ret_open);

/* Whether @id waits, records or finalises. */
bool sessions_is_live(struct sessions *sessions, const char *id);

#endif
