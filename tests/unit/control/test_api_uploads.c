/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of uploads over a real catalogue; the server, the library and the uploader are played by the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/library.h"
#include "control/route.h"
#include "uploader/uploader.h"

static struct control control;
static const char *param, *limit, *cursor;
static char link_header[512], code[64];
static int status;
static json_t *answer;

struct control *http_control(const struct http_request *req)
{
	return &control;
}

const char *http_path(const struct http_request *req)
{
	return "/api/v1/uploads";
}

const char *http_param(const struct http_request *req, unsigned index)
{
	return param;
}

const char *http_query(const struct http_request *req, const char *key)
{
	return !strcmp(key, "limit") ? limit : !strcmp(key, "cursor") ? cursor : NULL;
}

void http_set_header(struct http_request *req, const char *name, const char *value)
{
	snprintf(link_header, sizeof(link_header), "%s", value);
}

void http_answer_json(struct http_request *req, int s, json_t *json)
{
	status = s;
	json_decref(answer);
	answer = json;
}

void http_answer_error(struct http_request *req, int s, const char *c, const char *format, ...)
{
	status = s;
	snprintf(code, sizeof(code), "%s", c);
}

unsigned library_open_files(struct library *library, struct library_open_file **ret_files)
{
	*ret_files = calloc(1, sizeof(**ret_files));
	strcpy((*ret_files)->name, "live_v_9.ivf");
	return 1;
}

const char *uploader_state_name(enum uploader_state state)
{
	return state == UPLOADER_RETRYING ? "retrying" : "queued";
}

int uploader_status(struct uploader *uploader, const char *name, struct uploader_status *ret_status)
{
	if (strcmp(name, "b_v_2.ivf"))
		return -ENOENT;
	*ret_status = (struct uploader_status){ .state = UPLOADER_RETRYING,
		.bytes_done = 5,
		.bytes_total = 9,
		.tries = 2,
		.next_try_unix_ns = 1500000000,
		.key = "k/b_v_2.ivf",
		.error = "503 SlowDown" };
	return 0;
}

int uploader_retry(struct uploader *uploader, const char *name)
{
	return strcmp(name, "b_v_2.ivf") ? -ENOENT : 0;
}

static int set_up(void **state)
{
	bool fresh;
	static const char *const names[] = { "a_v_1.ivf", "b_v_2.ivf", "c_v_3.ivf" };

	control.uploader = (struct uploader *)&control;
	param = limit = cursor = NULL;
	link_header[0] = code[0] = '\0';
	assert_int_equal(catalogue_open(&control.catalogue, ":memory:", &fresh), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct catalogue_row row = { .finished_unix_ns = i + 1, .uploaded = i == 2 };
		strcpy(row.name, names[i]);
		assert_int_equal(catalogue_put(control.catalogue, &row), 0);
	}
	return 0;
}

static int tear_down(void **state)
{
	catalogue_close(control.catalogue);
	json_decref(answer);
	answer = NULL;
	return 0;
}

static const char *field(size_t index, const char *key)
{
	return json_string_value(json_object_get(json_array_get(answer, index), key));
}

static void what_grows_and_what_waits_is_listed(void **state)
{
	api_uploads_list(NULL);
	assert_int_equal(status, 200);
	assert_int_equal(json_array_size(answer), 3);
	assert_string_equal(field(0, "name"), "live_v_9.ivf");
	assert_true(json_is_true(json_object_get(json_array_get(answer, 0), "growing")));
	assert_string_equal(field(1, "name"), "b_v_2.ivf");
	assert_string_equal(field(1, "state"), "retrying");
	assert_string_equal(field(1, "error"), "503 SlowDown");
	assert_string_equal(field(1, "key"), "k/b_v_2.ivf");
	assert_string_equal(field(1, "next_try"), "1970-01-01T00:00:01.500Z");
	assert_string_equal(field(2, "name"), "a_v_1.ivf");
	assert_string_equal(link_header, "");
}

static void pages_lead_on(void **state)
{
	limit = "1";
	api_uploads_list(NULL);
	assert_int_equal(json_array_size(answer), 2);
	assert_string_equal(link_header, "</api/v1/uploads?limit=1&cursor=2.b_v_2.ivf>; rel=\"next\"");
	cursor = "2.b_v_2.ivf";
	api_uploads_list(NULL);
	assert_int_equal(json_array_size(answer), 1);
	assert_string_equal(field(0, "name"), "a_v_1.ivf");
	cursor = "nonsense";
	api_uploads_list(NULL);
	assert_int_equal(status, 400);
	limit = "0";
	api_uploads_list(NULL);
	assert_string_equal(code, "bad_parameter");
}

static void a_retry_wakes_what_waits(void **state)
{
	param = "b_v_2.ivf";
	api_uploads_retry(NULL);
	assert_int_equal(status, 202);
	param = "a_v_1.ivf";
	api_uploads_retry(NULL);
	assert_int_equal(status, 404);
	param = "../x";
	api_uploads_retry(NULL);
	assert_int_equal(status, 404);
}

static void without_upload_it_is_refused(void **state)
{
	control.uploader = NULL;
	api_uploads_list(NULL);
	assert_int_equal(status, 409);
	assert_string_equal(code, "upload_disabled");
	status = 0;
	api_uploads_retry(NULL);
	assert_int_equal(status, 409);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_grows_and_what_waits_is_listed),
		CASE(pages_lead_on),
		CASE(a_retry_wakes_what_waits),
		CASE(without_upload_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
