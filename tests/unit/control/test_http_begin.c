/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may ask for what, and what browsers of other origins are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/server_rig.h"

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

static void publishers_need_the_token_of_their_room(void **state)
{
	static char room_token[] = "demo=open";

	room_tokens[0] = room_token;
	start();
	assert_answer(ask("POST", "/whip/demo", "", "v=0"), 401, "WWW-Authenticate: Bearer");
	assert_answer(ask("POST", "/whip/demo", "Authorization: Bearer open\r\n", "v=0"), 201, "v=0");
	assert_answer(ask("POST", "/whip/d%65mo", "Authorization: Bearer open\r\n", "v=0"), 201, "v=0");
	assert_answer(
	        ask("POST", "/whip/other", "Authorization: Bearer open\r\n", "v=0"), 401, "unauthorized");
	assert_answer(ask("PATCH", "/whip/demo/s_1", "Authorization: Bearer open\r\n", ""), 204, "");
	assert_answer(ask("DELETE", "/whip/demo/s_1", "", NULL), 401, "unauthorized");
	assert_answer(ask("DELETE", "/whip/demo/s_1", "Authorization: Bearer open\r\n", NULL), 200, "s_1");
	assert_answer(ask("GET", "/whip/demo/s_1", "", NULL), 405, "Allow: PATCH, DELETE, OPTIONS\r\n");
	assert_answer(ask("GET", "/publish", "", NULL), 200, "page");
	assert_answer(ask("GET", "/api/records", "", NULL), 200, "{"); /* as without api_tokens */
}

static void events_are_shown_for_any_token_that_is_known(void **state)
{
	static char room_token[] = "demo=open";

	tokens[0] = token;
	room_tokens[0] = room_token;
	stream_over = true; /* each ends at once */
	start();
	assert_answer(ask("GET", "/api/v1/events", "", NULL), 401, "WWW-Authenticate: Bearer");
	assert_answer(
	        ask("GET", "/api/v1/events", "Authorization: Bearer wrong\r\n", NULL), 401, "unauthorized");
	assert_answer(ask("GET", "/api/v1/events", "Authorization: Bearer open\r\n", NULL), 200,
	        "Content-Type: text/event-stream\r\n");
	assert_answer(ask("GET", "/api/v1/events", "Authorization: Bearer sesame\r\n", NULL), 200,
	        "Cache-Control: no-store\r\n");
	assert_answer(
	        ask("HEAD", "/api/v1/events", "Authorization: Bearer sesame\r\n", NULL), 200, "event-stream");
	assert_answer(
	        ask("GET", "/api/v1/stats", "Authorization: Bearer open\r\n", NULL), 401, "unauthorized");
}

static void publishers_hear_what_is_taken(void **state)
{
	start();
	assert_answer(ask("OPTIONS", "/whip/demo",
	                      "Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n"
	                      "Access-Control-Request-Headers: authorization,content-type\r\n",
	                      NULL),
	        204, "Accept-Post: application/sdp\r\n");
	assert_answer(answer, 204, "Access-Control-Allow-Methods: POST, OPTIONS\r\n");
	assert_answer(ask("OPTIONS", "/whip/demo/s_1", "", NULL), 204,
	        "Accept-Patch: application/trickle-ice-sdpfrag\r\n");
	assert_answer(answer, 204, "Access-Control-Allow-Methods: PATCH, DELETE, OPTIONS\r\n");
	assert_answer(answer, 204, "If-Match");
	assert_null(strstr(answer, "Accept-Post"));
	assert_answer(ask("POST", "/whip/demo", "", "v=0"), 201,
	        "Access-Control-Expose-Headers: Location, ETag, Link, ");
	assert_answer(answer, 201, "Location: /whip/demo/s_1\r\n");
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, server_rig_create, server_rig_free)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(unknown_paths_and_methods_are_refused),
		CASE(tokens_are_asked_for_but_by_health_checks),
		CASE(publishers_need_the_token_of_their_room),
		CASE(events_are_shown_for_any_token_that_is_known),
		CASE(publishers_hear_what_is_taken),
		CASE(browsers_of_other_origins_may_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
