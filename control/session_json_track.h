/* SPDX-License-Identifier: BSD-3-Clause */
/* The API's view of one track of a session: what it is, what was counted, its files; of a simulcast, its
 * layers. Inside of control/session.h; with the lock. */
#ifndef CONTROL_SESSION_JSON_TRACK_H
#define CONTROL_SESSION_JSON_TRACK_H

#include <jansson.h>
#include "control/session_table.h"

/* Track @index of @session, which is no layer of another. What was counted of packets that came in is that of
 * all its layers together. */
json_t *session_json_track(struct session *session, unsigned index);

#endif
