/* SPDX-License-Identifier: BSD-3-Clause */
/* The page, with the HTTP server played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/conf.h"
#include "control/control.h"
#include "control/route.h"

struct http_request {
	int status;
	char code[32], type[64], policy[512];
	const char *text;
};

static struct conf conf;
static struct control control = { .conf = &conf };

struct control *http_control(const struct http_request *r)
{
	return &control;
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
	if (!strcmp(name, "Content-Security-Policy"))
		snprintf(r->policy, sizeof(r->policy), "%s", value);
}

void http_answer_text(
        struct http_request *r, int status, const char *content_type, const char *text, size_t len)
{
	assert_int_equal(strlen(text), len);
	r->status = status;
	r->text = text;
	snprintf(r->type, sizeof(r->type), "%s", content_type);
}

void http_answer_error(struct http_request *r, int status, const char *code, const char *format, ...)
{
	r->status = status;
	snprintf(r->code, sizeof(r->code), "%s", code);
}

static void it_is_off_unless_wished(void **state)
{
	struct http_request req = { 0 };

	conf.control_publish_page = false;
	api_publish(&req);
	assert_int_equal(req.status, 404);
	assert_string_equal(req.code, "not_found");
}

static void it_stands_by_itself(void **state)
{
	struct http_request req = { 0 };

	conf.control_publish_page = true;
	api_publish(&req);
	assert_int_equal(req.status, 200);
	assert_string_equal(req.type, "text/html; charset=utf-8");
	assert_int_equal(strncmp(req.text, "<!doctype html>\n", 16), 0);
	assert_non_null(strstr(req.text, "</script>\n"));
	assert_non_null(strstr(req.text, "\xC3\x97")); /* UTF-8 came through */
	assert_null(strstr(req.text, "http://"));
	assert_null(strstr(req.text, "https://"));
	assert_null(strstr(req.text, " src="));
	assert_non_null(strstr(req.policy, "default-src 'none'"));
	assert_non_null(strstr(req.policy, "connect-src 'self'"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_off_unless_wished),
		cmocka_unit_test(it_stands_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
