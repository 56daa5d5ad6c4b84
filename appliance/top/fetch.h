/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP requests under way beside each other, on libcurl's multi interface: nothing here waits but fetch_wait.
 * One thread. */
#ifndef APPLIANCE_TOP_FETCH_H
#define APPLIANCE_TOP_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#define FETCH_BODY_BYTES   (8 << 20) /* a longer answer is an error */
#define FETCH_CURSOR_BYTES 256
#define FETCH_FDS          2

struct fetch_cfg {
	const char *url;     /* "http://127.0.0.1:8080", in front of every path; copied */
	const char *token;   /* NULL: none; copied, and wiped */
	const char *ca_file; /* NULL: the system's authorities; copied */
	bool any_host;       /* the certificate's names do not matter */
};

struct fetch_result {
	int status;        /* 0: no answer, @error says why */
	const char *error; /* "" when there was an answer */
	const char *body;  /* NUL-terminated; "" of a stream, which its reader got */
	size_t len;
	const char *cursor; /* of the next page by the Link header (RFC 8288); "" when this is the last */
};

/* Called once a request, from fetch_wait; what @result points to ends with the call. */
typedef void fetch_done(void *arg, const struct fetch_result *result);
/* Called with what a stream brings, when its status is 200. */
typedef void fetch_read(void *arg, const char *data, size_t len);

struct fetch_request {
	const char *method, *path; /* "GET", "/api/v1/stats" */
	const char *header;        /* one more, "Name: value"; NULL: none */
	unsigned timeout_s;        /* 0: none; for streams */
	fetch_read *read;          /* NULL: the body is collected */
	fetch_done *done;
	void *arg;
};

struct fetch;

/* 0, -ENOMEM, or -EINVAL: libcurl does not take it. */
int fetch_create(struct fetch **ret_fetch, const struct fetch_cfg *cfg);
/* Requests under way end without their calls. NULL is accepted. */
void fetch_free(struct fetch *fetch);

/* Start a request; @request is copied. 0, or -ENOMEM: done is not called. */
int fetch_start(struct fetch *fetch, const struct fetch_request *request);

/* Let requests go on until one of the @count descriptors @fds (at most FETCH_FDS) is readable or @timeout_ms
 * are over, and call those that end. True: one is readable. Returns early when a request has ended. */
bool fetch_wait(struct fetch *fetch, const int *fds, unsigned count, int timeout_ms);

/* @text with all but RFC 3986's unreserved characters as %XX; free it. NULL without memory. */
char *fetch_escape(const char *text);

#endif
