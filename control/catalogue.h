/* SPDX-License-Identifier: BSD-3-Clause */
/* The index of recordings: an SQLite file (WAL) that can be thrown away and rebuilt from the sidecars, for
 * the directory is the truth. A missing, damaged or foreign file is replaced at opening. Any thread; calls
 * are serialised inside. */
#ifndef CONTROL_CATALOGUE_H
#define CONTROL_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/log.h"
#include "base/name.h"

struct catalogue;

struct catalogue_row {
	char name[NAME_BYTES];
	char promised[NAME_BYTES]; /* the name that the session's opening foretold; may equal name */
	char session[LIMIT_SESSION_ID_BYTES + 1], room[LIMIT_ROOM_BYTES + 1],
	        participant[LIMIT_PARTICIPANT_BYTES + 1], track[LIMIT_TRACK_ID_BYTES + 1];
	uint64_t bytes, started_unix_ns, finished_unix_ns; /* finished: the file's modification time */
	bool uploaded;
	char *sidecar; /* what a listing shows of the sidecar: one line of JSON, an object without its long
	                * lists (sidecar_summary); owned by the row */
};

/* For log_with. */
#define CATALOGUE_ROW_IDS(row)                                                                               \
	LOG_IDS(.session = (row)->session, .room = (row)->room, .track = (row)->track, .record = (row)->name)

void catalogue_row_clear(struct catalogue_row *row);

/* 0 or -errno (logged). *ret_fresh: it was made anew, so the directory has to be scanned whole. */
int catalogue_open(struct catalogue **ret_catalogue, const char *path, bool *ret_fresh);
void catalogue_close(struct catalogue *catalogue);

/* SQLite found the file damaged, or lost, after the opening: make it anew. True when that was done and the
 * directory has to be scanned whole. */
bool catalogue_recover(struct catalogue *catalogue);

/* Whether it can be gone on with; else catalogue_recover makes it anew, soon. */
bool catalogue_is_usable(struct catalogue *catalogue);

/* How many rows there are, and the bytes of their files together; kept in memory. */
struct catalogue_totals {
	uint64_t rows, bytes;
};
void catalogue_totals(struct catalogue *catalogue, struct catalogue_totals *ret_totals);

/* Changes between the two are written as one: for whole scans. Others may read and write meanwhile. */
void catalogue_begin(struct catalogue *catalogue);
void catalogue_commit(struct catalogue *catalogue);

/* Insert or replace by name. 0 or -EIO (logged). */
int catalogue_put(struct catalogue *catalogue, const struct catalogue_row *row);
/* 0 (also when there was none) or -EIO (logged). */
int catalogue_remove(struct catalogue *catalogue, const char *name);
/* 0, -ENOENT, -EIO (logged). @sidecar as in the row. */
int catalogue_set_uploaded(struct catalogue *catalogue, const char *name, const char *sidecar);

/* By name, else by promised name (newest). 0, -ENOENT, -EIO. */
int catalogue_get(struct catalogue *catalogue, const char *name, struct catalogue_row *ret_row);

/* A page, newest first by (finished, name). The cursor is opaque text from the page before. */
struct catalogue_query {
	const char *room, *session;            /* NULL: any */
	bool waiting;                          /* only what is not uploaded, of any room and session */
	uint64_t since_unix_ns, until_unix_ns; /* of finished; 0: no bound; since included, until not */
	unsigned limit;
	const char *cursor;
};
/* Calls @each for every row, which must not call the catalogue; *ret_cursor (free it) is NULL on the last
 * page. 0, -EINVAL (cursor), -ENOMEM, -EIO. */
int catalogue_list(struct catalogue *catalogue, const struct catalogue_query *query,
        void (*each)(void *arg, const struct catalogue_row *row), void *arg, char **ret_cursor);

/* Every row oldest first, without sidecars: for retention and for comparing with the directory. What comes or
 * goes meanwhile may be seen or not. @each must not call the catalogue. 0 or -EIO. */
int catalogue_walk(
        struct catalogue *catalogue, void (*each)(void *arg, const struct catalogue_row *row), void *arg);

#endif
