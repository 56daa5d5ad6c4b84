/* SPDX-License-Identifier: BSD-3-Clause */
/* The API in front of a store that is not there: port 1 of loopback. Uploads that succeed are
 * tests/e2e/test_upload.py. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "uploader/uploader_internal.h"

#define NAME "room_v_1.ivf"

static char path[64];
static struct conf conf;
static struct uploader *uploader;

static int set_up(void **state)
{
	strcpy(path, "/tmp/test_uploader.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	conf = (struct conf){ .record_dir = path,
		.upload_part_size_mb = 5,
		.upload_parallel_parts = 2,
		.upload_min_retry_ms = 10,
		.upload_max_retry_ms = 20,
		.s3_endpoint = (char *)"127.0.0.1:1",
		.s3_bucket = (char *)"b",
		.s3_region = (char *)"r",
		.s3_access_key = (char *)"a",
		.s3_secret_key = (char *)"s",
		.s3_session_token = (char *)"",
		.s3_ca_file = (char *)"",
		.s3_prefix = (char *)"rec/" };
	uploader = NULL;
	return 0;
}

static int create(void)
{
	const struct uploader_cfg cfg = { .conf = &conf };

	return uploader_create(&uploader, &cfg);
}

static void make_file(void)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/" NAME, path);
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(write(fd, "media", 5), 5);
	close(fd);
}

static int tear_down(void **state)
{
	static const char *const files[] = { NAME, "." NAME ".upload" };
	char file[128];

	uploader_free(uploader);
	for (size_t i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		unlink(file);
	}
	return rmdir(path);
}

/* Wait until @name is in @state, at most 10 s. */
static struct uploader_status wait_for(const char *name, enum uploader_state state, uint32_t tries)
{
	struct uploader_status status;
	uint64_t end = clk_mono_ns() + 10 * CLK_NS_PER_S;

	do {
		usleep(1000);
		assert_int_equal(uploader_status(uploader, name, &status), 0);
	} while ((status.state != state || status.tries < tries) && clk_mono_ns() < end);
	assert_int_equal(status.state, state);
	return status;
}

static void wrong_configurations_are_einval(void **state)
{
	conf.s3_endpoint = (char *)"https://host";
	assert_int_equal(create(), -EINVAL);
	conf.s3_endpoint = (char *)"host";
	conf.record_dir = (char *)"/nonexistent";
	assert_int_equal(create(), -EINVAL);
	conf.record_dir = path;
	conf.s3_use_ssl = true;
	conf.s3_ca_file = (char *)"/nonexistent";
	assert_int_equal(create(), -EINVAL);
	conf.s3_ca_file = (char *)"/etc/hostname";
	assert_int_equal(create(), -EINVAL);
	assert_null(uploader);
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const names[] = { "", "a/b.ivf", "../a.ivf", ".hidden", "a b" };
	struct uploader_status status;
	char longest[300];

	assert_int_equal(create(), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(uploader_finished(uploader, names[i], NULL), -EINVAL);
		assert_int_equal(uploader_growing(uploader, names[i], 1, NULL), -EINVAL);
		uploader_forget(uploader, names[i]);
	}
	memset(longest, 'a', sizeof(longest));
	longest[299] = '\0';
	assert_int_equal(uploader_finished(uploader, longest, NULL), -EINVAL);
	assert_int_equal(uploader_status(uploader, NAME, &status), -ENOENT);
	assert_int_equal(uploader_retry(uploader, NAME), -ENOENT);
}

static void a_store_that_is_not_there_is_tried_again(void **state)
{
	const struct uploader_meta meta = { .started_unix_ns = 77 };
	struct uploader_counts counts;

	make_file();
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, &meta), 0);
	struct uploader_status status = wait_for(NAME, UPLOADER_RETRYING, 3);
	assert_string_equal(status.key, "rec/" NAME);
	assert_int_equal(status.bytes_total, 5);
	assert_true(status.next_try_unix_ns > 0);
	assert_non_null(strstr(status.error, "127.0.0.1 port 1"));
	uploader_counts(uploader, &counts);
	assert_false(counts.store_usable);
	assert_int_equal(counts.oldest_unix_ns, 77);
	assert_int_equal(counts.waiting_bytes, 5);
	assert_int_equal(counts.queued + counts.active + counts.retrying, 1);
	assert_true(counts.failures >= 3);
	assert_string_equal(counts.last_error, status.error);
}

/* The uploader's sums, which are at any moment what a walk over all finds. */
static struct uploader_backlog backlog_now(void)
{
	struct uploader_backlog backlog;
	struct backlog kept, walked = { 0 };
	struct transfer *t;

	pthread_mutex_lock(&uploader->lock);
	TAILQ_FOREACH(t, &uploader->unfinished, all)
	{
		bool stopped = t->pub.state == UPLOADER_STOPPED;

		*(stopped ? &walked.failed : &walked.pending) += t->accounted;
		if (!stopped && t->pub.bytes_total > t->pub.bytes_done)
			walked.waiting += t->pub.bytes_total - t->pub.bytes_done;
	}
	kept = uploader->backlog;
	pthread_mutex_unlock(&uploader->lock);
	assert_memory_equal(&kept, &walked, sizeof(walked));
	uploader_backlog(uploader, &backlog);
	return backlog;
}

static void after_max_retries_it_stops_until_asked(void **state)
{
	struct uploader_counts counts;

	conf.upload_max_retries = 2;
	make_file();
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_STOPPED, 2);
	uploader_counts(uploader, &counts);
	assert_int_equal(counts.stopped, 1);
	assert_int_equal(counts.waiting_bytes, 0); /* it waits for nothing */
	assert_int_equal(backlog_now().held_bytes, 5);
	assert_int_equal(counts.failures, 2);
	assert_int_equal(uploader_retry(uploader, NAME), 0);
	for (int i = 0; i < 10000 && counts.failures < 4; i++) {
		usleep(1000);
		backlog_now();
		uploader_counts(uploader, &counts);
	}
	assert_int_equal(counts.failures, 4);
	wait_for(NAME, UPLOADER_STOPPED, 2);
}

static void a_missing_file_is_told(void **state)
{
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	struct uploader_status status = wait_for(NAME, UPLOADER_RETRYING, 1);
	assert_string_equal(status.error, "file: No such file or directory");
}

static void another_directory_in_the_place_of_the_first_is_followed(void **state)
{
	assert_int_equal(create(), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_RETRYING, 1);
	assert_int_equal(mkdir(path, 0700), 0);
	make_file();
	assert_int_equal(uploader_retry(uploader, NAME), 0);
	struct uploader_status status;
	do { /* it is found, and now the store is not */
		status = wait_for(NAME, UPLOADER_RETRYING, 1);
	} while (!strstr(status.error, "127.0.0.1 port 1"));
	assert_int_equal(status.bytes_total, 5);
}

static void growing_waits_for_bytes(void **state)
{
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_growing(uploader, NAME, 1000, NULL), 0);
	struct uploader_status status = wait_for(NAME, UPLOADER_QUEUED, 0);
	assert_int_equal(status.bytes_total, 0);
}

static void expect_account(uint64_t offered, uint64_t pending, uint64_t failed, uint64_t forgotten)
{
	struct uploader_account account;

	uploader_account(uploader, &account);
	assert_int_equal(account.offered, offered);
	assert_int_equal(account.objects, 0);
	assert_int_equal(account.pending, pending);
	assert_int_equal(account.failed, failed);
	assert_int_equal(account.forgotten, forgotten);
	assert_int_equal(uploader_unaccounted(&account), 0);
}

static void bytes_are_accounted_for_wherever_they_are(void **state)
{
	struct uploader_account account;

	conf.upload_max_retries = 2;
	make_file();
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_growing(uploader, NAME, 3, NULL), 0);
	wait_for(NAME, UPLOADER_QUEUED, 0);
	expect_account(0, 0, 0, 0); /* it is not finished */
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_STOPPED, 2);
	expect_account(5, 0, 5, 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0); /* once more is not twice */
	expect_account(5, 0, 5, 0);
	uploader->offered_bytes += 7; /* broken on purpose */
	uploader_account(uploader, &account);
	assert_int_equal(uploader_unaccounted(&account), 7);
	uploader->offered_bytes -= 7;
	uploader_forget(uploader, NAME);
	expect_account(5, 0, 0, 5);
}

static void write_ledger(const char *etag)
{
	struct ledger ledger = { .state = LEDGER_DONE, .size = 5, .target = (char *)"elsewhere" };
	int dir = open(path, O_RDONLY | O_DIRECTORY);

	snprintf(ledger.etag, sizeof(ledger.etag), "%s", etag);
	assert_int_equal(ledger_save(&ledger, dir, NAME), 0);
	close(dir);
}

static void sums_are_what_a_walk_finds(void **state)
{
	uint64_t end = clk_mono_ns() + 10 * CLK_NS_PER_S;
	struct uploader_backlog backlog;
	struct uploader_status status;

	conf.upload_max_retries = 2;
	make_file();
	write_ledger("0123456789abcdef0123456789abcdef");
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_DONE, 0); /* by an earlier process */
	assert_int_equal(backlog_now().held_bytes, 0);
	make_file(); /* five bytes more */
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	do { /* it is another one, and waits again */
		backlog = backlog_now();
		assert_int_equal(uploader_status(uploader, NAME, &status), 0);
	} while (status.state != UPLOADER_STOPPED && clk_mono_ns() < end);
	wait_for(NAME, UPLOADER_STOPPED, 2);
	backlog = backlog_now();
	assert_int_equal(backlog.waiting_bytes, 0);
	assert_int_equal(backlog.held_bytes, 10);
	assert_int_equal(backlog.sent_bytes, 0);
	uploader_free(uploader);
	conf.upload_max_retries = 0;
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_RETRYING, 1);
	backlog = backlog_now();
	assert_int_equal(backlog.waiting_bytes, 10);
	assert_int_equal(backlog.held_bytes, 10);
	uploader_forget(uploader, NAME);
	backlog = backlog_now();
	assert_int_equal(backlog.waiting_bytes + backlog.held_bytes, 0);
}

static void forgotten_is_unknown(void **state)
{
	struct uploader_status status;
	struct uploader_counts counts;
	char file[128];

	make_file();
	assert_int_equal(create(), 0);
	assert_int_equal(uploader_finished(uploader, NAME, NULL), 0);
	wait_for(NAME, UPLOADER_RETRYING, 1);
	uploader_forget(uploader, NAME);
	assert_int_equal(uploader_status(uploader, NAME, &status), -ENOENT);
	uploader_counts(uploader, &counts);
	assert_int_equal(counts.queued + counts.active + counts.retrying + counts.stopped, 0);
	snprintf(file, sizeof(file), "%s/." NAME ".upload", path);
	for (int i = 0; i < 5000 && !access(file, F_OK); i++)
		usleep(1000);
	assert_int_equal(access(file, F_OK), -1);
}

static void many_at_once_from_many_names(void **state)
{
	struct uploader_counts counts;
	char name[64];

	assert_int_equal(create(), 0);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "room_v_%d.ivf", i);
		assert_int_equal(uploader_growing(uploader, name, 10, NULL), 0);
	}
	uploader_counts(uploader, &counts);
	assert_int_equal(counts.queued, 2000);
	for (int i = 0; i < 2000; i += 2) {
		snprintf(name, sizeof(name), "room_v_%d.ivf", i);
		uploader_forget(uploader, name);
	}
	uploader_counts(uploader, &counts);
	assert_int_equal(counts.queued, 1000);
}

static void states_have_names(void **state)
{
	assert_string_equal(uploader_state_name(UPLOADER_NONE), "none");
	assert_string_equal(uploader_state_name(UPLOADER_RETRYING), "retrying");
	assert_string_equal(uploader_state_name(UPLOADER_DONE), "done");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(wrong_configurations_are_einval),
		CASE(names_that_are_none_are_refused),
		CASE(a_store_that_is_not_there_is_tried_again),
		CASE(after_max_retries_it_stops_until_asked),
		CASE(a_missing_file_is_told),
		CASE(another_directory_in_the_place_of_the_first_is_followed),
		CASE(growing_waits_for_bytes),
		CASE(bytes_are_accounted_for_wherever_they_are),
		CASE(sums_are_what_a_walk_finds),
		CASE(forgotten_is_unknown),
		CASE(many_at_once_from_many_names),
		CASE(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
