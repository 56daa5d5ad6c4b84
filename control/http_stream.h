/* SPDX-License-Identifier: BSD-3-Clause */
/* A body that comes over time. While there is nothing to send its connection is suspended: it costs no thread
 * and no polling, and is taken up again when it is woken.
 *
 * The server's threads call read and end; anybody may wake. A connection that takes nothing for
 * HTTP_STREAM_STALL_S is closed, and the kernel holds no more than HTTP_STREAM_SEND_BYTES for it. That a
 * client went away is noticed when something is sent to it: a stream that may be silent for long has to send
 * something now and then. */
#ifndef CONTROL_HTTP_STREAM_H
#define CONTROL_HTTP_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#define HTTP_STREAM_STALL_S    20
#define HTTP_STREAM_SEND_BYTES (64 << 10)

struct http_request;
struct http_stream;
struct MHD_Response;

/* Put what there is into @buf, @max bytes at most: how many, 0: nothing now (woken later), -1: the end. */
typedef ssize_t http_stream_read(void *arg, char *buf, size_t max);

/* @end is called once, when nobody reads any more: after it, the stream is not there to be woken. 0 or
 * -ENOMEM (@end is not called). */
int http_stream_create(
        struct http_stream **ret_stream, http_stream_read *read, void (*end)(void *arg), void *arg);
/* Of one that was not answered with; calls end. NULL is allowed. */
void http_stream_free(struct http_stream *stream);

/* There is something to read. Any thread, which may hold locks that read takes. */
void http_stream_wake(struct http_stream *stream);

/* The server's own: @stream as the answer to @req, NULL: no memory (the stream is freed). */
struct MHD_Response *http_stream_response(struct http_stream *stream, struct http_request *req);

#endif
