/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeps record.dir, the catalogue, the uploader and retention in step.
 *
 * At start, after every (re)connection to the dataplane, and now and then, the directory is compared with the catalogue:
 * finished pairs that are missing are added, rows whose file is gone are removed, what is not uploaded is offered. The
 * dataplane's file events do the same for one file at once. Runs on the event loop; the API calls come from HTTP threads.
 */
#ifndef CONTROL_LIBRARY_H
#define CONTROL_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"

struct control;
struct library;
struct event_base;

int library_create(struct library **ret_library, struct control *control, struct event_base *loop);
void library_free(struct library *library);

/* Compare the whole directory with the catalogue. Any thread. */
void library_scan(struct library *library);

/* The dataplane says a file was begun, finished or failed. Event loop. */
void library_file_event(struct library *library, const struct msg_file_state *file);

/* Open files, as far as they are known: for ?state=all and for downloads of what still grows. */
struct library_open_file {
	char name[NAME_BYTES], session[LIMIT_SESSION_ID_BYTES + 1], track[LIMIT_TRACK_ID_BYTES + 1];
	uint64_t bytes; /* that may be read: whole frames, written */
	uint64_t started_unix_ns;
};
unsigned library_open_files(struct library *library, struct library_open_file **ret_files); /* free the array */
bool library_open_file(struct library *library, const char *name, struct library_open_file *ret_file);

/* Remove file, sidecar, ledger and row. 0, -ENOENT, -EBUSY (open), -errno of the disk. Any thread. */
int library_delete(struct library *library, const char *name);

/* Where the file is, open for reading: a finished one by name or promised name, or a growing one's part. Returns the
 * descriptor with *ret_bytes, *ret_mtime_ns, *ret_growing and the real name; -ENOENT; -errno. */
int library_open_for_reading(struct library *library, const char *name, uint64_t *ret_bytes, uint64_t *ret_mtime_ns, bool *ret_growing, char ret_name[NAME_BYTES]);

#endif
