/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a request, for the files of the HTTP server only (http.c, http_begin.c, http_answer.c,
 * http_worker.c).
 *
 * A request belongs to one thread at a time: the server's thread that reads its connection, then, from
 * http_worker_push to the connection's resumption, the worker that runs its handler, then the server's thread
 * again. */
#ifndef CONTROL_HTTP_REQUEST_H
#define CONTROL_HTTP_REQUEST_H

#include <microhttpd.h>
#include "control/http.h"
#include "control/query.h"

struct auth;
struct conf;
struct http_worker;

enum http_stage {
	HTTP_STAGE_NEW,        /* the request line was read */
	HTTP_STAGE_COLLECTING, /* headers are known, the body comes in */
	HTTP_STAGE_ANSWERED    /* the handler is done; the answer waits to be sent */
};

struct http_header {
	struct http_header *next;
	char *name, *value;
};

struct http_request {
	struct http *http;
	struct MHD_Connection *connection;
	struct http_request *next; /* in the workers' queue */
	enum http_stage stage;
	bool is_whole;  /* counted in http's active */
	bool is_live;   /* ROUTE_LIVE: its handler needs no worker */
	bool is_stream; /* how long it took is no figure of ours */
	uint64_t begun_ns;
	const char *method;
	char *path, *query; /* one allocation, path's */
	char *params[HTTP_PARAMS];
	struct query_pair pairs[QUERY_PAIRS];
	size_t pair_count;
	http_handler *handler;
	char *body;
	size_t body_len, body_size;
	uint64_t discarded_bytes;
	struct http_header *headers;
	struct MHD_Response *response;
	int status;
};

struct http {
	struct control *control;
	const struct conf *conf;
	struct auth *auth;
	struct MHD_Daemon *daemon;
	struct http_worker *worker;
	char *tls_cert, *tls_key;
	unsigned active; /* requests received and not completely answered; atomic */
	bool stopping;   /* atomic */
};

/* Look at the request line and headers: route, token, size. The answer is there afterwards when it is
 * refused. */
void http_begin(struct http_request *req);

/* Attach what every answer bears (CORS and the like) and the headers that were set. */
void http_answer_free(struct http_request *req);

#endif
