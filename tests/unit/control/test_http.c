/* SPDX-License-Identifier: BSD-3-Clause */
/* The server over real connections on loopback; the handlers of the routes are played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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
#include "control/listen.h"
#include "control/metrics.h"
#include "control/route.h"

#define SLOW_MS 300

static char listen_text[32], cors[32], empty[] = "", token[] = "sesame", *tokens[2];
static struct conf conf;
static struct control control = { .conf = &conf };
static struct http *http;
static uint16_t port;
static unsigned slow_running;
static bool slow_met; /* two of them ran at once */

void api_records_list(struct http_request *req)
{
	json_t *json = json_pack("{s:s, s:s, s:b}", "path", http_path(req), "method", http_method(req),
	        "control", http_control(req) == &control);

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

void api_uploads_list(struct http_request *req)
{
	http_answer_json(req, 200, NULL);
}

void api_uploads_retry(struct http_request *req)
{
	http_answer_error(req, 409, "no_such_code", "%s", "bytes \xff that are no UTF-8 and \"quotes\"");
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

static void configure(const char *listen)
{
	memset(&conf, 0, sizeof(conf));
	snprintf(listen_text, sizeof(listen_text), "%s", listen);
	strcpy(cors, "*");
	conf.control_listen = listen_text;
	conf.control_tls_cert = conf.control_tls_key = empty;
	conf.control_cors_origin = cors;
	conf.control_http_threads = 3;
	tokens[0] = NULL;
	conf.control_api_tokens = tokens;
}

/* A port of loopback that is free just now. */
static void pick_port(void)
{
	const struct conf_addr addr = { .bytes = { 127, 0, 0, 1 } };
	int fd = listen_open(&addr, 0);

	assert_true(fd >= 0);
	port = listen_port(fd);
	close(fd);
}

static int set_up(void **state)
{
	char listen[32];

	pick_port();
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	configure(listen);
	return 0;
}

static int tear_down(void **state)
{
	http_free(http);
	http = NULL;
	return 0;
}

static void start(void)
{
	assert_int_equal(http_create(&http, &control), 0);
}

static int dial(void)
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

static void say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = send(fd, text, len, MSG_NOSIGNAL);
		if (put <= 0)
			return;
		text += put;
		len -= (size_t)put;
	}
}

static void say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

static char answer[65536];

/* All that comes until the server closes. */
static const char *hear(int fd)
{
	size_t len = 0;

	for (ssize_t got;
	        len < sizeof(answer) - 1 && (got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0;)
		len += (size_t)got;
	answer[len] = '\0';
	close(fd);
	return answer;
}

static const char *ask(const char *method, const char *target, const char *headers, const char *body)
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

static void assert_answer(const char *got, int status, const char *part)
{
	char line[16];

	snprintf(line, sizeof(line), "HTTP/1.1 %d", status);
	if (strncmp(got, line, strlen(line)) || !strstr(got, part))
		fail_msg("wanted %d and '%s', got: %s", status, part, got);
}

static void a_handler_sees_its_request(void **state)
{
	start();
	assert_answer(ask("GET", "/api/records?room=a%26b+c&x", "X-Test: 7\r\n", NULL), 200,
	        "{\"path\":\"/api/records\",\"method\":\"GET\",\"control\":true,\"room\":\"a&b "
	        "c\",\"x\":\"7\"}");
	assert_answer(answer, 200, "X-Answer: yes\r\n");
	assert_answer(answer, 200, "Content-Type: application/json\r\n");
	assert_answer(ask("GET", "/api/records", "", NULL), 200, "\"room\":null,\"x\":null}");
	assert_answer(ask("GET", "/api/records/b%C3%A4r", "", NULL), 404,
	        "{\"error\":{\"code\":\"not_found\",\"message\":\"No b\xC3\xA4r.\"}}");
}

static void unknown_paths_and_methods_are_refused(void **state)
{
	start();
	assert_answer(ask("GET", "/nothing", "", NULL), 404, "\"code\":\"not_found\"");
	assert_answer(ask("GET", "/api/records/a%00b", "", NULL), 404, "\"code\":\"not_found\"");
	assert_answer(ask("POST", "/api/records", "", "{}"), 405, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_answer(ask("BREW", "/api/records", "", NULL), 405, "\"code\":\"method_not_allowed\"");
	assert_answer(ask("GET", "http://other/api/records", "", NULL), 400, "\"code\":\"bad_request\"");
	assert_answer(ask("GET", "/api/records?a=%zz", "", NULL), 400, "\"code\":\"bad_request\"");
	assert_answer(
	        ask("GET", "/api/records?a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a",
	                "", NULL),
	        400, "too many parameters");
}

static void tokens_are_asked_for_but_by_health_checks(void **state)
{
	uint64_t refused = metrics_get(METRICS_http_unauthorized);

	tokens[0] = token;
	start();
	assert_answer(ask("GET", "/api/records", "", NULL), 401, "WWW-Authenticate: Bearer");
	assert_answer(answer, 401, "\"code\":\"unauthorized\"");
	assert_answer(ask("POST", "/api/v1/sessions", "Authorization: Bearer wrong\r\n", "{\"a\":1}"), 401,
	        "unauthorized");
	assert_answer(ask("GET", "/nothing", "", NULL), 404, "not_found");
	assert_answer(ask("GET", "/api/records", "Authorization: Bearer sesame\r\n", NULL), 200, "{");
	assert_answer(ask("GET", "/healthz", "", NULL), 200, "live");
	assert_answer(ask("OPTIONS", "/api/records", "", NULL), 204, "Allow: GET, HEAD, OPTIONS");
	assert_int_equal(metrics_get(METRICS_http_unauthorized) - refused, 2);
}

static void browsers_of_other_origins_may_ask(void **state)
{
	start();
	assert_answer(ask("OPTIONS", "/api/v1/sessions",
	                      "Origin: http://a\r\nAccess-Control-Request-Method: "
	                      "POST\r\nAccess-Control-Request-Private-Network: true\r\n",
	                      NULL),
	        204, "Access-Control-Allow-Origin: *\r\n");
	assert_answer(answer, 204, "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n");
	assert_answer(answer, 204, "Access-Control-Allow-Headers: Authorization, Content-Type");
	assert_answer(answer, 204, "Access-Control-Allow-Private-Network: true\r\n");
	assert_answer(
	        ask("GET", "/nothing", "", NULL), 404, "Access-Control-Expose-Headers: Location, ETag, Link");
	strcpy(cors, "https://one.example");
	assert_answer(ask("GET", "/healthz", "", NULL), 200,
	        "Access-Control-Allow-Origin: https://one.example\r\n");
	assert_answer(answer, 200, "Vary: Origin\r\n");
	cors[0] = '\0';
	assert_answer(ask("OPTIONS", "/healthz", "", NULL), 204, "Allow: GET");
	assert_null(strstr(answer, "Access-Control"));
	assert_answer(ask("OPTIONS", "/nothing", "", NULL), 404, "not_found");
}

static void a_body_is_collected_and_bounded(void **state)
{
	char *big = malloc(LIMIT_HTTP_BODY_BYTES + 2);

	start();
	memset(big, 'x', LIMIT_HTTP_BODY_BYTES + 1);
	big[LIMIT_HTTP_BODY_BYTES + 1] = '\0';
	assert_answer(ask("POST", "/api/v1/sessions/s/key-frame", "", big), 413, "\"code\":\"too_large\"");
	big[1000] = '\0';
	assert_answer(ask("POST", "/api/v1/sessions/s/key-frame", "", big), 200, big);
	assert_answer(ask("POST", "/api/v1/sessions/s/key-frame", "", ""), 200, "Content-Length: 0\r\n");
	assert_answer(ask("POST", "/api/v1/sessions/s/key-frame",
	                      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n", NULL),
	        200, "abcde");
	assert_answer(ask("POST", "/api/v1/sessions",
	                      "Expect: 100-continue\r\nContent-Length: 99999999999\r\n", NULL),
	        413, "too_large");
	free(big);
}

static void a_chunked_body_without_end_is_cut_off(void **state)
{
	static char chunk[65536 + 12];
	int fd = -1;
	const char head[] = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	size_t sent = 0;

	start();
	fd = dial();
	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "10000\r\n", 7);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	say(fd, head, sizeof(head) - 1);
	while (sent < (256u << 20) && send(fd, chunk, 7 + 65536 + 2, MSG_NOSIGNAL) == 7 + 65536 + 2)
		sent += 65536;
	assert_true(sent < (256u << 20));
	close(fd);
}

static void a_json_body_is_read_or_refused(void **state)
{
	start();
	assert_answer(ask("POST", "/api/v1/sessions", "", "{\"a\":[1,\"\xC3\xA4\"]}"), 201,
	        "{\"a\":[1,\"\xC3\xA4\"]}");
	assert_answer(ask("POST", "/api/v1/sessions", "", ""), 400, "\"code\":\"bad_json\"");
	assert_answer(ask("POST", "/api/v1/sessions", "", "[1]"), 400, "has to be a JSON object");
	assert_answer(ask("POST", "/api/v1/sessions", "", "{\n\"a\":}"), 400, "line 2, column 5");
	assert_answer(ask("POST", "/api/v1/sessions", "", "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"), 400,
	        "nested deeper than 16");
}

static void files_and_pieces_of_them_are_sent(void **state)
{
	start();
	assert_answer(ask("GET", "/records/a", "", NULL), 200, "\r\n\r\n23456");
	assert_answer(ask("HEAD", "/records/a", "", NULL), 200, "Content-Length: 5\r\n");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	assert_answer(ask("GET", "/records/empty", "", NULL), 200, "Content-Length: 0\r\n");
	assert_answer(ask("GET", "/records/pieces", "", NULL), 206, "\r\n\r\na:12b:0123456789end");
	assert_answer(answer, 206, "Content-Length: 19\r\n");
}

static void every_request_gets_exactly_one_answer(void **state)
{
	start();
	assert_answer(ask("GET", "/api/v1/sessions/s", "", NULL), 500, "\"code\":\"internal\"");
	assert_answer(ask("DELETE", "/api/v1/sessions/s", "", NULL), 200, "first");
	assert_answer(ask("GET", "/api/v1/uploads", "", NULL), 500, "\"code\":\"internal\"");
	assert_answer(ask("POST", "/api/v1/uploads/u/retry", "", ""), 409,
	        "\"message\":\"bytes \xEF\xBF\xBD that are no UTF-8 and \\\"quotes\\\"\"");
	assert_answer(ask("DELETE", "/api/records/a", "", NULL), 204, "\r\n\r\n");
	assert_answer(ask("GET", "/api/v1/stats", "", NULL), 304, "\r\n\r\n");
}

static void *ask_slowly(void *arg)
{
	char got[512];
	int fd = dial();

	say_text(fd, "GET /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	size_t len = 0;
	for (ssize_t n; (n = recv(fd, got + len, sizeof(got) - len, 0)) > 0;)
		len += (size_t)n;
	close(fd);
	return (void *)(uintptr_t)(len > 12 && !memcmp(got, "HTTP/1.1 200", 12));
}

static void slow_calls_run_side_by_side_and_hold_nobody_up(void **state)
{
	pthread_t threads[2];
	void *good;

	start();
	slow_met = false;
	uint64_t begun_ns = clk_mono_ns();
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, ask_slowly, NULL);
	for (int i = 0; i < 10; i++)
		assert_answer(ask("GET", "/healthz", "", NULL), 200, "live");
	bool in_time = clk_mono_ns() - begun_ns < SLOW_MS * CLK_NS_PER_MS ||
	               __atomic_load_n(&slow_running, __ATOMIC_RELAXED) == 0;
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
	assert_true(in_time);
	assert_true(slow_met);
}

static void stopping_lets_calls_under_way_finish(void **state)
{
	const struct timespec wait = { .tv_nsec = 100 * CLK_NS_PER_MS };
	pthread_t threads[4];
	void *good;

	start();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask_slowly, NULL);
	int idle = dial(); /* a connection that says nothing is no call */
	nanosleep(&wait, NULL);
	http_free(http);
	http = NULL;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
	close(idle);
}

static void clients_that_go_away_leave_nothing_behind(void **state)
{
	const char half[] = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"a\"";

	start();
	for (int i = 0; i < 20; i++) {
		int fd = dial();
		say(fd, half, i == 0 ? 0 : sizeof(half) - 1 - (size_t)i);
		close(fd);
		fd = dial();
		say_text(fd, "GET /api/v1/sessions HTTP/1.1\r\nHost: x\r\n\r\n");
		close(fd);
	}
	assert_answer(ask("GET", "/healthz", "", NULL), 200, "live");
}

static void what_is_not_http_is_refused(void **state)
{
	static const char *const wrong[] = { "\x16\x03\x01\x02hello\r\n\r\n", "GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n",
		"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n" };

	const struct timeval limit = { .tv_usec = 200000 }; /* it may wait for more */

	start();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int fd = dial();
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		say_text(fd, wrong[i]);
		assert_null(strstr(hear(fd), " 200 "));
	}
	assert_answer(ask("GET", "/healthz", "", NULL), 200, "live");
}

static void others_than_loopback_are_not_served_without_a_token(void **state)
{
	configure("0.0.0.0:0");
	assert_int_equal(http_create(&http, &control), -EACCES);
	configure("[::]:0");
	assert_int_equal(http_create(&http, &control), -EACCES);
	tokens[0] = token;
	assert_int_equal(http_create(&http, &control), 0);
}

static void a_start_that_fails_says_why(void **state)
{
	static char missing[] = "/nonexistent.pem", not_pem[] = "/etc/hostname";
	struct http *second = NULL;

	start();
	assert_int_equal(http_create(&second, &control), -EADDRINUSE);
	configure("nonsense");
	assert_int_equal(http_create(&second, &control), -EINVAL);
	configure("127.0.0.1:0");
	conf.control_tls_cert = conf.control_tls_key = missing;
	assert_int_equal(http_create(&second, &control), -EACCES);
	conf.control_tls_cert = conf.control_tls_key = not_pem;
	assert_int_equal(http_create(&second, &control), -EIO);
	assert_null(second);
}

static void ipv6_and_one_thread_do_as_well(void **state)
{
	char listen[32];

	snprintf(listen, sizeof(listen), "[::1]:%u", port);
	configure(listen);
	conf.control_http_threads = 1;
	start();
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	say(fd, request, sizeof(request) - 1);
	assert_answer(hear(fd), 200, "live");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_handler_sees_its_request),
		CASE(unknown_paths_and_methods_are_refused),
		CASE(tokens_are_asked_for_but_by_health_checks),
		CASE(browsers_of_other_origins_may_ask),
		CASE(a_body_is_collected_and_bounded),
		CASE(a_chunked_body_without_end_is_cut_off),
		CASE(a_json_body_is_read_or_refused),
		CASE(files_and_pieces_of_them_are_sent),
		CASE(every_request_gets_exactly_one_answer),
		CASE(slow_calls_run_side_by_side_and_hold_nobody_up),
		CASE(stopping_lets_calls_under_way_finish),
		CASE(clients_that_go_away_leave_nothing_behind),
		CASE(what_is_not_http_is_refused),
		CASE(others_than_loopback_are_not_served_without_a_token),
		CASE(a_start_that_fails_says_why),
		CASE(ipv6_and_one_thread_do_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
