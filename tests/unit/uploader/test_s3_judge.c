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
#include "uploader/s3.h"

static struct s3_verdict v;

static void judge(enum s3_op op, long status, const char *code)
{
	char body[256] = "";

	if (code)
		snprintf(body, sizeof(body), "<Error><Code>%s</Code><Message>why</Message></Error>", code);
	s3_judge(&v, op, status, body, strlen(body), NULL);
}

static void expect(enum s3_outcome outcome, bool slow, bool store, bool unsure)
{
	assert_int_equal(v.outcome, outcome);
	assert_int_equal(v.slow, slow);
	assert_int_equal(v.store, store);
	assert_int_equal(v.unsure, unsure);
}

static void success_is_ok(void **state)
{
	judge(S3_PUT, 200, NULL);
	expect(S3_OK, false, false, false);
	judge(S3_ABORT, 204, NULL);
	expect(S3_OK, false, false, false);
	assert_string_equal(v.reason, "");
}

static void an_error_with_status_200_is_an_error(void **state)
{
	judge(S3_COMPLETE, 200, "InternalError");
	expect(S3_FAILED, false, true, true);
	assert_string_equal(v.reason, "200 InternalError: why");
}

static void the_store_in_trouble_is_asked_again_soon(void **state)
{
	static const struct {
		long status;
		const char *code;
	} rows[] = { { 500, "InternalError" }, { 500, NULL }, { 502, NULL }, { 503, "SlowDown" },
		{ 504, NULL } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judge(S3_PART, rows[i].status, rows[i].code);
		expect(S3_FAILED, false, true, true);
	}
	judge(S3_PART, 429, NULL);
	expect(S3_FAILED, false, true, false);
	assert_string_equal(v.reason, "429 without a reason");
}

static void a_refused_clock_is_told(void **state)
{
	judge(S3_PART, 403, "RequestTimeTooSkewed");
	assert_true(v.skewed);
	judge(S3_PART, 403, "AccessDenied");
	assert_false(v.skewed);
	judge(S3_HEAD, 403, NULL); /* no body comes with it */
	assert_true(v.skewed);
	judge(S3_HEAD, 404, NULL);
	assert_false(v.skewed);
}

static void refusals_are_slow_and_say_why(void **state)
{
	judge(S3_PUT, 403, "SignatureDoesNotMatch");
	expect(S3_FAILED, true, true, false);
	assert_string_equal(v.reason, "403 SignatureDoesNotMatch: why");
	judge(S3_PUT, 404, "NoSuchBucket");
	expect(S3_FAILED, true, true, false);
	judge(S3_PUT, 400, "EntityTooLarge");
	expect(S3_FAILED, true, false, false);
	judge(S3_PUT, 411, NULL);
	expect(S3_FAILED, true, false, false);
	judge(S3_PUT, 301, "PermanentRedirect");
	expect(S3_FAILED, true, true, false);
}

static void some_refusals_are_passing(void **state)
{
	judge(S3_PART, 400, "RequestTimeout");
	expect(S3_FAILED, false, false, false);
	judge(S3_PART, 400, "XAmzContentSHA256Mismatch");
	expect(S3_FAILED, false, false, false);
	judge(S3_COMPLETE, 409, "OperationAborted");
	expect(S3_FAILED, false, false, false);
	judge(S3_PART, 408, NULL);
	expect(S3_FAILED, false, false, false);
}

static void an_unknown_upload_is_gone(void **state)
{
	judge(S3_PART, 404, "NoSuchUpload");
	assert_int_equal(v.outcome, S3_GONE);
	judge(S3_COMPLETE, 400, "InvalidPart");
	assert_int_equal(v.outcome, S3_GONE);
	judge(S3_CREATE, 404, "NoSuchUpload");
	assert_int_equal(v.outcome, S3_FAILED);
}

static void head_of_nothing_is_absent(void **state)
{
	judge(S3_HEAD, 404, NULL);
	assert_int_equal(v.outcome, S3_ABSENT);
	judge(S3_HEAD, 403, NULL);
	expect(S3_FAILED, true, true, false);
}

static void no_answer_leaves_it_unsure(void **state)
{
	s3_judge(&v, S3_PUT, 0, NULL, 0, "Connection refused");
	expect(S3_FAILED, false, true, true);
	assert_string_equal(v.reason, "Connection refused");
	s3_judge(
	        &v, S3_COMPLETE, 200, "<Complete", 9, "transfer closed with outstanding read data remaining");
	expect(S3_FAILED, false, true, true);
	s3_judge(
	        &v, S3_PUT, 403, "<Error><Code>AccessDenied</Code></Error>", 40, "Send failure: Broken pipe");
	expect(S3_FAILED, true, true, false);
	assert_string_equal(v.reason, "403 AccessDenied");
}

static void longest_reason_fits(void **state)
{
	char body[1024];

	snprintf(body, sizeof(body), "<Error><Code>%0200d</Code><Message>%0500d</Message></Error>", 0, 0);
	s3_judge(&v, S3_PUT, 400, body, strlen(body), NULL);
	assert_in_range(strlen(v.reason), 100, sizeof(v.reason) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_ok),
		cmocka_unit_test(an_error_with_status_200_is_an_error),
		cmocka_unit_test(the_store_in_trouble_is_asked_again_soon),
		cmocka_unit_test(a_refused_clock_is_told),
		cmocka_unit_test(refusals_are_slow_and_say_why),
		cmocka_unit_test(some_refusals_are_passing),
		cmocka_unit_test(an_unknown_upload_is_gone),
		cmocka_unit_test(head_of_nothing_is_absent),
		cmocka_unit_test(no_answer_leaves_it_unsure),
		cmocka_unit_test(longest_reason_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
