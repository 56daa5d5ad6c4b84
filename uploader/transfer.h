/* SPDX-License-Identifier: BSD-3-Clause */
/* One recording on its way to the store: what is to be asked next, and what the answers mean for it.
 *
 *   nothing begun ── finished, fits one part ──→ PUT ─────────────────────────────→ HEAD ──→ done
 *         └──────── larger, or growing ──→ CREATE ──→ PART … PART ──→ COMPLETE ──→ HEAD ──→ done
 *
 * Whatever may have taken effect without our knowing (an answer that was cut, a process that was killed) is
 * asked about with HEAD before it is done again; the ledger is written before PUT, CREATE and COMPLETE and
 * after each part. An upload that the store does not know any more is begun anew.
 *
 * The uploader's thread only, but for `in` and `pub`, which its lock guards. Waiting and retrying are the
 * uploader's.
 */
#ifndef UPLOADER_TRANSFER_H
#define UPLOADER_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/log.h"
#include "uploader/backlog.h"
#include "uploader/ledger.h"
#include "uploader/orphan.h"
#include "uploader/task.h"
#include "uploader/uploader.h"

enum transfer_place {
	TRANSFER_IDLE,  /* nothing to do until something happens to it */
	TRANSFER_FRESH, /* its ledger is to be read */
	TRANSFER_READY, /* may have something to do */
	TRANSFER_WAITING
};

/* What the API has said. */
struct transfer_input {
	TAILQ_ENTRY(transfer) link;
	bool queued; /* is in the inbox */
	bool offered, finished, forgotten, retry;
	uint64_t bytes, finished_ns; /* when it was first said to be finished, by the monotonic clock */
};

/* What the API may be told. */
struct transfer_public {
	enum uploader_state state;
	uint64_t bytes_done, bytes_total, next_try_unix_ns, finished_unix_ns, took_ns;
	uint32_t tries;
	char etag[S3_ETAG_BYTES];
	char *error;
};

struct transfer {
	TAILQ_ENTRY(transfer) all; /* of those not done; under the lock */
	bool listed;
	struct backlog counted; /* what it adds to the uploader's; under the lock */
	char *name;
	struct uploader_meta meta; /* set once, when it is created */
	struct transfer_input in;
	struct transfer_public pub;

	TAILQ_ENTRY(transfer) link;
	enum transfer_place place;
	bool loaded, finished, stopped;
	bool offered; /* what the API said last is still to be looked at */
	bool offered_finished;
	uint64_t offered_bytes;
	unsigned active; /* tasks */
	uint32_t tries;
	uint64_t epoch, next_try_ns;
	char logged[64]; /* beginning of the reason last logged */
	bool told_queued, told_started;

	struct ledger ledger;
	uint64_t accounted;  /* bytes of it that the account of objects has taken in; under the lock */
	uint64_t stored;     /* bytes of the object, by the store */
	uint64_t readable;   /* bytes: of the file when finished, announced while it grows */
	uint64_t generation; /* counts uploads begun */
	bool proving;        /* HEAD is next */
	bool confirmed;      /* the store has said that it has the object */
	bool doubt;          /* a request may still be at work in the store: look twice before repeating it */
	bool gone;           /* or that it does not know the upload */
	bool stray;          /* an upload may have been begun whose id we never heard */
	bool has_md5;
	uint8_t md5[16]; /* of the whole file */
	char confirmed_etag[S3_ETAG_BYTES];
};

/* For log_with. */
#define TRANSFER_IDS(t) LOG_IDS(.room = (t)->meta.room, .track = (t)->meta.track, .record = (t)->name)

struct transfer_env {
	const struct task_env *task;
	struct orphans *orphans;
	uint64_t part_size, max_size; /* bytes; max_size 0: none */
};

int transfer_create(struct transfer **ret_transfer, const char *name, const struct uploader_meta *meta);
void transfer_free(struct transfer *transfer);

/* Read its ledger. Whether it is done already. */
void transfer_load(struct transfer *t, const struct transfer_env *env);

/* The file has @bytes by now (growing) or is finished, when its size is looked up. 0, or -errno with a
 * verdict. */
int transfer_offer(struct transfer *t, const struct transfer_env *env, uint64_t bytes, bool finished,
        struct s3_verdict *ret_verdict);

/* What to do next: 1 with *ret_order, 0 for nothing, -errno. */
int transfer_next(struct transfer *t, const struct transfer_env *env, struct task_order *ret_order);

/* A task of it ended: @verdict says how, and is changed where the answer means something else for this
 * recording.
 * @task still holds its order. Whether it brought the object nearer to the store. */
bool transfer_result(struct transfer *t, const struct transfer_env *env, const struct task *task,
        const struct exchange_reply *reply, struct s3_verdict *verdict);

/* It was deleted: what was begun is to be aborted. */
void transfer_forget(struct transfer *t, const struct transfer_env *env);

bool transfer_is_done(const struct transfer *t);
uint64_t transfer_bytes_done(const struct transfer *t);

#endif
