/* SPDX-License-Identifier: BSD-3-Clause */
/* What the segments of one writer thread stand on: its blocks, its io_uring, its timers, the way to the filer
 * and back, and for each track the chain of its files.
 *
 * All functions run on the writer's thread; none blocks but storage_wait and storage_free.
 */
#ifndef WRITERS_STORAGE_H
#define WRITERS_STORAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/conf.h"
#include "writers/block.h"
#include "writers/filer.h"
#include "writers/uring.h"

struct storage;

struct storage_cfg {
	const struct conf *conf;
	uint64_t block_bytes; /* of this thread's pool */
	struct filer *filer;
	uint64_t *slot; /* WRITER counters, NULL: none */
	/* A file of the track has failed: nothing more can be written to it. */
	void (*on_failed)(void *arg, void *track_arg, const char *why);
	/* The last open file of the track has been closed. @status: 0, or the first error of any of its
	 * files. */
	void (*on_idle)(void *arg, void *track_arg, int status);
	void *arg;
};

/* 0 or -errno (logged, with what to do about it). */
int storage_create(struct storage **ret_storage, const struct storage_cfg *cfg);

/* No file may be open. NULL is allowed. */
void storage_free(struct storage *storage);

/* Run what is due: completed writes, files back from the filer, timers; then submit. Returns whether anything
 * was done. */
bool storage_poll(struct storage *storage, uint64_t now_mono_ns);

/* Wait for the disk: until no write and no job of the filer's is under way. storage_poll then takes what came
 * of it. */
void storage_wait(struct storage *storage);

/* Files that are not closed yet: in all, and of a track. */
unsigned storage_files(const struct storage *storage);
unsigned storage_track_files(const struct storage *storage, const void *track_arg);

/* The track begins no further file. */
void storage_forget(struct storage *storage, const void *track_arg);

/* The rest is between storage and its segments. */

/* A list of timers of one interval is in order by itself. */
enum storage_list { STORAGE_FLUSH, STORAGE_SYNC, STORAGE_RETRY, STORAGE_LISTS };

struct storage_timer {
	struct storage_timer *next, *prev;
	uint64_t due_ns;
	void (*fire)(struct storage_timer *timer);
	enum storage_list list;
	bool armed;
};

/* Fire once, one interval from now; a timer that is armed keeps its time. */
void storage_arm(struct storage *storage, enum storage_list list, struct storage_timer *timer);
void storage_disarm(struct storage *storage, struct storage_timer *timer);

/* A file of the track begins: *ret_previous is the one before it, with a reference, or NULL. 0 or -ENOMEM. */
int storage_file_begun(
        struct storage *storage, void *track_arg, struct filer_file *file, struct filer_file **ret_previous);
/* It has been closed; @status as it came from the filer. */
void storage_file_ended(struct storage *storage, void *track_arg, int status);

const struct storage_cfg *storage_cfg(const struct storage *storage);
struct block_pool *storage_blocks(struct storage *storage);
struct uring *storage_uring(struct storage *storage);
struct filer_mail *storage_mail(struct storage *storage);
uint64_t storage_now_ns(const struct storage *storage); /* as of the last storage_poll */

/* Add to a WRITER counter. */
void storage_count(struct storage *storage, unsigned id, uint64_t n);

#endif
