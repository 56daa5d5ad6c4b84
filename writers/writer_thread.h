/* SPDX-License-Identifier: BSD-3-Clause */
/* One writer thread: its rings, its tracks, its loop. Internal to writers/writer*.c.
 *
 *   packets of each ring to their tracks → commands → tracks that are due → storage → rest, if all were idle
 */
#ifndef WRITERS_WRITER_THREAD_H
#define WRITERS_WRITER_THREAD_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include "base/spsc.h"
#include "writers/deadline.h"
#include "writers/filer.h"
#include "writers/storage.h"
#include "writers/writer.h"

/* A track at its writer. Made by the command thread, freed by the writer. */
struct writer_entry {
	struct deadline deadline; /* first: the heap's members are entries */
	struct track *track;
	struct writer_thread *thread;
	struct writer_entry *next, *prev; /* of the thread's tracks */
	struct writer_entry *next_closed;
	uint64_t frames_counted;
	int status;
	bool finished; /* its stream has been ended; some of its files may not */
	char reason[LIMIT_REASON_BYTES + 1];
};

struct writer_thread {
	const struct writer_cfg *cfg;
	struct writer_entry **entries; /* the pool's, by stat_index */
	struct filer *filer;
	struct storage *storage;
	struct spsc **inputs;
	struct spsc *commands; /* what writer_thread_command puts in */
	struct packet_bin bin;
	struct deadline_heap deadlines;
	struct writer_entry *first, *closed; /* open tracks; those to be reported as closed */
	uint64_t *slot;
	uint64_t now_ns;
	uint64_t block_bytes;
	cpu_set_t cpus;
	unsigned index, idle;
	int event_fd; /* wakes a thread that has no track */
	int status;   /* of its start, once `ready` is posted */
	bool stopping, running;
	sem_t ready;
	pthread_t thread;
};

enum writer_command { WRITER_TRACK_OPEN, WRITER_TRACK_CLOSE, WRITER_STOP };

/* Start the thread and wait until it has its storage. 0 or -errno (logged). */
int writer_thread_start(struct writer_thread *thread);

/* Instead of a thread, for writer_cfg.stepped: the caller is it. Take the part on (0 or -errno, logged); do
 * all that is to be done by now, and wait for the disk wherever something depends on it; close all tracks and
 * leave. */
int writer_thread_adopt(struct writer_thread *thread);
void writer_thread_settle(struct writer_thread *thread);
void writer_thread_leave(struct writer_thread *thread);

/* Hand a command over. Command thread; waits while the thread has too many of them. @entry NULL for
 * WRITER_STOP, which closes all tracks and ends the thread. */
void writer_thread_command(
        struct writer_thread *thread, enum writer_command command, struct writer_entry *entry);

#endif
