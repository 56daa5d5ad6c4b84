/* SPDX-License-Identifier: BSD-3-Clause */
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
#include "uploader/orphan.h"

#define LIST(uploads) "<ListMultipartUploadsResult>" uploads "</ListMultipartUploadsResult>"
#define LEDGER        "wirespool-upload 1\nstate parts\ntarget x\nid mine\npart_size 5242880\nend\n"

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
static struct orphans *orphans;
static const char *const files[] = { "ours.ivf", ".open.ivf.part", "known.ivf", ".known.ivf.upload",
	"used.ivf", ".gone.ivf.upload", ".bad.ivf.upload", ".half.ivf.upload.new" };

static bool is_used(void *arg, const char *name, const char *id)
{
	return !strcmp(name, "used.ivf") && !strcmp(id, "mine");
}

static int set_up(void **state)
{
	conf = (struct conf){ .s3_prefix = (char *)"rec/" };
	store = (struct s3_store){ .conf = &conf };
	strcpy(path, "/tmp/test_orphan.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	env = (struct task_env){ .store = &store, .dir = open(path, O_RDONLY | O_DIRECTORY) };
	orphans = NULL;
	return 0;
}

static int tear_down(void **state)
{
	orphans_free(orphans);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(env.dir, files[i], 0);
	close(env.dir);
	return rmdir(path);
}

static void create(void)
{
	const struct orphans_cfg cfg = { .env = &env, .bounds = { 1000, 8000 }, .is_used = is_used };

	assert_int_equal(orphans_create(&orphans, &cfg), 0);
}

/* The next thing must be @op of @what (key or prefix) and @id (upload or key marker); answer it. */
static void expect(enum s3_op op, const char *what, const char *id, long status, const char *body)
{
	struct exchange_reply reply = {
		.status = status, .complete = true, .body = body, .len = strlen(body)
	};
	struct s3_verdict verdict;
	struct task_order order;

	assert_int_equal(orphans_next(orphans, 1000000, &order), 1);
	assert_int_equal(order.op, op);
	assert_string_equal(op == S3_LIST ? order.prefix : order.key, what);
	assert_string_equal(op == S3_LIST ? order.key_marker : order.upload_id, id);
	assert_int_equal(orphans_next(orphans, 1000000, &(struct task_order){ 0 }), 0);
	s3_judge(&verdict, op, status, body, reply.len, NULL);
	orphans_result(orphans, &reply, &verdict, 1000000);
	task_order_free(&order);
}

static void expect_nothing(void)
{
	struct task_order order;

	assert_int_equal(orphans_next(orphans, UINT64_MAX, &order), 0);
	assert_true(orphans_due_ns(orphans) == UINT64_MAX);
}

static void only_uploads_of_our_recordings_that_nobody_knows_are_aborted(void **state)
{
	make_file(env.dir, "ours.ivf", "");
	make_file(env.dir, ".open.ivf.part", "");
	make_file(env.dir, "known.ivf", "");
	make_file(env.dir, ".known.ivf.upload", LEDGER);
	make_file(env.dir, "used.ivf", "");
	create();
	expect(S3_LIST, "rec/", "", 200,
	        LIST("<Upload><Key>rec/ours.ivf</Key><UploadId>a</UploadId></Upload>"
	             "<Upload><Key>rec/theirs.ivf</Key><UploadId>b</UploadId></Upload>"
	             "<Upload><Key>ours.ivf</Key><UploadId>c</UploadId></Upload>"
	             "<Upload><Key>rec/../ours.ivf</Key><UploadId>d</UploadId></Upload>"
	             "<Upload><Key>rec/open.ivf</Key><UploadId>e</UploadId></Upload>"
	             "<Upload><Key>rec/known.ivf</Key><UploadId>mine</UploadId></Upload>"
	             "<Upload><Key>rec/known.ivf</Key><UploadId>stray</UploadId></Upload>"
	             "<Upload><Key>rec/used.ivf</Key><UploadId>mine</UploadId></Upload>"));
	expect(S3_ABORT, "rec/ours.ivf", "a", 204, "");
	expect(S3_ABORT, "rec/open.ivf", "e", 204, "");
	expect(S3_ABORT, "rec/known.ivf", "stray", 204, "");
	expect_nothing();
}

static void pages_are_followed_as_long_as_they_move(void **state)
{
	create();
	expect(S3_LIST, "rec/", "", 200,
	        LIST("<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"));
	expect(S3_LIST, "rec/", "k", 200,
	        LIST("<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"));
	expect_nothing();
}

static void a_list_that_is_refused_or_unreadable_is_given_up(void **state)
{
	create();
	expect(S3_LIST, "rec/", "", 403, "<Error><Code>AccessDenied</Code></Error>");
	expect_nothing();
	orphans_look(orphans, "ours.ivf");
	expect(S3_LIST, "rec/ours.ivf", "", 200, "<html>");
	expect_nothing();
}

static void trouble_is_waited_out(void **state)
{
	struct task_order order;

	create();
	expect(S3_LIST, "rec/", "", 503, "");
	assert_int_equal(orphans_next(orphans, 1000000, &order), 0);
	assert_in_range(orphans_due_ns(orphans), 1000000 + 1000, 1000000 + 8000);
	assert_int_equal(orphans_next(orphans, 1008000, &order), 1);
	task_order_free(&order);
}

static void ledgers_without_recordings_are_cleared(void **state)
{
	make_file(env.dir, ".gone.ivf.upload", LEDGER);
	make_file(env.dir, ".bad.ivf.upload", "nonsense");
	make_file(env.dir, ".half.ivf.upload.new", "wire");
	create();
	assert_int_equal(faccessat(env.dir, ".bad.ivf.upload", F_OK, 0), -1);
	assert_int_equal(faccessat(env.dir, ".half.ivf.upload.new", F_OK, 0), -1);
	assert_int_equal(faccessat(env.dir, ".gone.ivf.upload", F_OK, 0), 0);
	expect(S3_ABORT, "rec/gone.ivf", "mine", 404, "<Error><Code>NoSuchUpload</Code></Error>");
	assert_int_equal(faccessat(env.dir, ".gone.ivf.upload", F_OK, 0), -1);
	expect(S3_LIST, "rec/", "", 200, LIST(""));
	expect_nothing();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_uploads_of_our_recordings_that_nobody_knows_are_aborted),
		CASE(pages_are_followed_as_long_as_they_move),
		CASE(a_list_that_is_refused_or_unreadable_is_given_up),
		CASE(trouble_is_waited_out),
		CASE(ledgers_without_recordings_are_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
