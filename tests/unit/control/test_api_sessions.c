/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls on sessions, with the HTTP server and the session table played here: what is asked of them, what
 * is answered. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/session.h"
#include "tests/unit/control/http_rig.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define SDP                                                                                                  \
	"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=studio\r\nt=0 0\r\nm=video 5004 RTP/SAVP 96\r\n"                \
	"a=rtpmap:96 VP8/90000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"
#define SDP_PLAIN "v=0\r\ns=-\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
#define JSON                                                                                                 \
	"{\"room\":\"demo\",\"participant\":\"p\",\"tracks\":[{\"id\":\"v\",\"codec\":\"VP8\","              \
	"\"payload_type\":96,\"srtp\":{\"profile\":\"AES_CM_128_HMAC_SHA1_80\",\"key\":\"" KEY "\"}}]}"

/* What the session table is to say, and what it was asked. */
static int next_status;
static struct msg_session_open asked;
static unsigned closes;
static char next_cursor[64], asked_list[256];

int sessions_open(
        struct sessions *sessions, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1])
{
	asked = *open;
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", next_status == -ENOKEY ? "" : "because");
	strcpy(open->id, "s_1");
	open->port = open->port ? open->port : 20000;
	return next_status;
}

int sessions_close(struct sessions *sessions, const char *id, const char *reason, unsigned wait_ms)
{
	assert_string_equal(reason, "deleted");
	closes++;
	return next_status;
}

int sessions_key_frame(
        struct sessions *sessions, const char *id, const char *track, char ret_why[LIMIT_REASON_BYTES + 1])
{
	snprintf(asked_list, sizeof(asked_list), "%s %s", id, track);
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "because");
	return next_status;
}

json_t *sessions_json(struct sessions *sessions, const char *id)
{
	return strcmp(id, "s_1") ? NULL : json_pack("{s:s}", "id", id);
}

json_t *sessions_opened_json(const struct msg_session_open *open)
{
	return json_pack("{s:s}", "id", open->id);
}

json_t *sessions_list_json(struct sessions *sessions, const char *room, const char *state, unsigned limit,
        const char *cursor, char **ret_cursor)
{
	snprintf(asked_list, sizeof(asked_list), "%s %s %u %s", room ? room : "-", state ? state : "-", limit,
	        cursor ? cursor : "-");
	*ret_cursor = *next_cursor ? strdup(next_cursor) : NULL;
	return cursor && !strcmp(cursor, "bad") ? NULL : json_array();
}

static int setup(void **state)
{
	static char *addresses[] = { (char *)"10.77.0.1/24", NULL };

	conf = (struct conf){ .ingest_address = addresses,
		.ingest_port_range = (char *)"20000-20099",
		.record_idle_timeout_s = 30 };
	memset(&req, 0, sizeof(req));
	memset(&asked, 0, sizeof(asked));
	next_status = 0;
	closes = 0;
	next_cursor[0] = asked_list[0] = '\0';
	return 0;
}

static void opens_from_json(void **state)
{
	req.body = JSON;
	api_sessions_open(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(req.location, "/api/v1/sessions/s_1");
	assert_string_equal(req.text, "{\"id\":\"s_1\"}");
	assert_string_equal(asked.tracks[0].id, "v");
}

static void names_the_field_of_a_body_that_is_wrong(void **state)
{
	req.body = "{}";
	api_sessions_open(&req);
	assert_int_equal(req.status, 400);
	assert_string_equal(req.code, "bad_field");
	assert_string_equal(req.text, "room: missing");
}

static void answers_each_failure_in_its_own_way(void **state)
{
	static const struct {
		int error, status;
		const char *code, *retry_after;
	} cases[] = {
		{ -EPERM, 409, "recording_disabled", "" },
		{ -EDQUOT, 507, "disk_full", "" },
		{ -EROFS, 500, "disk_error", "" },
		{ -EEXIST, 409, "track_taken", "" },
		{ -EADDRINUSE, 409, "port_taken", "" },
		{ -ERANGE, 400, "bad_field", "" },
		{ -ENOSPC, 503, "no_capacity", "5" },
		{ -ENOTCONN, 503, "dataplane_down", "1" },
		{ -ETIMEDOUT, 503, "dataplane_down", "1" },
		{ -EINVAL, 400, "bad_field", "" },
		{ -ENOKEY, 400, "bad_field", "" },
		{ -ENOMEM, 500, "internal", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		req.body = JSON;
		next_status = cases[i].error;
		api_sessions_open(&req);
		assert_int_equal(req.status, cases[i].status);
		assert_string_equal(req.code, cases[i].code);
		assert_string_equal(req.retry_after, cases[i].retry_after);
		assert_string_equal(req.text, cases[i].error == -ENOKEY ? strerror(ENOKEY) : "because");
		assert_string_equal(req.location, "");
	}
}

static void opens_from_an_offer_and_answers_in_kind(void **state)
{
	req.body = SDP;
	req.type = "application/SDP; charset=utf-8";
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	req.query[1][0] = "port", req.query[1][1] = "20010";
	req.query[2][0] = "room", req.query[2][1] = "demo";
	api_sessions_open(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(req.content_type, "application/sdp");
	assert_string_equal(req.location, "/api/v1/sessions/s_1");
	assert_non_null(strstr(req.text, "m=video 20010 RTP/SAVP 96\r\n"));
	assert_string_equal(asked.room, "demo");
	assert_string_equal(asked.participant, "alice");
	assert_int_equal(asked.tracks[0].key[29], 29);
}

static void takes_the_room_from_the_offers_name(void **state)
{
	req.body = SDP;
	req.type = "application/sdp";
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	api_sessions_open(&req);
	assert_int_equal(req.status, 201);
	assert_string_equal(asked.room, "studio");
}

static void refuses_an_offer(
        const char *body, const char *room, const char *participant, const char *code, const char *text)
{
	setup(NULL);
	req.body = body;
	req.type = "application/sdp";
	req.query[0][0] = "x", req.query[0][1] = "";
	req.query[1][0] = participant ? "participant" : "y", req.query[1][1] = participant;
	req.query[2][0] = room ? "room" : "z", req.query[2][1] = room;
	api_sessions_open(&req);
	assert_int_equal(req.status, 400);
	assert_string_equal(req.code, code);
	assert_string_equal(req.text, text);
}

static void refuses_offers_that_are_wrong(void **state)
{
	refuses_an_offer(SDP_PLAIN, NULL, "p", "bad_field", "room: missing");
	refuses_an_offer(SDP, NULL, NULL, "bad_field", "participant: missing");
	refuses_an_offer(SDP, "\xff", "p", "bad_parameter", "the query is not UTF-8");
	refuses_an_offer("v=1\r\n", "r", "p", "bad_sdp", "line 1: an offer begins with v=0");
	refuses_an_offer(NULL, "r", "p", "bad_sdp", "line 0: an offer has m-lines");
	refuses_an_offer("v=0\r\nm=audio 9 RTP/AVP 3\r\n", "r", "p", "bad_sdp",
	        "no m-line can be taken; the first: no codec that is supported");
	refuses_an_offer(SDP_PLAIN, "r", "p", "plain_rtp_refused",
	        "tracks[0].srtp: missing, and ingest.allow_plain_rtp is off");
	refuses_an_offer(SDP "m=video 5006 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\na=crypto:1 "
	                     "AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n",
	        "r", "p", "bad_field",
	        "tracks[1].payload_type: the same as tracks[0].payload_type; then both need their ssrc");
}

static void refuses_a_query_that_is_no_number(void **state)
{
	req.body = SDP;
	req.type = "application/sdp";
	req.query[0][0] = "participant", req.query[0][1] = "alice";
	req.query[1][0] = "port", req.query[1][1] = "many";
	api_sessions_open(&req);
	assert_int_equal(req.status, 400);
	assert_string_equal(req.text, "port: a whole number is expected");
}

static void lists_with_a_link_to_the_next_page(void **state)
{
	req.query[0][0] = "room", req.query[0][1] = "a b&c";
	req.query[1][0] = "limit", req.query[1][1] = "2";
	req.query[2][0] = "state", req.query[2][1] = "done";
	strcpy(next_cursor, "12.s_9");
	api_sessions_list(&req);
	assert_int_equal(req.status, 200);
	assert_string_equal(req.text, "[]");
	assert_string_equal(asked_list, "a b&c done 2 -");
	assert_string_equal(
	        req.link, "</api/v1/sessions?limit=2&room=a%20b%26c&state=done&cursor=12.s_9>; rel=\"next\"");
}

static void lists_a_hundred_without_being_told(void **state)
{
	api_sessions_list(&req);
	assert_string_equal(asked_list, "- - 100 -");
	assert_string_equal(req.link, "");
}

static void refuses_list_parameters_that_are_wrong(void **state)
{
	static const char *const cases[][3] = {
		{ "limit", "0", "limit: 1 to 1000 expected" },
		{ "limit", "1001", "limit: 1 to 1000 expected" },
		{ "limit", "-1", "limit: 1 to 1000 expected" },
		{ "limit", "7x", "limit: 1 to 1000 expected" },
		{ "limit", "", "limit: 1 to 1000 expected" },
		{ "state", "new", "state: waiting, recording, finalising, done or failed expected" },
		{ "cursor", "bad", "cursor: not one that was given out" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		req.query[0][0] = cases[i][0], req.query[0][1] = cases[i][1];
		api_sessions_list(&req);
		assert_int_equal(req.status, 400);
		assert_string_equal(req.code, "bad_parameter");
		assert_string_equal(req.text, cases[i][2]);
	}
}

static void gets_one_or_says_that_there_is_none(void **state)
{
	req.params[0] = "s_1";
	api_sessions_get(&req);
	assert_int_equal(req.status, 200);
	setup(NULL);
	req.params[0] = "s_2";
	api_sessions_get(&req);
	assert_int_equal(req.status, 404);
	assert_string_equal(req.code, "not_found");
}

static void closes_and_shows_the_session_however_it_went(void **state)
{
	static const int statuses[] = { 0, -ETIMEDOUT, -ENOENT };

	for (size_t i = 0; i < 3; i++) {
		setup(NULL);
		req.params[0] = "s_1";
		next_status = statuses[i];
		api_sessions_close(&req);
		assert_int_equal(closes, 1);
		assert_int_equal(req.status, 200);
	}
	setup(NULL);
	req.params[0] = "s_2";
	next_status = -ENOENT;
	api_sessions_close(&req);
	assert_int_equal(req.status, 404);
}

static void asks_for_a_key_frame(void **state)
{
	req.params[0] = "s_1";
	req.query[0][0] = "track", req.query[0][1] = "v";
	api_sessions_key_frame(&req);
	assert_int_equal(req.status, 204);
	assert_string_equal(asked_list, "s_1 v");
	setup(NULL);
	req.params[0] = "s_1";
	next_status = -EALREADY;
	api_sessions_key_frame(&req);
	assert_int_equal(req.status, 409);
	assert_string_equal(req.code, "conflict");
	setup(NULL);
	req.params[0] = "s_2";
	next_status = -ENOENT;
	api_sessions_key_frame(&req);
	assert_int_equal(req.status, 404);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opens_from_json),
		CASE(names_the_field_of_a_body_that_is_wrong),
		CASE(answers_each_failure_in_its_own_way),
		CASE(opens_from_an_offer_and_answers_in_kind),
		CASE(takes_the_room_from_the_offers_name),
		CASE(refuses_offers_that_are_wrong),
		CASE(refuses_a_query_that_is_no_number),
		CASE(lists_with_a_link_to_the_next_page),
		CASE(lists_a_hundred_without_being_told),
		CASE(refuses_list_parameters_that_are_wrong),
		CASE(gets_one_or_says_that_there_is_none),
		CASE(closes_and_shows_the_session_however_it_went),
		CASE(asks_for_a_key_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
