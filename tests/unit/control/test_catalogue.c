/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqlite3.h>
#include "base/clk.h"
#include "control/catalogue.h"

static char dir[] = "/tmp/test_catalogue.XXXXXX";
static char path[64];
static struct catalogue *catalogue;
static bool fresh;

static int set_up(void **state)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/c.db", dir);
	assert_int_equal(catalogue_open(&catalogue, path, &fresh), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	catalogue_close(catalogue);
	catalogue = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void reopen(void)
{
	catalogue_close(catalogue);
	catalogue = NULL;
	assert_int_equal(catalogue_open(&catalogue, path, &fresh), 0);
}

/* A row that finished at @second; the name is made of both. */
static void put(const char *room, unsigned second, bool uploaded)
{
	struct catalogue_row row = { .bytes = second * 10,
		.started_unix_ns = second * CLK_NS_PER_S / 2,
		.finished_unix_ns = second * CLK_NS_PER_S,
		.uploaded = uploaded };
	char sidecar[] = "{\"frames\":5}";

	snprintf(row.name, sizeof(row.name), "%s_v_%u.ivf", room, second);
	snprintf(row.promised, sizeof(row.promised), "%s_promise.ivf", room);
	snprintf(row.session, sizeof(row.session), "s_%s", room);
	strcpy(row.room, room);
	strcpy(row.participant, "alice");
	strcpy(row.track, "v");
	row.sidecar = sidecar;
	assert_int_equal(catalogue_put(catalogue, &row), 0);
}

static char listed[4096];

static void note(void *arg, const struct catalogue_row *row)
{
	char text[NAME_BYTES + 2];

	snprintf(text, sizeof(text), "%s ", row->name);
	strncat(listed, text, sizeof(listed) - strlen(listed) - 1);
	if (arg)
		++*(unsigned *)arg;
}

static void assert_lists(const struct catalogue_query *query, const char *want)
{
	char *cursor = NULL;

	listed[0] = '\0';
	assert_int_equal(catalogue_list(catalogue, query, note, NULL, &cursor), 0);
	assert_string_equal(listed, want);
	free(cursor);
}

static void a_new_one_is_fresh_and_empty(void **state)
{
	struct catalogue_totals totals;

	assert_true(fresh);
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 0);
	assert_lists(&(struct catalogue_query){ .limit = 10 }, "");
	reopen();
	assert_false(fresh);
}

static void a_row_comes_back_as_it_was_put(void **state)
{
	struct catalogue_row row;

	put("demo", 7, true);
	reopen();
	assert_int_equal(catalogue_get(catalogue, "demo_v_7.ivf", &row), 0);
	assert_string_equal(row.name, "demo_v_7.ivf");
	assert_string_equal(row.promised, "demo_promise.ivf");
	assert_string_equal(row.session, "s_demo");
	assert_string_equal(row.room, "demo");
	assert_string_equal(row.participant, "alice");
	assert_string_equal(row.track, "v");
	assert_string_equal(row.sidecar, "{\"frames\":5}");
	assert_int_equal(row.bytes, 70);
	assert_int_equal(row.started_unix_ns, 3500000000u);
	assert_int_equal(row.finished_unix_ns, 7000000000u);
	assert_true(row.uploaded);
	catalogue_row_clear(&row);
	assert_null(row.sidecar);
}

static void a_promised_name_leads_to_the_newest_of_its_recordings(void **state)
{
	struct catalogue_row row;

	put("demo", 7, false);
	put("demo", 9, false);
	put("demo", 8, false);
	assert_int_equal(catalogue_get(catalogue, "demo_promise.ivf", &row), 0);
	assert_string_equal(row.name, "demo_v_9.ivf");
	catalogue_row_clear(&row);
	assert_int_equal(catalogue_get(catalogue, "nobody.ivf", &row), -ENOENT);
}

static void a_page_is_newest_first_and_its_cursor_leads_to_the_next(void **state)
{
	struct catalogue_query query = { .limit = 2 };
	char *cursor = NULL, *next = NULL;

	for (unsigned i = 1; i <= 5; i++)
		put("demo", i, false);
	put("else", 5, false); /* the same second: the name decides */
	listed[0] = '\0';
	assert_int_equal(catalogue_list(catalogue, &query, note, NULL, &cursor), 0);
	assert_string_equal(listed, "else_v_5.ivf demo_v_5.ivf ");
	query.cursor = cursor;
	assert_int_equal(catalogue_list(catalogue, &query, note, NULL, &next), 0);
	assert_string_equal(listed, "else_v_5.ivf demo_v_5.ivf demo_v_4.ivf demo_v_3.ivf ");
	free(cursor);
	query.cursor = next;
	cursor = NULL;
	listed[0] = '\0';
	assert_int_equal(catalogue_list(catalogue, &query, note, NULL, &cursor), 0);
	assert_string_equal(listed, "demo_v_2.ivf demo_v_1.ivf ");
	assert_null(cursor); /* exactly full, and the last */
	free(next);
}

static void filters_narrow_the_list(void **state)
{
	for (unsigned i = 1; i <= 4; i++)
		put(i % 2 ? "odd" : "even", i, i > 2);
	assert_lists(&(struct catalogue_query){ .limit = 9, .room = "odd" }, "odd_v_3.ivf odd_v_1.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9, .room = "Odd" }, "");
	assert_lists(
	        &(struct catalogue_query){ .limit = 9, .session = "s_even" }, "even_v_4.ivf even_v_2.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9, .waiting = true }, "even_v_2.ivf odd_v_1.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9, .since_unix_ns = 3 * CLK_NS_PER_S },
	        "even_v_4.ivf odd_v_3.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9, .until_unix_ns = 3 * CLK_NS_PER_S },
	        "even_v_2.ivf odd_v_1.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9,
	                     .since_unix_ns = 2 * CLK_NS_PER_S,
	                     .until_unix_ns = 4 * CLK_NS_PER_S,
	                     .room = "odd",
	                     .cursor = "4000000000.z.ivf" },
	        "odd_v_3.ivf ");
}

static void of_cursor_and_until_the_older_one_holds(void **state)
{
	struct catalogue_query query = { .limit = 9, .until_unix_ns = 3 * CLK_NS_PER_S };

	for (unsigned i = 1; i <= 4; i++)
		put("demo", i, false);
	query.cursor = "9000000000.z.ivf";
	assert_lists(&query, "demo_v_2.ivf demo_v_1.ivf ");
	query.cursor = "3000000000.z.ivf";
	assert_lists(&query, "demo_v_2.ivf demo_v_1.ivf ");
	query.cursor = "2000000000.demo_v_2.ivf";
	assert_lists(&query, "demo_v_1.ivf ");
}

static void a_room_and_a_session_narrow_each_other(void **state)
{
	put("demo", 1, false);
	put("else", 2, false);
	assert_lists(&(struct catalogue_query){ .limit = 9, .room = "demo", .session = "s_demo" },
	        "demo_v_1.ivf ");
	assert_lists(&(struct catalogue_query){ .limit = 9, .room = "else", .session = "s_demo" }, "");
}

static void a_cursor_of_somebody_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", "x", "5", "5.", "5.no-media", "-5.a.ivf", " 5.a.ivf",
		"99999999999999999999.a.ivf", "5.../a.ivf", "5,a.ivf" };
	char *cursor = NULL;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct catalogue_query query = { .limit = 5, .cursor = wrong[i] };
		assert_int_equal(catalogue_list(catalogue, &query, note, NULL, &cursor), -EINVAL);
	}
	assert_null(cursor);
}

static void totals_follow_every_change(void **state)
{
	struct catalogue_totals totals;

	put("demo", 1, false);
	put("demo", 2, false);
	put("demo", 2, true); /* replaced */
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 2);
	assert_int_equal(totals.bytes, 30);
	assert_int_equal(catalogue_remove(catalogue, "demo_v_1.ivf"), 0);
	assert_int_equal(catalogue_remove(catalogue, "demo_v_1.ivf"), 0);
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 1);
	assert_int_equal(totals.bytes, 20);
	reopen();
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 1);
	assert_int_equal(totals.bytes, 20);
}

static void uploaded_changes_the_row_that_is(void **state)
{
	struct catalogue_row row;

	put("demo", 1, false);
	assert_int_equal(catalogue_set_uploaded(catalogue, "demo_v_1.ivf", "{\"upload\":1}"), 0);
	assert_int_equal(catalogue_get(catalogue, "demo_v_1.ivf", &row), 0);
	assert_true(row.uploaded);
	assert_string_equal(row.sidecar, "{\"upload\":1}");
	catalogue_row_clear(&row);
	assert_int_equal(catalogue_set_uploaded(catalogue, "demo_v_2.ivf", "{}"), -ENOENT);
}

static void a_walk_is_oldest_first_and_sees_a_batch_before_it_is_committed(void **state)
{
	unsigned count = 0;

	put("demo", 3, false);
	catalogue_begin(catalogue);
	put("demo", 1, false);
	put("demo", 2, false);
	listed[0] = '\0';
	assert_int_equal(catalogue_walk(catalogue, note, &count), 0);
	assert_string_equal(listed, "demo_v_1.ivf demo_v_2.ivf demo_v_3.ivf ");
	catalogue_commit(catalogue);
	catalogue_commit(catalogue); /* nothing to commit */
	reopen();
	assert_int_equal(catalogue_walk(catalogue, note, &count), 0);
	assert_int_equal(count, 6);
}

static void a_long_walk_misses_nothing(void **state)
{
	unsigned count = 0;

	catalogue_begin(catalogue);
	for (unsigned i = 0; i < 2000; i++)
		put("demo", i / 7, i % 2); /* seven at a time have one name: replaced */
	for (unsigned i = 0; i < 2000; i++)
		put("many", i, false);
	catalogue_commit(catalogue);
	assert_int_equal(catalogue_walk(catalogue, note, &count), 0);
	assert_int_equal(count, 2000 + 286);
}

static void write_file(const char *file, const void *bytes, size_t len)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	fclose(out);
}

static void assert_replaced(void)
{
	char bad[80];

	assert_int_equal(catalogue_open(&catalogue, path, &fresh), 0);
	assert_true(fresh);
	put("demo", 1, false);
	assert_lists(&(struct catalogue_query){ .limit = 9 }, "demo_v_1.ivf ");
	snprintf(bad, sizeof(bad), "%s.bad", path);
	assert_int_equal(access(bad, F_OK), 0);
}

static void what_is_no_database_is_replaced(void **state)
{
	static const char text[] = "this has never been a database, and it is longer than a header of one "
	                           "hundred bytes would be; so it goes.";

	catalogue_close(catalogue);
	write_file(path, text, sizeof(text));
	assert_replaced();
}

static void a_damaged_database_is_replaced(void **state)
{
	struct stat st;

	for (unsigned i = 0; i < 200; i++)
		put("demo", i, false);
	catalogue_close(catalogue);
	assert_int_equal(stat(path, &st), 0);
	int fd = open(path, O_WRONLY);
	char garbage[4096];
	memset(garbage, 0xA5, sizeof(garbage));
	for (off_t at = 4096; at + 4096 <= st.st_size; at += 8192)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
	assert_replaced();
}

/* A large one is not read whole at its opening; the first walk, which reads every row, finds the damage. */
static void damage_of_a_large_database_is_found_by_the_walk(void **state)
{
	static char sidecar[128 << 10];
	struct catalogue_row row = { .name = "demo_v_1.ivf", .sidecar = sidecar };
	struct stat st;

	memset(sidecar, ' ', sizeof(sidecar) - 1);
	catalogue_begin(catalogue);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(row.name, sizeof(row.name), "demo_v_%u.ivf", i);
		assert_int_equal(catalogue_put(catalogue, &row), 0);
	}
	catalogue_commit(catalogue);
	catalogue_close(catalogue);
	assert_int_equal(stat(path, &st), 0);
	int fd = open(path, O_WRONLY);
	char garbage[4096];
	memset(garbage, 0xA5, sizeof(garbage));
	for (off_t at = 1 << 20; at + 4096 <= st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
	assert_int_equal(catalogue_open(&catalogue, path, &fresh), 0);
	assert_false(fresh);
	assert_int_equal(catalogue_walk(catalogue, note, NULL), -EIO);
	assert_true(catalogue_recover(catalogue));
	assert_int_equal(catalogue_walk(catalogue, note, NULL), 0);
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_database_of_another_program_or_version_is_replaced(void **state)
{
	catalogue_close(catalogue);
	run_sql("PRAGMA user_version = 99");
	assert_replaced();
	catalogue_close(catalogue);
	run_sql("DROP INDEX recordings_room; ALTER TABLE recordings RENAME TO songs");
	assert_replaced();
	catalogue_close(catalogue);
	unlink(path);
	run_sql("CREATE TABLE songs (title)");
	assert_replaced();
}

static void what_cannot_be_opened_is_an_error_and_left_alone(void **state)
{
	struct catalogue *other = NULL;
	bool other_fresh;

	assert_int_equal(catalogue_open(&other, "/nonexistent/dir/c.db", &other_fresh), -EIO);
	assert_null(other);
}

static void damage_while_running_is_found_and_repaired(void **state)
{
	struct catalogue_totals totals;
	int err = 0;

	assert_false(catalogue_recover(catalogue));
	for (unsigned i = 0; i < 500; i++)
		put("demo", i, false);
	reopen(); /* nothing of it is in a cache */
	int fd = open(path, O_WRONLY);
	char garbage[4096];
	memset(garbage, 0xA5, sizeof(garbage));
	for (int i = 1; i < 40; i++)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), i * 4096), sizeof(garbage));
	close(fd);
	run_sql("PRAGMA user_version = 1"); /* a change by somebody else: nothing cached is good any more */
	struct catalogue_row row = { .name = "x_v_1.ivf" };
	for (unsigned i = 0; !err && i < 3; i++) {
		err = catalogue_walk(catalogue, note, NULL);
		if (!err)
			err = catalogue_put(catalogue, &row);
	}
	assert_int_equal(err, -EIO);
	assert_false(catalogue_is_usable(catalogue));
	assert_true(catalogue_recover(catalogue));
	assert_true(catalogue_is_usable(catalogue));
	assert_false(catalogue_recover(catalogue));
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 0);
	put("demo", 1, false);
	assert_lists(&(struct catalogue_query){ .limit = 9 }, "demo_v_1.ivf ");
}

static void *hammer(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	char room[8], *cursor = NULL;
	struct catalogue_query query = { .limit = 3 };

	snprintf(room, sizeof(room), "r%u", id);
	for (unsigned i = 0; i < 50; i++) {
		put(room, i + 1, false);
		catalogue_list(catalogue, &query, (void (*)(void *, const struct catalogue_row *))note, NULL,
		        &cursor);
		free(cursor);
		cursor = NULL;
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	struct catalogue_totals totals;
	pthread_t threads[4];

	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, hammer, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	catalogue_totals(catalogue, &totals);
	assert_int_equal(totals.rows, 200);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_new_one_is_fresh_and_empty),
		CASE(a_row_comes_back_as_it_was_put),
		CASE(a_promised_name_leads_to_the_newest_of_its_recordings),
		CASE(a_page_is_newest_first_and_its_cursor_leads_to_the_next),
		CASE(filters_narrow_the_list),
		CASE(of_cursor_and_until_the_older_one_holds),
		CASE(a_room_and_a_session_narrow_each_other),
		CASE(a_cursor_of_somebody_else_is_refused),
		CASE(totals_follow_every_change),
		CASE(uploaded_changes_the_row_that_is),
		CASE(a_walk_is_oldest_first_and_sees_a_batch_before_it_is_committed),
		CASE(a_long_walk_misses_nothing),
		CASE(what_is_no_database_is_replaced),
		CASE(a_damaged_database_is_replaced),
		CASE(damage_of_a_large_database_is_found_by_the_walk),
		CASE(a_database_of_another_program_or_version_is_replaced),
		CASE(what_cannot_be_opened_is_an_error_and_left_alone),
		CASE(damage_while_running_is_found_and_repaired),
		CASE(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
