/* SPDX-License-Identifier: BSD-3-Clause */
/* The threads that run handlers, so that one which waits for the dataplane or the disk holds up no other
 * connection. */
#ifndef CONTROL_HTTP_WORKER_H
#define CONTROL_HTTP_WORKER_H

struct http_request;
struct http_worker;

/* 0 or -errno. */
int http_worker_create(struct http_worker **ret_worker, unsigned threads);

/* Finish what is queued, then end the threads. NULL is allowed. */
void http_worker_free(struct http_worker *worker);

/* Suspend the request's connection and queue it; its handler runs on a worker, then the connection is
 * resumed. */
void http_worker_push(struct http_worker *worker, struct http_request *req);

#endif
