/* SPDX-License-Identifier: BSD-3-Clause */
/* Where each recording stands: fresh (its ledger is to be read), ready, waiting for its next try, or idle;
 * and what the API is shown of it. Those that are ready take turns, one request each. The uploader's thread
 * only. */
#ifndef UPLOADER_SCHEDULE_H
#define UPLOADER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include "uploader/uploader_internal.h"

/* Bring what the API shows up to date. @error: the failure to show, "" for none any more, NULL to leave it.
 */
void schedule_publish(struct uploader *u, struct transfer *t, const char *error);

/* Tell who asked for news of what has happened to @t. Without the lock. */
void schedule_tell(struct uploader *u, struct transfer *t, enum uploader_news news);

/* Take what the API has said since. Whether the thread is to go on. */
bool schedule_inbox(struct uploader *u);

/* Read the ledgers of some that are fresh. */
void schedule_load(struct uploader *u);

/* Those whose wait is over become ready. */
void schedule_wake(struct uploader *u, uint64_t now_ns);

/* Whose turn it is, with what is to be done for it; NULL when nobody has anything to do. */
struct transfer *schedule_next(struct uploader *u, struct task_order *ret_order);

/* @t may have something to do (again). */
void schedule_ready(struct uploader *u, struct transfer *t);

/* It failed: it waits, or stops. */
void schedule_failed(struct uploader *u, struct transfer *t, const struct s3_verdict *verdict);

/* The object is there. @fresh: since just now, rather than by an earlier process. */
void schedule_completed(struct uploader *u, struct transfer *t, bool fresh);

#endif
