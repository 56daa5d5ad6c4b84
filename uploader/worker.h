/* SPDX-License-Identifier: BSD-3-Clause */
/* The uploader's thread: drives hashes and requests in parallel_parts places, gives free ones to whoever is
 * next (uploader/schedule.h), and keeps the gate of uploader/retry.h. */
#ifndef UPLOADER_WORKER_H
#define UPLOADER_WORKER_H

struct uploader;

/* The thread's body; @arg is the uploader. Returns NULL once `stop` is set. */
void *worker_run(void *arg);

/* Give up all that runs for @owner. On that thread. */
void worker_end_tasks(struct uploader *u, const void *owner);

#endif
