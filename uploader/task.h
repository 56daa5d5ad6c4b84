/* SPDX-License-Identifier: BSD-3-Clause */
/* One piece of work in one of the uploader's parallel_parts places: hash a stretch of a file, then make a
 * request with it; either may be left out. Hashing goes in slices (task_step), the request by curl. The
 * uploader's thread only. */
#ifndef UPLOADER_TASK_H
#define UPLOADER_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include "uploader/digest.h"
#include "uploader/exchange.h"
#include "uploader/s3.h"

#define TASK_FIELDS 6

/* What is to be done. Strings are the task's own from task_start on, and freed by it. */
struct task_order {
	enum s3_op op;
	bool check_only; /* hash, no request */
	const char
	        *name; /* recording whose file is read; borrowed for as long as the task lives; NULL: none */
	char *key, *upload_id;
	unsigned part;
	uint64_t offset, bytes;       /* of the file: hashed, and sent by PUT and PART */
	bool md5, sha256;             /* what is to be hashed */
	char *text;                   /* the body of COMPLETE */
	char *fields[TASK_FIELDS][2]; /* further headers: name (static), value */
	size_t field_count;
	char *prefix, *key_marker, *id_marker; /* LIST */
	uint64_t generation;                   /* the owner's: of the upload that this belongs to */
	bool settled;                          /* begun when the file was finished */
};

struct task_env {
	struct exchange_env exchange;
	const struct s3_store *store;
	int dir;               /* record.dir */
	bool wait_for_go;      /* the store has not proved usable: ask before sending a body */
	int64_t clock_ahead_s; /* by how much the store's clock is ahead of ours, where it refused ours */
};

enum task_stage { TASK_FREE, TASK_HASH, TASK_WIRE };

struct task {
	enum task_stage stage;
	void *owner;
	uint64_t gate_epoch, owner_epoch;
	struct task_order order;
	int fd;
	uint64_t hashed;
	struct digest digest;
	struct exchange exchange;
};

/* Seconds since 1970 by which requests are signed: the store's. */
uint64_t task_unix_s(const struct task_env *env);

/* Open @name's file: finished or still .part, also while it is being renamed. A descriptor, or -errno. */
int task_open(int dir, const char *name);

/* Take @order over. 0, or -errno: the task holds its order all the same, until task_end. */
int task_start(struct task *task, const struct task_env *env, void *owner, struct task_order *order);

/* Hash one slice of a task in TASK_HASH. 1: go on; 0: a check_only task is complete, or the request has been
 * begun (then the stage is TASK_WIRE); -errno: failed. */
int task_step(struct task *task, const struct task_env *env);

/* Give it up or put it away; the place is free after. */
void task_end(struct task *task, const struct task_env *env);

void task_order_free(struct task_order *order);

#endif
