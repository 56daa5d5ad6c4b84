/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "control/pair.h"

#define NAME "demo_v_7.ivf"

static char dir[] = "/tmp/test_pair.XXXXXX";
static int dir_fd = -1;
static bool bad;

static int set_up(void **state)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	bad = false;
	return dir_fd < 0;
}

static int tear_down(void **state)
{
	char command[96];

	close(dir_fd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void put(const char *file, const char *text)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool exists(const char *file)
{
	return faccessat(dir_fd, file, F_OK, 0) == 0;
}

static void a_whole_pair_makes_a_whole_row(void **state)
{
	struct catalogue_row row;
	const struct timespec times[2] = { { 1000, 5 }, { 1000, 5 } };

	put(NAME, "0123456789");
	assert_int_equal(utimensat(dir_fd, NAME, times, 0), 0);
	put(NAME ".json", "{\"version\":1,\"name\":\"lie.ivf\",\"promised\":\"demo_v_6.ivf\",\"session\":\"s_"
	                  "1\",\"room\":\"d\\u00e9mo\","
	                  "\"participant\":\"alice\",\"track\":\"v\",\"started\":\"2024-03-11T02:17:36."
	                  "000000001Z\",\"size\":3,"
	                  "\"state\":\"open\",\"gaps\":[{},{}],\"events\":[1,2],\"ssrc\":[1],\"frames\":9,"
	                  "\"duration_s\":6.989,"
	                  "\"upload\":{\"state\":\"done\",\"key\":\"k\"}}");
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_false(bad);
	assert_string_equal(row.name, NAME);
	assert_string_equal(row.promised, "demo_v_6.ivf");
	assert_string_equal(row.session, "s_1");
	assert_string_equal(row.room, "d\xC3\xA9mo");
	assert_string_equal(row.participant, "alice");
	assert_string_equal(row.track, "v");
	assert_int_equal(row.bytes, 10);
	assert_int_equal(row.finished_unix_ns, 1000000000005);
	assert_int_equal(row.started_unix_ns, 1710123456000000001);
	assert_true(row.uploaded);
	assert_string_equal(row.sidecar,
	        "{\"version\":1,\"promised\":\"demo_v_6.ivf\",\"session\":\"s_1\",\"room\":\"d\xC3\xA9mo\","
	        "\"participant\":\"alice\",\"track\":\"v\",\"started\":\"2024-03-11T02:17:36.000000001Z\","
	        "\"gap_count\":2,\"frames\":9,\"duration_s\":6.989,\"upload\":{\"state\":\"done\",\"key\":"
	        "\"k\"},"
	        "\"state\":\"finished\",\"uploaded\":true}");
	catalogue_row_clear(&row);
}

static void a_file_alone_is_a_recording_too(void **state)
{
	struct catalogue_row row;

	put(NAME, "x");
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_false(bad);
	assert_string_equal(row.promised, NAME);
	assert_string_equal(row.room, "");
	assert_false(row.uploaded);
	assert_string_equal(row.sidecar, "{\"state\":\"finished\",\"uploaded\":false}");
	catalogue_row_clear(&row);
}

static void a_sidecar_alone_is_nothing(void **state)
{
	struct catalogue_row row;

	put(NAME ".json", "{}");
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), -ENOENT);
	assert_null(pair_json(dir_fd, NAME));
}

static void what_is_no_regular_file_is_nothing(void **state)
{
	uint64_t bytes, mtime_ns;

	put("target", "x");
	assert_int_equal(symlinkat("target", dir_fd, NAME), 0);
	assert_int_equal(pair_stat(dir_fd, NAME, &bytes, &mtime_ns), -ENOENT);
	unlinkat(dir_fd, NAME, 0);
	assert_int_equal(mkdirat(dir_fd, NAME, 0755), 0);
	assert_int_equal(pair_stat(dir_fd, NAME, &bytes, &mtime_ns), -ENOENT);
}

static void a_time_before_1970_is_none(void **state)
{
	const struct timespec times[2] = { { -5, 0 }, { -5, 0 } };
	uint64_t bytes, mtime_ns = 7;

	put(NAME, "x");
	assert_int_equal(utimensat(dir_fd, NAME, times, 0), 0);
	assert_int_equal(pair_stat(dir_fd, NAME, &bytes, &mtime_ns), 0);
	assert_int_equal(mtime_ns, 0);
}

static void assert_bad(const char *sidecar)
{
	struct catalogue_row row;

	put(NAME ".json", sidecar);
	bad = false;
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_true(bad);
	assert_string_equal(row.sidecar, "{\"state\":\"finished\",\"uploaded\":false}");
	catalogue_row_clear(&row);
}

static void a_sidecar_that_makes_no_sense_is_told_and_passed_over(void **state)
{
	put(NAME, "x");
	assert_bad("");
	assert_bad("not json");
	assert_bad("[1]");
	assert_bad("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}");
	assert_bad("{\"room\":\"\xff\"}");
	unlinkat(dir_fd, NAME ".json", 0);
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, NAME ".json"), 0);
	struct catalogue_row row;
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_true(bad);
	catalogue_row_clear(&row);
	unlinkat(dir_fd, NAME ".json", 0);
	put(NAME ".json", "");
	int fd = openat(dir_fd, NAME ".json", O_WRONLY);
	assert_int_equal(ftruncate(fd, PAIR_SIDECAR_BYTES + 1), 0);
	close(fd);
	bad = false;
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_true(bad);
	catalogue_row_clear(&row);
}

static void fields_of_the_wrong_type_or_length_are_left_out(void **state)
{
	char sidecar[4096], long_text[1024];
	struct catalogue_row row;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	snprintf(sidecar, sizeof(sidecar),
	        "{\"room\":5,\"participant\":\"%.200s\",\"promised\":\"../../etc/"
	        "passwd\",\"started\":\"yesterday\",\"gaps\":7,"
	        "\"upload\":\"done\",\"reason\":\"%s\",\"frames\":null,\"url\":\"http://"
	        "evil\",\"uploaded\":true}",
	        long_text, long_text);
	put(NAME, "x");
	put(NAME ".json", sidecar);
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_false(bad);
	assert_string_equal(row.room, "");
	assert_string_equal(row.participant, "");
	assert_string_equal(row.promised, NAME);
	assert_int_equal(row.started_unix_ns, 0);
	assert_false(row.uploaded);
	assert_null(strstr(row.sidecar, "evil"));
	assert_null(strstr(row.sidecar, long_text));
	assert_non_null(strstr(row.sidecar, "\"uploaded\":false"));
	catalogue_row_clear(&row);
}

static void too_many_fields_are_left_out(void **state)
{
	json_t *sidecar = json_object();
	struct catalogue_row row = { 0 };
	char key[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		json_object_set_new(sidecar, key, json_integer(i));
	}
	char *text = pair_summary(sidecar, &row);
	json_t *summary = json_loads(text, 0, NULL);
	assert_int_equal(json_object_size(summary), PAIR_KEYS + 2);
	json_decref(summary);
	json_decref(sidecar);
	free(text);
}

static void the_json_of_a_pair_is_the_sidecar_corrected(void **state)
{
	put(NAME, "0123");
	put(NAME ".json", "{\"name\":\"lie\",\"size\":99,\"state\":\"open\",\"url\":\"x\",\"gaps\":[1,2,3]}");
	json_t *json = pair_json(dir_fd, NAME);
	assert_string_equal(json_string_value(json_object_get(json, "name")), NAME);
	assert_string_equal(json_string_value(json_object_get(json, "url")), "/records/" NAME);
	assert_string_equal(json_string_value(json_object_get(json, "state")), "finished");
	assert_int_equal(json_integer_value(json_object_get(json, "size")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "gaps")), 3);
	json_decref(json);
}

static void an_upload_is_noted_and_the_rest_stays(void **state)
{
	const struct pair_upload upload = { "recordings/" NAME, "\"etag\"", 1500000000 };
	struct stat st;

	put(NAME, "0123");
	put(NAME ".json", "{\"room\":\"demo\",\"gaps\":[1,2],\"upload\":{\"state\":\"waiting\"}}");
	assert_int_equal(pair_set_upload(dir_fd, NAME, &upload), 0);
	json_t *json = pair_json(dir_fd, NAME);
	assert_string_equal(json_string_value(json_object_get(json, "room")), "demo");
	assert_int_equal(json_array_size(json_object_get(json, "gaps")), 2);
	json_t *noted = json_object_get(json, "upload");
	assert_string_equal(json_string_value(json_object_get(noted, "state")), "done");
	assert_string_equal(json_string_value(json_object_get(noted, "key")), "recordings/" NAME);
	assert_string_equal(json_string_value(json_object_get(noted, "etag")), "\"etag\"");
	assert_string_equal(
	        json_string_value(json_object_get(noted, "finished")), "1970-01-01T00:00:01.500Z");
	json_decref(json);
	assert_int_equal(fstatat(dir_fd, NAME ".json", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_false(exists("." NAME ".json.new"));
}

static void a_missing_or_broken_sidecar_is_made(void **state)
{
	const struct pair_upload upload = { "k", "e", 0 };
	struct catalogue_row row;

	put(NAME, "0123");
	assert_int_equal(pair_set_upload(dir_fd, NAME, &upload), 0);
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_true(row.uploaded);
	catalogue_row_clear(&row);
	put(NAME ".json", "broken");
	assert_int_equal(pair_set_upload(dir_fd, NAME, &upload), 0);
	assert_int_equal(pair_read(dir_fd, NAME, &row, &bad), 0);
	assert_true(row.uploaded && !bad);
	catalogue_row_clear(&row);
}

static void a_failed_write_leaves_the_sidecar_as_it_was(void **state)
{
	const struct pair_upload upload = { "k", "e", 0 };

	put(NAME ".json", "{\"room\":\"demo\"}");
	assert_int_equal(mkdirat(dir_fd, "." NAME ".json.new", 0755), 0);
	assert_int_equal(pair_set_upload(dir_fd, NAME, &upload), -EISDIR);
	put(NAME, "x");
	json_t *json = pair_json(dir_fd, NAME);
	assert_null(json_object_get(json, "upload"));
	json_decref(json);
}

static void removing_takes_both(void **state)
{
	put(NAME, "x");
	put(NAME ".json", "{}");
	put("other_v_1.ivf", "x");
	assert_int_equal(pair_remove(dir_fd, NAME), 0);
	assert_false(exists(NAME) || exists(NAME ".json"));
	assert_true(exists("other_v_1.ivf"));
	put(NAME ".json", "{}");
	assert_int_equal(pair_remove(dir_fd, NAME), -ENOENT);
	assert_false(exists(NAME ".json"));
	assert_int_equal(mkdirat(dir_fd, NAME, 0755), 0);
	assert_int_equal(pair_remove(dir_fd, NAME), -EISDIR);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_whole_pair_makes_a_whole_row),
		CASE(a_file_alone_is_a_recording_too),
		CASE(a_sidecar_alone_is_nothing),
		CASE(what_is_no_regular_file_is_nothing),
		CASE(a_time_before_1970_is_none),
		CASE(a_sidecar_that_makes_no_sense_is_told_and_passed_over),
		CASE(fields_of_the_wrong_type_or_length_are_left_out),
		CASE(too_many_fields_are_left_out),
		CASE(the_json_of_a_pair_is_the_sidecar_corrected),
		CASE(an_upload_is_noted_and_the_rest_stays),
		CASE(a_missing_or_broken_sidecar_is_made),
		CASE(a_failed_write_leaves_the_sidecar_as_it_was),
		CASE(removing_takes_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
