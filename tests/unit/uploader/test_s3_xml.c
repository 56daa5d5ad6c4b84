/* SPDX-License-Identifier: BSD-3-Clause */
/* Bodies as the S3 API reference shows them, and as OpenStack Swift and damaged connections make them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "uploader/s3_xml.h"

#define XML "<?xml version='1.0' encoding='UTF-8'?>\n"

static int text_of(const char *body, const char *name, char *buf, size_t size)
{
	return s3_xml_text(body, strlen(body), name, buf, size);
}

static void errors_are_read(void **state)
{
	static const char body[] =
	        XML "<Error><Code>NoSuchBucket</Code><Message>The bucket &quot;a&quot; &amp; more</Message>"
	            "<BucketName>a</BucketName></Error>";
	struct s3_error error;

	assert_true(s3_xml_error(body, strlen(body), &error));
	assert_string_equal(error.code, "NoSuchBucket");
	assert_string_equal(error.message, "The bucket \"a\" & more");
}

static void errors_without_texts_are_errors(void **state)
{
	struct s3_error error;

	assert_true(s3_xml_error(" \n\n <Error><Code/><Message></Message></Error>", 43, &error));
	assert_string_equal(error.code, "");
	assert_true(s3_xml_error("<Error>", 7, &error));
	assert_string_equal(error.message, "");
}

static void long_texts_are_cut(void **state)
{
	char body[1024];
	struct s3_error error;

	snprintf(body, sizeof(body), "<Error><Code>%0200d</Code><Message>%0500d</Message></Error>", 0, 0);
	assert_true(s3_xml_error(body, strlen(body), &error));
	assert_int_equal(strlen(error.code), sizeof(error.code) - 1);
	assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
}

static void what_is_no_error_is_none(void **state)
{
	static const char *const bodies[] = { "", "Error", "<html><Error></Error></html>",
		"<ErrorX></ErrorX>", "<", "<Error" };
	struct s3_error error;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_false(s3_xml_error(bodies[i], strlen(bodies[i]), &error));
}

static void texts_are_found(void **state)
{
	char buf[64];

	assert_int_equal(text_of(XML "<a:Root xmlns:a='x>y'><a:UploadId b=\"/\">V/+=</a:UploadId></a:Root>",
	                         "UploadId", buf, 64),
	        0);
	assert_string_equal(buf, "V/+=");
	assert_int_equal(
	        text_of("<R><ETag><![CDATA[<&amp;>]]>&lt;&#65;&#xe9;&#x20AC;&#128512;&nope;&</ETag></R>",
	                "ETag", buf, 64),
	        0);
	assert_string_equal(buf, "<&amp;><A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80&nope;&");
	assert_int_equal(text_of("<R><ETag>a<b>hidden</b>c</ETag></R>", "ETag", buf, 64), 0);
	assert_string_equal(buf, "ac");
	assert_int_equal(text_of("<R><!-- <ETag>no</ETag> --><ETag/></R>", "ETag", buf, 64), 0);
	assert_string_equal(buf, "");
}

static void texts_that_are_not_there_or_do_not_fit(void **state)
{
	char buf[4];

	assert_int_equal(text_of("<R></R>", "ETag", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(text_of("<R><ETag>abcd</ETag></R>", "ETag", buf, sizeof(buf)), -E2BIG);
	assert_string_equal(buf, "abc");
	assert_int_equal(text_of("<R><ETag>ab", "ETag", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(text_of("<R><!-- ", "ETag", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(text_of("<R><![CDATA[", "ETag", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(text_of("<R <ETag>", "ETag", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(text_of("<>", "ETag", buf, sizeof(buf)), -EBADMSG);
}

static unsigned seen;
static struct s3_upload uploads[4];

static void see(void *arg, const struct s3_upload *upload)
{
	assert_true(seen < 4);
	uploads[seen++] = *upload;
}

static int list(const char *body, struct s3_page *page)
{
	seen = 0;
	return s3_xml_uploads(body, strlen(body), see, NULL, page);
}

static void uploads_are_listed(void **state)
{
	struct s3_page page;

	assert_int_equal(
	        list(XML "<ListMultipartUploadsResult><Bucket>b</Bucket><KeyMarker></KeyMarker>"
	                 "<NextKeyMarker>k2</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>"
	                 "<IsTruncated>true</IsTruncated>"
	                 "<Upload><Key>a&amp;b</Key><UploadId>u1</UploadId><Owner><Key>not "
	                 "this</Key></Owner></Upload>"
	                 "<Upload><UploadId>u2</UploadId><Key>k2</Key></Upload><Upload><Key>k3</Key></Upload>"
	                 "</ListMultipartUploadsResult>",
	                &page),
	        0);
	assert_int_equal(seen, 2);
	assert_string_equal(uploads[0].key, "a&b");
	assert_string_equal(uploads[0].id, "u1");
	assert_string_equal(uploads[1].key, "k2");
	assert_true(page.truncated);
	assert_string_equal(page.key_marker, "k2");
	assert_string_equal(page.id_marker, "u2");
}

static void uploads_that_do_not_fit_are_left_out(void **state)
{
	static char body[4096];
	struct s3_page page;

	snprintf(body, sizeof(body),
	        "<ListMultipartUploadsResult><Upload><Key>%01100d</Key><UploadId>u</UploadId></Upload>"
	        "<Upload><Key>k</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>",
	        0);
	assert_int_equal(list(body, &page), 0);
	assert_int_equal(seen, 1);
	assert_false(page.truncated);
}

static void what_is_no_list_is_refused(void **state)
{
	struct s3_page page;

	assert_int_equal(list("", &page), -EBADMSG);
	assert_int_equal(list("<html></html>", &page), -EBADMSG);
	assert_int_equal(list("<ListMultipartUploadsResult><Upload><Key>a</Key>", &page), -EBADMSG);
	assert_int_equal(list("<ListMultipartUploadsResult><IsTruncated>true", &page), -EBADMSG);
	assert_int_equal(list("<ListMultipartUploadsResult><Upl", &page), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_read),
		cmocka_unit_test(errors_without_texts_are_errors),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(what_is_no_error_is_none),
		cmocka_unit_test(texts_are_found),
		cmocka_unit_test(texts_that_are_not_there_or_do_not_fit),
		cmocka_unit_test(uploads_are_listed),
		cmocka_unit_test(uploads_that_do_not_fit_are_left_out),
		cmocka_unit_test(what_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
