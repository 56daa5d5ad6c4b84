/* SPDX-License-Identifier: BSD-3-Clause */
/* WHIP (RFC 9725): POST an offer, PATCH for trickle ICE and its restart, DELETE. The session of a publication
 * is one of /api/v1/sessions, too; its ETag is that of its ICE credentials.
 *
 * Who names a participant replaces what that participant has published in the room before: a page that was
 * loaded again does not wait for its former self to time out. Without a name each publication gets one.
 */
#include "control/route.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "control/api_failure.h"
#include "control/conditional.h"
#include "control/control.h"
#include "control/query.h"
#include "control/sdp_line.h"
#include "control/session.h"
#include "control/session_request.h"
#include "control/webrtc.h"

#define OFFER_TYPE    "application/sdp"
#define FRAGMENT_TYPE "application/trickle-ice-sdpfrag"

#define CLOSE_WAIT_MS   10000 /* a DELETE waits this long for the files to be durable */
#define REPLACE_WAIT_MS 5000  /* so long a publication waits for the one that it replaces */
#define REPLACE_MAX     4     /* sessions of one participant in one room; there is one, but for a race */
#define BITRATE_MAX     1000000
#define NAME_CHARS      10 /* of a participant's name that is made up */
#define FULL_RETRY_S    "5"
#define ETAG_BYTES      (MSG_UFRAG_BYTES + 3)

static_assert(LIMIT_WHIP_OFFER_BYTES <= LIMIT_HTTP_BODY_BYTES, "offers come as bodies");

/* Whether the body is of that type, with whatever parameters; else it has been answered. */
static bool has_type(struct http_request *req, const char *want)
{
	const char *type = http_header(req, "Content-Type");
	size_t len = strlen(want);

	if (type && !strncasecmp(type, want, len) && (!type[len] || strchr("; \t", type[len])))
		return true;
	http_set_header(req, strcmp(want, OFFER_TYPE) ? "Accept-Patch" : "Accept-Post", want);
	http_answer_error(req, 415, "unsupported_media_type", "Content-Type: %s is expected", want);
	return false;
}

static void set_etag(struct http_request *req, const struct msg_ice *ice)
{
	char etag[ETAG_BYTES];

	snprintf(etag, sizeof(etag), "\"%s\"", ice->ufrag);
	http_set_header(req, "ETag", etag);
}

static void set_location(struct http_request *req, const struct msg_session_open *open)
{
	char *location = NULL;
	size_t len;
	FILE *out = open_memstream(&location, &len);

	if (!out)
		return;
	fputs("/whip/", out);
	query_encode(out, open->room);
	fprintf(out, "/%s", open->id);
	if (!fclose(out))
		http_set_header(req, "Location", location);
	free(location);
}

/* Room, participant and times of the session, into @open. False: answered. */
static bool read_head(struct http_request *req, struct msg_session_open *open)
{
	const char *participant = http_query(req, "participant");
	struct session_request_error error;
	char made[NAME_CHARS + 32];
	json_t *head;
	int r;

	if (!strcmp(http_param(req, 0), ".") || !strcmp(http_param(req, 0), "..")) {
		http_answer_error(req, 400, "bad_parameter",
		        "room: . and .. would not be found again at the URL in Location");
		return false;
	}
	if (!participant) {
		id_make(made, sizeof(made), "");
		made[NAME_CHARS] = '\0';
	}
	head = json_pack(
	        "{s:s, s:s}", "room", http_param(req, 0), "participant", participant ? participant : made);
	if (!head) {
		http_answer_error(req, 400, "bad_parameter", "room or participant is not UTF-8");
		return false;
	}
	r = session_request_head(open, head, http_control(req)->conf, &error);
	json_decref(head);
	if (r)
		http_answer_error(req, 400, "bad_parameter", "%s", error.message);
	return !r;
}

/* ?max_bitrate_kbps=, into the offer. False: answered. */
static bool read_bound(struct http_request *req, struct sdp_webrtc_offer *offer)
{
	const char *text = http_query(req, "max_bitrate_kbps");
	uint32_t kbps = 0;

	if (text && (!sdp_line_number(text, "", BITRATE_MAX, &kbps) || !kbps)) {
		http_answer_error(
		        req, 400, "bad_parameter", "max_bitrate_kbps: 1 to %u expected", BITRATE_MAX);
		return false;
	}
	sdp_webrtc_bound(offer, kbps * 1000);
	return true;
}

/* The offer of the body, to be freed; NULL: answered. */
static struct sdp_webrtc_offer *read_offer(struct http_request *req)
{
	char why[LIMIT_REASON_BYTES + 1];
	struct sdp_webrtc_offer *offer;
	size_t len;
	const char *body = http_body(req, &len);
	int r;

	if (!len) {
		http_answer_error(req, 400, "bad_sdp", "the body is empty; an offer is expected");
		return NULL;
	}
	if (len > LIMIT_WHIP_OFFER_BYTES) {
		http_answer_error(
		        req, 413, "too_large", "an offer may have %d bytes at most", LIMIT_WHIP_OFFER_BYTES);
		return NULL;
	}
	r = sdp_webrtc_parse(&offer, body, len, why);
	if (!r)
		return offer;
	if (r == -EINVAL)
		http_answer_error(req, 400, "bad_sdp", "%s", why);
	else if (r == -ENOTSUP)
		http_answer_error(req, 422, "unprocessable", "%s", why);
	else
		http_answer_error(req, 500, "internal", "%s", why);
	return NULL;
}

/* End what the participant publishes. Only for an offer that will be served, as far as can be told before:
 * who offers nonsense keeps what there is. */
static void replace(
        struct http_request *req, const struct sdp_webrtc_offer *offer, const struct msg_session_open *open)
{
	struct sessions *sessions = http_control(req)->sessions;
	char id[LIMIT_SESSION_ID_BYTES + 1], why[LIMIT_REASON_BYTES + 1];
	struct msg_session_open tried = *open;

	if (sdp_webrtc_tracks(&tried, offer, http_control(req)->conf, why) || sessions_admit(sessions, why))
		return;
	for (unsigned i = 0;
	        i < REPLACE_MAX && sessions_publisher(sessions, open->room, open->participant, id); i++) {
		log_with(LOG_LEVEL_INFO, LOG_IDS(.session = id, .room = open->room),
		        "session %s: its participant publishes anew", id);
		if (sessions_close(sessions, id, "replaced", REPLACE_WAIT_MS))
			return; /* the new one will hear that its tracks are taken */
	}
}

static void answer_open_failure(struct http_request *req, int error, const char *why)
{
	switch (error) {
	case -ENOENT:
		http_answer_error(req, 406, "not_acceptable", "%s", why);
		break;
	case -E2BIG:
	case -EINVAL: /* the dataplane's: payload types that mean two things, … */
		http_answer_error(req, 422, "unprocessable", "%s", why);
		break;
	case -ENOSPC:
		http_set_header(req, "Retry-After", FULL_RETRY_S);
		http_answer_error(req, 503, "full", "%s", why);
		break;
	default:
		api_failure_answer(req, error, why);
	}
}

static void open_session(
        struct http_request *req, const struct sdp_webrtc_offer *offer, struct msg_session_open *open)
{
	char why[LIMIT_REASON_BYTES + 1] = "", *answer;
	int r = webrtc_open(http_control(req)->webrtc, offer, open, &answer, why);

	if (r) {
		answer_open_failure(req, r, why);
		return;
	}
	set_location(req, open);
	set_etag(req, &open->ice);
	http_set_header(req, "Accept-Patch", FRAGMENT_TYPE);
	http_answer_text(req, 201, OFFER_TYPE, answer, strlen(answer));
	explicit_bzero(answer, strlen(answer)); /* it names our ICE password */
	free(answer);
}

void api_whip_publish(struct http_request *req)
{
	struct sdp_webrtc_offer *offer;
	struct msg_session_open open;

	if (!has_type(req, OFFER_TYPE) || !(offer = read_offer(req)))
		return;
	if (read_bound(req, offer) && read_head(req, &open)) {
		if (http_query(req, "participant"))
			replace(req, offer, &open);
		open_session(req, offer, &open);
		explicit_bzero(&open.ice, sizeof(open.ice));
	}
	sdp_webrtc_free(offer);
}

/* The publication that the path names, of that room, into @open; false: it has been answered that there is
 * none. */
static bool find(struct http_request *req, struct msg_session_open *open)
{
	if (sessions_opening(http_control(req)->sessions, http_param(req, 1), open) &&
	        open->transport == MSG_TRANSPORT_WEBRTC && !strcmp(open->room, http_param(req, 0)))
		return true;
	http_answer_error(req, 404, "not_found", "there is no such publication");
	return false;
}

static bool read_fragment(struct http_request *req, struct sdp_fragment *fragment)
{
	char why[LIMIT_REASON_BYTES + 1];
	size_t len;
	const char *body = http_body(req, &len);

	if (!sdp_webrtc_fragment(fragment, body, len, why))
		return true;
	http_answer_error(req, 400, "bad_sdp", "%s", why);
	return false;
}

/* If-Match, when it is there, names the credentials of now, or is * (RFC 9725 sections 4.3.1 to 4.3.3), which
 * clients made by the drafts before it send in quotes. */
static bool is_matched(struct http_request *req, const struct msg_ice *ice)
{
	const struct conditional_headers headers = { .if_match = http_header(req, "If-Match") };
	char etag[ETAG_BYTES];
	const struct conditional_target target = { .etag = etag };

	snprintf(etag, sizeof(etag), "\"%s\"", ice->ufrag);
	if (!conditional_check(&target, &headers) || !strcmp(headers.if_match, "\"*\""))
		return true;
	http_answer_error(
	        req, 412, "precondition_failed", "If-Match names ICE credentials that are not those of now");
	return false;
}

static void restart(
        struct http_request *req, const struct msg_session_open *open, const struct sdp_fragment *fragment)
{
	const struct control *control = http_control(req);
	char why[LIMIT_REASON_BYTES + 1] = "", *answer;
	struct msg_ice ice;
	int r = webrtc_restart(control->webrtc, http_param(req, 1), fragment->ufrag, &ice, why);

	if (r) {
		api_failure_answer(req, r, why);
		return;
	}
	set_etag(req, &ice);
	answer = sdp_webrtc_fragment_answer(&ice, open->tracks, control->conf, open->port);
	explicit_bzero(&ice, sizeof(ice));
	if (!answer) {
		http_answer_error(req, 500, "internal", "no memory");
		return;
	}
	http_answer_text(req, 200, FRAGMENT_TYPE, answer, strlen(answer));
	explicit_bzero(answer, strlen(answer));
	free(answer);
}

/* Candidates of the peer's are no news to us, who never begin: they are taken with or without If-Match. A
 * fragment with another ufrag is a restart, and has to say which credentials it takes the place of. */
static void patch(struct http_request *req, const struct msg_session_open *open, const struct msg_ice *ice,
        const struct sdp_fragment *fragment)
{
	if (!is_matched(req, ice))
		return;
	if (!*fragment->ufrag || !strcmp(fragment->ufrag, ice->remote_ufrag)) {
		set_etag(req, ice);
		http_answer_empty(req, 204);
	} else if (!http_header(req, "If-Match")) {
		http_answer_error(req, 428, "precondition_required",
		        "an ICE restart needs If-Match: *, or the ETag of now");
	} else if (!fragment->has_pwd) {
		http_answer_error(req, 400, "bad_sdp", "a=ice-pwd is missing");
	} else {
		restart(req, open, fragment);
	}
}

void api_whip_patch(struct http_request *req)
{
	struct msg_session_open open;
	struct sdp_fragment fragment;
	struct msg_ice ice;

	if (!has_type(req, FRAGMENT_TYPE) || !find(req, &open) || !read_fragment(req, &fragment))
		return;
	if (webrtc_ice(http_control(req)->webrtc, http_param(req, 1), &ice))
		http_answer_error(req, 404, "not_found", "the publication has ended");
	else
		patch(req, &open, &ice, &fragment);
	explicit_bzero(&ice, sizeof(ice));
}

/* Once more is no mistake: while it is remembered the answer stays 200 (RFC 9725 section 4.2). */
void api_whip_end(struct http_request *req)
{
	struct sessions *sessions = http_control(req)->sessions;
	struct msg_session_open open;
	json_t *session;

	if (!find(req, &open))
		return;
	sessions_close(sessions, http_param(req, 1), "deleted", CLOSE_WAIT_MS);
	session = sessions_json(sessions, http_param(req, 1));
	if (session)
		http_answer_json(req, 200, session);
	else
		http_answer_empty(req, 200);
}
