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
#include <unistd.h>
#include "uploader/digest.h"

static int file_of(size_t bytes)
{
	char path[] = "/tmp/test_digest.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(write(fd, "a", 1), 1);
	return fd;
}

/* RFC 1321 A.5, MD5 ("a"); FIPS 180-4 SHA-256 ("a"). */
static void both_at_once_over_one_stretch(void **state)
{
	struct digest digest;
	char hex[DIGEST_HEX_BYTES];
	int fd = file_of(3);

	assert_int_equal(digest_begin(&digest, true, true), 0);
	assert_int_equal(digest_slice(&digest, fd, 1, 1), 1);
	assert_int_equal(digest_end(&digest), 0);
	assert_true(digest.has_md5 && digest.has_sha256);
	assert_string_equal(digest_hex(hex, digest.md5, 16), "0cc175b9c0f1b6a831c399e269772661");
	assert_string_equal(digest_hex(hex, digest.sha256, 32),
	        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
	close(fd);
}

/* FIPS 180-4 example: SHA-256 ("abc"), in two pieces. */
static void bytes_from_memory_are_added(void **state)
{
	struct digest digest;
	char hex[DIGEST_HEX_BYTES];

	assert_int_equal(digest_begin(&digest, false, true), 0);
	digest_add(&digest, "a", 1);
	digest_add(&digest, "bc", 2);
	assert_int_equal(digest_end(&digest), 0);
	assert_string_equal(digest_hex(hex, digest.sha256, 32),
	        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void only_what_was_asked_for(void **state)
{
	struct digest digest;

	assert_int_equal(digest_begin(&digest, true, false), 0);
	assert_int_equal(digest_end(&digest), 0);
	assert_true(digest.has_md5 && !digest.has_sha256);
	digest_free(&digest);
	digest_free(&digest);
}

static void a_file_that_ends_early_is_told(void **state)
{
	struct digest digest;
	int fd = file_of(3);

	assert_int_equal(digest_begin(&digest, true, false), 0);
	assert_int_equal(digest_slice(&digest, fd, 0, 100), -ENODATA);
	assert_int_equal(digest_slice(&digest, fd, 3, 1), -ENODATA);
	assert_int_equal(digest_slice(&digest, -1, 0, 1), -EBADF);
	digest_free(&digest);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_at_once_over_one_stretch),
		cmocka_unit_test(bytes_from_memory_are_added),
		cmocka_unit_test(only_what_was_asked_for),
		cmocka_unit_test(a_file_that_ends_early_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
