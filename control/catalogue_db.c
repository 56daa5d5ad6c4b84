/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/catalogue_db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"

#define CATALOGUE_DB_APPLICATION 0x57535043 /* "WSPC" */
#define CATALOGUE_DB_VERSION     2
#define CATALOGUE_DB_BUSY_MS     5000
/* A larger file is not read whole before it serves: the library's first scan reads every row anyway, and
 * finds what is damaged then. */
#define CATALOGUE_DB_CHECK_BYTES (64ll << 20)

/* Listings order by (finished, name); each filter has an index that gives this order. The first one also
 * gives the totals, without a look at the rows. */
static const char catalogue_db_schema[] =
        "CREATE TABLE recordings ("
        " name TEXT NOT NULL PRIMARY KEY, promised TEXT NOT NULL, session TEXT NOT NULL, room TEXT NOT NULL,"
        " participant TEXT NOT NULL, track TEXT NOT NULL, bytes INTEGER NOT NULL, started INTEGER NOT NULL,"
        " finished INTEGER NOT NULL, uploaded INTEGER NOT NULL, sidecar TEXT NOT NULL);"
        "CREATE INDEX recordings_finished ON recordings (finished, name, bytes);"
        "CREATE INDEX recordings_room ON recordings (room, finished, name);"
        "CREATE INDEX recordings_session ON recordings (session, finished, name);"
        "CREATE INDEX recordings_promised ON recordings (promised, finished, name);"
        "CREATE INDEX recordings_waiting ON recordings (finished, name) WHERE uploaded = 0;";

int catalogue_db_failed(struct catalogue_db *db, const char *what)
{
	int code = sqlite3_errcode(db->sqlite), extended = sqlite3_extended_errcode(db->sqlite);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR ||
	        code == SQLITE_CANTOPEN || extended == SQLITE_READONLY_DBMOVED)
		db->damaged = true;
	log_error("catalogue: %s: %s", what, sqlite3_errmsg(db->sqlite));
	return -EIO;
}

static int catalogue_db_exec(struct catalogue_db *db, const char *sql)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

/* The first column of the first row, or -1. */
static sqlite3_int64 catalogue_db_ask(struct catalogue_db *db, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3_int64 value = -1;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static bool catalogue_db_is_sound(struct catalogue_db *db)
{
	sqlite3_stmt *statement;
	bool sound = false;

	if (catalogue_db_ask(db, "PRAGMA page_count") * catalogue_db_ask(db, "PRAGMA page_size") >
	        CATALOGUE_DB_CHECK_BYTES)
		return true;
	if (sqlite3_prepare_v2(db->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(statement) == SQLITE_ROW)
		sound = !strcmp((const char *)sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	return sound;
}

static int catalogue_db_prepare(struct catalogue_db *db)
{
#define CATALOGUE_DB_SQL(id, sql) sql,
	static const char *const sql[] = { CATALOGUE_DB_TABLE(CATALOGUE_DB_SQL) };
#undef CATALOGUE_DB_SQL

	for (unsigned id = 0; id < CATALOGUE_DB_STATEMENTS; id++)
		if (sqlite3_prepare_v3(db->sqlite, sql[id], -1, SQLITE_PREPARE_PERSISTENT,
		            &db->statements[id], NULL) != SQLITE_OK)
			return -EIO;
	return 0;
}

static int catalogue_db_create_schema(struct catalogue_db *db)
{
	char pragmas[96];

	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
	        CATALOGUE_DB_APPLICATION, CATALOGUE_DB_VERSION);
	if (catalogue_db_exec(db, "BEGIN IMMEDIATE") || catalogue_db_exec(db, catalogue_db_schema) ||
	        catalogue_db_exec(db, pragmas) || catalogue_db_exec(db, "COMMIT"))
		return -EIO;
	return 0;
}

/* 0; -EIO: the file cannot be opened or is not a sound catalogue of this version. */
static int catalogue_db_try(struct catalogue_db *db, const char *path, bool *ret_fresh)
{
	const int flags =
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	memset(db, 0, sizeof(*db));
	if (sqlite3_open_v2(path, &db->sqlite, flags, NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_busy_timeout(db->sqlite, CATALOGUE_DB_BUSY_MS);
	if (catalogue_db_exec(db,
	            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"))
		return -EIO;
	bool fresh = catalogue_db_ask(db, "SELECT count(*) FROM sqlite_schema") == 0;
	if (fresh && catalogue_db_create_schema(db))
		return -EIO;
	if (catalogue_db_ask(db, "PRAGMA application_id") != CATALOGUE_DB_APPLICATION ||
	        catalogue_db_ask(db, "PRAGMA user_version") != CATALOGUE_DB_VERSION ||
	        !catalogue_db_is_sound(db) || catalogue_db_prepare(db))
		return -EIO;
	*ret_fresh = fresh;
	return 0;
}

void catalogue_db_discard(const char *path)
{
	static const char *const tails[] = { "-wal", "-shm" };
	char from[4096], to[4096];

	if (snprintf(to, sizeof(to), "%s.bad", path) >= (int)sizeof(to))
		return;
	if (rename(path, to) && errno != ENOENT)
		log_error("catalogue: cannot move %s out of the way: %s", path, strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%.4080s%s", path, tails[i]);
		remove(from);
	}
}

int catalogue_db_open(struct catalogue_db *db, const char *path, bool *ret_fresh)
{
	if (!catalogue_db_try(db, path, ret_fresh))
		return 0;
	int code = db->sqlite ? sqlite3_errcode(db->sqlite) : SQLITE_NOMEM;
	if (code == SQLITE_CANTOPEN || code == SQLITE_BUSY || code == SQLITE_NOMEM ||
	        code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_FULL) {
		log_error("catalogue: cannot open %s: %s", path, sqlite3_errstr(code));
		catalogue_db_close(db);
		return -EIO;
	}
	log_warn("catalogue: %s is damaged or not a catalogue of this version (%s): kept as %s.bad, made "
	         "anew from the sidecars",
	        path, code == SQLITE_OK ? "its contents" : sqlite3_errstr(code), path);
	catalogue_db_close(db);
	catalogue_db_discard(path);
	if (!catalogue_db_try(db, path, ret_fresh)) {
		*ret_fresh = true;
		return 0;
	}
	catalogue_db_failed(db, path);
	catalogue_db_close(db);
	return -EIO;
}

void catalogue_db_close(struct catalogue_db *db)
{
	for (unsigned id = 0; id < CATALOGUE_DB_STATEMENTS; id++)
		sqlite3_finalize(db->statements[id]);
	sqlite3_close(db->sqlite);
	memset(db, 0, sizeof(*db));
}

int catalogue_db_run(struct catalogue_db *db, enum catalogue_db_id id)
{
	sqlite3_stmt *statement = db->statements[id];
	int code = sqlite3_step(statement);
	int err = code == SQLITE_DONE || code == SQLITE_ROW ? 0
	                                                    : catalogue_db_failed(db, sqlite3_sql(statement));

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return err;
}
