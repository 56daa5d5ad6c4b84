/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of the library, for its own files: library.c (what others call), library_keep.c (the thread:
 * uploads, retention), library_clock.c (whether ages can be believed), library_move.c (local copies after
 * their upload), library_scan.c (directory against catalogue), library_tell.c (events). */
#ifndef CONTROL_LIBRARY_KEEP_H
#define CONTROL_LIBRARY_KEEP_H

#include <pthread.h>
#include "control/catalogue.h"
#include "control/clock_step.h"
#include "control/control.h"
#include "control/events.h"
#include "control/growing.h"
#include "control/library.h"
#include "uploader/uploader.h"

/* An upload that the store has confirmed. */
struct library_keep_done {
	struct library_keep_done *next;
	char name[NAME_BYTES];
	struct uploader_status status;
};

struct library {
	struct control *control;
	const struct conf *conf;
	struct growing *growing;
	pthread_mutex_t pairs; /* held while a pair and its row change, so that they change together */
	pthread_t thread;
	bool running;
	uint64_t created_unix_ns; /* what is older happened before, and nobody is told of it */
	bool listing, listed;     /* the dataplane says what is open; it has done so once. The loop's own */
	bool disk_is_bad;         /* as disk.full told. The thread's own */
	struct clock_step clock;  /* the thread's own, likewise */
	uint64_t dir_id;          /* of the directory that was opened last; 0: none yet */
	int logged_dir_error; /* of the last failure to open record.dir, which is logged once; under pairs */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool stopping, scan_wanted, rescan_wanted; /* rescan: soon, for something could not be taken in */
	struct library_keep_done *done, **done_last;

	struct library_move_held *held; /* uploaded, local copies to go; the thread's own */
};

/* The thread. @arg: the library. */
void *library_keep_run(void *arg);
/* From the uploader's thread: struct uploader_cfg's on_done. */
void library_keep_uploaded(void *arg, const char *name, const struct uploader_status *status);
/* Note what was confirmed at the very end, when thread and uploader are gone; local copies go after the next
 * start. */
void library_keep_drain(struct library *library);

/* Whether another recording could be given the name of @row, and overwrite its object, if the local copy went
 * now: the second in its name may not be over, or, without {timestamp} in the name, its session goes on. Any
 * thread. */
bool library_move_holds(struct library *library, const struct catalogue_row *row);
/* @name is uploaded: its local copy is to go as soon as nothing holds it. The library's thread, like the next
 * two. */
void library_move_out(struct library *library, const char *name);
/* Remove what nothing holds any more. */
void library_move_let_go(struct library *library);
/* Leave the rest to the next start. */
void library_move_forget(struct library *library);

/* record.dir opened, or -errno but never -ENOENT (logged once). Opened anew each time: it may have been
 * replaced. */
int library_dir(struct library *library);

/* Take the pair @name into the catalogue and offer it for upload. 0, -ENOENT, -errno (logged). */
int library_take(struct library *library, const char *name);
/* Remove pair, row and ledger; @why is told. 0, -ENOENT, -errno. */
int library_remove(struct library *library, const char *name, const char *why);
void library_offer(struct library *library, const struct catalogue_row *row);

/* What others are told of (library_tell.c, control/events.h). A file event, before it is out of the list of
 * what grows, and whether it was in it before; a recording that is in the catalogue, or was; one that a scan
 * came upon; news of an upload (struct uploader_cfg's on_news); whether record.dir takes recordings. */
void library_tell_file(struct library *library, const struct msg_file_state *file, bool known);
void library_tell_row(struct library *library, enum events_type type, const char *name,
        const struct catalogue_row *row, const char *reason);
void library_tell_found(struct library *library, const char *name);
void library_tell_upload(void *arg, enum uploader_news news, const char *name,
        const struct uploader_meta *meta, const struct uploader_status *status);
void library_tell_disk(struct library *library);

/* Whether the wall clock was set forward lately, or may have come up wrong: then nothing is old by it. The
 * library's thread. */
bool library_clock_holds(struct library *library);

/* Compare the directory with the catalogue. The library's thread. 0 or -errno (logged). */
int library_scan_run(struct library *library);

#endif
