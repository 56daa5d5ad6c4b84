/* SPDX-License-Identifier: BSD-3-Clause */
/* What opening.c builds for a WebRTC session beyond an RTP one: the endpoint's ICE, congestion feedback and
 * SSRCs, its flows' retransmission and error correction, the writers' view of simulcast. session_webrtc_free
 * frees it. Command thread. */
#ifndef DATAPLANE_OPENING_WEBRTC_H
#define DATAPLANE_OPENING_WEBRTC_H

#include "dataplane/session.h"

struct track_cfg;

/* The half of the endpoint, which has been filled. 0, -ENOMEM. */
int opening_webrtc_endpoint(struct session *session);

/* What flow @index has. 0, -ENOMEM. */
int opening_webrtc_flow(struct session *session, unsigned index);

/* What the writer of track @index, which is no layer, has to know. */
void opening_webrtc_track(const struct session *session, unsigned index, struct track_cfg *cfg);

#endif
