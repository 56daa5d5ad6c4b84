/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http_worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include "control/http_request.h"

struct http_worker {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct http_request *first, **last;
	bool stopping;
	unsigned threads;
	pthread_t thread[];
};

static struct http_request *http_worker_pop(struct http_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	while (!worker->first && !worker->stopping)
		pthread_cond_wait(&worker->wake, &worker->lock);
	struct http_request *req = worker->first;
	if (req) {
		worker->first = req->next;
		if (!worker->first)
			worker->last = &worker->first;
	}
	pthread_mutex_unlock(&worker->lock);
	return req;
}

static void *http_worker_run(void *arg)
{
	struct http_worker *worker = arg;

	for (struct http_request *req; (req = http_worker_pop(worker));) {
		req->handler(req);
		if (!req->response)
			http_answer_error(req, 500, "internal", "The call came to no answer.");
		req->stage = HTTP_STAGE_ANSWERED;
		MHD_resume_connection(req->connection); /* the request is the server's again */
	}
	return NULL;
}

int http_worker_create(struct http_worker **ret_worker, unsigned threads)
{
	struct http_worker *worker = calloc(1, sizeof(*worker) + threads * sizeof(worker->thread[0]));

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	worker->last = &worker->first;
	for (; worker->threads < threads; worker->threads++) {
		int err = pthread_create(&worker->thread[worker->threads], NULL, http_worker_run, worker);
		if (err) {
			http_worker_free(worker);
			return -err;
		}
	}
	*ret_worker = worker;
	return 0;
}

void http_worker_free(struct http_worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_broadcast(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	for (unsigned i = 0; i < worker->threads; i++)
		pthread_join(worker->thread[i], NULL);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

void http_worker_push(struct http_worker *worker, struct http_request *req)
{
	pthread_mutex_lock(&worker->lock);
	MHD_suspend_connection(req->connection); /* under the lock: a worker resumes it only after this */
	req->next = NULL;
	*worker->last = req;
	worker->last = &req->next;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}
