/* SPDX-License-Identifier: BSD-3-Clause */
/* The catalogue's SQLite file: making, checking, replacing it, and its prepared statements. For catalogue.c
 * only, which holds its lock around every call. */
#ifndef CONTROL_CATALOGUE_DB_H
#define CONTROL_CATALOGUE_DB_H

#include <stdbool.h>
#include <sqlite3.h>

/* clang-format off */
#define CATALOGUE_DB_COLUMNS "name, promised, session, room, participant, track, bytes, started, finished, uploaded"

/* A page of what fulfils @where, from the place (?4, ?5) on, newest first. The range is one of the index's order
 * whatever is asked for: a page costs its rows, however deep it lies. */
#define CATALOGUE_DB_LIST(where)                                                                                        \
	"SELECT " CATALOGUE_DB_COLUMNS ", sidecar FROM recordings WHERE " where                                          \
	"finished >= ?3 AND (finished, name) < (?4, ?5) ORDER BY finished DESC, name DESC LIMIT ?6"

/* CATALOGUE_DB_STATEMENT(id, SQL) */
#define CATALOGUE_DB_TABLE(STATEMENT)                                                                                   \
	STATEMENT(begin, "BEGIN IMMEDIATE")                                                                             \
	STATEMENT(commit, "COMMIT")                                                                                     \
	STATEMENT(totals, "SELECT count(*), total(bytes) FROM recordings")                                              \
	STATEMENT(bytes, "SELECT bytes FROM recordings WHERE name = ?1")                                                \
	STATEMENT(put, "INSERT OR REPLACE INTO recordings (" CATALOGUE_DB_COLUMNS ", sidecar)"                           \
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                                        \
	STATEMENT(remove, "DELETE FROM recordings WHERE name = ?1")                                                     \
	STATEMENT(uploaded, "UPDATE recordings SET uploaded = 1, sidecar = ?2 WHERE name = ?1")                          \
	STATEMENT(get, "SELECT " CATALOGUE_DB_COLUMNS ", sidecar FROM recordings WHERE name = ?1")                       \
	STATEMENT(get_promised, "SELECT " CATALOGUE_DB_COLUMNS ", sidecar FROM recordings WHERE promised = ?1"           \
				" ORDER BY finished DESC, name DESC LIMIT 1")                                           \
	STATEMENT(list, CATALOGUE_DB_LIST(""))                                                                           \
	STATEMENT(list_room, CATALOGUE_DB_LIST("room = ?1 AND "))                                                        \
	STATEMENT(list_session, CATALOGUE_DB_LIST("session = ?2 AND "))                                                  \
	STATEMENT(list_session_room, CATALOGUE_DB_LIST("session = ?2 AND +room = ?1 AND "))                              \
	STATEMENT(list_waiting, CATALOGUE_DB_LIST("uploaded = 0 AND "))                                                  \
	STATEMENT(walk, "SELECT " CATALOGUE_DB_COLUMNS " FROM recordings WHERE (finished, name) > (?1, ?2) ORDER BY finished, name LIMIT ?3")
/* clang-format on */

#define CATALOGUE_DB_ENUM(id, sql) CATALOGUE_DB_##id,
enum catalogue_db_id { CATALOGUE_DB_TABLE(CATALOGUE_DB_ENUM) CATALOGUE_DB_STATEMENTS };

struct catalogue_db {
	sqlite3 *sqlite;
	sqlite3_stmt *statements[CATALOGUE_DB_STATEMENTS];
	bool damaged; /* a statement said that the file cannot be gone on with */
};

/* Open @path, made anew when it is missing, damaged or foreign (the old one is kept beside it as .bad). 0 or
 * -errno (logged). */
int catalogue_db_open(struct catalogue_db *db, const char *path, bool *ret_fresh);
void catalogue_db_close(struct catalogue_db *db);
/* Move a file that cannot be gone on with out of the way; db is closed. */
void catalogue_db_discard(const char *path);

/* Run a statement that returns no row (its parameters are bound), and reset it. 0 or -EIO (logged). */
int catalogue_db_run(struct catalogue_db *db, enum catalogue_db_id id);
/* Note and log what SQLite said of @what; -EIO. */
int catalogue_db_failed(struct catalogue_db *db, const char *what);

#endif
