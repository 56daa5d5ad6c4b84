/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC sessions in control: an offer in, a session opened with ICE credentials of its own, an answer out;
 * its DTLS handshake between dataplane and control/dtls.h; its keys to the dataplane. Signaling
 * (control/api_whip.c) stands on it, and further dialects will. Any thread, unless said.
 */
#ifndef CONTROL_WEBRTC_H
#define CONTROL_WEBRTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/msg.h"
#include "control/sdp_webrtc.h"

struct control;
struct webrtc;

/* Starts DTLS's thread. @control->sessions is there, and @control->dataplane once datagrams come. 0 or -errno
 * (logged). */
int webrtc_create(struct webrtc **ret_webrtc, struct control *control);
/* The sessions go on in the dataplane. When the loop and HTTP do not run any more, and before sessions and
 * dataplane are freed. NULL is allowed. */
void webrtc_free(struct webrtc *webrtc);

/* Open a session for @offer; @open's room, participant and times are set, the rest is 0. Fills in @open as it
 * runs, and *ret_answer (malloc'ed). 0; -ENOENT: no m-line of it can be served; -E2BIG: too many tracks; else
 * as sessions_open, with -ENOSPC also for too many handshakes; a sentence in @ret_why. */
int webrtc_open(struct webrtc *webrtc, const struct sdp_webrtc_offer *offer, struct msg_session_open *open,
        char **ret_answer, char ret_why[LIMIT_REASON_BYTES + 1]);

/* ICE restart: new credentials for @session, whose peer has @remote_ufrag now. 0 with ours in @ret_ice;
 * -ENOENT, -EALREADY (ended), -ENOTCONN, … */
int webrtc_restart(struct webrtc *webrtc, const char *session, const char *remote_ufrag,
        struct msg_ice *ret_ice, char ret_why[LIMIT_REASON_BYTES + 1]);

/* The credentials that @session has now, of both sides: what ETags and PATCHes are held against. 0, -ENOENT
 * (unknown, or it has ended). */
int webrtc_ice(struct webrtc *webrtc, const char *session, struct msg_ice *ret_ice);

/* From control/dataplane.h, on the loop. */
void webrtc_on_datagram(struct webrtc *webrtc, const struct msg_datagram *datagram);

#endif
