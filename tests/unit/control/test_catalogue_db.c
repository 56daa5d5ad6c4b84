/* SPDX-License-Identifier: BSD-3-Clause */
/* How SQLite goes about each statement: none may cost more with more recordings than it returns or changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "control/catalogue_db.h"

static struct catalogue_db db;

static int set_up(void **state)
{
	bool fresh;

	return catalogue_db_open(&db, ":memory:", &fresh);
}

static int tear_down(void **state)
{
	catalogue_db_close(&db);
	return 0;
}

/* The steps of the plan, one a line. */
static const char *plan_of(enum catalogue_db_id id)
{
	static char plan[1024];
	char sql[1024];
	sqlite3_stmt *statement;

	plan[0] = '\0';
	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sqlite3_sql(db.statements[id]));
	assert_int_equal(sqlite3_prepare_v2(db.sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		strncat(plan, (const char *)sqlite3_column_text(statement, 3),
		        sizeof(plan) - strlen(plan) - 2);
		strcat(plan, "\n");
	}
	sqlite3_finalize(statement);
	return plan;
}

static void nothing_but_the_totals_reads_a_whole_table_or_sorts(void **state)
{
	for (unsigned id = 0; id < CATALOGUE_DB_STATEMENTS; id++) {
		const char *plan = plan_of(id);

		if (id != CATALOGUE_DB_totals && strstr(plan, "SCAN"))
			fail_msg("%s\n%s", sqlite3_sql(db.statements[id]), plan);
		if (strstr(plan, "TEMP B-TREE"))
			fail_msg("%s\n%s", sqlite3_sql(db.statements[id]), plan);
	}
}

static void the_totals_are_of_an_index_alone(void **state)
{
	assert_non_null(strstr(plan_of(CATALOGUE_DB_totals), "COVERING INDEX recordings_finished"));
}

/* Both ends of the range are the index's own, so a page does not walk to the place where it begins. */
static void a_page_begins_and_ends_at_its_place_in_the_index_of_its_filter(void **state)
{
	static const struct {
		enum catalogue_db_id id;
		const char *search;
	} cases[] = {
		{ CATALOGUE_DB_list, "recordings_finished (" },
		{ CATALOGUE_DB_list_room, "recordings_room (room=? AND " },
		{ CATALOGUE_DB_list_session, "recordings_session (session=? AND " },
		{ CATALOGUE_DB_list_session_room, "recordings_session (session=? AND " },
		{ CATALOGUE_DB_list_waiting, "recordings_waiting (" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[128];

		snprintf(want, sizeof(want),
		        "SEARCH recordings USING INDEX %sfinished>? AND (finished,name)<(?,?))\n",
		        cases[i].search);
		assert_string_equal(plan_of(cases[i].id), want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_but_the_totals_reads_a_whole_table_or_sorts),
		cmocka_unit_test(the_totals_are_of_an_index_alone),
		cmocka_unit_test(a_page_begins_and_ends_at_its_place_in_the_index_of_its_filter),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
