/* SPDX-License-Identifier: BSD-3-Clause */
/* From the JSON body of POST /api/v1/sessions to what the dataplane is asked: checked field by field, and the
 * first that is wrong is named. Pure: nothing is claimed or sent. Any thread.
 *
 *   {"room", "participant",                     text, 1..128 bytes, no control characters
 *    "port"?, "address"?, "family"?,            wished; by default any port, and the first of ingest.address
 *    "idle_timeout_s"?, "max_duration_s"?,
 *    "tracks": [{"id", "codec", "payload_type", "clock_rate"?, "channels"?, "ssrc"?,
 *                "srtp"?: {"profile", "key", "send_key"?}}]}    send_key: of our SRTCP to the sender; by
 * default key
 *
 * A field that is not listed is refused: it would be a mistake in writing, and silence would hide it.
 */
#ifndef CONTROL_SESSION_REQUEST_H
#define CONTROL_SESSION_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/msg.h"

struct conf;

/* Why a request is refused: a code of control/errors.h and a sentence that begins with the field. */
struct session_request_error {
	const char *code;
	char message[512];
};

/* Fill @ret_open, but for id, promised names and the time. 0, or -EINVAL with @ret_error. The keys are the
 * caller's to wipe, in either case. */
int session_request_parse(struct msg_session_open *ret_open, const json_t *body, const struct conf *conf,
        struct session_request_error *ret_error);

/* The first two lines of it, without tracks; for bodies of another kind, with @body made of the query. */
int session_request_head(struct msg_session_open *ret_open, const json_t *body, const struct conf *conf,
        struct session_request_error *ret_error);

/* What no two tracks may share, and plain RTP only where it is allowed. */
int session_request_check_tracks(
        const struct msg_session_open *open, bool allow_plain_rtp, struct session_request_error *ret_error);

/* Payload types that RTCP could be mistaken for when both share a port (RFC 5761 section 4). */
static inline bool session_request_is_rtcp_conflict(unsigned payload_type)
{
	return payload_type >= 64 && payload_type <= 95;
}

/* The codec or profile of that name, in any case; CODECS, PROFILES when unknown. PROFILE_PLAIN has no name.
 */
enum codec session_request_codec(const char *name);
enum profile session_request_profile(const char *name);

#endif
