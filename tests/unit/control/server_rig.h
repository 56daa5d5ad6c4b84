/* SPDX-License-Identifier: BSD-3-Clause */
/* The server over real connections on loopback; the handlers of the routes are played here. Header only: each
 * test is one source file. */
#ifndef TESTS_UNIT_CONTROL_SERVER_RIG_H
#define TESTS_UNIT_CONTROL_SERVER_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/limits.h"
#include "control/control.h"
#include "control/http_stream.h"
#include "control/listen.h"
#include "control/metrics.h"
#include "control/route.h"

#define SLOW_MS 300

static char listen_text[32], cors[32], empty[] = "", token[] = "sesame", *tokens[2];
static char *room_tokens[2];
static struct conf conf;
static struct control control = { .conf = &conf };
static struct http *http;
static uint16_t port;
static unsigned slow_running;
static bool slow_met; /* two of them ran at once */

void api_records_list(struct http_request *req)
{
	json_t *json = json_pack("{s:s, s:b, s:f}", "path", http_path(req), "control",
	        http_control(req) == &control, "s", 6.989);

	json_object_set_new(
	        json, "room", http_query(req, "room") ? json_string(http_query(req, "room")) : json_null());
	json_object_set_new(json, "x",
	        http_header(req, "X-Test") ? json_string(http_header(req, "x-test")) : json_null());
	http_set_header(req, "X-Answer", "yes");
	http_answer_json(req, 200, json);
}

void api_records_get(struct http_request *req)
{
	http_answer_error(req, 404, "not_found", "No %s.", http_param(req, 0));
}

void api_records_delete(struct http_request *req)
{
	http_answer_empty(req, 204);
}

void api_records_file(struct http_request *req)
{
	const char text[] = "0123456789";
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, 10), 10);
	if (!strcmp(http_param(req, 0), "pieces")) {
		const struct http_piece pieces[] = { { strdup("a:"), 1, 2 }, { strdup("b:"), 0, 10 },
			{ strdup("end"), 0, 0 } };
		http_answer_pieces(req, 206, fd, pieces, 3);
	} else if (!strcmp(http_param(req, 0), "empty")) {
		http_answer_file(req, 200, fd, 0, 0);
	} else {
		http_answer_file(req, 200, fd, 2, 5);
	}
}

void api_sessions_open(struct http_request *req)
{
	json_t *json = http_body_json(req);

	if (json)
		http_answer_json(req, 201, json);
}

/* Slow, as one that waits for the dataplane. */
void api_sessions_list(struct http_request *req)
{
	const struct timespec delay = { .tv_nsec = SLOW_MS * CLK_NS_PER_MS };
	unsigned running = __atomic_add_fetch(&slow_running, 1, __ATOMIC_RELAXED);

	if (running > 1)
		__atomic_store_n(&slow_met, true, __ATOMIC_RELAXED);
	nanosleep(&delay, NULL);
	__atomic_sub_fetch(&slow_running, 1, __ATOMIC_RELAXED);
	http_answer_text(req, 200, "text/plain", "slow", 4);
}

void api_sessions_get(struct http_request *req)
{
	/* forgets to answer */
}

void api_sessions_close(struct http_request *req)
{
	http_answer_text(req, 200, "text/plain", "first", 5);
	http_answer_text(req, 200, "text/plain", "second", 6);
}

void api_sessions_key_frame(struct http_request *req)
{
	size_t len;
	const char *body = http_body(req, &len);

	http_answer_text(req, 200, "application/octet-stream", body, len);
}

void api_whip_publish(struct http_request *req)
{
	http_set_header(req, "Location", "/whip/demo/s_1");
	http_answer_text(req, 201, "application/sdp", "v=0", 3);
}

void api_whip_patch(struct http_request *req)
{
	http_answer_empty(req, 204);
}

void api_whip_end(struct http_request *req)
{
	http_answer_text(req, 200, "text/plain", http_param(req, 1), strlen(http_param(req, 1)));
}

void api_publish(struct http_request *req)
{
	http_answer_text(req, 200, "text/html", "page", 4);
}

void api_uploads_list(struct http_request *req)
{
	http_answer_json(req, 200, NULL);
}

void api_uploads_retry(struct http_request *req)
{
	http_answer_error(req, 409, "no_such_code", "%s", "bytes \xff that are no UTF-8 and \"quotes\"");
}

/* Streams: one of them says what it is given with stream_say, all end with stream_finish. */
#define STREAMS 16
static struct http_stream *streams[STREAMS];
static pthread_mutex_t stream_lock = PTHREAD_MUTEX_INITIALIZER;
static char stream_text[256];
static bool stream_over;
static unsigned stream_reads, stream_ends;

static ssize_t stream_read(void *arg, char *buf, size_t max)
{
	pthread_mutex_lock(&stream_lock);
	ssize_t len = (ssize_t)strlen(stream_text);
	assert_true((size_t)len <= max);
	memcpy(buf, stream_text, (size_t)len);
	stream_text[0] = '\0';
	if (!len && stream_over)
		len = -1;
	stream_reads++;
	pthread_mutex_unlock(&stream_lock);
	return len;
}

static void stream_end(void *arg)
{
	pthread_mutex_lock(&stream_lock);
	stream_ends++;
	*(struct http_stream **)arg = NULL;
	pthread_mutex_unlock(&stream_lock);
}

/* With the lock. */
static inline void stream_wake_all(void)
{
	for (int i = 0; i < STREAMS; i++)
		if (streams[i])
			http_stream_wake(streams[i]);
}

static inline void stream_say(const char *text)
{
	pthread_mutex_lock(&stream_lock);
	strcat(stream_text, text);
	stream_wake_all();
	pthread_mutex_unlock(&stream_lock);
}

static inline void stream_finish(void)
{
	pthread_mutex_lock(&stream_lock);
	stream_over = true;
	stream_wake_all();
	pthread_mutex_unlock(&stream_lock);
}

void api_events(struct http_request *req)
{
	struct http_stream *made = NULL;
	int i = 0;

	pthread_mutex_lock(&stream_lock);
	while (streams[i])
		i++;
	assert_int_equal(http_stream_create(&made, stream_read, stream_end, &streams[i]), 0);
	streams[i] = made;
	pthread_mutex_unlock(&stream_lock);
	http_answer_stream(req, 200, "text/event-stream", made);
}

void api_health_live(struct http_request *req)
{
	http_answer_text(req, 200, "text/plain", "live", 4);
}

void api_health_ready(struct http_request *req)
{
	http_answer_empty(req, 503);
}

void api_health_stats(struct http_request *req)
{
	http_answer_empty(req, 304);
}

void api_health_metrics(struct http_request *req)
{
	http_answer_empty(req, 200);
}

static inline void configure(const char *listen)
{
	memset(&conf, 0, sizeof(conf));
	snprintf(listen_text, sizeof(listen_text), "%s", listen);
	strcpy(cors, "*");
	conf.control_listen = listen_text;
	conf.control_tls_cert = conf.control_tls_key = empty;
	conf.control_cors_origin = cors;
	conf.control_http_threads = 3;
	(void)token; /* for those that set it */
	tokens[0] = NULL;
	conf.control_api_tokens = tokens;
	room_tokens[0] = NULL;
	conf.control_whip_tokens = room_tokens;
}

/* A port of loopback that is free just now. */
static inline void pick_port(void)
{
	const struct conf_addr addr = { .bytes = { 127, 0, 0, 1 } };
	int fd = listen_open(&addr, 0);

	assert_true(fd >= 0);
	port = listen_port(fd);
	close(fd);
}

static int server_rig_create(void **state)
{
	char listen[32];

	stream_text[0] = '\0';
	stream_over = false;
	stream_reads = stream_ends = 0;
	pick_port();
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	configure(listen);
	return 0;
}

static int server_rig_free(void **state)
{
	http_free(http);
	http = NULL;
	return 0;
}

static inline void start(void)
{
	assert_int_equal(http_create(&http, &control), 0);
}

static inline int dial(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static inline void say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = send(fd, text, len, MSG_NOSIGNAL);
		if (put <= 0)
			return;
		text += put;
		len -= (size_t)put;
	}
}

static inline void say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

static char answer[65536];

/* All that comes until the server closes. */
static inline const char *hear(int fd)
{
	size_t len = 0;

	for (ssize_t got;
	        len < sizeof(answer) - 1 && (got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0;)
		len += (size_t)got;
	answer[len] = '\0';
	close(fd);
	return answer;
}

static inline const char *ask(const char *method, const char *target, const char *headers, const char *body)
{
	char head[2048];
	int fd = dial();

	snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s", method, target,
	        headers);
	say(fd, head, strlen(head));
	if (body) {
		snprintf(head, sizeof(head), "Content-Length: %zu\r\n", strlen(body));
		say(fd, head, strlen(head));
	}
	say(fd, "\r\n", 2);
	if (body)
		say(fd, body, strlen(body));
	return hear(fd);
}

static inline void assert_answer(const char *got, int status, const char *part)
{
	char line[16];

	snprintf(line, sizeof(line), "HTTP/1.1 %d", status);
	if (strncmp(got, line, strlen(line)) || !strstr(got, part))
		fail_msg("wanted %d and '%s', got: %s", status, part, got);
}

#endif
