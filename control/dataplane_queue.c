/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dataplane_queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/ipc.h"

/* Of a waiting thread (on its stack), or of nobody in particular (on the heap, with its message). */
struct request {
	TAILQ_ENTRY(request) link;
	union msg *msg;
	enum msg_type type;
	uint64_t id;
	bool on_heap, is_sent, finished;
	int status;
	dataplane_done *done;
	void *arg;
	char session[LIMIT_SESSION_ID_BYTES + 1];
	char why[LIMIT_REASON_BYTES + 1];
};

void dataplane_queue_init(struct dataplane_queue *q, int wake_fd)
{
	pthread_condattr_t attr;

	q->wake_fd = wake_fd;
	q->phase = DATAPLANE_DOWN;
	TAILQ_INIT(&q->queued);
	TAILQ_INIT(&q->sent);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->answered, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&q->lock, NULL);
}

static void request_free(struct request *req)
{
	if (req->msg)
		explicit_bzero(req->msg, ipc_size(req->type));
	free(req->msg);
	free(req);
}

static const char *session_of(const union msg *msg, enum msg_type type)
{
	switch (type) {
	case MSG_SESSION_OPEN:
		return msg->SESSION_OPEN_.id;
	case MSG_SESSION_CLOSE:
		return msg->SESSION_CLOSE_.id;
	case MSG_SESSION_KEYS:
		return msg->SESSION_KEYS_.id;
	case MSG_SESSION_ICE:
		return msg->SESSION_ICE_.id;
	case MSG_KEY_FRAME:
		return msg->KEY_FRAME_.id;
	default:
		return "";
	}
}

static struct request *request_make(const union msg *msg, enum msg_type type)
{
	struct request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->type = type;
	req->on_heap = true;
	req->msg = malloc(ipc_size(type));
	if (!req->msg) {
		free(req);
		return NULL;
	}
	memcpy(req->msg, msg, ipc_size(type));
	snprintf(req->session, sizeof(req->session), "%s", session_of(msg, type));
	return req;
}

/* A waiting thread learns the outcome. With the lock. */
static void finish_waiting(struct dataplane_queue *q, struct request *req, int status, const char *why)
{
	req->status = status;
	snprintf(req->why, sizeof(req->why), "%s", why);
	req->finished = true;
	pthread_cond_broadcast(&q->answered);
}

/* The function is called, the request ends. Without the lock. */
static void finish_asked(struct request *req, int status, const char *why)
{
	if (req->done)
		req->done(req->arg, req->session, status, why);
	request_free(req);
}

/* Take every request out: waiting threads are told, the others are left in @ret_asked. */
static void drain(struct dataplane_queue *q, struct requests *ret_asked)
{
	struct requests *lists[] = { &q->sent, &q->queued };

	pthread_mutex_lock(&q->lock);
	q->phase = DATAPLANE_DOWN;
	q->datagrams = 0;
	for (unsigned i = 0; i < 2; i++) {
		for (struct request *req; (req = TAILQ_FIRST(lists[i]));) {
			TAILQ_REMOVE(lists[i], req, link);
			if (req->on_heap)
				TAILQ_INSERT_TAIL(ret_asked, req, link);
			else
				finish_waiting(q, req, -ENOTCONN, "the dataplane went away");
		}
	}
	pthread_mutex_unlock(&q->lock);
}

void dataplane_queue_fail(struct dataplane_queue *q)
{
	struct requests asked = TAILQ_HEAD_INITIALIZER(asked);

	drain(q, &asked);
	for (struct request *req; (req = TAILQ_FIRST(&asked));) {
		TAILQ_REMOVE(&asked, req, link);
		finish_asked(req, -ENOTCONN, "the dataplane went away");
	}
}

void dataplane_queue_destroy(struct dataplane_queue *q)
{
	struct requests asked = TAILQ_HEAD_INITIALIZER(asked);

	drain(q, &asked);
	for (struct request *req; (req = TAILQ_FIRST(&asked));) {
		TAILQ_REMOVE(&asked, req, link);
		request_free(req);
	}
	pthread_cond_destroy(&q->answered);
	pthread_mutex_destroy(&q->lock);
}

void dataplane_queue_enter(struct dataplane_queue *q, enum dataplane_phase phase)
{
	pthread_mutex_lock(&q->lock);
	q->phase = phase;
	pthread_mutex_unlock(&q->lock);
}

bool dataplane_queue_is_up(struct dataplane_queue *q)
{
	pthread_mutex_lock(&q->lock);
	bool up = q->phase == DATAPLANE_UP;
	pthread_mutex_unlock(&q->lock);
	return up;
}

uint64_t dataplane_queue_id(struct dataplane_queue *q)
{
	pthread_mutex_lock(&q->lock);
	uint64_t id = ++q->next_id;
	pthread_mutex_unlock(&q->lock);
	return id;
}

/* Put a request in and wake the loop. With the lock. */
static void put(struct dataplane_queue *q, struct request *req)
{
	uint64_t one = 1;
	ssize_t n;

	req->id = ++q->next_id;
	q->datagrams += req->type == MSG_DTLS_OUT;
	TAILQ_INSERT_TAIL(&q->queued, req, link);
	n = write(q->wake_fd, &one, sizeof(one));
	(void)n; /* it can only be full, and then the loop wakes anyway */
}

static struct timespec deadline_in(unsigned ms)
{
	uint64_t ns = clk_mono_ns() + ms * CLK_NS_PER_MS;

	return (struct timespec){ .tv_sec = (time_t)(ns / CLK_NS_PER_S),
		.tv_nsec = (long)(ns % CLK_NS_PER_S) };
}

int dataplane_queue_wait(struct dataplane_queue *q, union msg *msg, enum msg_type type, unsigned wait_ms,
        char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct request req = { .msg = msg, .type = type };
	struct timespec until = deadline_in(wait_ms);

	pthread_mutex_lock(&q->lock);
	if (q->phase == DATAPLANE_UP)
		put(q, &req);
	else
		finish_waiting(q, &req, -ENOTCONN, "the dataplane is not there");
	while (!req.finished && !pthread_cond_timedwait(&q->answered, &q->lock, &until))
		;
	if (!req.finished) {
		TAILQ_REMOVE(req.is_sent ? &q->sent : &q->queued, &req, link);
		finish_waiting(q, &req, -ETIMEDOUT, "the dataplane does not answer");
	}
	pthread_mutex_unlock(&q->lock);
	explicit_bzero(msg, ipc_size(type));
	memcpy(ret_why, req.why, sizeof(req.why));
	return req.status;
}

int dataplane_queue_ask(
        struct dataplane_queue *q, union msg *msg, enum msg_type type, dataplane_done *done, void *arg)
{
	struct request *req = request_make(msg, type);
	int r = 0;

	explicit_bzero(msg, ipc_size(type));
	if (!req)
		return -ENOMEM;
	req->done = done;
	req->arg = arg;
	pthread_mutex_lock(&q->lock);
	if (q->phase < DATAPLANE_LISTING)
		r = -ENOTCONN;
	else if (type == MSG_DTLS_OUT && q->datagrams >= LIMIT_DTLS_OUT_PKTS)
		r = -ENOBUFS;
	else
		put(q, req);
	pthread_mutex_unlock(&q->lock);
	if (r)
		request_free(req);
	return r;
}

/* It waits for its answer now, if it is one that is answered. With the lock. */
static void keep_sent(struct dataplane_queue *q, struct request *req)
{
	if (req->type == MSG_DTLS_OUT) {
		q->datagrams--;
		request_free(req);
		return;
	}
	explicit_bzero(req->msg, ipc_size(req->type));
	req->is_sent = true;
	TAILQ_INSERT_TAIL(&q->sent, req, link);
}

int dataplane_queue_flush(struct dataplane_queue *q, int fd)
{
	int error = 0;

	pthread_mutex_lock(&q->lock);
	for (struct request *req; (req = TAILQ_FIRST(&q->queued));) {
		error = ipc_send(fd, req->msg, req->type, req->id);
		if (error)
			break;
		TAILQ_REMOVE(&q->queued, req, link);
		keep_sent(q, req);
	}
	pthread_mutex_unlock(&q->lock);
	return error;
}

bool dataplane_queue_answer(struct dataplane_queue *q, const struct msg_ack *ack)
{
	struct request *req;
	bool waiting = false;

	pthread_mutex_lock(&q->lock);
	TAILQ_FOREACH(req, &q->sent, link)
	{
		if (req->id == ack->head.id)
			break;
	}
	if (req) {
		TAILQ_REMOVE(&q->sent, req, link);
		waiting = !req->on_heap;
		if (waiting)
			finish_waiting(q, req, ack->status, ack->why);
	}
	pthread_mutex_unlock(&q->lock);
	if (req && !waiting)
		finish_asked(req, ack->status, ack->why);
	return req != NULL;
}
