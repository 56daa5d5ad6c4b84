/* SPDX-License-Identifier: BSD-3-Clause */
/* The library over a real directory and a real catalogue; sessions, dataplane and uploader are played by the
 * test. */
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
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/events.h"
#include "control/library.h"
#include "control/metrics.h"
#include "control/session.h"
#include "uploader/uploader.h"

static char dir[] = "/tmp/test_library.XXXXXX";
static char template[] = "{room}_{trackID}_{timestamp}.{ext}";
static struct conf conf;
static struct control control;
static struct library *library;

/* What the uploader was told: "finished a.ivf;forget b.ivf;" */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char told[4096];
static struct uploader_cfg uploads;
static struct uploader_meta last_meta;

static void tell(const char *what, const char *name)
{
	pthread_mutex_lock(&lock);
	if (strlen(told) + strlen(name) + 16 < sizeof(told))
		sprintf(told + strlen(told), "%s %s;", what, name);
	pthread_mutex_unlock(&lock);
}

static bool was_told(const char *text)
{
	pthread_mutex_lock(&lock);
	bool was = strstr(told, text) != NULL;
	pthread_mutex_unlock(&lock);
	return was;
}

int uploader_create(struct uploader **ret_uploader, const struct uploader_cfg *cfg)
{
	uploads = *cfg;
	*ret_uploader = (struct uploader *)&uploads;
	return 0;
}

void uploader_free(struct uploader *uploader)
{
}

int uploader_growing(
        struct uploader *uploader, const char *name, uint64_t bytes, const struct uploader_meta *meta)
{
	tell("growing", name);
	return 0;
}

int uploader_finished(struct uploader *uploader, const char *name, const struct uploader_meta *meta)
{
	pthread_mutex_lock(&lock);
	last_meta = *meta;
	pthread_mutex_unlock(&lock);
	tell("finished", name);
	return 0;
}

void uploader_forget(struct uploader *uploader, const char *name)
{
	tell("forget", name);
}

bool sessions_opening(struct sessions *sessions, const char *id, struct msg_session_open *ret_open)
{
	if (strcmp(id, "s_1"))
		return false;
	memset(ret_open, 0, sizeof(*ret_open));
	strcpy(ret_open->room, "demo");
	ret_open->track_count = 1;
	strcpy(ret_open->tracks[0].id, "v");
	strcpy(ret_open->tracks[0].promised, "promise_v_1.ivf");
	return true;
}

static _Atomic bool session_1_is_live;

bool sessions_is_live(struct sessions *sessions, const char *id)
{
	return session_1_is_live && !strcmp(id, "s_1");
}

static struct stat_segment *counters;

bool dataplane_is_up(struct dataplane *dataplane)
{
	return true;
}

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	use(arg, counters);
	return true;
}

static void put(const char *file, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* What is in @file. */
static void lies(const char *file, char *text, size_t size)
{
	char path[512];
	FILE *in;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if ((in = fopen(path, "r"))) {
		text[fread(text, 1, size - 1, in)] = '\0';
		fclose(in);
	}
}

static bool exists(const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

static void age(const char *file, uint64_t unix_s)
{
	char path[512];
	const struct timespec times[2] = { { (time_t)unix_s, 0 }, { (time_t)unix_s, 0 } };

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_listed(const char *name)
{
	struct catalogue_row row;
	bool listed = !catalogue_get(control.catalogue, name, &row) && !strcmp(row.name, name);

	if (listed)
		catalogue_row_clear(&row);
	return listed;
}

/* Wait for what the library's thread is to bring about. */
#define assert_soon(condition)                                                                               \
	do {                                                                                                 \
		const struct timespec tick = { .tv_nsec = 5 * CLK_NS_PER_MS };                               \
		int tries = 1000;                                                                            \
		while (!(condition) && tries--)                                                              \
			nanosleep(&tick, NULL);                                                              \
		assert_true(condition);                                                                      \
	} while (0)

static void start(void)
{
	uint64_t scans = metrics_get(METRICS_library_scans);

	assert_int_equal(library_create(&library, &control), 0);
	assert_soon(metrics_get(METRICS_library_scans) > scans);
}

static void scan(void)
{
	uint64_t scans = metrics_get(METRICS_library_scans);

	library_scan(library);
	assert_soon(metrics_get(METRICS_library_scans) > scans);
}

static int set_up(void **state)
{
	const struct stat_cfg cfg = {
		.instances = { [STAT_SCOPE_PROC] = 1, [STAT_SCOPE_FLOW] = 2, [STAT_SCOPE_TRACK] = 2 }
	};
	char path[64] = "/tmp/test_library_stat.XXXXXX";
	bool fresh;

	close(mkstemp(path));
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	unlink(path);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	memset(&conf, 0, sizeof(conf));
	memset(&control, 0, sizeof(control));
	conf.record_dir = dir;
	conf.record_filename = template;
	control.conf = &conf;
	told[0] = '\0';
	return catalogue_open(&control.catalogue, ":memory:", &fresh);
}

static int tear_down(void **state)
{
	char command[96];

	library_free(library);
	library = NULL;
	catalogue_close(control.catalogue);
	events_free(control.events);
	stat_close(counters);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void event(enum msg_file_state_id kind, const char *name)
{
	struct msg_file_state file = {
		.state = kind, .session = "s_1", .track = "v", .stat_index = 1, .started_unix_ns = 5
	};

	strcpy(file.name, name);
	library_file_event(library, &file);
}

static void the_first_scan_takes_in_what_is_there(void **state)
{
	put("a_v_1.ivf", "12345");
	put("a_v_1.ivf.json", "{\"room\":\"a\"}");
	put("alone_v_1.ogg", "1");
	put("sidecar_v_1.ivf.json", "{}");
	put(".part_v_1.ivf.part", "x");
	put("README.txt", "x");
	put(".catalogue.db", "x");
	char sub[64];
	snprintf(sub, sizeof(sub), "%s/sub_v_1.ivf", dir);
	assert_int_equal(mkdir(sub, 0755), 0);
	start();
	struct catalogue_totals totals;
	catalogue_totals(control.catalogue, &totals);
	assert_int_equal(totals.rows, 2);
	assert_true(is_listed("a_v_1.ivf"));
	assert_true(is_listed("alone_v_1.ogg"));
}

static void a_scan_follows_what_came_went_and_changed(void **state)
{
	char path[128];
	struct catalogue_row row;

	put("a_v_1.ivf", "12345");
	put("b_v_1.ivf", "12345");
	start();
	snprintf(path, sizeof(path), "%s/a_v_1.ivf", dir);
	unlink(path);
	put("b_v_1.ivf", "1234567");
	put("c_v_1.ivf", "1");
	scan();
	assert_false(is_listed("a_v_1.ivf"));
	assert_true(is_listed("c_v_1.ivf"));
	assert_int_equal(catalogue_get(control.catalogue, "b_v_1.ivf", &row), 0);
	assert_int_equal(row.bytes, 7);
	catalogue_row_clear(&row);
}

static void a_directory_that_vanishes_takes_no_rows_along(void **state)
{
	char away[64];
	uint64_t errors;

	put("a_v_1.ivf", "12345");
	start();
	snprintf(away, sizeof(away), "%s.away", dir);
	assert_int_equal(rename(dir, away), 0);
	errors = metrics_get(METRICS_library_errors);
	library_scan(library);
	assert_soon(metrics_get(METRICS_library_errors) > errors);
	assert_true(is_listed("a_v_1.ivf"));
	assert_int_equal(library_delete(library, "a_v_1.ivf", (char[NAME_BYTES]){ 0 }), -EIO);
	assert_true(is_listed("a_v_1.ivf"));
	assert_int_equal(rename(away, dir), 0);
	scan();
	assert_true(is_listed("a_v_1.ivf"));
}

static void a_finished_file_is_listed_when_the_event_returns(void **state)
{
	struct library_open_file file;

	start();
	put(".demo_v_1.ivf.part", "123456");
	event(MSG_FILE_OPEN, "demo_v_1.ivf");
	assert_true(library_open_file(library, "promise_v_1.ivf", &file));
	assert_false(is_listed("demo_v_1.ivf"));
	put("demo_v_1.ivf", "123456");
	event(MSG_FILE_FINISHED, "demo_v_1.ivf");
	assert_true(is_listed("demo_v_1.ivf"));
	assert_false(library_open_file(library, "demo_v_1.ivf", &file));
}

static void a_failed_or_forgotten_file_is_open_no_more(void **state)
{
	struct library_open_file file, *files;

	start();
	event(MSG_FILE_OPEN, "a_v_1.ivf");
	event(MSG_FILE_OPEN, "b_v_1.ivf");
	event(MSG_FILE_OPEN, "c_v_1.ivf");
	event(MSG_FILE_FAILED, "a_v_1.ivf");
	event(MSG_FILE_DISCARDED, "c_v_1.ivf");
	assert_false(library_open_file(library, "a_v_1.ivf", &file));
	assert_false(library_open_file(library, "c_v_1.ivf", &file));
	assert_int_equal(library_open_files(library, &files), 1);
	free(files);
	library_dataplane_up(library);
	assert_int_equal(library_open_files(library, &files), 0);
	event(MSG_FILE_OPEN, "../../etc/passwd");
	assert_int_equal(library_open_files(library, &files), 0);
}

static void a_growing_file_is_read_as_far_as_it_is_whole(void **state)
{
	uint64_t bytes, mtime_ns;
	bool growing;
	char name[NAME_BYTES];

	start();
	put(".demo_v_1.ivf.part", "1234567890");
	event(MSG_FILE_OPEN, "demo_v_1.ivf");
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 1), STAT_TRACK_file_bytes, 7);
	int fd = library_open_for_reading(library, "demo_v_1.ivf", &bytes, &mtime_ns, &growing, name);
	assert_true(fd >= 0 && growing);
	assert_int_equal(bytes, 7);
	close(fd);
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 1), STAT_TRACK_file_bytes, 700);
	fd = library_open_for_reading(library, "promise_v_1.ivf", &bytes, &mtime_ns, &growing, name);
	assert_true(fd >= 0 && growing);
	assert_int_equal(bytes, 10);
	assert_string_equal(name, "demo_v_1.ivf");
	close(fd);
}

static void a_finished_file_is_read_by_both_its_names(void **state)
{
	uint64_t bytes, mtime_ns;
	bool growing = true;
	char name[NAME_BYTES];

	put("a_v_2.ivf", "12345");
	put("a_v_2.ivf.json", "{\"promised\":\"a_v_1.ivf\"}");
	start();
	int fd = library_open_for_reading(library, "a_v_2.ivf", &bytes, &mtime_ns, &growing, name);
	assert_true(fd >= 0 && !growing && bytes == 5);
	close(fd);
	fd = library_open_for_reading(library, "a_v_1.ivf", &bytes, &mtime_ns, &growing, name);
	assert_true(fd >= 0);
	assert_string_equal(name, "a_v_2.ivf");
	close(fd);
}

static void names_that_are_given_or_promised_are_known(void **state)
{
	put("a_v_1.ivf", "1");
	put("a_v_1.ivf.json", "{\"promised\":\"a_v_0.ivf\"}");
	start();
	event(MSG_FILE_OPEN, "demo_v_1.ivf");
	assert_true(library_knows(library, "a_v_1.ivf"));
	assert_true(library_knows(library, "a_v_0.ivf"));
	assert_true(library_knows(library, "demo_v_1.ivf"));
	assert_true(library_knows(library, "promise_v_1.ivf"));
	assert_false(library_knows(library, "a_v_2.ivf"));
}

static void names_that_are_none_of_ours_are_not_there(void **state)
{
	static const char *const names[] = { "", ".", "..", "../x.ivf", "/etc/passwd", ".catalogue.db",
		"a_v_1.ivf.json", ".a_v_1.ivf.part", "a b.ivf", "nothing_v_1.ivf", "link_v_1.ivf" };
	char name[NAME_BYTES], target[128], link[128];
	uint64_t bytes, mtime_ns;
	bool growing;
	struct catalogue_row row;

	put("a_v_1.ivf", "1");
	put("a_v_1.ivf.json", "{}");
	snprintf(target, sizeof(target), "%s/a_v_1.ivf", dir);
	snprintf(link, sizeof(link), "%s/link_v_1.ivf", dir);
	assert_int_equal(symlink(target, link), 0);
	start();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
		        library_open_for_reading(library, names[i], &bytes, &mtime_ns, &growing, name),
		        -ENOENT);
		assert_int_equal(library_find(library, names[i], &row), -ENOENT);
		assert_int_equal(library_delete(library, names[i], name), -ENOENT);
	}
}

static void deleting_takes_file_sidecar_row_and_ledger(void **state)
{
	char name[NAME_BYTES];

	conf.upload_enabled = true;
	put("a_v_2.ivf", "12345");
	put("a_v_2.ivf.json", "{\"promised\":\"a_v_1.ivf\"}");
	start();
	assert_int_equal(library_delete(library, "a_v_1.ivf", name), 0);
	assert_string_equal(name, "a_v_2.ivf");
	assert_false(exists("a_v_2.ivf") || exists("a_v_2.ivf.json") || is_listed("a_v_2.ivf"));
	assert_true(was_told("forget a_v_2.ivf;"));
	assert_int_equal(library_delete(library, "a_v_2.ivf", name), -ENOENT);
}

static void what_is_open_is_not_deleted(void **state)
{
	char name[NAME_BYTES];

	start();
	event(MSG_FILE_OPEN, "demo_v_1.ivf");
	put(".left_v_1.ivf.part", "x"); /* of a dataplane that died */
	assert_int_equal(library_delete(library, "demo_v_1.ivf", name), -EBUSY);
	assert_int_equal(library_delete(library, "promise_v_1.ivf", name), -EBUSY);
	assert_int_equal(library_delete(library, "left_v_1.ivf", name), -EBUSY);
}

static void a_file_that_no_scan_has_seen_is_found(void **state)
{
	struct catalogue_row row;

	start();
	put("new_v_1.ivf", "123");
	assert_int_equal(library_find(library, "new_v_1.ivf", &row), 0);
	assert_int_equal(row.bytes, 3);
	catalogue_row_clear(&row);
	json_t *json = library_sidecar(library, "new_v_1.ivf");
	assert_int_equal(json_integer_value(json_object_get(json, "size")), 3);
	json_decref(json);
	assert_null(library_sidecar(library, "gone_v_1.ivf"));
}

static void what_is_not_uploaded_is_offered_with_its_story(void **state)
{
	conf.upload_enabled = true;
	put("a_v_1.ivf", "1");
	put("a_v_1.ivf.json", "{\"room\":\"demo\",\"participant\":\"al\",\"track\":\"v\",\"started\":\"1970-"
	                      "01-01T00:00:01Z\"}");
	put("b_v_1.ivf", "1");
	put("b_v_1.ivf.json", "{\"upload\":{\"state\":\"done\"}}");
	start();
	assert_true(was_told("finished a_v_1.ivf;"));
	assert_string_equal(last_meta.room, "demo");
	assert_string_equal(last_meta.participant, "al");
	assert_string_equal(last_meta.track, "v");
	assert_int_equal(last_meta.started_unix_ns, CLK_NS_PER_S);
	assert_false(was_told("b_v_1.ivf"));
	told[0] = '\0';
	scan();
	assert_true(was_told("finished a_v_1.ivf;")); /* every scan says so again */
	assert_true(exists("b_v_1.ivf"));
	event(MSG_FILE_OPEN, "demo_v_1.ivf");
	assert_soon(was_told("growing demo_v_1.ivf;"));
}

static void an_upload_confirmed_is_noted(void **state)
{
	struct uploader_status status = { .state = UPLOADER_DONE, .finished_unix_ns = CLK_NS_PER_S };
	struct catalogue_row row;

	conf.upload_enabled = true;
	strcpy(status.key, "k/a_v_1.ivf");
	strcpy(status.etag, "\"e\"");
	put("a_v_1.ivf", "1");
	put("a_v_1.ivf.json", "{\"room\":\"demo\"}");
	start();
	uploads.on_done(uploads.arg, "a_v_1.ivf", &status);
	uploads.on_done(uploads.arg, "deleted_v_1.ivf", &status);
	do {
		assert_int_equal(catalogue_get(control.catalogue, "a_v_1.ivf", &row), 0);
		bool uploaded = row.uploaded;
		catalogue_row_clear(&row);
		if (uploaded)
			break;
	} while (usleep(1000) == 0);
	json_t *json = library_sidecar(library, "a_v_1.ivf");
	assert_string_equal(
	        json_string_value(json_object_get(json_object_get(json, "upload"), "key")), "k/a_v_1.ivf");
	assert_string_equal(json_string_value(json_object_get(json, "room")), "demo");
	json_decref(json);
	assert_true(exists("a_v_1.ivf"));
}

static void an_upload_confirmed_at_the_very_end_is_noted_too(void **state)
{
	struct uploader_status status = { .state = UPLOADER_DONE };

	conf.upload_enabled = true;
	put("a_v_1.ivf", "1");
	start();
	uploads.on_done(uploads.arg, "a_v_1.ivf", &status);
	library_free(library);
	library = NULL;
	struct catalogue_row row;
	assert_int_equal(catalogue_get(control.catalogue, "a_v_1.ivf", &row), 0);
	assert_true(row.uploaded);
	catalogue_row_clear(&row);
}

static void local_copies_go_after_their_upload_when_asked(void **state)
{
	struct uploader_status status = { .state = UPLOADER_DONE };

	conf.upload_enabled = true;
	conf.upload_delete_after_upload = true;
	put("a_v_1.ivf", "1");
	put("before_v_1.ivf", "1"); /* uploaded, and then somebody pulled the plug */
	put("before_v_1.ivf.json", "{\"upload\":{\"state\":\"done\"}}");
	age("a_v_1.ivf", 1000);
	age("before_v_1.ivf", 1000);
	start();
	scan();
	assert_soon(!exists("before_v_1.ivf"));
	assert_true(exists("a_v_1.ivf"));
	uploads.on_done(uploads.arg, "a_v_1.ivf", &status);
	assert_soon(!exists("a_v_1.ivf") && !exists("a_v_1.ivf.json") && !is_listed("a_v_1.ivf"));
	assert_soon(was_told("forget a_v_1.ivf;"));
}

/* Whether the first of what is confirmed in its turn is gone while the second is held. */
static void confirm(const char *first, const char *second)
{
	struct uploader_status status = { .state = UPLOADER_DONE };

	uploads.on_done(uploads.arg, second, &status);
	uploads.on_done(uploads.arg, first, &status);
	assert_soon(!exists(first));
	assert_true(exists(second));
}

static void a_local_copy_stays_while_its_name_can_be_given_again(void **state)
{
	conf.upload_enabled = true;
	conf.upload_delete_after_upload = true;
	put("new_v_1.ivf", "1");
	put("old_v_1.ivf", "1");
	age("old_v_1.ivf", 1000);
	start();
	confirm("old_v_1.ivf", "new_v_1.ivf");
	scan();
	assert_true(exists("new_v_1.ivf"));
	age("new_v_1.ivf", 1000);
	scan();
	assert_soon(!exists("new_v_1.ivf"));
}

static void without_a_time_in_its_name_a_local_copy_stays_with_its_session(void **state)
{
	static char template_of_session[] = "{room}_{trackID}_{session}.{ext}";

	conf.upload_enabled = true;
	conf.upload_delete_after_upload = true;
	conf.record_filename = template_of_session;
	session_1_is_live = true;
	put("a_v_s-1.ivf", "1");
	put("a_v_s-1.ivf.json", "{\"session\":\"s_1\"}");
	put("a_v_s-2.ivf", "1");
	put("a_v_s-2.ivf.json", "{\"session\":\"s_2\"}");
	age("a_v_s-1.ivf", 1000);
	age("a_v_s-2.ivf", 1000);
	start();
	confirm("a_v_s-2.ivf", "a_v_s-1.ivf");
	session_1_is_live = false;
	assert_soon(!exists("a_v_s-1.ivf"));
}

static void what_is_too_old_is_removed(void **state)
{
	conf.record_retention_days = 2;
	put("old_v_1.ivf", "1");
	put("old_v_1.ivf.json", "{}");
	put("new_v_1.ivf", "1");
	age("old_v_1.ivf", clk_wall_ns() / CLK_NS_PER_S - 3 * 86400);
	start();
	assert_soon(!exists("old_v_1.ivf") && !exists("old_v_1.ivf.json") && !is_listed("old_v_1.ivf"));
	assert_true(exists("new_v_1.ivf"));
}

/* The kept state tells of a boot long ago: the clock may have come up wrong. */
static void after_a_long_absence_nothing_is_too_old_at_once(void **state)
{
	char line[256];

	conf.record_retention_days = 2;
	put("old_v_1.ivf", "1");
	put(".clock", "00000000-0000-0000-0000-000000000000 1793491200000000000 5000000000 0\n");
	age("old_v_1.ivf", clk_wall_ns() / CLK_NS_PER_S - 3 * 86400);
	start();
	assert_soon((lies(".clock", line, sizeof(line)), line[0] && !strstr(line, "00000000-0000")));
	usleep(100000); /* retention goes on from there */
	assert_true(exists("old_v_1.ivf"));
}

static void what_is_too_old_stays_until_it_is_uploaded(void **state)
{
	conf.record_retention_days = 2;
	conf.upload_enabled = true;
	put("old_v_1.ivf", "1");
	put("done_v_1.ivf", "1");
	put("done_v_1.ivf.json", "{\"upload\":{\"state\":\"done\"}}");
	age("old_v_1.ivf", clk_wall_ns() / CLK_NS_PER_S - 3 * 86400);
	age("done_v_1.ivf", clk_wall_ns() / CLK_NS_PER_S - 3 * 86400);
	start();
	assert_soon(!exists("done_v_1.ivf"));
	assert_true(exists("old_v_1.ivf"));
}

static void a_thousand_files_are_taken_in_and_out(void **state)
{
	struct catalogue_totals totals;
	char name[64];

	for (int i = 0; i < 2500; i++) {
		snprintf(name, sizeof(name), "many_v_%d.ivf", i);
		put(name, "1");
	}
	start();
	catalogue_totals(control.catalogue, &totals);
	assert_int_equal(totals.rows, 2500);
}

/* "record.opened promise.ivf demo;" and so on: all that was told since the library was made. */
static char events_text[4096];

static void on_wake(void *arg)
{
}

static const char *told_events(void)
{
	const struct events_filter filter = { .resumes = true };
	struct events_reader *reader;
	static char raw[16384];
	size_t len = 0;

	events_text[0] = '\0';
	assert_int_equal(events_reader_create(&reader, control.events, &filter, on_wake, NULL), 0);
	for (ssize_t n; (n = events_reader_read(reader, raw + len, sizeof(raw) - 1 - len)) > 0;)
		len += (size_t)n;
	events_reader_free(reader);
	raw[len] = '\0';
	for (const char *data = raw; (data = strstr(data, "data: "));) {
		json_t *json = json_loads(data += 6, JSON_DISABLE_EOF_CHECK, NULL);
		static const char *const keys[] = { "type", "record", "room", "reason" };
		for (size_t i = 0; i < 4; i++) {
			const char *value = json_string_value(json_object_get(json, keys[i]));
			if (value)
				strcat(strcat(events_text, i ? " " : ""), value);
		}
		strcat(events_text, ";");
		json_decref(json);
	}
	return events_text;
}

static void start_told(void)
{
	const struct timespec tick = { .tv_nsec = 20 * CLK_NS_PER_MS }; /* files' times are coarse */

	assert_int_equal(events_create(&control.events), 0);
	start();
	library_dataplane_up(library);
	library_dataplane_listed(library);
	nanosleep(&tick, NULL);
}

static void others_are_told_of_files_once(void **state)
{
	start_told();
	event(MSG_FILE_OPEN, "a_v_1.ivf");
	event(MSG_FILE_OPEN, "b_v_1.ivf");
	event(MSG_FILE_OPEN, "c_v_1.ivf");
	put("a_v_1.ivf", "1");
	scan(); /* may come upon it before the event is here */
	event(MSG_FILE_FINISHED, "a_v_1.ivf");
	event(MSG_FILE_FAILED, "b_v_1.ivf");
	library_dataplane_up(library); /* the connection was lost: the list says it again */
	event(MSG_FILE_OPEN, "c_v_1.ivf");
	event(MSG_FILE_OPEN, "d_v_1.ivf");
	library_dataplane_listed(library);
	event(MSG_FILE_DISCARDED, "c_v_1.ivf");
	scan();
	assert_string_equal(told_events(), "record.opened a_v_1.ivf demo;record.opened b_v_1.ivf demo;"
	                                   "record.opened c_v_1.ivf demo;record.finished a_v_1.ivf demo;"
	                                   "record.failed b_v_1.ivf demo;record.opened d_v_1.ivf demo;"
	                                   "record.discarded c_v_1.ivf demo;");
}

static void what_was_open_before_control_began_is_not_told_again(void **state)
{
	assert_int_equal(events_create(&control.events), 0);
	start();
	library_dataplane_up(library);
	event(MSG_FILE_OPEN, "a_v_1.ivf");
	library_dataplane_listed(library);
	event(MSG_FILE_OPEN, "b_v_1.ivf");
	assert_string_equal(told_events(), "record.opened b_v_1.ivf demo;");
}

static void what_a_scan_comes_upon_is_told_when_it_is_new(void **state)
{
	put("old_v_1.ivf", "1");
	age("old_v_1.ivf", 1000);
	start_told();
	put("r_v_1.ivf.json", "{\"room\":\"a\",\"repaired\":true}");
	put("r_v_1.ivf", "1");
	scan();
	put("f_v_1.ivf.json", "{\"room\":\"b\",\"repaired\":false}");
	put("f_v_1.ivf", "1");
	put("older_v_1.ivf", "1");
	age("older_v_1.ivf", 1000);
	scan();
	scan();
	assert_string_equal(told_events(), "record.repaired r_v_1.ivf a;record.finished f_v_1.ivf b;");
}

static void removals_are_told_with_their_cause(void **state)
{
	char name[NAME_BYTES], path[128];

	put("a_v_1.ivf.json", "{\"room\":\"a\"}");
	put("a_v_1.ivf", "1");
	put("b_v_1.ivf.json", "{\"room\":\"b\"}");
	put("b_v_1.ivf", "1");
	start_told();
	assert_int_equal(library_delete(library, "a_v_1.ivf", name), 0);
	assert_int_equal(library_delete(library, "a_v_1.ivf", name), -ENOENT);
	snprintf(path, sizeof(path), "%s/b_v_1.ivf", dir);
	unlink(path);
	scan();
	assert_string_equal(
	        told_events(), "record.removed a_v_1.ivf a deleted;record.removed b_v_1.ivf b vanished;");
}

static void a_full_disk_is_told_once_and_when_it_is_free_again(void **state)
{
	start_told();
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_disk_error, ENOSPC);
	assert_soon(strstr(told_events(), "disk.full"));
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_disk_error, 0);
	assert_soon(strstr(told_events(), "disk.free"));
	char expected[256];
	snprintf(expected, sizeof(expected), "disk.full %s: the last write failed: %s;disk.free;", dir,
	        strerror(ENOSPC));
	assert_string_equal(told_events(), expected);
}

static void news_of_uploads_is_told(void **state)
{
	const struct uploader_meta meta = { .room = "a", .track = "v" };
	struct uploader_status status = {
		.tries = 2, .error = "503 SlowDown", .took_ns = 5, .bytes_total = 7
	};

	conf.upload_enabled = true;
	start_told();
	uploads.on_news(uploads.arg, UPLOADER_NEWS_QUEUED, "a_v_1.ivf", &meta, &status);
	uploads.on_news(uploads.arg, UPLOADER_NEWS_STARTED, "a_v_1.ivf", &meta, &status);
	uploads.on_news(uploads.arg, UPLOADER_NEWS_FAILED, "a_v_1.ivf", &meta, &status);
	uploads.on_news(uploads.arg, UPLOADER_NEWS_FINISHED, "a_v_1.ivf", &meta, &status);
	assert_string_equal(told_events(),
	        "upload.queued a_v_1.ivf a;upload.started a_v_1.ivf a;"
	        "upload.failed a_v_1.ivf a 503 SlowDown;upload.finished a_v_1.ivf a;");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(the_first_scan_takes_in_what_is_there),
		CASE(a_scan_follows_what_came_went_and_changed),
		CASE(a_directory_that_vanishes_takes_no_rows_along),
		CASE(a_finished_file_is_listed_when_the_event_returns),
		CASE(a_failed_or_forgotten_file_is_open_no_more),
		CASE(a_growing_file_is_read_as_far_as_it_is_whole),
		CASE(a_finished_file_is_read_by_both_its_names),
		CASE(names_that_are_given_or_promised_are_known),
		CASE(names_that_are_none_of_ours_are_not_there),
		CASE(deleting_takes_file_sidecar_row_and_ledger),
		CASE(what_is_open_is_not_deleted),
		CASE(a_file_that_no_scan_has_seen_is_found),
		CASE(what_is_not_uploaded_is_offered_with_its_story),
		CASE(an_upload_confirmed_is_noted),
		CASE(an_upload_confirmed_at_the_very_end_is_noted_too),
		CASE(local_copies_go_after_their_upload_when_asked),
		CASE(a_local_copy_stays_while_its_name_can_be_given_again),
		CASE(without_a_time_in_its_name_a_local_copy_stays_with_its_session),
		CASE(what_is_too_old_is_removed),
		CASE(after_a_long_absence_nothing_is_too_old_at_once),
		CASE(what_is_too_old_stays_until_it_is_uploaded),
		CASE(a_thousand_files_are_taken_in_and_out),
		CASE(others_are_told_of_files_once),
		CASE(what_was_open_before_control_began_is_not_told_again),
		CASE(what_a_scan_comes_upon_is_told_when_it_is_new),
		CASE(removals_are_told_with_their_cause),
		CASE(a_full_disk_is_told_once_and_when_it_is_free_again),
		CASE(news_of_uploads_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
