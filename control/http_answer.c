/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "control/errors.h"
#include "control/http_stream.h"
#include "control/json_text.h"

#define HTTP_ANSWER_BLOCK_BYTES   (128 << 10)
#define HTTP_ANSWER_MESSAGE_BYTES 512

void http_set_header(struct http_request *req, const char *name, const char *value)
{
	struct http_header *header = calloc(1, sizeof(*header));

	if (!header)
		return;
	header->name = strdup(name);
	header->value = strdup(value);
	header->next = req->headers;
	req->headers = header;
}

void http_answer_free(struct http_request *req)
{
	if (req->response)
		MHD_destroy_response(req->response);
	req->response = NULL;
	for (struct http_header *header; (header = req->headers);) {
		req->headers = header->next;
		free(header->name);
		free(header->value);
		free(header);
	}
}

static void http_answer_cors(const struct http_request *req, struct MHD_Response *response)
{
	const char *origin = req->http->conf->control_cors_origin;

	if (!*origin)
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
	MHD_add_response_header(response, "Access-Control-Expose-Headers",
	        "Location, ETag, Link, Content-Range, Accept-Ranges, Accept-Patch, Allow, Retry-After");
	if (strcmp(origin, "*"))
		MHD_add_response_header(response, "Vary", "Origin");
}

/* The one way out: every answer passes here once. @response is taken over; NULL: it could not be made. */
static void http_answer(struct http_request *req, int status, struct MHD_Response *response)
{
	if (!response) {
		status = 500;
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		if (!response)
			return;
	}
	if (req->response) {
		log_error("http: %s %s was answered twice, with %d and %d", req->method, req->path,
		        req->status, status);
		MHD_destroy_response(response);
		return;
	}
	for (const struct http_header *header = req->headers; header; header = header->next)
		if (header->name && header->value)
			MHD_add_response_header(response, header->name, header->value);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	http_answer_cors(req, response);
	req->response = response;
	req->status = status;
}

void http_answer_text(
        struct http_request *req, int status, const char *content_type, const char *text, size_t len)
{
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (response && content_type)
		MHD_add_response_header(response, "Content-Type", content_type);
	if (response)
		MHD_add_response_header(response, "Cache-Control", "no-store");
	http_answer(req, status, response);
}

void http_answer_json(struct http_request *req, int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_TEXT_REALS) : NULL;

	json_decref(json);
	if (!text) {
		http_answer_error(req, 500, "internal", "The answer could not be put together.");
		return;
	}
	http_answer_text(req, status, "application/json", text, strlen(text));
	free(text);
}

void http_answer_empty(struct http_request *req, int status)
{
	http_answer(req, status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void http_answer_error(struct http_request *req, int status, const char *code, const char *format, ...)
{
	char message[HTTP_ANSWER_MESSAGE_BYTES];
	struct jsonw w = { 0 };
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (errors_status(code) != status)
		log_error("http: %s %s: error %s with status %d is not in the table of errors", req->method,
		        req->path, code, status);
	jsonw_object(&w, NULL);
	jsonw_object(&w, "error");
	jsonw_string(&w, "code", code);
	jsonw_string(&w, "message", message);
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	if (w.error)
		http_answer(req, status, NULL);
	else
		http_answer_text(req, status, "application/json", w.text, w.len);
	jsonw_reset(&w);
}

void http_answer_file(struct http_request *req, int status, int fd, uint64_t offset, uint64_t len)
{
	struct MHD_Response *response = NULL;

	if (len > 0)
		response = MHD_create_response_from_fd_at_offset64(len, fd, offset);
	if (!response)
		close(fd);
	if (len == 0)
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	http_answer(req, status, response);
}

/* A body of several pieces of one file, each after a text of its own. */
struct http_answer_body {
	int fd;
	size_t count;
	struct http_piece pieces[];
};

static void http_answer_body_free(void *cls)
{
	struct http_answer_body *body = cls;

	close(body->fd);
	for (size_t i = 0; i < body->count; i++)
		free(body->pieces[i].text);
	free(body);
}

static ssize_t http_answer_body_read(void *cls, uint64_t at, char *buf, size_t max)
{
	struct http_answer_body *body = cls;

	for (size_t i = 0; i < body->count; i++) {
		const struct http_piece *piece = &body->pieces[i];
		size_t text_len = strlen(piece->text);
		if (at < text_len) {
			size_t len = text_len - (size_t)at < max ? text_len - (size_t)at : max;
			memcpy(buf, piece->text + at, len);
			return (ssize_t)len;
		}
		at -= text_len;
		if (at < piece->len) {
			size_t len = piece->len - at < max ? (size_t)(piece->len - at) : max;
			ssize_t got = pread(body->fd, buf, len, (off_t)(piece->offset + at));
			return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
		}
		at -= piece->len;
	}
	return MHD_CONTENT_READER_END_OF_STREAM;
}

void http_answer_pieces(
        struct http_request *req, int status, int fd, const struct http_piece *pieces, size_t count)
{
	struct http_answer_body *body = calloc(1, sizeof(*body) + count * sizeof(pieces[0]));
	struct MHD_Response *response = NULL;
	uint64_t total = 0;

	if (body) {
		body->fd = fd;
		body->count = count;
		memcpy(body->pieces, pieces, count * sizeof(pieces[0]));
		for (size_t i = 0; i < count; i++)
			total += strlen(pieces[i].text) + pieces[i].len;
		response = MHD_create_response_from_callback(
		        total, HTTP_ANSWER_BLOCK_BYTES, http_answer_body_read, body, http_answer_body_free);
		if (!response)
			http_answer_body_free(body);
	} else {
		close(fd);
		for (size_t i = 0; i < count; i++)
			free(pieces[i].text);
	}
	http_answer(req, status, response);
}

void http_answer_stream(
        struct http_request *req, int status, const char *content_type, struct http_stream *stream)
{
	struct MHD_Response *response = http_stream_response(stream, req);

	if (response) {
		MHD_add_response_header(response, "Content-Type", content_type);
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	http_answer(req, status, response);
}
