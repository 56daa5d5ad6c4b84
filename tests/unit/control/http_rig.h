/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server for tests of the calls behind it: one request as a test sets it, and what was answered to
 * it. Header only: each test is one source file. */
#ifndef TESTS_UNIT_CONTROL_HTTP_RIG_H
#define TESTS_UNIT_CONTROL_HTTP_RIG_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "control/control.h"
#include "control/errors.h"
#include "control/route.h"

struct http_request {
	const char *body, *type, *if_match, *params[HTTP_PARAMS];
	const char *query[8][2];
	size_t body_len; /* 0: of @body */
	int status;
	char text[4096], code[64], content_type[64], location[256], link[512], etag[64], accept_patch[64],
	        accept_post[64], retry_after[8];
};

static struct http_request req;
static struct conf conf;
static struct control control = { .conf = &conf };

struct control *http_control(const struct http_request *r)
{
	return &control;
}

const char *http_param(const struct http_request *r, unsigned index)
{
	return r->params[index];
}

const char *http_query(const struct http_request *r, const char *key)
{
	for (unsigned i = 0; i < 8 && r->query[i][0]; i++) {
		if (!strcmp(r->query[i][0], key))
			return r->query[i][1];
	}
	return NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
	if (!strcmp(name, "Content-Type"))
		return r->type;
	return strcmp(name, "If-Match") ? NULL : r->if_match;
}

const char *http_body(const struct http_request *r, size_t *ret_len)
{
	*ret_len = r->body && !r->body_len ? strlen(r->body) : r->body_len;
	return r->body;
}

json_t *http_body_json(struct http_request *r)
{
	return json_loads(r->body, 0, NULL);
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *text;
		size_t size;
	} headers[] = { { "Location", r->location, sizeof(r->location) },
		{ "Link", r->link, sizeof(r->link) }, { "ETag", r->etag, sizeof(r->etag) },
		{ "Accept-Patch", r->accept_patch, sizeof(r->accept_patch) },
		{ "Accept-Post", r->accept_post, sizeof(r->accept_post) },
		{ "Retry-After", r->retry_after, sizeof(r->retry_after) } };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (!strcmp(name, headers[i].name))
			snprintf(headers[i].text, headers[i].size, "%s", value);
	}
}

/* Once, and no more. */
static void http_rig_answered(struct http_request *r, int status, const char *text)
{
	assert_int_equal(r->status, 0);
	r->status = status;
	snprintf(r->text, sizeof(r->text), "%s", text);
}

void http_answer_json(struct http_request *r, int status, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	http_rig_answered(r, status, text);
	free(text);
	json_decref(json);
}

void http_answer_text(
        struct http_request *r, int status, const char *content_type, const char *text, size_t len)
{
	assert_int_equal(strlen(text), len);
	snprintf(r->content_type, sizeof(r->content_type), "%s", content_type);
	http_rig_answered(r, status, text);
}

void http_answer_empty(struct http_request *r, int status)
{
	http_rig_answered(r, status, "");
}

void http_answer_error(struct http_request *r, int status, const char *code, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_int_equal(errors_status(code), status);
	snprintf(r->code, sizeof(r->code), "%s", code);
	http_rig_answered(r, status, text);
}

#endif
