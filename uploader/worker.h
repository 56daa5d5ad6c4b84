/* SPDX-License-Identifier: BSD-3-Clause */
/* The uploader's thread: takes what the API has said, shares out the parallel_parts places among recordings
 * in turn, drives hashes and requests, and decides when what failed is tried again. uploader/uploader.c is
 * the API in front. */
#ifndef UPLOADER_WORKER_H
#define UPLOADER_WORKER_H

#include <pthread.h>
#include "uploader/orphan.h"
#include "uploader/retry.h"
#include "uploader/task.h"
#include "uploader/transfer.h"
#include "uploader/uploader.h"

TAILQ_HEAD(transfer_list, transfer);

struct uploader {
	struct uploader_cfg cfg;
	struct s3_store store;
	struct task_env task_env;
	struct transfer_env transfer_env;
	struct retry_bounds bounds;
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* guards from here … */
	void *by_name;        /* tsearch tree of &transfer->name */
	struct transfer_list inbox, unfinished;
	uint64_t in_state[UPLOADER_DONE + 1];
	uint64_t done, failures, bytes_sent;
	bool store_usable, stop;
	char last_error[S3_REASON_BYTES]; /* … to here */

	struct transfer_list fresh, ready, waiting;
	uint64_t earliest_ns; /* of those waiting; may be too early */
	struct retry_gate gate;
	bool gate_logged;
	struct orphans *orphans;
	struct task *tasks;
	unsigned task_count;
};

/* The thread's body; @arg is the uploader. Returns NULL once `stop` is set. */
void *worker_run(void *arg);

/* The transfer of @name, or NULL. The lock is held. */
struct transfer *worker_find(struct uploader *u, const char *name);

#endif
