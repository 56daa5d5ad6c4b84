/* SPDX-License-Identifier: BSD-3-Clause */
/* The uploader's insides, shared by uploader.c (the API), schedule.c (who is next) and worker.c (the thread).
 */
#ifndef UPLOADER_UPLOADER_INTERNAL_H
#define UPLOADER_UPLOADER_INTERNAL_H

#include <pthread.h>
#include "uploader/backlog.h"
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
	uint64_t offered_bytes, object_bytes, forgotten_bytes; /* see uploader_account */
	struct backlog backlog;                                /* of those unfinished */
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

/* The transfer of @name, or NULL. The lock is held. */
struct transfer *uploader_find(struct uploader *u, const char *name);

#endif
