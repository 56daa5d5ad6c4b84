/* SPDX-License-Identifier: BSD-3-Clause */
/* What sessions of WebRTC have beyond others: ICE credentials that change, keys that come late and stay here
 * in case the dataplane is started anew. Inside of control/session.h; all with the lock. */
#ifndef CONTROL_SESSION_WEBRTC_H
#define CONTROL_SESSION_WEBRTC_H

#include <stdbool.h>
#include "control/session_life.h"

/* What the dataplane says of it. */
void session_webrtc_follow(struct session *session, const struct msg_session_state *state);

/* Whether its keys were known only to the dataplane that is gone: those of before a restart of control. */
bool session_webrtc_keys_are_gone(const struct session *session);

/* Give the dataplane its keys, if they are known; or the keys of all that it has no keys of. */
void session_webrtc_send_keys(struct sessions *sessions, struct session *session);
void session_webrtc_send_missing_keys(struct sessions *sessions);

#endif
