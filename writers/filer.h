/* SPDX-License-Identifier: BSD-3-Clause */
/* The filer: threads that do to files what blocks, so that no writer thread ever does.
 *
 *   writer thread                       filer
 *
 *   submit FILER_OPEN     ──queue──→    settle the name, create part and journal
 *   submit FILER_RESERVE  ──queue──→    fallocate ahead of the end
 *   submit FILER_CLOSE    ──queue──→    writers/finalise.h; after a failure: writers/repair.h
 *   file->returned        ←──mail───    the file comes back
 *
 * One thread opens, in order, so that a new file never waits for another's digest; the others close. A file
 * that follows another one of its track gets that one's name as "previous" into its journal.
 */
#ifndef WRITERS_FILER_H
#define WRITERS_FILER_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/conf.h"
#include "base/msg.h"
#include "base/name.h"

#define FILER_HEAD_BYTES 64

struct filer;
struct filer_file;

/* Where files come back to: many filer threads put, one writer thread takes. */
struct filer_mail {
	_Atomic(struct filer_file *) top;
};

enum filer_job { FILER_OPEN, FILER_RESERVE, FILER_CLOSE };

/* One file on its way through the filer. The writer's thread fills in the request, and looks at the answer
 * when the file has come back; it is under way for one job at a time. */
struct filer_file {
	/* the writer's */
	void (*returned)(struct filer_file *file, enum filer_job job);
	void *owner;
	struct filer_mail *mail;
	char *template, *room, *participant, *track_id, *session_id, *meta; /* strings of the file's own */
	char session[LIMIT_SESSION_ID_BYTES + 1], track[LIMIT_TRACK_ID_BYTES + 1]; /* for events */
	char promised[NAME_BYTES];                                                 /* or empty */
	const char *ext;                                                           /* static storage */
	uint64_t unix_s, started_unix_ns;
	uint64_t reserve_at, reserve_bytes;
	uint32_t stat_index;
	struct filer_file *previous; /* of the same track, opened before: a reference, given up once this one
	                                is opened */

	/* the answer to FILER_OPEN */
	int status; /* 0 or -errno; of FILER_CLOSE, too */
	int fd, journal_fd;
	bool direct; /* O_DIRECT is on */
	uint64_t journal_bytes;
	char name[NAME_BYTES];

	/* the request of FILER_CLOSE */
	uint64_t size;
	uint8_t head[FILER_HEAD_BYTES];
	size_t head_bytes;
	char *end; /* JSON object of final figures, NULL: none; the journal has it, too, unless that failed */
	int failed; /* 0, or the -errno for which bytes are missing */

	/* the filer's */
	struct filer_file *next_job, *next_mail;
	enum filer_job job;
	atomic_uint refs;
	char base[NAME_BYTES]; /* the name without a copy number */
	unsigned copy;
};

struct filer_cfg {
	const struct conf *conf;
	/* A file was begun, finished or failed. On filer threads. NULL: nobody wants to know. */
	void (*on_file)(void *arg, const struct msg_file_state *file);
	void *arg;
	cpu_set_t cpus; /* that the threads may use; empty: as the caller */
};

/* Start the threads. 0 or -errno. */
int filer_create(struct filer **ret_filer, const struct filer_cfg *cfg);

/* Does what is queued, ends the threads. NULL is allowed. */
void filer_free(struct filer *filer);

/* Queue a job. Writer threads. The file comes back by its mail. */
void filer_submit(struct filer *filer, struct filer_file *file, enum filer_job job);

/* Wait until every job is done and its file has come back. */
void filer_wait(struct filer *filer);

/* All files that have come back, oldest first; each has its next_mail. The mail's writer thread. */
struct filer_file *filer_mail_take(struct filer_mail *mail);

/* A file with one reference; NULL: no memory. */
struct filer_file *filer_file_new(void);
struct filer_file *filer_file_ref(struct filer_file *file);
/* Give a reference up; the last one frees the file and closes its descriptors. NULL is allowed. */
void filer_file_unref(struct filer_file *file);

#endif
