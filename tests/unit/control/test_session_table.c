/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clk.h"
#include "control/session_table.h"

static struct session_table *table;

static int setup(void **state)
{
	table = malloc(sizeof(*table));
	session_table_init(table);
	return 0;
}

static int teardown(void **state)
{
	session_table_clear(table);
	free(table);
	return 0;
}

static struct session *add(const char *id, const char *room, const char *track, uint64_t opened)
{
	static struct msg_session_open open;

	memset(&open, 0, sizeof(open));
	snprintf(open.id, sizeof(open.id), "%s", id);
	snprintf(open.room, sizeof(open.room), "%s", room);
	snprintf(open.tracks[0].id, sizeof(open.tracks[0].id), "%s", track);
	open.tracks[0].key[0] = 9;
	open.tracks[0].send_key[0] = 9;
	open.track_count = 1;
	open.opened_unix_ns = opened;
	return session_table_add(table, &open);
}

static void finds_by_id_and_by_claim(void **state)
{
	struct session *a = add("s_a", "room", "v", 1), *b = add("s_b", "roomv", "", 2);

	assert_ptr_equal(session_table_find(table, "s_a"), a);
	assert_ptr_equal(session_table_find(table, "s_b"), b);
	assert_null(session_table_find(table, "s_c"));
	assert_ptr_equal(session_table_claimant(table, "room", "v"), a);
	assert_ptr_equal(session_table_claimant(table, "roomv", ""), b);
	assert_null(session_table_claimant(table, "room", "w"));
	assert_null(session_table_claimant(table, "", "v"));
}

static void gives_up_claims_and_wipes_keys_at_the_end(void **state)
{
	struct session *a = add("s_a", "room", "v", 1);

	session_table_end(table, a, MSG_SESSION_DONE);
	assert_null(session_table_claimant(table, "room", "v"));
	assert_ptr_equal(session_table_find(table, "s_a"), a);
	assert_int_equal(a->tracks[0].msg.key[0], 0);
	assert_int_equal(a->tracks[0].msg.send_key[0], 0);
	assert_int_equal(table->live, 0);
	assert_int_equal(table->ended, 1);
}

static void keeps_adopted_sessions_in_the_order_of_their_opening(void **state)
{
	struct session *b = add("s_b", "b", "v", 20), *c = add("s_c", "c", "v", 30),
	               *a = add("s_a", "a", "v", 10);

	assert_ptr_equal(TAILQ_FIRST(&table->by_age), a);
	assert_ptr_equal(TAILQ_NEXT(a, by_age), b);
	assert_ptr_equal(TAILQ_LAST(&table->by_age, session_list), c);
}

static void gives_back_the_opening_it_was_made_of(void **state)
{
	struct session *a = add("s_a", "room", "v", 1);
	struct msg_session_open open;

	session_table_to_open(a, &open);
	assert_string_equal(open.id, "s_a");
	assert_string_equal(open.room, "room");
	assert_int_equal(open.track_count, 1);
	assert_string_equal(open.tracks[0].id, "v");
	assert_int_equal(open.tracks[0].key[0], 9);
	assert_int_equal(open.opened_unix_ns, 1);
}

static void forgets_after_an_hour(void **state)
{
	struct session *a = add("s_a", "a", "v", 1);
	uint64_t hour = SESSION_TABLE_ENDED_S * CLK_NS_PER_S;

	add("s_b", "b", "v", 2);
	session_table_end(table, a, MSG_SESSION_FAILED);
	session_table_prune(table, a->ended_mono_ns + hour - 1);
	assert_non_null(session_table_find(table, "s_a"));
	session_table_prune(table, a->ended_mono_ns + hour);
	assert_null(session_table_find(table, "s_a"));
	assert_non_null(session_table_find(table, "s_b"));
	assert_int_equal(table->live, 1);
}

static void forgets_the_oldest_beyond_ten_thousand(void **state)
{
	char id[16];

	for (unsigned i = 0; i < SESSION_TABLE_ENDED + 5; i++) {
		snprintf(id, sizeof(id), "s_%u", i);
		session_table_end(table, add(id, id, "v", i), MSG_SESSION_DONE);
	}
	session_table_prune(table, clk_mono_ns());
	assert_int_equal(table->ended, SESSION_TABLE_ENDED);
	assert_null(session_table_find(table, "s_4"));
	assert_non_null(session_table_find(table, "s_5"));
}

static void removes_live_and_ended_ones(void **state)
{
	struct session *a = add("s_a", "a", "v", 1), *b = add("s_b", "b", "v", 2);

	session_table_end(table, b, MSG_SESSION_DONE);
	session_table_remove(table, a);
	session_table_remove(table, b);
	assert_null(session_table_find(table, "s_a"));
	assert_null(session_table_claimant(table, "a", "v"));
	assert_int_equal(table->live + table->ended, 0);
	assert_true(TAILQ_EMPTY(&table->by_age));
}

static void notes_each_file_once_and_only_the_newest(void **state)
{
	struct session *a = add("s_a", "a", "v", 1);
	struct msg_file_state file = { .state = MSG_FILE_OPEN };

	for (unsigned i = 0; i < SESSION_TABLE_FILES + 3; i++) {
		snprintf(file.name, sizeof(file.name), "f%u", i);
		assert_int_equal(session_table_put_file(a, &file), 0);
	}
	assert_int_equal(a->file_count, SESSION_TABLE_FILES);
	assert_string_equal(a->files[0].name, "f3");
	file.state = MSG_FILE_FINISHED;
	file.bytes = 5;
	assert_int_equal(session_table_put_file(a, &file), 0);
	assert_int_equal(a->file_count, SESSION_TABLE_FILES);
	assert_int_equal(a->files[SESSION_TABLE_FILES - 1].bytes, 5);
	file.state = MSG_FILE_DISCARDED;
	strcpy(file.name, "f4");
	assert_int_equal(session_table_put_file(a, &file), 0);
	assert_int_equal(session_table_put_file(a, &file), 0);
	assert_int_equal(a->file_count, SESSION_TABLE_FILES - 1);
	assert_string_equal(a->files[0].name, "f3");
	assert_string_equal(a->files[1].name, "f5");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(finds_by_id_and_by_claim),
		CASE(gives_up_claims_and_wipes_keys_at_the_end),
		CASE(keeps_adopted_sessions_in_the_order_of_their_opening),
		CASE(gives_back_the_opening_it_was_made_of),
		CASE(forgets_after_an_hour),
		CASE(forgets_the_oldest_beyond_ten_thousand),
		CASE(removes_live_and_ended_ones),
		CASE(notes_each_file_once_and_only_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
