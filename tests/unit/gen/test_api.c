/* SPDX-License-Identifier: BSD-3-Clause */
/* The client against a server that answers one request with what a case wants, and keeps what it was asked.
 */
#include "tools/gen/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "tools/gen/options.h"
#include "tools/gen/roster.h"

#define REQUEST_BYTES 8192

struct server {
	int fd;
	char url[64];
	const char *answer; /* status and body */
	char request[REQUEST_BYTES];
	pthread_t thread;
};

/* Whether head and body are all there. */
static bool is_whole(const char *request, size_t len)
{
	const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\nContent-Length:");

	return end && len >= (size_t)(end + 4 - request) + (length ? strtoul(length + 17, NULL, 10) : 0);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	size_t len = 0;
	char head[256];
	const char *body = strchr(s->answer, ' ') + 1;

	while (len + 1 < REQUEST_BYTES && !is_whole(s->request, len)) {
		ssize_t n = recv(fd, s->request + len, REQUEST_BYTES - 1 - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	int n = snprintf(head, sizeof(head),
	        "HTTP/1.1 %.3s X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", s->answer,
	        strlen(body));
	send(fd, head, (size_t)n, MSG_NOSIGNAL);
	send(fd, body, strlen(body), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void server_start(struct server *s, const char *answer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	getsockname(s->fd, (struct sockaddr *)&at, &len);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	pthread_create(&s->thread, NULL, serve, s);
}

static void server_stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/* One call on a session of a video and an audio track. */
static int call(
        struct server *s, const char *answer, struct roster *r, bool open, const char *token, int keep)
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

	server_start(s, answer);
	assert_int_equal(api_create(&api, &o), 0);
	if (open)
		assert_int_equal(roster_compose(r, &o), 0);
	status = open ? api_open(api, r, 0) : api_close(api, r, 0, keep);
	api_free(api);
	server_stop(s);
	return status;
}

static void opening_tells_keys_and_takes_the_place(void **state)
{
	struct roster r = { 0 };
	struct server s;

	assert_int_equal(
	        call(&s, "201 {\"id\":\"s_1\",\"address\":\"10.77.0.1\",\"port\":20000,\"tracks\":[]}", &r,
	                true, "secret", 0),
	        0);
	assert_string_equal(r.sessions[0].id, "s_1");
	assert_string_equal(r.sessions[0].address, "10.77.0.1");
	assert_int_equal(r.sessions[0].port, 20000);
	assert_non_null(strstr(s.request, "POST /api/v1/sessions HTTP/1.1\r\n"));
	assert_non_null(strstr(s.request, "Authorization: Bearer secret\r\n"));
	assert_non_null(
	        strstr(s.request, "\"room\":\"demo\",\"participant\":\"alice\",\"idle_timeout_s\":5,"));
	assert_non_null(strstr(s.request,
	        "\"id\":\"video0\",\"codec\":\"VP8\",\"payload_type\":96,\"clock_rate\":90000,\"ssrc\":"));
	assert_non_null(strstr(s.request, "\"srtp\":{\"profile\":\"AEAD_AES_128_GCM\",\"key\":\""));
	assert_non_null(strstr(
	        s.request, "\"codec\":\"opus\",\"payload_type\":111,\"clock_rate\":48000,\"channels\":2"));
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
		struct server s;

		assert_int_equal(call(&s, answers[i], &r, true, NULL, 0), -EPROTO);
		assert_string_equal(r.sessions[0].id, "");
		assert_null(strstr(s.request, "Authorization"));
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
		struct server s;

		call(&s, "201 {\"id\":\"s_1\",\"address\":\"10.77.0.1\",\"port\":20000}", &r, true, NULL, 0);
		assert_int_equal(call(&s, answer, &r, false, NULL, keep), 0);
		assert_non_null(strstr(
		        s.request, keep ? "GET /api/v1/sessions/s_1 " : "DELETE /api/v1/sessions/s_1 "));
		assert_int_equal(r.tracks[0].record_count, 1);
		assert_string_equal(r.tracks[0].records[0], "v.ivf");
		assert_int_equal(r.tracks[1].record_count, 2);
		assert_string_equal(r.tracks[1].records[1], "a-2.ogg");
		roster_free(&r);
	}
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
		cmocka_unit_test(no_answer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
