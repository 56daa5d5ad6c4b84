/* SPDX-License-Identifier: BSD-3-Clause */
/* Multipart uploads of ours that nobody goes on with: aborted, so that the store does not keep their parts
 * for ever.
 *
 * They come from a lost ledger, from a request whose answer was lost, from a recording that was deleted in
 * the middle. At start the uploads under the prefix are listed. Buckets are shared: an upload is ours only
 * when its key is prefix + the name of a recording that is in record.dir, and nothing here knows its id. All
 * else is left alone, and so is everything when the store does not let us list. The uploader's thread only.
 */
#ifndef UPLOADER_ORPHAN_H
#define UPLOADER_ORPHAN_H

#include <stdbool.h>
#include <stdint.h>
#include "uploader/retry.h"
#include "uploader/task.h"

struct orphans;

struct orphans_cfg {
	const struct task_env *env;
	struct retry_bounds bounds;
	/* Whether a transfer in memory uses @id for @name, or is about to learn its id. */
	bool (*is_used)(void *arg, const char *name, const char *id);
	void *arg;
};

/* Look through record.dir for ledgers whose recording is gone, and remember to list the uploads under the
 * prefix. 0 or -ENOMEM. */
int orphans_create(struct orphans **ret_orphans, const struct orphans_cfg *cfg);
void orphans_free(struct orphans *orphans);

/* Abort @id of @name's object. With @forgotten, the ledger is removed once that has been done. */
void orphans_abort(struct orphans *orphans, const char *name, const char *id, bool forgotten);

/* List the uploads of @name's key alone: one of them is a stray. */
void orphans_look(struct orphans *orphans, const char *name);

/* The next thing to do: 1 with *ret_order, or 0. One at a time: not again before orphans_result. */
int orphans_next(struct orphans *orphans, uint64_t now_ns, struct task_order *ret_order);

/* When orphans_next will have something, as far as is known; UINT64_MAX: nothing waits. */
uint64_t orphans_due_ns(const struct orphans *orphans);

/* What came of it. */
void orphans_result(struct orphans *orphans, const struct exchange_reply *reply,
        const struct s3_verdict *verdict, uint64_t now_ns);

#endif
