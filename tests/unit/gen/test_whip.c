/* SPDX-License-Identifier: BSD-3-Clause */
/* WHIP's client against a server made here. */
#include "tools/gen/whip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/gen/http_server.h"
#include "tools/gen/api.h"
#include "tools/gen/options.h"
#include "tools/gen/roster.h"

#define FINGERPRINT "AB:CD:EF"
#define LOCATION    "/whip/demo/s_1"
#define CREDENTIALS "a=ice-ufrag:Uf+4\r\na=ice-pwd:the/recorders/password\r\n"
#define HEAD        "v=0\r\ns=-\r\na=ice-lite\r\n"
#define V4          "a=candidate:1 1 udp 2130706431 10.77.0.1 3478 typ host\r\n"
#define V6          "a=candidate:2 1 UDP 2130706175 2001:db8::1 3479 typ host generation 0\r\n"
#define ANSWER      "201 " HEAD CREDENTIALS V4 V6

struct fixture {
	struct http_server server;
	struct options options;
	struct roster roster;
	struct api *api;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->options = (struct options){ .api_token = "secret",
		.sessions = 1,
		.tracks = { CODEC_VP8, CODEC_OPUS },
		.track_count = 2,
		.room = "demo",
		.participant = "alice",
		.profile = PROFILE_AEAD_AES_128_GCM,
		.webrtc = true,
		.seed = 1 };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	roster_free(&f->roster);
	free(f);
	return 0;
}

/* Open the session, at a server that answers so. */
static int open_with(struct fixture *f, const char *answer, const char *location)
{
	int status;

	http_server_start(&f->server, &(struct http_server_answer){ answer, location }, 1);
	f->options.api = f->server.url;
	roster_free(&f->roster);
	assert_int_equal(roster_compose(&f->roster, &f->options), 0);
	assert_int_equal(api_create(&f->api, &f->options), 0);
	status = whip_open(f->api, &f->roster, 0, FINGERPRINT, &f->options);
	api_free(f->api);
	http_server_stop(&f->server);
	assert_int_equal(f->server.request_count, 1);
	return status;
}

static int close_with(struct fixture *f, const struct http_server_answer *answers, unsigned count, int keep)
{
	int status;

	http_server_start(&f->server, answers, count);
	f->options.api = f->server.url;
	assert_int_equal(api_create(&f->api, &f->options), 0);
	status = whip_close(f->api, &f->roster, 0, keep);
	api_free(f->api);
	http_server_stop(&f->server);
	return status;
}

static const char *offer_of(const struct fixture *f)
{
	return strstr(f->server.requests[0], "\r\n\r\n") + 4;
}

static void the_offer_is_one_of_a_bundle_of_its_tracks(void **state)
{
	struct fixture *f = *state;
	char expected[2048];
	const struct roster_session *s;

	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	s = &f->roster.sessions[0];
	snprintf(expected, sizeof(expected),
	        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
	        "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 " FINGERPRINT
	        "\r\na=setup:actpass\r\n"
	        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 "
	        "0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n"
	        "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 ccm fir\r\na=ssrc:%u "
	        "cname:gen\r\n"
	        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 "
	        "0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n"
	        "a=rtpmap:111 opus/48000/2\r\na=ssrc:%u cname:gen\r\n",
	        s->ufrag, s->pwd, f->roster.tracks[0].cfg.ssrc, f->roster.tracks[1].cfg.ssrc);
	assert_string_equal(offer_of(f), expected);
	assert_non_null(strstr(f->server.requests[0], "POST /whip/demo?participant=alice HTTP/1.1\r\n"));
	assert_non_null(strstr(f->server.requests[0], "\r\nContent-Type: application/sdp\r\n"));
	assert_non_null(strstr(f->server.requests[0], "\r\nAuthorization: Bearer secret\r\n"));
}

/* RFC 8839 section 5.4: ice-char, 4 of them at least for the ufrag and 22 for the password. */
static void credentials_are_ice_chars_and_new_each_time(void **state)
{
	static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct fixture *f = *state;
	char ufrag[ROSTER_UFRAG_BYTES], pwd[ROSTER_PWD_BYTES];

	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	strcpy(ufrag, f->roster.sessions[0].ufrag);
	strcpy(pwd, f->roster.sessions[0].pwd);
	assert_int_equal(strspn(ufrag, ice_chars), ROSTER_UFRAG_BYTES - 1);
	assert_int_equal(strspn(pwd, ice_chars), ROSTER_PWD_BYTES - 1);
	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	assert_string_not_equal(f->roster.sessions[0].ufrag, ufrag);
	assert_string_not_equal(f->roster.sessions[0].pwd, pwd);
}

static void ssrcs_are_left_out_at_wish(void **state)
{
	struct fixture *f = *state;

	f->options.omit_ssrc = true;
	f->options.tracks[0] = CODEC_VP9;
	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	assert_null(strstr(offer_of(f), "a=ssrc"));
	assert_non_null(strstr(offer_of(f), "\r\na=rtpmap:98 VP9/90000\r\n"));
}

static void names_are_escaped_in_the_path(void **state)
{
	struct fixture *f = *state;
	char longest[LIMIT_ROOM_BYTES + 1], expected[1024] = "POST /whip/";

	f->options.room = "a b/c?d-{n}";
	f->options.participant = "\xC3\xBC&x=1#%";
	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	assert_non_null(strstr(f->server.requests[0],
	        "POST /whip/a%20b%2Fc%3Fd-0?participant=%C3%BC%26x%3D1%23%25 HTTP/1.1\r\n"));

	memset(longest, '/', LIMIT_ROOM_BYTES);
	longest[LIMIT_ROOM_BYTES] = '\0';
	f->options.room = f->options.participant = longest;
	for (unsigned i = 0; i < 2 * LIMIT_ROOM_BYTES; i++)
		strcat(strcat(expected, i == LIMIT_ROOM_BYTES ? "?participant=" : ""), "%2F");
	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	assert_memory_equal(f->server.requests[0], expected, strlen(expected));
	assert_memory_equal(f->server.requests[0] + strlen(expected), " HTTP/1.1\r\n", 11);
}

static void the_answer_gives_place_and_credentials(void **state)
{
	struct fixture *f = *state;
	const struct roster_session *s;

	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	s = &f->roster.sessions[0];
	assert_string_equal(s->location, LOCATION);
	assert_string_equal(s->id, "s_1");
	assert_string_equal(s->remote_ufrag, "Uf+4");
	assert_string_equal(s->remote_pwd, "the/recorders/password");
	assert_string_equal(s->address, "10.77.0.1");
	assert_int_equal(s->port, 3478);
	assert_string_equal(f->roster.tracks[0].id, "");
	assert_string_equal(f->roster.tracks[1].id, "");
}

static void a_candidate_is_of_the_family_that_is_sent_by(void **state)
{
	static const struct {
		int family; /* of --bind; 0: none */
		const char *text, *address;
		unsigned port;
	} cases[] = {
		{ 0, V6 V4, "10.77.0.1", 3478 },
		{ AF_INET, V6 V4, "10.77.0.1", 3478 },
		{ AF_INET6, V4 V6, "2001:db8::1", 3479 },
		{ 0, "a=candidate:9 1 udp 5 10.0.0.9 9 typ host\n" V4, "10.0.0.9", 9 },
		/* What is no host of ours by UDP is passed over. */
		{ 0, "a=candidate:3 1 tcp 1 10.0.0.3 9 typ host tcptype passive\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 2 udp 1 10.0.0.3 9 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1 10.0.0.3 9 typ srflx raddr 10.0.0.4 rport 9\r\n" V4, "10.77.0.1",
		        3478 },
		{ 0, "a=candidate:3 1 udp 1 10.0.0.3 9 typ hosted\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1 10.0.0.3 0 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1 10.0.0.3 65536 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1 10.0.0.3 4294967305 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1 4f1b2c.local 9 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:3 1 udp 1\r\na=x:10.0.0.3 9 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "a=candidate:\r\na=x:3 1 udp 1 10.0.0.3 9 typ host\r\n" V4, "10.77.0.1", 3478 },
		{ 0, "s=a=candidate:3 1 udp 1 10.0.0.3 9 typ host\r\n" V4, "10.77.0.1", 3478 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char answer[1024];

		f->options.bind.ss_family = (sa_family_t)cases[i].family;
		f->options.bind_len = cases[i].family ? sizeof(f->options.bind) : 0;
		snprintf(answer, sizeof(answer), "201 " HEAD CREDENTIALS "%s", cases[i].text);
		assert_int_equal(open_with(f, answer, LOCATION), 0);
		assert_string_equal(f->roster.sessions[0].address, cases[i].address);
		assert_int_equal(f->roster.sessions[0].port, cases[i].port);
		assert_int_equal(
		        f->roster.sessions[0].to.ss_family, cases[i].family == AF_INET6 ? AF_INET6 : AF_INET);
	}
}

static void a_refused_offer_opens_nothing(void **state)
{
	static const struct http_server_answer answers[] = {
		{ "406 {\"error\":{\"code\":\"no_codec\",\"message\":\"no codec of ours\"}}", NULL },
		{ "401 ", NULL },
		{ "503 full", LOCATION },
		{ "200 " HEAD CREDENTIALS V4, LOCATION },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		assert_int_equal(open_with(f, answers[i].text, answers[i].location), -EPROTO);
		assert_string_equal(f->roster.sessions[0].location, "");
		assert_string_equal(f->roster.sessions[0].id, "");
		assert_int_equal(close_with(f, answers, 1, 0), 0);
		assert_int_equal(f->server.request_count, 0);
	}
}

static void a_location_is_the_absolute_path_of_a_session(void **state)
{
	static const char *const locations[] = { NULL, "s_1", "whip/demo/s_1", "/whip/demo/", "/",
		"//elsewhere/whip/s_1", "http://127.0.0.1/whip/demo/s_1", "/whip/demo/s_1?x",
		"/whip/demo/s_1#x", "/whip/demo/s_012345678901234567890123456789" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(locations) / sizeof(*locations); i++) {
		assert_int_equal(open_with(f, ANSWER, locations[i]), -EPROTO);
		assert_string_equal(f->roster.sessions[0].location, "");
		assert_string_equal(f->roster.sessions[0].id, "");
	}
	assert_int_equal(open_with(f, ANSWER, "/whip/demo/s_01234567890123456789012345678"), 0);
}

/* The recorder holds the session, so it is to be ended. */
static void a_session_whose_answer_is_of_no_use_is_closed(void **state)
{
	static const struct http_server_answer closing[] = { { "200 ", NULL }, { "200 {}", NULL } };
	static const char *const answers[] = { "201 ", "201 " HEAD V4, "201 " HEAD CREDENTIALS,
		"201 " HEAD CREDENTIALS V6, "201 a=ice-ufrag:u\r\n" V4, "201 a=ice-pwd:p\r\n" V4,
		"201 a=ice-ufrag:\r\na=ice-pwd:p\r\n" V4, "201 s=a=ice-ufrag:u\r\na=ice-pwd:p\r\n" V4 };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		assert_int_equal(open_with(f, answers[i], LOCATION), -EPROTO);
		assert_int_equal(close_with(f, closing, 2, 0), 0);
		assert_int_equal(f->server.request_count, 2);
		assert_non_null(strstr(f->server.requests[0], "DELETE " LOCATION " HTTP/1.1\r\n"));
	}
}

static void credentials_beyond_their_bound_are_refused(void **state)
{
	char answer[1024], credential[LIMIT_ICE_UFRAG_BYTES + 2];
	struct fixture *f = *state;

	for (unsigned over = 0; over < 2; over++) {
		memset(credential, 'c', sizeof(credential));
		credential[LIMIT_ICE_UFRAG_BYTES + over] = '\0';
		snprintf(answer, sizeof(answer), "201 a=ice-ufrag:%s\r\na=ice-pwd:p\r\n" V4, credential);
		assert_int_equal(open_with(f, answer, LOCATION), over ? -EPROTO : 0);
		snprintf(answer, sizeof(answer), "201 a=ice-ufrag:u\na=ice-pwd:%s\n" V4, credential);
		assert_int_equal(open_with(f, answer, LOCATION), over ? -EPROTO : 0);
	}
}

static void closing_deletes_and_reads_the_recordings_by_place(void **state)
{
	static const struct http_server_answer answers[] = { { "200 ", NULL },
		{ "200 {\"tracks\":[{\"id\":\"camera\",\"records\":[\"v.ivf\"]},"
		  "{\"id\":\"mic\",\"records\":[\"a.ogg\",\"a-2.ogg\"]},"
		  "{\"id\":\"third\",\"records\":[\"x\"]}]}",
		        NULL } };
	struct fixture *f = *state;

	for (int keep = 0; keep < 2; keep++) {
		const char *last = f->server.requests[keep ? 0 : 1];

		assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
		assert_int_equal(close_with(f, answers + keep, 2 - (unsigned)keep, keep), 0);
		assert_int_equal(f->server.request_count, keep ? 1 : 2);
		if (!keep)
			assert_non_null(strstr(f->server.requests[0], "DELETE " LOCATION " HTTP/1.1\r\n"));
		assert_non_null(strstr(last, "GET /api/v1/sessions/s_1 HTTP/1.1\r\n"));
		assert_non_null(strstr(last, "\r\nAuthorization: Bearer secret\r\n"));
		assert_int_equal(f->roster.tracks[0].record_count, 1);
		assert_string_equal(f->roster.tracks[0].records[0], "v.ivf");
		assert_int_equal(f->roster.tracks[1].record_count, 2);
		assert_string_equal(f->roster.tracks[1].records[1], "a-2.ogg");
	}
}

static void an_end_that_is_refused_is_told(void **state)
{
	static const struct http_server_answer unknown[] = { { "404 {\"error\":{\"message\":\"unknown\"}}",
		NULL } },
	                                       unreadable[] = { { "200 ", NULL }, { "500 ", NULL } };
	struct fixture *f = *state;

	assert_int_equal(open_with(f, ANSWER, LOCATION), 0);
	assert_int_equal(close_with(f, unknown, 1, 0), -EPROTO);
	assert_int_equal(close_with(f, unreadable, 2, 0), -EPROTO);
	assert_int_equal(f->server.request_count, 2);
	assert_int_equal(close_with(f, unknown, 0, 0), -ECONNREFUSED);
}

static void no_answer_is_told(void **state)
{
	struct fixture *f = *state;

	f->options.api = "http://127.0.0.1:1";
	assert_int_equal(roster_compose(&f->roster, &f->options), 0);
	assert_int_equal(api_create(&f->api, &f->options), 0);
	assert_int_equal(whip_open(f->api, &f->roster, 0, FINGERPRINT, &f->options), -ECONNREFUSED);
	assert_int_equal(whip_close(f->api, &f->roster, 0, 0), 0); /* it was never open */
	api_free(f->api);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_offer_is_one_of_a_bundle_of_its_tracks),
		CASE(credentials_are_ice_chars_and_new_each_time),
		CASE(ssrcs_are_left_out_at_wish),
		CASE(names_are_escaped_in_the_path),
		CASE(the_answer_gives_place_and_credentials),
		CASE(a_candidate_is_of_the_family_that_is_sent_by),
		CASE(a_refused_offer_opens_nothing),
		CASE(a_location_is_the_absolute_path_of_a_session),
		CASE(a_session_whose_answer_is_of_no_use_is_closed),
		CASE(credentials_beyond_their_bound_are_refused),
		CASE(closing_deletes_and_reads_the_recordings_by_place),
		CASE(an_end_that_is_refused_is_told),
		CASE(no_answer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
