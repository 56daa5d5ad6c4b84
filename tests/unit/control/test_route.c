/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "control/route.h"

/* The handlers themselves are not what is tested. */
#define ROUTE_FAKE(method, path, handler, ...)                                                               \
	void handler(struct http_request *req)                                                               \
	{                                                                                                    \
	}
ROUTE_TABLE(ROUTE_FAKE)

static char *params[HTTP_PARAMS];
static enum route_access access;
static int status;
static char allow[ROUTE_ALLOW_BYTES];

static http_handler *find(const char *method, const char *path)
{
	for (int i = 0; i < HTTP_PARAMS; i++) {
		free(params[i]);
		params[i] = NULL;
	}
	status = 0;
	access = ROUTE_TOKEN;
	return route_find(method, path, params, &access, &status, allow);
}

static int forget(void **state)
{
	find("GET", "/");
	return 0;
}

static void every_row_is_found(void **state)
{
	struct {
		const char *method, *path;
		http_handler *handler;
		enum route_access access;
		const char *types;
	} rows[] = {
#define ROUTE_CASE(method, path, handler, access, types, ...)                                                \
	{ #method, path, handler, ROUTE_##access, types },
		ROUTE_TABLE(ROUTE_CASE)
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ptr_equal(
		        find(rows[i].method, rows[i].path), rows[i].handler); /* {name} is a name too */
		assert_int_equal(access, rows[i].access);
		assert_string_equal(route_types(rows[i].method, rows[i].path), rows[i].types);
	}
}

static void parameters_are_decoded(void **state)
{
	assert_ptr_equal(find("GET", "/records/a%20b%C3%A4.ivf"), api_records_file);
	assert_string_equal(params[0], "a b\xC3\xA4.ivf");
	assert_ptr_equal(find("POST", "/api/v1/uploads/x/retry"), api_uploads_retry);
	assert_string_equal(params[0], "x");
	assert_ptr_equal(find("GET", "/records/.."), api_records_file);
	assert_string_equal(params[0], "..");
}

static void head_goes_where_get_goes(void **state)
{
	assert_ptr_equal(find("HEAD", "/records/a"), api_records_file);
	assert_ptr_equal(find("HEAD", "/healthz"), api_health_live);
	assert_int_equal(access, ROUTE_LIVE);
}

static void an_unknown_path_is_404(void **state)
{
	static const char *const paths[] = { "/", "", "/api", "/api/records/", "/api/records/a/b",
		"/records/", "/records", "//api/records", "/API/records", "/api/v1/uploads/x/retry/",
		"/api/v1/uploads//retry", "*", "/records/a%2Fb", "/records/a%00b", "/records/%zz",
		"/records/%", "/healthz/" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (find("GET", paths[i]) || status != 404)
			fail_msg("%s: %d", paths[i], status);
		assert_null(params[0]);
	}
}

static void another_method_is_405_and_says_which_there_are(void **state)
{
	assert_null(find("POST", "/api/records"));
	assert_int_equal(status, 405);
	assert_string_equal(allow, "GET, HEAD, OPTIONS");
	assert_null(find("PUT", "/api/records/a"));
	assert_int_equal(status, 405);
	assert_string_equal(allow, "GET, HEAD, DELETE, OPTIONS");
	assert_null(find("get", "/api/v1/sessions"));
	assert_int_equal(status, 405);
	assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
	assert_null(find("GET", "/api/v1/uploads/a/retry"));
	assert_string_equal(allow, "POST, OPTIONS");
	assert_null(find("GET", "/whip/a/b"));
	assert_string_equal(allow, "PATCH, DELETE, OPTIONS");
}

static void publishing_is_a_matter_of_the_room(void **state)
{
	assert_ptr_equal(find("POST", "/whip/a%20room"), api_whip_publish);
	assert_string_equal(params[0], "a room");
	assert_int_equal(access, ROUTE_ROOM);
	assert_ptr_equal(find("PATCH", "/whip/demo/s_1"), api_whip_patch);
	assert_string_equal(params[0], "demo");
	assert_string_equal(params[1], "s_1");
	assert_int_equal(access, ROUTE_ROOM);
	assert_ptr_equal(find("DELETE", "/whip/demo/s_1"), api_whip_end);
	assert_int_equal(access, ROUTE_ROOM);
}

static void types_of_bodies_are_told(void **state)
{
	assert_string_equal(route_types("POST", "/whip/demo"), "application/sdp");
	assert_string_equal(route_types("PATCH", "/whip/demo/s_1"), "application/trickle-ice-sdpfrag");
	assert_string_equal(route_types("POST", "/whip/demo/s_1"), "");
	assert_string_equal(route_types("BREW", "/whip/demo"), "");
	assert_string_equal(route_types("POST", "/nothing"), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(parameters_are_decoded),
		cmocka_unit_test(head_goes_where_get_goes),
		cmocka_unit_test(an_unknown_path_is_404),
		cmocka_unit_test(another_method_is_405_and_says_which_there_are),
		cmocka_unit_test(publishing_is_a_matter_of_the_room),
		cmocka_unit_test(types_of_bodies_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
