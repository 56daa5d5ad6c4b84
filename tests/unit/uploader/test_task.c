/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashing, opening, and by what a request's body is signed; what comes of requests is
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
#include <unistd.h>
#include "uploader/task.h"

#define NAME "room_v_1.ivf"

static char path[64];

static void make_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct conf conf;
static struct s3_store store;
static struct task_env env;
static struct task task;

static int set_up(void **state)
{
	store = (struct s3_store){ .conf = &conf };
	strcpy(path, "/tmp/test_task.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	env = (struct task_env){ .store = &store, .dir = open(path, O_RDONLY | O_DIRECTORY) };
	memset(&task, 0, sizeof(task));
	return 0;
}

static int tear_down(void **state)
{
	unlinkat(env.dir, NAME, 0);
	unlinkat(env.dir, "." NAME ".part", 0);
	close(env.dir);
	return rmdir(path);
}

static void file_is_found_by_either_name(void **state)
{
	assert_int_equal(task_open(env.dir, NAME), -ENOENT);
	make_file(env.dir, "." NAME ".part", "media");
	int fd = task_open(env.dir, NAME);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(renameat(env.dir, "." NAME ".part", env.dir, NAME), 0);
	fd = task_open(env.dir, NAME);
	assert_true(fd >= 0);
	close(fd);
}

static void links_are_not_followed(void **state)
{
	assert_int_equal(symlinkat("/etc/passwd", env.dir, NAME), 0);
	assert_int_equal(task_open(env.dir, NAME), -ELOOP);
}

static int start(uint64_t bytes)
{
	struct task_order order = {
		.op = S3_PART, .check_only = true, .name = NAME, .offset = 1, .bytes = bytes, .md5 = true
	};

	order.key = strdup("key");
	int error = task_start(&task, &env, &task, &order);
	assert_null(order.key);
	return error;
}

static void check_hashes_in_slices(void **state)
{
	static char text[3 << 20];
	int slices = 0, n;

	memset(text, 'a', sizeof(text) - 1);
	make_file(env.dir, NAME, text);
	assert_int_equal(start(sizeof(text) - 2), 0);
	assert_int_equal(task.stage, TASK_HASH);
	while ((n = task_step(&task, &env)) == 1)
		slices++;
	assert_int_equal(n, 0);
	assert_true(slices >= 2);
	assert_true(task.digest.has_md5);
	task_end(&task, &env);
	assert_int_equal(task.stage, TASK_FREE);
}

/* The request for a part of one byte, "m", is begun, not sent: the value of x-amz-content-sha256. */
static void assert_signed_by(bool tls, bool sha256, const char *want)
{
	struct task_order order = {
		.op = S3_PART, .name = NAME, .part = 1, .bytes = 1, .md5 = !sha256, .sha256 = sha256
	};
	const char *why, *got = NULL;
	static const char name[] = "x-amz-content-sha256: ";

	conf = (struct conf){ .s3_endpoint = (char *)"127.0.0.1:1",
		.s3_bucket = (char *)"b",
		.s3_region = (char *)"r",
		.s3_access_key = (char *)"a",
		.s3_secret_key = (char *)"s",
		.s3_session_token = (char *)"",
		.s3_use_ssl = tls };
	assert_int_equal(s3_store_init(&store, &conf, &why), 0);
	env.exchange = (struct exchange_env){ .multi = curl_multi_init(), .ca_file = "", .stall_s = 1 };
	order.key = strdup("key");
	order.upload_id = strdup("id");
	assert_int_equal(task_start(&task, &env, &task, &order), 0);
	assert_int_equal(task_step(&task, &env), 0);
	assert_int_equal(task.stage, TASK_WIRE);
	for (const struct curl_slist *line = task.exchange.headers; line; line = line->next)
		if (!strncmp(line->data, name, sizeof(name) - 1))
			got = line->data + sizeof(name) - 1;
	assert_non_null(got);
	assert_string_equal(got, want);
	task_end(&task, &env);
	exchange_free(&task.exchange);
	curl_multi_cleanup(env.exchange.multi);
}

static void over_tls_the_payload_is_not_signed(void **state)
{
	make_file(env.dir, NAME, "media");
	assert_signed_by(true, false, "UNSIGNED-PAYLOAD");
}

static void without_tls_the_payload_is_signed_by_its_hash(void **state)
{
	make_file(env.dir, NAME, "media");
	assert_signed_by(false, true, "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a");
}

static void short_file_fails(void **state)
{
	make_file(env.dir, NAME, "media");
	assert_int_equal(start(100), 0);
	assert_int_equal(task_step(&task, &env), -ENODATA);
	task_end(&task, &env);
}

static void missing_file_fails_and_keeps_the_order(void **state)
{
	assert_int_equal(start(1), -ENOENT);
	assert_string_equal(task.order.key, "key");
	task_end(&task, &env);
	assert_null(task.order.key);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(file_is_found_by_either_name),
		CASE(links_are_not_followed),
		CASE(check_hashes_in_slices),
		CASE(over_tls_the_payload_is_not_signed),
		CASE(without_tls_the_payload_is_signed_by_its_hash),
		CASE(short_file_fails),
		CASE(missing_file_fails_and_keeps_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
