/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server (libmicrohttpd): requests in, answers out, TLS, CORS, bearer tokens, JSON errors.
 *
 * A pool of http_threads threads runs handlers side by side; a handler blocks no longer than its own disk or
 * the dataplane's acknowledgement takes. Bodies are collected up to LIMIT_HTTP_BODY_BYTES before the handler
 * is called (413 beyond). Every answer leaves through one of the http_answer functions, exactly once.
 */
#ifndef CONTROL_HTTP_H
#define CONTROL_HTTP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct control;      /* control/control.h: what handlers work on */
struct http;         /* the server */
struct http_request; /* one request; lives until its handler has answered */

#define HTTP_PARAMS 4

/* What a handler may ask of its request. Strings live as long as the request; NULL: absent. */
struct control *http_control(const struct http_request *req);
const char *http_path(const struct http_request *req);
const char *http_param(
        const struct http_request *req, unsigned index); /* what the route's n-th {…} matched, decoded */
const char *http_query(const struct http_request *req, const char *key);
const char *http_header(const struct http_request *req, const char *name);
/* The rooms that its token is good for, as auth_rooms has it (control/auth.h). */
int http_rooms(const struct http_request *req, const char ***ret_rooms);
const char *http_body(const struct http_request *req, size_t *ret_len); /* NUL-terminated besides */

/* Headers of the answer, before answering. */
void http_set_header(struct http_request *req, const char *name, const char *value);

/* Answers. @json is taken over. An error has the body {"error":{"code","message"}}; codes come from
 * control/errors.h. */
void http_answer_json(struct http_request *req, int status, json_t *json);
void http_answer_text(
        struct http_request *req, int status, const char *content_type, const char *text, size_t len);
void http_answer_empty(struct http_request *req, int status);
void http_answer_error(struct http_request *req, int status, const char *code, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* @len bytes of the open file @fd from @offset (sendfile); fd is taken over. HEAD sends the headers only. */
void http_answer_file(struct http_request *req, int status, int fd, uint64_t offset, uint64_t len);

/* A body of several pieces of the file @fd, each after a text of its own (multipart/byteranges). fd and the
 * texts (malloc) are taken over. */
struct http_piece {
	char *text;
	uint64_t offset, len;
};
void http_answer_pieces(
        struct http_request *req, int status, int fd, const struct http_piece *pieces, size_t count);

/* A body that comes over time, and whose end nobody knows: struct http_stream (control/http_stream.h) is
 * taken over. */
struct http_stream;
void http_answer_stream(
        struct http_request *req, int status, const char *content_type, struct http_stream *stream);

/* Parse the body as a JSON object: bounded in depth and size, no duplicate keys, and UTF-8 throughout. On
 * failure the error has been answered (400 bad_json with line and column) and NULL is returned. */
json_t *http_body_json(struct http_request *req);

typedef void http_handler(struct http_request *req);

/* 0 or -errno, logged: address in use, certificate unreadable, … */
int http_create(struct http **ret_http, struct control *control);
/* Stop taking requests, let those under way finish. NULL is allowed. */
void http_free(struct http *http);

#endif
