/* SPDX-License-Identifier: BSD-3-Clause */
/* What the SESSION_OPEN of a WebRTC session must be beyond what opening_check.h says of every one: ICE
 * credentials, what payload types, SSRCs, media ids and header extensions mean in a bundle (RFC 9143
 * section 9.1), simulcast layers. Command thread. */
#ifndef DATAPLANE_OPENING_CHECK_WEBRTC_H
#define DATAPLANE_OPENING_CHECK_WEBRTC_H

#include "dataplane/session.h"

/* 0; or -EINVAL or -EEXIST and its sentence in @ret_why of LIMIT_REASON_BYTES + 1. Tracks have been checked
 * as such. */
int opening_check_webrtc(
        const struct session_table *table, const struct msg_session_open *open, char *ret_why);

/* Credentials alone, of an opening or a restart. */
int opening_check_webrtc_ice(const struct session_table *table, const struct msg_ice *ice, char *ret_why);

#endif
