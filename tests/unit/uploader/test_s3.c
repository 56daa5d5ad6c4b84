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

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct conf conf;
static struct s3_store store;
static const char *why;

static int set_up(void **state)
{
	conf = (struct conf){ .s3_endpoint = (char *)"s3.example.com",
		.s3_bucket = (char *)"media",
		.s3_region = (char *)"eu-west-1",
		.s3_access_key = (char *)"AK",
		.s3_secret_key = (char *)"SK",
		.s3_session_token = (char *)"",
		.s3_prefix = (char *)"",
		.s3_use_ssl = true };
	return 0;
}

static int init(const char *endpoint, const char *bucket)
{
	conf.s3_endpoint = (char *)endpoint;
	conf.s3_bucket = (char *)bucket;
	return s3_store_init(&store, &conf, &why);
}

static void expect_url(const struct s3_request *request, const char *method, const char *url)
{
	struct s3_head head;

	assert_int_equal(s3_build(&head, &store, request), 0);
	assert_string_equal(head.method, method);
	assert_string_equal(head.url, url);
	s3_head_free(&head);
	assert_null(head.url);
}

static const char *header(const struct s3_head *head, const char *name)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (!strncmp(head->headers[i], name, strlen(name)))
			return head->headers[i] + strlen(name);
	}
	return NULL;
}

static void bucket_goes_into_the_host(void **state)
{
	assert_int_equal(init("s3.example.com:8443", "media"), 0);
	assert_false(store.path_style);
	expect_url(&(struct s3_request){ .op = S3_PUT, .key = "rec/a.ivf" }, "PUT",
	        "https://media.s3.example.com:8443/rec/a.ivf");
}

static void bucket_goes_into_the_path_when_asked_or_needed(void **state)
{
	static const char *const endpoints[] = { "127.0.0.1:9000", "[::1]:9000", "10.0.0.1" };
	static const char *const buckets[] = { "Media", "me.dia", "me_dia", "-media", "media-" };

	conf.s3_path_style = true;
	assert_int_equal(init("s3.example.com", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_HEAD, .key = "a.ivf" }, "HEAD",
	        "https://s3.example.com/media/a.ivf");
	conf.s3_path_style = false;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(init(endpoints[i], "media"), 0);
		assert_true(store.path_style);
	}
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(init("s3.example.com", buckets[i]), 0);
		assert_true(store.path_style);
	}
}

static void the_schemes_own_port_is_left_out(void **state)
{
	assert_int_equal(init("s3.example.com:443", "media"), 0);
	assert_string_equal(store.host, "media.s3.example.com");
	conf.s3_use_ssl = false;
	assert_int_equal(init("s3.example.com:443", "media"), 0);
	assert_string_equal(store.host, "media.s3.example.com:443");
	assert_int_equal(init("s3.example.com:80", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_PUT, .key = "a" }, "PUT", "http://media.s3.example.com/a");
}

static void wrong_endpoints_and_buckets_are_refused(void **state)
{
	static const char *const endpoints[] = { "https://s3.example.com", "s3.example.com/", "user@host",
		"a b", "" };
	char longest[300];

	for (size_t i = 0; i < 5; i++) {
		why = NULL;
		assert_int_equal(init(endpoints[i], "media"), -EINVAL);
		assert_non_null(why);
	}
	assert_int_equal(init("s3.example.com", ""), -EINVAL);
	assert_int_equal(init("s3.example.com", "a/b"), -EINVAL);
	memset(longest, 'B', sizeof(longest));
	longest[299] = '\0';
	assert_int_equal(init("s3.example.com", longest), -EINVAL);
}

static void each_operation_has_its_query(void **state)
{
	assert_int_equal(init("s3.example.com", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_CREATE, .key = "a" }, "POST",
	        "https://media.s3.example.com/a?uploads=");
	expect_url(&(struct s3_request){ .op = S3_PART, .key = "a", .upload_id = "U/+=", .part = 10000 },
	        "PUT", "https://media.s3.example.com/a?partNumber=10000&uploadId=U%2F%2B%3D");
	expect_url(&(struct s3_request){ .op = S3_COMPLETE, .key = "a", .upload_id = "U" }, "POST",
	        "https://media.s3.example.com/a?uploadId=U");
	expect_url(&(struct s3_request){ .op = S3_ABORT, .key = "a", .upload_id = "U" }, "DELETE",
	        "https://media.s3.example.com/a?uploadId=U");
	expect_url(&(struct s3_request){ .op = S3_LIST, .prefix = "rec/" }, "GET",
	        "https://media.s3.example.com/?max-uploads=250&prefix=rec%2F&uploads=");
	conf.s3_path_style = true;
	assert_int_equal(init("s3.example.com", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_LIST, .prefix = "", .key_marker = "k", .id_marker = "i" },
	        "GET",
	        "https://s3.example.com/"
	        "media?key-marker=k&max-uploads=250&prefix=&upload-id-marker=i&uploads=");
}

static void an_object_is_read_and_removed(void **state)
{
	struct s3_head head;

	assert_int_equal(init("s3.example.com", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_GET, .key = "a" }, "GET", "https://media.s3.example.com/a");
	expect_url(&(struct s3_request){ .op = S3_DELETE, .key = "a" }, "DELETE",
	        "https://media.s3.example.com/a");
	assert_int_equal(s3_build(&head, &store, &(struct s3_request){ .op = S3_GET, .key = "a" }), 0);
	assert_string_equal(header(&head, "x-amz-content-sha256: "), EMPTY_SHA256);
	s3_head_free(&head);
}

static void odd_keys_are_encoded(void **state)
{
	assert_int_equal(init("s3.example.com", "media"), 0);
	expect_url(&(struct s3_request){ .op = S3_PUT, .key = "a b/\xc3\xbc+&=?#%~.ivf" }, "PUT",
	        "https://media.s3.example.com/a%20b/%C3%BC%2B%26%3D%3F%23%25~.ivf");
}

static void payload_is_unsigned_or_hashed(void **state)
{
	struct s3_head head;

	assert_int_equal(init("s3.example.com", "media"), 0);
	assert_int_equal(
	        s3_build(&head, &store, &(struct s3_request){ .op = S3_PART, .key = "a", .upload_id = "U" }),
	        0);
	assert_string_equal(header(&head, "x-amz-content-sha256: "), "UNSIGNED-PAYLOAD");
	s3_head_free(&head);
	assert_int_equal(
	        s3_build(&head, &store, &(struct s3_request){ .op = S3_PUT, .key = "a", .payload = "abc" }),
	        0);
	assert_string_equal(header(&head, "x-amz-content-sha256: "), "abc");
	s3_head_free(&head);
	assert_int_equal(s3_build(&head, &store, &(struct s3_request){ .op = S3_HEAD, .key = "a" }), 0);
	assert_string_equal(header(&head, "x-amz-content-sha256: "), EMPTY_SHA256);
	s3_head_free(&head);
}

static void all_headers_are_signed(void **state)
{
	static const struct sigv4_field fields[] = { { "content-type", "audio/ogg" },
		{ "x-amz-meta-room", "r" } };
	struct s3_head head;

	conf.s3_session_token = (char *)"token";
	assert_int_equal(init("s3.example.com", "media"), 0);
	assert_int_equal(s3_build(&head, &store,
	                         &(struct s3_request){ .op = S3_CREATE,
	                                 .key = "a",
	                                 .fields = fields,
	                                 .field_count = 2,
	                                 .unix_s = 1369353600 }),
	        0);
	assert_string_equal(header(&head, "x-amz-date: "), "20130524T000000Z");
	assert_string_equal(header(&head, "x-amz-security-token: "), "token");
	assert_string_equal(header(&head, "content-type: "), "audio/ogg");
	assert_non_null(strstr(header(&head, "authorization: "),
	        "Credential=AK/20130524/eu-west-1/s3/aws4_request, "
	        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-room;x-amz-"
	        "security-token, "));
	assert_null(strstr(header(&head, "authorization: "), "SK"));
	s3_head_free(&head);
}

static void md5_etags_are_told_from_others(void **state)
{
	assert_true(s3_etag_is_md5("0cc175b9c0f1b6a831c399e269772661", false));
	assert_true(s3_etag_is_md5("0CC175B9C0F1B6A831C399E269772661-12", true));
	assert_false(s3_etag_is_md5("0cc175b9c0f1b6a831c399e269772661-12", false));
	assert_false(s3_etag_is_md5("0cc175b9c0f1b6a831c399e269772661", true));
	assert_false(s3_etag_is_md5("0cc175b9c0f1b6a831c399e269772661-", true));
	assert_false(s3_etag_is_md5("0cc175b9c0f1b6a831c399e269772661-1x", true));
	assert_false(s3_etag_is_md5("0cc175b9c0f1b6a831c399e26977266", false));
	assert_false(s3_etag_is_md5("", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bucket_goes_into_the_host, set_up),
		cmocka_unit_test_setup(bucket_goes_into_the_path_when_asked_or_needed, set_up),
		cmocka_unit_test_setup(the_schemes_own_port_is_left_out, set_up),
		cmocka_unit_test_setup(wrong_endpoints_and_buckets_are_refused, set_up),
		cmocka_unit_test_setup(each_operation_has_its_query, set_up),
		cmocka_unit_test_setup(an_object_is_read_and_removed, set_up),
		cmocka_unit_test_setup(odd_keys_are_encoded, set_up),
		cmocka_unit_test_setup(payload_is_unsigned_or_hashed, set_up),
		cmocka_unit_test_setup(all_headers_are_signed, set_up),
		cmocka_unit_test_setup(md5_etags_are_told_from_others, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
