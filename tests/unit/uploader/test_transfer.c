/* SPDX-License-Identifier: BSD-3-Clause */
/* Recordings driven through their states with answers made up here: no network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include "uploader/transfer.h"

#define NAME   "room_v_1.ivf"
#define MIB    (1ull << 20)
#define PART   (5 * MIB)
#define MD5_A  "0cc175b9c0f1b6a831c399e269772661" /* of "a", RFC 1321 A.5 */
#define UPLOAD "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>"

static char path[64];
static struct conf conf;
static struct s3_store store;
static struct task_env task_env;
static struct transfer_env env;
static struct transfer *t;
static struct s3_verdict verdict;

static bool nothing_is_used(void *arg, const char *name, const char *id)
{
	return false;
}

static void new_transfer(void)
{
	static const struct uploader_meta meta = { .room = "r\xc3\xb6om", .started_unix_ns = 1000000000 };

	transfer_free(t);
	assert_int_equal(transfer_create(&t, NAME, &meta), 0);
	transfer_load(t, &env);
}

static int set_up(void **state)
{
	const char *why;

	conf = (struct conf){ .s3_endpoint = (char *)"127.0.0.1:1",
		.s3_bucket = (char *)"b",
		.s3_region = (char *)"r",
		.s3_access_key = (char *)"a",
		.s3_secret_key = (char *)"s",
		.s3_session_token = (char *)"",
		.s3_prefix = (char *)"rec/" };
	strcpy(path, "/tmp/test_transfer.XXXXXX");
	if (!mkdtemp(path) || s3_store_init(&store, &conf, &why))
		return -1;
	task_env = (struct task_env){ .store = &store, .dir = open(path, O_RDONLY | O_DIRECTORY) };
	const struct orphans_cfg cfg = { .env = &task_env, .bounds = { 1, 2 }, .is_used = nothing_is_used };
	env = (struct transfer_env){ .task = &task_env, .part_size = PART };
	t = NULL;
	if (orphans_create(&env.orphans, &cfg))
		return -1;
	new_transfer();
	return 0;
}

static int tear_down(void **state)
{
	DIR *d = opendir(path);

	transfer_free(t);
	orphans_free(env.orphans);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] != '.' || e->d_name[1] > '.')
			unlinkat(task_env.dir, e->d_name, 0);
	}
	closedir(d);
	close(task_env.dir);
	return rmdir(path);
}

static void make_file(const char *name, uint64_t bytes)
{
	int fd = openat(task_env.dir, name, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
}

static void offer(uint64_t bytes, bool finished)
{
	assert_int_equal(transfer_offer(t, &env, bytes, finished, &verdict), 0);
}

/* The next order must be @op (and @part); answer it. Whether it was progress. */
static bool answer(
        enum s3_op op, unsigned part, long status, const char *body, const char *etag, int64_t length)
{
	struct task task = { .fd = -1 };
	struct exchange_reply reply = { .status = status,
		.complete = status,
		.body = body,
		.len = strlen(body),
		.etag = etag,
		.length = length };

	assert_int_equal(transfer_next(t, &env, &task.order), 1);
	assert_int_equal(task.order.op, op);
	assert_int_equal(task.order.part, part);
	assert_string_equal(task.order.key, "rec/" NAME);
	if (task.order.md5) {
		task.digest.has_md5 = true;
		memcpy(task.digest.md5, "\x0c\xc1\x75\xb9\xc0\xf1\xb6\xa8\x31\xc3\x99\xe2\x69\x77\x26\x61",
		        16);
	}
	task.digest.has_sha256 = task.order.sha256;
	s3_judge(&verdict, op, status, body, reply.len, status ? NULL : "cut");
	if (task.order.check_only)
		verdict = (struct s3_verdict){ .outcome = S3_OK };
	bool near = transfer_result(t, &env, &task, &reply, &verdict);
	task_order_free(&task.order);
	return near;
}

static void expect_nothing(void)
{
	struct task_order order;

	assert_int_equal(transfer_next(t, &env, &order), 0);
}

/* What a process that begins now would find. */
static enum ledger_state on_disk(void)
{
	struct ledger ledger;

	if (ledger_load(&ledger, task_env.dir, NAME))
		return LEDGER_NONE;
	enum ledger_state state = ledger.state;
	ledger_free(&ledger);
	return state;
}

static void small_file_is_put_and_proved(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	assert_true(answer(S3_PUT, 0, 200, "", MD5_A, -1));
	assert_int_equal(on_disk(), LEDGER_PUT);
	assert_false(transfer_is_done(t));
	assert_true(answer(S3_HEAD, 0, 200, "", MD5_A, 1000));
	assert_true(transfer_is_done(t));
	assert_int_equal(on_disk(), LEDGER_DONE);
	expect_nothing();
	assert_int_equal(transfer_bytes_done(t), 1000);
}

static void put_carries_type_and_metadata(void **state)
{
	struct task_order order;

	make_file(NAME, 10);
	offer(0, true);
	assert_int_equal(transfer_next(t, &env, &order), 1);
	assert_int_equal(order.field_count, 3);
	assert_string_equal(order.fields[0][1], "video/x-ivf");
	assert_string_equal(order.fields[1][0], "x-amz-meta-room");
	assert_string_equal(order.fields[1][1], "r%C3%B6om");
	assert_string_equal(order.fields[2][1], "1970-01-01T00:00:01.000Z");
	assert_true(order.md5 && order.sha256);
	task_order_free(&order);
}

/* TLS protects the payload, so it is hashed for the comparison with the ETag alone; without, each part is
 * hashed once, for its signature. */
static void a_part_is_hashed_once(void **state)
{
	struct task_order order;

	make_file(NAME, 2 * PART);
	for (int tls = 0; tls < 2; tls++) {
		new_transfer();
		store.tls = tls;
		offer(0, true);
		answer(S3_CREATE, 0, 200, "<R><UploadId>u</UploadId></R>", "", -1);
		assert_int_equal(transfer_next(t, &env, &order), 1);
		assert_int_equal(order.op, S3_PART);
		assert_int_equal(order.md5, tls);
		assert_int_equal(order.sha256, !tls);
		task_order_free(&order);
		unlinkat(task_env.dir, "." NAME ".upload", 0);
	}
}

static void wrong_size_is_no_proof(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 200, "", MD5_A, -1);
	answer(S3_HEAD, 0, 200, "", MD5_A, 999);
	assert_int_equal(verdict.outcome, S3_FAILED);
	assert_non_null(strstr(verdict.reason, "another one (999 bytes)"));
	answer(S3_PUT, 0, 200, "", MD5_A, -1);
	answer(S3_HEAD, 0, 404, "", "", -1);
	assert_non_null(strstr(verdict.reason, "shows none"));
	assert_false(transfer_is_done(t));
}

static void strange_etags_are_taken_when_the_store_confirmed(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 200, "", "own-scheme", -1);
	assert_true(answer(S3_HEAD, 0, 200, "", "another-scheme", 1000));
	assert_true(transfer_is_done(t));
}

static void strange_etags_prove_nothing_when_the_answer_was_lost(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 0, "", "", -1);
	assert_int_equal(verdict.outcome, S3_FAILED);
	answer(S3_HEAD, 0, 200, "", "own-scheme", 1000);
	assert_int_equal(verdict.outcome, S3_FAILED);
	answer(S3_HEAD, 0, 200, "", "own-scheme", 1000);
	assert_false(transfer_is_done(t));
	assert_int_equal(verdict.outcome, S3_OK);
	answer(S3_PUT, 0, 200, "", MD5_A, -1);
}

static void lost_answer_to_put_is_proved_by_head(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 0, "", "", -1);
	assert_true(answer(S3_HEAD, 0, 200, "", MD5_A, 1000));
	assert_true(transfer_is_done(t));
}

static void refused_put_is_not_asked_about(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 403, "<Error><Code>AccessDenied</Code></Error>", "", -1);
	assert_true(verdict.slow);
	answer(S3_PUT, 0, 200, "", MD5_A, -1);
}

static void begin_parts(void)
{
	make_file(NAME, 2 * PART + 1);
	offer(0, true);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
	assert_int_equal(on_disk(), LEDGER_PARTS);
}

static void finish_parts(void)
{
	answer(S3_PART, 2, 200, "", MD5_A, -1);
	answer(S3_PART, 3, 200, "", MD5_A, -1);
	answer(S3_PART, 1, 200, "", MD5_A, -1);
}

static void large_file_goes_in_parts(void **state)
{
	char etag[S3_ETAG_BYTES];

	begin_parts();
	finish_parts();
	assert_true(multipart_etag(&t->ledger.parts, etag));
	assert_true(answer(S3_COMPLETE, 0, 200, "<CompleteMultipartUploadResult/>", "", -1));
	assert_int_equal(on_disk(), LEDGER_COMPLETING);
	assert_true(answer(S3_HEAD, 0, 200, "", etag, 2 * PART + 1));
	assert_true(transfer_is_done(t));
}

static void part_without_etag_fails(void **state)
{
	begin_parts();
	assert_false(answer(S3_PART, 2, 200, "", "", -1));
	assert_int_equal(verdict.outcome, S3_FAILED);
	answer(S3_PART, 2, 200, "", MD5_A, -1);
}

static void create_without_id_fails_and_leaves_a_stray(void **state)
{
	make_file(NAME, 2 * PART);
	offer(0, true);
	answer(S3_CREATE, 0, 200, "<x></x>", "", -1);
	assert_int_equal(verdict.outcome, S3_FAILED);
	assert_true(t->stray);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
}

static void unknown_upload_is_begun_anew(void **state)
{
	begin_parts();
	answer(S3_PART, 2, 200, "", MD5_A, -1);
	answer(S3_PART, 3, 404, "<Error><Code>NoSuchUpload</Code></Error>", "", -1);
	assert_int_equal(verdict.outcome, S3_GONE);
	assert_int_equal(on_disk(), LEDGER_NONE);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
	answer(S3_PART, 2, 200, "", MD5_A, -1);
}

static void unknown_upload_at_completion_is_asked_about(void **state)
{
	char etag[S3_ETAG_BYTES];

	begin_parts();
	finish_parts();
	assert_true(multipart_etag(&t->ledger.parts, etag));
	answer(S3_COMPLETE, 0, 404, "<Error><Code>NoSuchUpload</Code></Error>", "", -1);
	assert_int_equal(verdict.outcome, S3_OK);
	assert_true(answer(S3_HEAD, 0, 200, "", etag, 2 * PART + 1));
	assert_true(transfer_is_done(t));
}

static void unknown_upload_without_its_object_is_begun_anew(void **state)
{
	begin_parts();
	finish_parts();
	answer(S3_COMPLETE, 0, 404, "<Error><Code>NoSuchUpload</Code></Error>", "", -1);
	answer(S3_HEAD, 0, 200, "", MD5_A "-3", 2 * PART + 1);
	assert_int_equal(verdict.outcome, S3_FAILED);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
}

static void completion_in_doubt_is_asked_about_and_repeated(void **state)
{
	begin_parts();
	finish_parts();
	answer(S3_COMPLETE, 0, 200, "<Error><Code>InternalError</Code></Error>", "", -1);
	assert_int_equal(verdict.outcome, S3_FAILED);
	answer(S3_HEAD, 0, 404, "", "", -1);
	assert_int_equal(verdict.outcome, S3_OK);
	answer(S3_COMPLETE, 0, 200,
	        "<CompleteMultipartUploadResult><ETag>&quot;kms&quot;</ETag></CompleteMultipartUploadResult>",
	        "", -1);
	assert_true(answer(S3_HEAD, 0, 200, "", "kms", 2 * PART + 1));
}

static void parts_of_another_process_are_compared(void **state)
{
	begin_parts();
	answer(S3_PART, 2, 200, "", MD5_A, -1);
	new_transfer();
	offer(0, true);
	answer(S3_PART, 2, 0, "", "", -1);
	assert_int_equal(t->ledger.parts.parts[1].state, MULTIPART_GOOD);
	answer(S3_PART, 3, 200, "", MD5_A, -1);
}

static void growing_parts_are_compared_at_the_end(void **state)
{
	make_file("." NAME ".part", 3 * PART);
	offer(2 * PART, false);
	expect_nothing();
	offer(2 * PART + MULTIPART_KEEP_BACK_BYTES, false);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
	answer(S3_PART, 2, 200, "", MD5_A, -1);
	expect_nothing();
	offer(0, true);
	t->ledger.parts.parts[1].digest[0] ^= 1;
	answer(S3_PART, 2, 0, "", "", -1);
	assert_int_equal(t->ledger.parts.parts[1].state, MULTIPART_MISSING);
	finish_parts();
}

static void killed_in_put_asks_first(void **state)
{
	make_file(NAME, 1000);
	offer(0, true);
	answer(S3_PUT, 0, 200, "", MD5_A, -1);
	new_transfer();
	offer(0, true);
	assert_true(answer(S3_HEAD, 0, 200, "", MD5_A, 1000));
	new_transfer();
	offer(0, true);
	assert_true(transfer_is_done(t));
}

static void killed_in_completion_asks_first_and_compares_if_need_be(void **state)
{
	begin_parts();
	finish_parts();
	answer(S3_COMPLETE, 0, 0, "", "", -1);
	new_transfer();
	offer(0, true);
	answer(S3_HEAD, 0, 404, "", "", -1);
	assert_int_equal(verdict.outcome, S3_FAILED);
	assert_int_equal(verdict.retry_after_s, 2);
	answer(S3_HEAD, 0, 404, "", "", -1);
	answer(S3_PART, 2, 0, "", "", -1);
	answer(S3_PART, 3, 0, "", "", -1);
	answer(S3_PART, 1, 0, "", "", -1);
	answer(S3_COMPLETE, 0, 200, "<CompleteMultipartUploadResult/>", "", -1);
}

static void done_is_for_this_file_and_kept_for_any_target(void **state)
{
	killed_in_put_asks_first(state);
	conf.s3_prefix = (char *)"elsewhere/";
	new_transfer();
	offer(0, true);
	assert_true(transfer_is_done(t));
	make_file(NAME, 2000);
	offer(0, true);
	assert_false(transfer_is_done(t));
}

static void upload_to_elsewhere_is_not_gone_on_with(void **state)
{
	begin_parts();
	answer(S3_PART, 2, 200, "", MD5_A, -1);
	conf.s3_endpoint = (char *)"127.0.0.1:2";
	const char *why;
	assert_int_equal(s3_store_init(&store, &conf, &why), 0);
	new_transfer();
	offer(0, true);
	answer(S3_CREATE, 0, 200, UPLOAD, "", -1);
}

static void missing_file_is_a_slow_failure(void **state)
{
	assert_int_equal(transfer_offer(t, &env, 0, true, &verdict), -ENOENT);
	assert_true(verdict.slow);
	assert_string_equal(verdict.reason, "file: No such file or directory");
}

static void forgotten_upload_is_aborted(void **state)
{
	struct task_order order;

	begin_parts();
	transfer_forget(t, &env);
	assert_int_equal(orphans_next(env.orphans, 0, &order), 1); /* the list at start */
	assert_int_equal(order.op, S3_LIST);
	task_order_free(&order);
	orphans_result(env.orphans, &(struct exchange_reply){ .status = 403 },
	        &(struct s3_verdict){ .outcome = S3_FAILED, .slow = true, .reason = "403" }, 0);
	assert_int_equal(orphans_next(env.orphans, 0, &order), 1);
	assert_int_equal(order.op, S3_ABORT);
	assert_string_equal(order.upload_id, "U1");
	assert_string_equal(order.key, "rec/" NAME);
	task_order_free(&order);
	unlinkat(task_env.dir, NAME, 0);
	orphans_result(env.orphans, &(struct exchange_reply){ .status = 204 },
	        &(struct s3_verdict){ .outcome = S3_OK }, 0);
	assert_int_equal(on_disk(), LEDGER_NONE);
	assert_int_equal(orphans_next(env.orphans, 0, &order), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(small_file_is_put_and_proved),
		CASE(put_carries_type_and_metadata),
		CASE(a_part_is_hashed_once),
		CASE(wrong_size_is_no_proof),
		CASE(strange_etags_are_taken_when_the_store_confirmed),
		CASE(strange_etags_prove_nothing_when_the_answer_was_lost),
		CASE(lost_answer_to_put_is_proved_by_head),
		CASE(refused_put_is_not_asked_about),
		CASE(large_file_goes_in_parts),
		CASE(part_without_etag_fails),
		CASE(create_without_id_fails_and_leaves_a_stray),
		CASE(unknown_upload_is_begun_anew),
		CASE(unknown_upload_at_completion_is_asked_about),
		CASE(unknown_upload_without_its_object_is_begun_anew),
		CASE(completion_in_doubt_is_asked_about_and_repeated),
		CASE(parts_of_another_process_are_compared),
		CASE(growing_parts_are_compared_at_the_end),
		CASE(killed_in_put_asks_first),
		CASE(killed_in_completion_asks_first_and_compares_if_need_be),
		CASE(done_is_for_this_file_and_kept_for_any_target),
		CASE(upload_to_elsewhere_is_not_gone_on_with),
		CASE(missing_file_is_a_slow_failure),
		CASE(forgotten_upload_is_aborted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
