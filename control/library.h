/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeps record.dir, the catalogue, the uploader and retention in step.
 *
 * At start, after every (re)connection to the dataplane, and every ten minutes, the directory is compared
 * with the catalogue: finished pairs that are missing are added, rows whose file is gone are removed, what is
 * not uploaded is offered. The dataplane's file events do the same for one file at once, on the event loop.
 * Scans, retention and what follows an upload run on a thread of its own, so that a large directory holds up
 * neither loop nor calls.
 *
 * With upload on, it makes the uploader (control.uploader) and tells it what grows and what is finished. A
 * confirmed upload goes into the sidecar and the catalogue; with upload.delete_after_upload the local copy
 * then goes.
 */
#ifndef CONTROL_LIBRARY_H
#define CONTROL_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/msg.h"

struct catalogue_row;
struct control;
struct library;

/* Starts the thread, which scans at once, and the uploader. control's catalogue, sessions and dataplane are
 * there already. 0 or -errno (logged). */
int library_create(struct library **ret_library, struct control *control);
/* Ends uploader and thread. NULL is allowed. */
void library_free(struct library *library);

/* The dataplane is there (again) and will now say what is open: forget what it said before. Event loop. */
void library_dataplane_up(struct library *library);

/* It has said so. Event loop. */
void library_dataplane_listed(struct library *library);

/* Compare the whole directory with the catalogue. Any thread. */
void library_scan(struct library *library);

/* The dataplane says a file was begun, finished or failed. Event loop. */
void library_file_event(struct library *library, const struct msg_file_state *file);

/* Open files, as far as they are known: for ?state=all and for downloads of what still grows. */
struct library_open_file {
	char name[NAME_BYTES], session[LIMIT_SESSION_ID_BYTES + 1], track[LIMIT_TRACK_ID_BYTES + 1];
	uint64_t bytes; /* that may be read: whole frames, written */
	uint64_t started_unix_ns;
	char promised[NAME_BYTES], room[LIMIT_ROOM_BYTES + 1], participant[LIMIT_PARTICIPANT_BYTES + 1];
};
/* In no order. @ret_files is NULL when there are none. */
unsigned library_open_files(
        struct library *library, struct library_open_file **ret_files); /* free the array */
/* By name or promised name. */
bool library_open_file(struct library *library, const char *name, struct library_open_file *ret_file);

/* A finished recording by name or promised name: its row, also when the catalogue did not know it yet. 0,
 * -ENOENT, -EBUSY (still open), -EIO. Any thread. */
int library_find(struct library *library, const char *name, struct catalogue_row *ret_row);

/* Whether @name is the name or promised name of a recording, open or finished. Any thread. */
bool library_knows(struct library *library, const char *name);

/* The whole sidecar of a finished recording, by its real name, with name, size, modTime and url as they are;
 * NULL: gone. */
json_t *library_sidecar(struct library *library, const char *name);

/* Remove file, sidecar, ledger and row, by name or promised name. 0, -ENOENT, -EBUSY (open), -errno of the
 * disk. Any thread. */
int library_delete(struct library *library, const char *name, char ret_name[NAME_BYTES]);

/* Where the file is, open for reading: a finished one by name or promised name, or a growing one's part.
 * Returns the descriptor with *ret_bytes, *ret_mtime_ns, *ret_growing and the real name; -ENOENT; -errno. */
int library_open_for_reading(struct library *library, const char *name, uint64_t *ret_bytes,
        uint64_t *ret_mtime_ns, bool *ret_growing, char ret_name[NAME_BYTES]);

#endif
