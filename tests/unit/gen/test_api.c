/* SPDX-License-Identifier: BSD-3-Clause */
/* The client against a server made here. */
#include "tools/gen/api.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/gen/http_server.h"
#include "tools/gen/options.h"
#include "tools/gen/roster.h"

/* One call on a session of a video and an audio track. */
static int call(
        struct http_server *s, const char *answer, struct roster *r, bool open, const char *token, int keep)
{
	struct options o = { .api = s->url,
		.api_token = token,
		.sessions = 1,
		.tracks = { CODEC_VP8, CODEC_OPUS },
		.track_count = 2,
		.room = "demo",
		.participant = "alice",
		.profile = PROFILE_AEAD_AES_128_GCM,
		.seed = 1,
		.idle_timeout_s = 5 };
	struct api *api;
	int status;

	http_server_start(s, &(struct http_server_answer){ answer, NULL }, 1);
	assert_int_equal(api_create(&api, &o), 0);
	if (open)
		assert_int_equal(roster_compose(r, &o), 0);
	status = open ? api_open(api, r, 0) : api_close(api, r, 0, keep);
	api_free(api);
	http_server_stop(s);
	return status;
}

static void opening_tells_keys_and_takes_the_place(void **state)
{
	struct roster r = { 0 };
	struct http_server s;

	assert_int_equal(
	        call(&s, "201 {\"id\":\"s_1\",\"address\":\"10.77.0.1\",\"port\":20000,\"tracks\":[]}", &r,
	                true, "secret", 0),
	        0);
	assert_string_equal(r.sessions[0].id, "s_1");
	assert_string_equal(r.sessions[0].address, "10.77.0.1");
	assert_int_equal(r.sessions[0].port, 20000);
	assert_non_null(strstr(s.requests[0], "POST /api/v1/sessions HTTP/1.1\r\n"));
	assert_non_null(strstr(s.requests[0], "Authorization: Bearer secret\r\n"));
	assert_non_null(
	        strstr(s.requests[0], "\"room\":\"demo\",\"participant\":\"alice\",\"idle_timeout_s\":5,"));
	assert_non_null(strstr(s.requests[0],
	        "\"id\":\"video0\",\"codec\":\"VP8\",\"payload_type\":96,\"clock_rate\":90000,\"ssrc\":"));
	assert_non_null(strstr(s.requests[0], "\"srtp\":{\"profile\":\"AEAD_AES_128_GCM\",\"key\":\""));
	assert_non_null(strstr(s.requests[0],
	        "\"codec\":\"opus\",\"payload_type\":111,\"clock_rate\":48000,\"channels\":2"));
	roster_free(&r);
}

static void answers_of_no_use_are_refused(void **state)
{
	static const char *const answers[] = {
		"400 {\"error\":{\"code\":\"bad_field\",\"message\":\"no\"}}",
		"500 ",
		"201 ",
		"201 []",
		"201 {",
		"201 {\"id\":\"s_1\"}",
		"201 {\"id\":\"s_1\",\"address\":\"host\",\"port\":1}",
		"201 {\"id\":\"s_1\",\"address\":\"10.0.0.1\",\"port\":0}",
		"201 {\"id\":\"s_1\",\"address\":\"10.0.0.1\",\"port\":4295032832}",
		"201 {\"id\":\"../x\",\"address\":\"10.0.0.1\",\"port\":20000}",
		"201 "
		"{\"id\":\"s_0123456789012345678901234567890123456789\",\"address\":\"10.0.0.1\",\"port\":"
		"20000}",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct roster r = { 0 };
		struct http_server s;

		assert_int_equal(call(&s, answers[i], &r, true, NULL, 0), -EPROTO);
		assert_string_equal(r.sessions[0].id, "");
		assert_null(strstr(s.requests[0], "Authorization"));
		roster_free(&r);
	}
}

static void closing_learns_the_recordings(void **state)
{
	static const char answer[] =
	        "200 {\"state\":\"done\",\"tracks\":[{\"id\":\"audio1\",\"records\":[\"a.ogg\",\"a-2.ogg\"]},"
	        "{\"id\":\"other\",\"records\":[\"x\"]},{\"id\":\"video0\",\"records\":[7,\"v.ivf\"]},3]}";

	for (int keep = 0; keep < 2; keep++) {
		struct roster r = { 0 };
		struct http_server s;

		call(&s, "201 {\"id\":\"s_1\",\"address\":\"10.77.0.1\",\"port\":20000}", &r, true, NULL, 0);
		assert_int_equal(call(&s, answer, &r, false, NULL, keep), 0);
		assert_non_null(strstr(
		        s.requests[0], keep ? "GET /api/v1/sessions/s_1 " : "DELETE /api/v1/sessions/s_1 "));
		assert_int_equal(r.tracks[0].record_count, 1);
		assert_string_equal(r.tracks[0].records[0], "v.ivf");
		assert_int_equal(r.tracks[1].record_count, 2);
		assert_string_equal(r.tracks[1].records[1], "a-2.ogg");
		roster_free(&r);
	}
}

/* What a POST to @path comes to; the answer's texts are to be freed. */
static int ask(const char *base, const char *token, const char *path, struct api_answer *ret_answer)
{
	struct options o = { .api = base, .api_token = token };
	struct api *api;
	int status;

	assert_int_equal(api_create(&api, &o), 0);
	status = api_request(api, "POST", path, "text/plain", "hello", ret_answer);
	if (!status) {
		ret_answer->text = strdup(ret_answer->text);
		ret_answer->location = strdup(ret_answer->location);
	}
	api_free(api);
	return status;
}

static void any_answer_is_an_answer(void **state)
{
	static const struct http_server_answer answers[] = { { "201 made", "/there/1" }, { "404 ", NULL } };
	struct http_server s;
	struct api_answer got;

	for (unsigned i = 0; i < 2; i++) {
		http_server_start(&s, &answers[i], 1);
		assert_int_equal(ask(s.url, NULL, "/here?x=1", &got), 0);
		http_server_stop(&s);
		assert_memory_equal(s.requests[0], "POST /here?x=1 HTTP/1.1\r\n", 25);
		assert_non_null(strstr(s.requests[0], "Content-Type: text/plain\r\n"));
		assert_non_null(strstr(s.requests[0], "\r\n\r\nhello"));
		assert_int_equal(got.status, i ? 404 : 201);
		assert_string_equal(got.text, i ? "" : "made");
		assert_int_equal(got.len, i ? 0 : 4);
		assert_string_equal(got.location, i ? "" : "/there/1");
		free((char *)(uintptr_t)got.text);
		free((char *)(uintptr_t)got.location);
	}
}

static void long_tokens_and_paths_are_sent_whole(void **state)
{
	static const struct http_server_answer answer = { "200 ", NULL };
	static char token[3001], path[2001], line[3100];
	struct http_server s;
	struct api_answer got;

	memset(token, 't', sizeof(token) - 1);
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	http_server_start(&s, &answer, 1);
	assert_int_equal(ask(s.url, token, path, &got), 0);
	http_server_stop(&s);
	snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n", path);
	assert_memory_equal(s.requests[0], line, strlen(line));
	snprintf(line, sizeof(line), "\r\nAuthorization: Bearer %s\r\n", token);
	assert_non_null(strstr(s.requests[0], line));
	free((char *)(uintptr_t)got.text);
	free((char *)(uintptr_t)got.location);
}

static void a_location_that_is_too_long_is_none(void **state)
{
	static char location[API_LOCATION_BYTES + 1];
	struct http_server_answer answer = { "200 ", location };
	struct http_server s;
	struct api_answer got;

	memset(location, 'l', API_LOCATION_BYTES);
	http_server_start(&s, &answer, 1);
	assert_int_equal(ask(s.url, NULL, "/", &got), 0);
	http_server_stop(&s);
	assert_string_equal(got.location, "");
	free((char *)(uintptr_t)got.text);
	free((char *)(uintptr_t)got.location);
}

/* What api_refused logs, to the end of @text. */
static void refusal_logged(const char *body, char *text, size_t size)
{
	struct api_answer answer = { .status = 422, .text = body, .location = "", .len = strlen(body) };
	int ends[2], kept = dup(STDERR_FILENO), status;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	status = api_refused("POST", "/whip/demo", &answer);
	dup2(kept, STDERR_FILENO);
	n = read(ends[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(kept);
	assert_int_equal(status, -EPROTO);
}

static void a_refusal_is_logged_with_its_reason(void **state)
{
	char text[4096];

	refusal_logged(
	        "{\"error\":{\"code\":\"no_codec\",\"message\":\"no codec of ours\"}}", text, sizeof(text));
	assert_non_null(strstr(text, "POST /whip/demo: 422, no codec of ours"));
	refusal_logged("no JSON", text, sizeof(text));
	assert_non_null(strstr(text, "POST /whip/demo: 422, no JSON"));
	refusal_logged("{\"error\":7}", text, sizeof(text));
	assert_non_null(strstr(text, "POST /whip/demo: 422, {\"error\":7}"));
	refusal_logged("", text, sizeof(text));
	assert_non_null(strstr(text, "POST /whip/demo: 422, no body"));
}

static void no_answer_is_told(void **state)
{
	struct options o = { .api = "http://127.0.0.1:1",
		.sessions = 1,
		.tracks = { CODEC_OPUS },
		.track_count = 1,
		.room = "r",
		.participant = "p" };
	struct roster r = { 0 };
	struct api *api;

	assert_int_equal(api_create(&api, &o), 0);
	roster_compose(&r, &o);
	assert_int_equal(api_open(api, &r, 0), -ECONNREFUSED);
	assert_int_equal(api_close(api, &r, 0, 0), 0); /* it was never open */
	roster_free(&r);
	api_free(api);
	api_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_tells_keys_and_takes_the_place),
		cmocka_unit_test(answers_of_no_use_are_refused),
		cmocka_unit_test(closing_learns_the_recordings),
		cmocka_unit_test(any_answer_is_an_answer),
		cmocka_unit_test(long_tokens_and_paths_are_sent_whole),
		cmocka_unit_test(a_location_that_is_too_long_is_none),
		cmocka_unit_test(a_refusal_is_logged_with_its_reason),
		cmocka_unit_test(no_answer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
