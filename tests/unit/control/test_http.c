/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/server_rig.h"

static void a_handler_sees_its_request(void **state)
{
	start();
	assert_answer(ask("GET", "/api/records?room=a%26b+c&x", "X-Test: 7\r\n", NULL), 200,
	        "{\"path\":\"/api/records\",\"control\":true,\"s\":6.989,\"room\":\"a&b "
	        "c\",\"x\":\"7\"}");
	assert_answer(answer, 200, "X-Answer: yes\r\n");
	assert_answer(answer, 200, "Content-Type: application/json\r\n");
	assert_answer(ask("GET", "/api/records", "", NULL), 200, "\"room\":null,\"x\":null}");
	assert_answer(ask("GET", "/api/records/b%C3%A4r", "", NULL), 404,
	        "{\"error\":{\"code\":\"not_found\",\"message\":\"No b\xC3\xA4r.\"}}");
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, server_rig_create, server_rig_free)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_handler_sees_its_request),
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
