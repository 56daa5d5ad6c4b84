/* SPDX-License-Identifier: BSD-3-Clause */
/* WHIP, with the HTTP server, the sessions and WebRTC played here: what is asked of them, what is answered.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/session.h"
#include "control/webrtc.h"
#include "tests/unit/control/http_rig.h"
#include "tests/unit/control/offers.h"

#define OFFER    OFFERS_BUNDLE OFFERS_AUDIO("0") OFFERS_VIDEO("1")
#define FRAGMENT "application/trickle-ice-sdpfrag"
#define TRICKLE                                                                                              \
	"a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"         \
	"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
#define RESTART "a=ice-ufrag:anew\r\na=ice-pwd:0123456789012345678901\r\n"

/* What the others are to say, and what they were asked. */
static int open_status, restart_status, close_status, admit_status;
static const char *live; /* the session that the participant has; NULL: none */
static enum msg_transport transport;
static struct msg_session_open opened;
static char closed[64], restarted[64];
static unsigned closes;
static bool ended;

int webrtc_open(struct webrtc *webrtc, const struct sdp_webrtc_offer *offer, struct msg_session_open *open,
        char **ret_answer, char ret_why[LIMIT_REASON_BYTES + 1])
{
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "because");
	if (sdp_webrtc_tracks(open, offer, &conf, ret_why))
		return -ENOENT;
	opened = *open;
	strcpy(open->id, "s_1");
	strcpy(open->ice.ufrag, "ourufrag");
	if (!open_status)
		*ret_answer = strdup("v=0\r\n");
	return open_status;
}

int webrtc_restart(struct webrtc *webrtc, const char *session, const char *remote_ufrag,
        struct msg_ice *ret_ice, char ret_why[LIMIT_REASON_BYTES + 1])
{
	snprintf(restarted, sizeof(restarted), "%s %s", session, remote_ufrag);
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "because");
	*ret_ice = (struct msg_ice){ .ufrag = "newufrag", .pwd = "0123456789abcdef01234567" };
	return restart_status;
}

int webrtc_ice(struct webrtc *webrtc, const char *session, struct msg_ice *ret_ice)
{
	assert_string_equal(session, "s_1");
	if (ended)
		return -ENOENT;
	*ret_ice = (struct msg_ice){ .ufrag = "ourufrag", .remote_ufrag = "peer" };
	return 0;
}

bool sessions_publisher(struct sessions *sessions, const char *room, const char *participant,
        char ret_id[LIMIT_SESSION_ID_BYTES + 1])
{
	if (!live || strcmp(room, "demo") || strcmp(participant, "alice"))
		return false;
	strcpy(ret_id, live);
	return true;
}

int sessions_admit(struct sessions *sessions, char ret_why[LIMIT_REASON_BYTES + 1])
{
	return admit_status;
}

int sessions_close(struct sessions *sessions, const char *id, const char *reason, unsigned wait_ms)
{
	snprintf(closed, sizeof(closed), "%s %s", id, reason);
	closes++;
	if (!close_status)
		live = NULL;
	return close_status;
}

bool sessions_opening(struct sessions *sessions, const char *id, struct msg_session_open *ret_open)
{
	*ret_open =
	        (struct msg_session_open){ .room = "demo", .transport = (uint8_t)transport, .port = 3478 };
	ret_open->tracks[0] = (struct msg_track){ .codec = CODEC_OPUS, .payload_type = 111, .mid = "0" };
	return !strcmp(id, "s_1");
}

json_t *sessions_json(struct sessions *sessions, const char *id)
{
	return json_pack("{s:s}", "id", id);
}

static int setup(void **state)
{
	offers_setup(NULL);
	conf = offers_conf;
	conf.ingest_webrtc_port = 3478;
	conf.record_idle_timeout_s = 30;
	conf.ingest_port_range = (char *)"20000-20099";
	memset(&req, 0, sizeof(req));
	req.params[0] = "demo";
	req.params[1] = "s_1";
	req.type = "application/sdp";
	req.body = OFFER;
	memset(&opened, 0, sizeof(opened));
	open_status = restart_status = close_status = admit_status = 0;
	closes = 0;
	live = NULL;
	ended = false;
	transport = MSG_TRANSPORT_WEBRTC;
	closed[0] = restarted[0] = '\0';
	return 0;
}

static void assert_error(int status, const char *code, const char *part)
{
	if (req.status != status || strcmp(req.code, code) || !strstr(req.text, part))
		fail_msg("wanted %d %s '%s', got %d %s: %s", status, code, part, req.status, req.code,
		        req.text);
}

static void an_offer_is_answered(void **state)
{
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	api_whip_publish(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(req.text, "v=0\r\n");
	assert_string_equal(req.content_type, "application/sdp");
	assert_string_equal(req.location, "/whip/demo/s_1");
	assert_string_equal(req.etag, "\"ourufrag\"");
	assert_string_equal(req.accept_patch, FRAGMENT);
	assert_string_equal(opened.room, "demo");
	assert_string_equal(opened.participant, "alice");
	assert_int_equal(opened.idle_timeout_s, 30);
	assert_string_equal(opened.tracks[1].id, "alice-video1");
	assert_int_equal(closes, 0);
}

static void locations_are_encoded(void **state)
{
	req.params[0] = "a room/\xC3\xA4";
	req.type = "Application/SDP ; charset=utf-8";
	api_whip_publish(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(req.location, "/whip/a%20room%2F%C3%A4/s_1");
}

static void nameless_participants_get_names_of_their_own(void **state)
{
	char first[LIMIT_PARTICIPANT_BYTES + 1];

	live = "s_0";
	api_whip_publish(&req);
	strcpy(first, opened.participant);
	assert_int_equal(strlen(first), 10);
	req.status = 0;
	api_whip_publish(&req);
	assert_string_not_equal(opened.participant, first);
	assert_int_equal(closes, 0);
}

static void who_publishes_anew_is_replaced(void **state)
{
	live = "s_0";
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	api_whip_publish(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(closed, "s_0 replaced");
	assert_int_equal(closes, 1);
	setup(NULL);
	live = "s_0";
	req.query[0][0] = "participant", req.query[0][1] = "bob";
	api_whip_publish(&req);
	assert_int_equal(closes, 0);
	/* one that does not end in time */
	setup(NULL);
	live = "s_0";
	close_status = -ETIMEDOUT;
	open_status = -EEXIST;
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	api_whip_publish(&req);
	assert_int_equal(closes, 1);
	assert_error(409, "track_taken", "because");
}

static void what_cannot_be_served_replaces_nothing(void **state)
{
	live = "s_0";
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	req.body = OFFERS_BUNDLE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n";
	api_whip_publish(&req);
	assert_error(406, "not_acceptable", "neither audio nor video");
	assert_int_equal(closes, 0);
	setup(NULL);
	live = "s_0";
	admit_status = -ENOTCONN;
	open_status = -ENOTCONN;
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	api_whip_publish(&req);
	assert_error(503, "dataplane_down", "because");
	assert_int_equal(closes, 0);
}

static void a_bound_is_passed_on(void **state)
{
	static const char *const wrong[] = { "0", "", "x", "-1", "1000001", "1.5" };

	req.query[0][0] = "max_bitrate_kbps", req.query[0][1] = "800";
	api_whip_publish(&req);
	assert_int_equal(req.status, 201);
	assert_int_equal(opened.tracks[1].max_bitrate_bps, 800000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setup(NULL);
		req.query[0][0] = "max_bitrate_kbps", req.query[0][1] = wrong[i];
		api_whip_publish(&req);
		assert_error(400, "bad_parameter", "max_bitrate_kbps: 1 to 1000000 expected");
	}
}

static void what_is_no_offer_is_refused(void **state)
{
	static const char *const types[] = { NULL, "", "text/plain", "application/sdpx", "application/json" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		setup(NULL);
		req.type = types[i];
		api_whip_publish(&req);
		assert_error(415, "unsupported_media_type", "application/sdp");
		assert_string_equal(req.accept_post, "application/sdp");
	}
	setup(NULL);
	req.body = "hello";
	api_whip_publish(&req);
	assert_error(400, "bad_sdp", "line 1");
	setup(NULL);
	req.body = OFFERS_BEGIN OFFERS_TRANSPORT OFFERS_AUDIO("0") OFFERS_VIDEO("1");
	api_whip_publish(&req);
	assert_error(422, "unprocessable", "not bundled");
	setup(NULL);
	req.body = OFFERS_BUNDLE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n";
	api_whip_publish(&req);
	assert_error(406, "not_acceptable", "neither audio nor video");
	setup(NULL);
	req.body = "";
	api_whip_publish(&req);
	assert_error(400, "bad_sdp", "empty");
	setup(NULL);
	req.body_len = LIMIT_WHIP_OFFER_BYTES + 1;
	api_whip_publish(&req);
	assert_error(413, "too_large", "262144");
}

static void names_that_cannot_be_are_refused(void **state)
{
	static char long_name[LIMIT_PARTICIPANT_BYTES + 2];

	memset(long_name, 'x', sizeof(long_name) - 1);
	req.query[0][0] = "participant", req.query[0][1] = long_name;
	api_whip_publish(&req);
	assert_error(400, "bad_parameter", "participant");
	setup(NULL);
	req.query[0][0] = "participant", req.query[0][1] = "";
	api_whip_publish(&req);
	assert_error(400, "bad_parameter", "participant");
	setup(NULL);
	req.query[0][0] = "participant", req.query[0][1] = "\xFF";
	api_whip_publish(&req);
	assert_error(400, "bad_parameter", "UTF-8");
	static const char *const rooms[] = { "a\x01", ".", ".." };

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		setup(NULL);
		req.params[0] = rooms[i];
		api_whip_publish(&req);
		assert_error(400, "bad_parameter", "room");
	}
}

static void failures_have_their_codes(void **state)
{
	static const struct {
		int error, status;
		const char *code, *retry_after;
	} cases[] = {
		{ -ENOENT, 406, "not_acceptable", "" },
		{ -E2BIG, 422, "unprocessable", "" },
		{ -EINVAL, 422, "unprocessable", "" },
		{ -ENOSPC, 503, "full", "5" },
		{ -EPERM, 409, "recording_disabled", "" },
		{ -EDQUOT, 507, "disk_full", "" },
		{ -EROFS, 500, "disk_error", "" },
		{ -EEXIST, 409, "track_taken", "" },
		{ -ENOTCONN, 503, "dataplane_down", "1" },
		{ -ENOMEM, 500, "internal", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		open_status = cases[i].error;
		api_whip_publish(&req);
		assert_error(cases[i].status, cases[i].code, "because");
		assert_string_equal(req.retry_after, cases[i].retry_after);
		assert_string_equal(req.location, "");
	}
}

static void patch(const char *body, const char *if_match)
{
	setup(NULL);
	req.type = FRAGMENT;
	req.body = body;
	req.if_match = if_match;
	api_whip_patch(&req);
}

static void candidates_are_taken(void **state)
{
	static const char *const matches[] = { NULL, "*", "\"ourufrag\"", "\"other\", \"ourufrag\"" };

	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		patch(TRICKLE, matches[i]);
		assert_int_equal(req.status, 204);
		assert_string_equal(req.etag, "\"ourufrag\"");
		assert_string_equal(restarted, "");
	}
	patch("a=end-of-candidates\r\n", NULL);
	assert_int_equal(req.status, 204);
}

static void a_restart_gets_new_credentials(void **state)
{
	static const char *const matches[] = { "*", "\"*\"", "\"ourufrag\"" };

	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		patch(RESTART, matches[i]);
		assert_int_equal(req.status, 200);
		assert_string_equal(req.content_type, FRAGMENT);
		assert_string_equal(req.etag, "\"newufrag\"");
		assert_string_equal(restarted, "s_1 anew");
		assert_non_null(strstr(req.text, "a=ice-ufrag:newufrag\r\n"));
		assert_non_null(strstr(req.text, " 10.77.0.1 3478 typ host\r\n"));
	}
}

static void patches_out_of_place_are_refused(void **state)
{
	patch(RESTART, NULL);
	assert_error(428, "precondition_required", "If-Match");
	patch(RESTART, "\"older\"");
	assert_error(412, "precondition_failed", "If-Match");
	patch(TRICKLE, "\"older\"");
	assert_error(412, "precondition_failed", "If-Match");
	patch(TRICKLE, "W/\"ourufrag\"");
	assert_error(412, "precondition_failed", "If-Match");
	patch(TRICKLE, "ourufrag");
	assert_error(412, "precondition_failed", "If-Match");
	patch("a=ice-ufrag:anew\r\n", "*");
	assert_error(400, "bad_sdp", "a=ice-pwd");
	patch("a=candidate:1 1 udp", "*");
	assert_error(400, "bad_sdp", "a=candidate");
	patch("", "*");
	assert_error(400, "bad_sdp", "a fragment has");
	setup(NULL);
	api_whip_patch(&req);
	assert_error(415, "unsupported_media_type", FRAGMENT);
	assert_string_equal(req.accept_patch, FRAGMENT);
}

static void failures_of_a_restart_are_told(void **state)
{
	setup(NULL);
	req.type = FRAGMENT;
	req.body = RESTART;
	req.if_match = "*";
	restart_status = -ENOTCONN;
	api_whip_patch(&req);
	assert_error(503, "dataplane_down", "because");
	assert_string_equal(req.etag, "");
	setup(NULL);
	req.type = FRAGMENT;
	req.body = RESTART;
	req.if_match = "*";
	restart_status = -EBUSY; /* another one is under way */
	api_whip_patch(&req);
	assert_error(409, "conflict", "because");
	assert_string_equal(req.retry_after, "1");
}

static void others_publications_are_not_found(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		setup(NULL);
		req.type = FRAGMENT;
		req.body = TRICKLE;
		if (i == 0)
			req.params[1] = "s_2";
		else if (i == 1)
			req.params[0] = "other"; /* a token of that room is not good for this one's */
		else if (i == 2)
			transport = MSG_TRANSPORT_RTP;
		else
			ended = true;
		api_whip_patch(&req);
		assert_error(404, "not_found", "publication");
		if (i == 3)
			break;
		req.status = 0;
		api_whip_end(&req);
		assert_error(404, "not_found", "publication");
		assert_int_equal(closes, 0);
	}
}

static void an_end_is_200_once_more_too(void **state)
{
	static const int statuses[] = { 0, -ETIMEDOUT };

	for (size_t i = 0; i < 2; i++) {
		setup(NULL);
		close_status = statuses[i];
		req.if_match = "\"older\""; /* RFC 9725 section 4.3.1: not looked at */
		api_whip_end(&req);
		assert_int_equal(req.status, 200);
		assert_string_equal(closed, "s_1 deleted");
		assert_string_equal(req.text, "{\"id\":\"s_1\"}");
	}
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offer_is_answered),
		CASE(locations_are_encoded),
		CASE(nameless_participants_get_names_of_their_own),
		CASE(who_publishes_anew_is_replaced),
		CASE(what_cannot_be_served_replaces_nothing),
		CASE(a_bound_is_passed_on),
		CASE(what_is_no_offer_is_refused),
		CASE(names_that_cannot_be_are_refused),
		CASE(failures_have_their_codes),
		CASE(candidates_are_taken),
		CASE(a_restart_gets_new_credentials),
		CASE(patches_out_of_place_are_refused),
		CASE(failures_of_a_restart_are_told),
		CASE(others_publications_are_not_found),
		CASE(an_end_is_200_once_more_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
