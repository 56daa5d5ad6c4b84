/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "control/http_request.h"

#define HTTP_STREAM_BLOCK_BYTES (16 << 10)

struct http_stream {
	pthread_mutex_t lock; /* of woken and suspended; read is called without it */
	bool woken, suspended;
	struct MHD_Connection *connection;
	http_stream_read *read;
	void (*end)(void *arg);
	void *arg;
};

int http_stream_create(
        struct http_stream **ret_stream, http_stream_read *read, void (*end)(void *arg), void *arg)
{
	struct http_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	pthread_mutex_init(&stream->lock, NULL);
	stream->read = read;
	stream->end = end;
	stream->arg = arg;
	*ret_stream = stream;
	return 0;
}

void http_stream_free(struct http_stream *stream)
{
	if (!stream)
		return;
	stream->end(stream->arg);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}

void http_stream_wake(struct http_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->woken = true;
	if (stream->suspended) {
		stream->suspended = false;
		MHD_resume_connection(stream->connection);
	}
	pthread_mutex_unlock(&stream->lock);
}

/* Suspend, unless woken since @stream->woken was last cleared. */
static bool http_stream_suspend(struct http_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->suspended = !stream->woken;
	if (stream->suspended)
		MHD_suspend_connection(stream->connection);
	bool suspended = stream->suspended;
	pthread_mutex_unlock(&stream->lock);
	return suspended;
}

static ssize_t http_stream_on_read(void *cls, uint64_t at, char *buf, size_t max)
{
	struct http_stream *stream = cls;
	ssize_t got;

	do {
		pthread_mutex_lock(&stream->lock);
		stream->woken = false;
		pthread_mutex_unlock(&stream->lock);
		got = stream->read(stream->arg, buf, max);
	} while (got == 0 && !http_stream_suspend(stream));
	return got < 0 ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

static void http_stream_on_free(void *cls)
{
	http_stream_free(cls);
}

struct MHD_Response *http_stream_response(struct http_stream *stream, struct http_request *req)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int bytes = HTTP_STREAM_SEND_BYTES;
	struct MHD_Response *response = MHD_create_response_from_callback(
	        MHD_SIZE_UNKNOWN, HTTP_STREAM_BLOCK_BYTES, http_stream_on_read, stream, http_stream_on_free);

	if (!response) {
		http_stream_free(stream);
		return NULL;
	}
	stream->connection = req->connection;
	req->is_stream = true;
	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	MHD_set_connection_option(
	        req->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)HTTP_STREAM_STALL_S);
	return response;
}
