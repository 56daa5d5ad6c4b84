/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors: "AWS Signature Version 4 Test Suite" (suite/…) and the worked examples of the S3 API reference,
 * "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query
 * Parameters". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "uploader/sigv4.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

static const struct sigv4_key suite_key = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	"us-east-1", "service" };
static const uint64_t suite_time = 1440938160; /* 20150830T123600Z */
static const struct sigv4_key s3_key = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	"us-east-1", "s3" };
static const uint64_t s3_time = 1369353600; /* 20130524T000000Z */
static const struct sigv4_field s3_host = { "host", "examplebucket.s3.amazonaws.com" };

static const struct sigv4_field suite_headers[] = { { "host", "example.amazonaws.com" },
	{ "x-amz-date", "20150830T123600Z" } };

static void expect_signature(const struct sigv4_key *key, const struct sigv4_request *r, uint64_t time,
        const char *names, const char *signature)
{
	char *authorization = NULL, end[512];

	assert_int_equal(sigv4_sign(&authorization, key, r, time), 0);
	snprintf(end, sizeof(end), ", SignedHeaders=%s, Signature=%s", names, signature);
	assert_true(strlen(authorization) > strlen(end));
	assert_string_equal(authorization + strlen(authorization) - strlen(end), end);
	free(authorization);
}

static void expect_suite(const char *method, const char *path, const struct sigv4_field *query,
        size_t queries, const char *signature)
{
	struct sigv4_request r = { method, path, query, queries, suite_headers, COUNT(suite_headers),
		EMPTY_SHA256 };

	expect_signature(&suite_key, &r, suite_time, "host;x-amz-date", signature);
}

static void get_vanilla(void **state)
{
	struct sigv4_request r = { "GET", "/", NULL, 0, suite_headers, COUNT(suite_headers), EMPTY_SHA256 };
	char *authorization = NULL;

	assert_int_equal(sigv4_sign(&authorization, &suite_key, &r, suite_time), 0);
	assert_string_equal(authorization,
	        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
	        "SignedHeaders=host;x-amz-date, "
	        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	free(authorization);
}

static void post_vanilla(void **state)
{
	expect_suite(
	        "POST", "/", NULL, 0, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void query_is_sorted_by_key(void **state)
{
	static const struct sigv4_field query[] = { { "Param2", "value2" }, { "Param1", "value1" } };

	expect_suite("GET", "/", query, COUNT(query),
	        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

static void unreserved_characters_stay(void **state)
{
	expect_suite("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", NULL, 0,
	        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
}

static void utf8_path_is_encoded(void **state)
{
	char *path = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&path, &len);

	sigv4_encode(out, "/\xe1\x88\xb4", 1);
	fclose(out);
	assert_string_equal(path, "/%E1%88%B4");
	expect_suite(
	        "GET", path, NULL, 0, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
	free(path);
}

static void header_values_are_trimmed(void **state)
{
	static const struct sigv4_field headers[] = { { "x-amz-date", "20150830T123600Z" },
		{ "my-header2", " \"a   b   c\" " }, { "my-header1", " value1" },
		{ "host", "example.amazonaws.com" } };
	struct sigv4_request r = { "GET", "/", NULL, 0, headers, COUNT(headers), EMPTY_SHA256 };

	expect_signature(&suite_key, &r, suite_time, "host;my-header1;my-header2;x-amz-date",
	        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

static void s3_get_object_with_range(void **state)
{
	const struct sigv4_field headers[] = { s3_host, { "range", "bytes=0-9" },
		{ "x-amz-content-sha256", EMPTY_SHA256 }, { "x-amz-date", "20130524T000000Z" } };
	struct sigv4_request r = { "GET", "/test.txt", NULL, 0, headers, COUNT(headers), EMPTY_SHA256 };

	expect_signature(&s3_key, &r, s3_time, "host;range;x-amz-content-sha256;x-amz-date",
	        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void s3_put_object_with_payload_hash(void **state)
{
	char hash[SIGV4_HASH_BYTES];
	const char *body = "Welcome to Amazon S3.";

	sigv4_hash(hash, body, strlen(body));
	assert_string_equal(hash, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
	const struct sigv4_field headers[] = { { "date", "Fri, 24 May 2013 00:00:00 GMT" }, s3_host,
		{ "x-amz-content-sha256", hash }, { "x-amz-date", "20130524T000000Z" },
		{ "x-amz-storage-class", "REDUCED_REDUNDANCY" } };
	struct sigv4_request r = { "PUT", "/test%24file.text", NULL, 0, headers, COUNT(headers), hash };

	expect_signature(&s3_key, &r, s3_time,
	        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void expect_bucket_get(const struct sigv4_field *query, size_t queries, const char *signature)
{
	const struct sigv4_field headers[] = { s3_host, { "x-amz-content-sha256", EMPTY_SHA256 },
		{ "x-amz-date", "20130524T000000Z" } };
	struct sigv4_request r = { "GET", "/", query, queries, headers, COUNT(headers), EMPTY_SHA256 };

	expect_signature(&s3_key, &r, s3_time, "host;x-amz-content-sha256;x-amz-date", signature);
}

static void s3_subresource_without_value(void **state)
{
	static const struct sigv4_field query[] = { { "lifecycle", "" } };

	expect_bucket_get(query, 1, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void s3_list_objects(void **state)
{
	static const struct sigv4_field query[] = { { "prefix", "J" }, { "max-keys", "2" } };

	expect_bucket_get(
	        query, COUNT(query), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_vanilla),
		cmocka_unit_test(post_vanilla),
		cmocka_unit_test(query_is_sorted_by_key),
		cmocka_unit_test(unreserved_characters_stay),
		cmocka_unit_test(utf8_path_is_encoded),
		cmocka_unit_test(header_values_are_trimmed),
		cmocka_unit_test(s3_get_object_with_range),
		cmocka_unit_test(s3_put_object_with_payload_hash),
		cmocka_unit_test(s3_subresource_without_value),
		cmocka_unit_test(s3_list_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
