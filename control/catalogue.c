/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/catalogue.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "control/catalogue_db.h"

/* A walk of a large catalogue lets others in between: the lock is held for about 2 ms at a time. */
#define CATALOGUE_WALK_ROWS     1000
#define CATALOGUE_WALK_PAUSE_NS 50000

struct catalogue {
	pthread_mutex_t lock;
	struct catalogue_db db;
	struct catalogue_totals totals;
	char path[];
};

void catalogue_row_clear(struct catalogue_row *row)
{
	free(row->sidecar);
	memset(row, 0, sizeof(*row));
}

static sqlite3_stmt *catalogue_statement(struct catalogue *catalogue, enum catalogue_db_id id)
{
	return catalogue->db.statements[id];
}

static void catalogue_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void catalogue_count(struct catalogue *catalogue)
{
	sqlite3_stmt *statement = catalogue_statement(catalogue, CATALOGUE_DB_totals);

	if (sqlite3_step(statement) == SQLITE_ROW) {
		catalogue->totals.rows = (uint64_t)sqlite3_column_int64(statement, 0);
		catalogue->totals.bytes = (uint64_t)sqlite3_column_double(statement, 1);
	}
	sqlite3_reset(statement);
}

int catalogue_open(struct catalogue **ret_catalogue, const char *path, bool *ret_fresh)
{
	struct catalogue *catalogue = calloc(1, sizeof(*catalogue) + strlen(path) + 1);

	if (!catalogue) {
		log_error("catalogue: no memory");
		return -ENOMEM;
	}
	strcpy(catalogue->path, path);
	int err = catalogue_db_open(&catalogue->db, path, ret_fresh);
	if (err) {
		free(catalogue);
		return err;
	}
	pthread_mutex_init(&catalogue->lock, NULL);
	catalogue_count(catalogue);
	*ret_catalogue = catalogue;
	return 0;
}

void catalogue_close(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	catalogue_db_close(&catalogue->db);
	pthread_mutex_destroy(&catalogue->lock);
	free(catalogue);
}

bool catalogue_recover(struct catalogue *catalogue)
{
	bool recovered = false, fresh;

	pthread_mutex_lock(&catalogue->lock);
	if (catalogue->db.damaged) {
		log_warn("catalogue: %s cannot be gone on with: it is made anew from the sidecars",
		        catalogue->path);
		catalogue_db_close(&catalogue->db);
		catalogue_db_discard(catalogue->path);
		if (catalogue_db_open(&catalogue->db, catalogue->path, &fresh))
			recovered = catalogue_db_open(&catalogue->db, ":memory:", &fresh) == 0;
		else
			recovered = true;
		catalogue->db.damaged = !recovered;
		memset(&catalogue->totals, 0, sizeof(catalogue->totals));
		catalogue_count(catalogue);
	}
	pthread_mutex_unlock(&catalogue->lock);
	return recovered;
}

bool catalogue_is_usable(struct catalogue *catalogue)
{
	pthread_mutex_lock(&catalogue->lock);
	bool usable = !catalogue->db.damaged;
	pthread_mutex_unlock(&catalogue->lock);
	return usable;
}

void catalogue_totals(struct catalogue *catalogue, struct catalogue_totals *ret_totals)
{
	pthread_mutex_lock(&catalogue->lock);
	*ret_totals = catalogue->totals;
	pthread_mutex_unlock(&catalogue->lock);
}

void catalogue_begin(struct catalogue *catalogue)
{
	pthread_mutex_lock(&catalogue->lock);
	catalogue_db_run(&catalogue->db, CATALOGUE_DB_begin);
	pthread_mutex_unlock(&catalogue->lock);
}

void catalogue_commit(struct catalogue *catalogue)
{
	pthread_mutex_lock(&catalogue->lock);
	if (catalogue->db.sqlite &&
	        !sqlite3_get_autocommit(catalogue->db.sqlite)) /* an error may have ended it */
		catalogue_db_run(&catalogue->db, CATALOGUE_DB_commit);
	pthread_mutex_unlock(&catalogue->lock);
}

/* Take the row of @name, if there is one, out of the totals. */
static void catalogue_uncount(struct catalogue *catalogue, const char *name)
{
	sqlite3_stmt *statement = catalogue_statement(catalogue, CATALOGUE_DB_bytes);

	catalogue_bind_text(statement, 1, name);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		catalogue->totals.rows--;
		catalogue->totals.bytes -= (uint64_t)sqlite3_column_int64(statement, 0);
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int catalogue_put(struct catalogue *catalogue, const struct catalogue_row *row)
{
	const char *const texts[] = { row->name, row->promised, row->session, row->room, row->participant,
		row->track };
	const uint64_t numbers[] = { row->bytes, row->started_unix_ns, row->finished_unix_ns, row->uploaded };

	pthread_mutex_lock(&catalogue->lock);
	sqlite3_stmt *statement = catalogue_statement(catalogue, CATALOGUE_DB_put);
	catalogue_uncount(catalogue, row->name);
	for (int i = 0; i < 6; i++)
		catalogue_bind_text(statement, 1 + i, texts[i]);
	for (int i = 0; i < 4; i++)
		sqlite3_bind_int64(statement, 7 + i, (sqlite3_int64)numbers[i]);
	catalogue_bind_text(statement, 11, row->sidecar ? row->sidecar : "{}");
	int err = catalogue_db_run(&catalogue->db, CATALOGUE_DB_put);
	if (err) {
		catalogue_count(catalogue);
	} else {
		catalogue->totals.rows++;
		catalogue->totals.bytes += row->bytes;
	}
	pthread_mutex_unlock(&catalogue->lock);
	return err;
}

int catalogue_remove(struct catalogue *catalogue, const char *name)
{
	pthread_mutex_lock(&catalogue->lock);
	catalogue_uncount(catalogue, name);
	catalogue_bind_text(catalogue_statement(catalogue, CATALOGUE_DB_remove), 1, name);
	int err = catalogue_db_run(&catalogue->db, CATALOGUE_DB_remove);
	if (err)
		catalogue_count(catalogue);
	pthread_mutex_unlock(&catalogue->lock);
	return err;
}

int catalogue_set_uploaded(struct catalogue *catalogue, const char *name, const char *sidecar)
{
	pthread_mutex_lock(&catalogue->lock);
	sqlite3_stmt *statement = catalogue_statement(catalogue, CATALOGUE_DB_uploaded);
	catalogue_bind_text(statement, 1, name);
	catalogue_bind_text(statement, 2, sidecar);
	int err = catalogue_db_run(&catalogue->db, CATALOGUE_DB_uploaded);
	if (!err && sqlite3_changes(catalogue->db.sqlite) == 0)
		err = -ENOENT;
	pthread_mutex_unlock(&catalogue->lock);
	return err;
}

#define CATALOGUE_COPY(statement, column, to) catalogue_copy_text((statement), (column), (to), sizeof(to))
static void catalogue_copy_text(sqlite3_stmt *statement, int column, char *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	snprintf(to, size, "%s", text ? (const char *)text : "");
}

/* The columns of CATALOGUE_DB_COLUMNS. */
static void catalogue_read_row(sqlite3_stmt *statement, struct catalogue_row *ret_row)
{
	memset(ret_row, 0, sizeof(*ret_row));
	CATALOGUE_COPY(statement, 0, ret_row->name);
	CATALOGUE_COPY(statement, 1, ret_row->promised);
	CATALOGUE_COPY(statement, 2, ret_row->session);
	CATALOGUE_COPY(statement, 3, ret_row->room);
	CATALOGUE_COPY(statement, 4, ret_row->participant);
	CATALOGUE_COPY(statement, 5, ret_row->track);
	ret_row->bytes = (uint64_t)sqlite3_column_int64(statement, 6);
	ret_row->started_unix_ns = (uint64_t)sqlite3_column_int64(statement, 7);
	ret_row->finished_unix_ns = (uint64_t)sqlite3_column_int64(statement, 8);
	ret_row->uploaded = sqlite3_column_int(statement, 9) != 0;
}

static int catalogue_get_by(
        struct catalogue *catalogue, enum catalogue_db_id id, const char *name, struct catalogue_row *ret_row)
{
	sqlite3_stmt *statement = catalogue_statement(catalogue, id);
	int err = -ENOENT;

	catalogue_bind_text(statement, 1, name);
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		catalogue_read_row(statement, ret_row);
		ret_row->sidecar = strdup((const char *)sqlite3_column_text(statement, 10));
		err = ret_row->sidecar ? 0 : -EIO;
	} else if (code != SQLITE_DONE) {
		err = catalogue_db_failed(&catalogue->db, name);
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return err;
}

int catalogue_get(struct catalogue *catalogue, const char *name, struct catalogue_row *ret_row)
{
	pthread_mutex_lock(&catalogue->lock);
	int err = catalogue_get_by(catalogue, CATALOGUE_DB_get, name, ret_row);
	if (err == -ENOENT)
		err = catalogue_get_by(catalogue, CATALOGUE_DB_get_promised, name, ret_row);
	pthread_mutex_unlock(&catalogue->lock);
	return err;
}

/* Up to @max rows after *@last, which becomes the last one read. Returns how many, or -EIO. */
static int catalogue_walk_some(struct catalogue *catalogue, struct catalogue_row *last, int max,
        void (*each)(void *arg, const struct catalogue_row *row), void *arg)
{
	int count = 0, code;

	pthread_mutex_lock(&catalogue->lock);
	sqlite3_stmt *statement = catalogue_statement(catalogue, CATALOGUE_DB_walk);
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)last->finished_unix_ns);
	sqlite3_bind_text(statement, 2, last->name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(statement, 3, max);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		catalogue_read_row(statement, last);
		each(arg, last);
		count++;
	}
	if (code != SQLITE_DONE)
		count = catalogue_db_failed(&catalogue->db, "walk");
	sqlite3_reset(statement);
	pthread_mutex_unlock(&catalogue->lock);
	return count;
}

int catalogue_walk(
        struct catalogue *catalogue, void (*each)(void *arg, const struct catalogue_row *row), void *arg)
{
	const struct timespec pause = { .tv_nsec = CATALOGUE_WALK_PAUSE_NS };
	struct catalogue_row last = { 0 };
	int count;

	while ((count = catalogue_walk_some(catalogue, &last, CATALOGUE_WALK_ROWS, each, arg)) ==
	        CATALOGUE_WALK_ROWS)
		nanosleep(&pause, NULL);
	return count < 0 ? count : 0;
}

/* "<finished>.<name>" of the last row of the page before. */
static int catalogue_parse_cursor(const char *cursor, sqlite3_int64 *ret_finished, const char **ret_name)
{
	char *end;

	if (*cursor < '0' || *cursor > '9')
		return -EINVAL;
	errno = 0;
	*ret_finished = strtoll(cursor, &end, 10);
	if (errno || *end != '.' || !name_valid(end + 1))
		return -EINVAL;
	*ret_name = end + 1;
	return 0;
}

static sqlite3_stmt *catalogue_page_statement(
        struct catalogue *catalogue, const struct catalogue_query *query)
{
	enum catalogue_db_id id = CATALOGUE_DB_list;

	if (query->waiting)
		id = CATALOGUE_DB_list_waiting;
	else if (query->session)
		id = query->room ? CATALOGUE_DB_list_session_room : CATALOGUE_DB_list_session;
	else if (query->room)
		id = CATALOGUE_DB_list_room;
	return catalogue_statement(catalogue, id);
}

/* Where the page begins: below the cursor and below until, whichever is older, so that one bound serves both.
 */
static int catalogue_page_start(
        const struct catalogue_query *query, sqlite3_int64 *ret_finished, const char **ret_name)
{
	sqlite3_int64 finished = query->until_unix_ns ? (sqlite3_int64)query->until_unix_ns : INT64_MAX;
	sqlite3_int64 cursor_finished;
	const char *name = "", *cursor_name;

	if (query->cursor) {
		if (catalogue_parse_cursor(query->cursor, &cursor_finished, &cursor_name))
			return -EINVAL;
		if (cursor_finished < finished) {
			finished = cursor_finished;
			name = cursor_name;
		}
	}
	*ret_finished = finished;
	*ret_name = name;
	return 0;
}

static int catalogue_bind_page(sqlite3_stmt *statement, const struct catalogue_query *query)
{
	sqlite3_int64 finished;
	const char *name;
	int err = catalogue_page_start(query, &finished, &name);

	if (err)
		return err;
	catalogue_bind_text(statement, 1, query->room);
	catalogue_bind_text(statement, 2, query->session);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)query->since_unix_ns);
	sqlite3_bind_int64(statement, 4, finished);
	catalogue_bind_text(statement, 5, name);
	sqlite3_bind_int64(statement, 6, (sqlite3_int64)query->limit + 1);
	return 0;
}

static char *catalogue_make_cursor(const struct catalogue_row *row)
{
	char *cursor;

	return asprintf(&cursor, "%" PRIu64 ".%s", row->finished_unix_ns, row->name) < 0 ? NULL : cursor;
}

int catalogue_list(struct catalogue *catalogue, const struct catalogue_query *query,
        void (*each)(void *arg, const struct catalogue_row *row), void *arg, char **ret_cursor)
{
	struct catalogue_row row = { 0 };
	unsigned count = 0;
	int code = SQLITE_DONE;

	pthread_mutex_lock(&catalogue->lock);
	sqlite3_stmt *statement = catalogue_page_statement(catalogue, query);
	int err = catalogue_bind_page(statement, query);
	if (!err) {
		while ((code = sqlite3_step(statement)) == SQLITE_ROW && count < query->limit) {
			catalogue_read_row(statement, &row);
			row.sidecar = (char *)(uintptr_t)sqlite3_column_text(
			        statement, 10); /* SQLite's, for the call only */
			each(arg, &row);
			count++;
		}
		if (code != SQLITE_DONE && code != SQLITE_ROW)
			err = catalogue_db_failed(&catalogue->db, "list");
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
	}
	pthread_mutex_unlock(&catalogue->lock);
	if (err)
		return err;
	char *cursor = code == SQLITE_ROW ? catalogue_make_cursor(&row) : NULL;
	if (code == SQLITE_ROW && !cursor)
		return -ENOMEM;
	*ret_cursor = cursor;
	return 0;
}
