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
#include "base/limits.h"
#include "uploader/multipart.h"

#define MIB  (1ull << 20)
#define PART (5 * MIB)

static struct multipart fresh(void)
{
	struct multipart mp;

	multipart_init(&mp, PART);
	return mp;
}

/* Sends what is next, as it would be from a file that is finished or not. */
static unsigned send_next(struct multipart *mp)
{
	unsigned number = multipart_next(mp);

	if (number) {
		mp->parts[number - 1].state = mp->finished ? MULTIPART_GOOD : MULTIPART_SENT;
		mp->parts[number - 1].bytes = multipart_bytes(mp, number);
	}
	return number;
}

static void wished_part_size_is_taken(void **state)
{
	assert_int_equal(multipart_part_size(8 * MIB, 100 * MIB, 0), 8 * MIB);
	assert_int_equal(multipart_part_size(1, 100 * MIB, 0), MULTIPART_MIN_BYTES);
	assert_int_equal(multipart_part_size(8 * MIB, 8 * MIB * LIMIT_UPLOAD_PARTS, 0), 8 * MIB);
}

static void part_size_grows_when_10000_would_not_do(void **state)
{
	assert_int_equal(multipart_part_size(8 * MIB, 8 * MIB * LIMIT_UPLOAD_PARTS + 1, 0), 9 * MIB);
	assert_int_equal(multipart_part_size(8 * MIB, 0, 160000 * MIB), 17 * MIB);
}

static void part_size_has_an_end(void **state)
{
	assert_int_equal(multipart_part_size(8 * MIB, MULTIPART_MAX_BYTES * LIMIT_UPLOAD_PARTS, 0),
	        MULTIPART_MAX_BYTES);
	assert_int_equal(multipart_part_size(8 * MIB, MULTIPART_MAX_BYTES * LIMIT_UPLOAD_PARTS + 1, 0), 0);
}

static void growing_sends_full_parts_and_never_the_first_or_the_tail(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, 2 * PART + MULTIPART_KEEP_BACK_BYTES - 1, false), 0);
	assert_int_equal(multipart_next(&mp), 0);
	assert_false(multipart_worth(PART, 2 * PART + MULTIPART_KEEP_BACK_BYTES - 1));
	assert_true(multipart_worth(PART, 2 * PART + MULTIPART_KEEP_BACK_BYTES));
	assert_int_equal(multipart_resize(&mp, 3 * PART + MULTIPART_KEEP_BACK_BYTES, false), 0);
	assert_int_equal(send_next(&mp), 2);
	assert_int_equal(send_next(&mp), 3);
	assert_int_equal(send_next(&mp), 0);
	assert_false(multipart_ready(&mp));
	multipart_free(&mp);
}

static void finished_compares_what_was_sent_and_sends_the_first_part_last(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, 3 * PART + MULTIPART_KEEP_BACK_BYTES, false), 0);
	assert_int_equal(send_next(&mp), 2);
	assert_int_equal(multipart_resize(&mp, 3 * PART + 7, true), 0);
	assert_int_equal(multipart_next(&mp), 2);
	assert_int_equal(mp.parts[1].state, MULTIPART_SENT);
	assert_int_equal(send_next(&mp), 2);
	assert_int_equal(send_next(&mp), 3);
	assert_int_equal(multipart_bytes(&mp, 4), 7);
	assert_int_equal(send_next(&mp), 4);
	assert_false(multipart_ready(&mp));
	assert_int_equal(send_next(&mp), 1);
	assert_true(multipart_ready(&mp));
	assert_int_equal(multipart_sent_bytes(&mp), 3 * PART + 7);
	multipart_free(&mp);
}

static void empty_file_has_one_part(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, 0, true), 0);
	assert_int_equal(multipart_next(&mp), 1);
	assert_int_equal(multipart_bytes(&mp, 1), 0);
	multipart_free(&mp);
}

static void busy_parts_are_not_next(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, 2 * PART, true), 0);
	mp.parts[1].state = MULTIPART_BUSY;
	assert_int_equal(multipart_next(&mp), 1);
	mp.parts[0].state = MULTIPART_CHECKING;
	assert_int_equal(multipart_next(&mp), 0);
	assert_false(multipart_ready(&mp));
	multipart_free(&mp);
}

static void more_than_10000_parts_are_refused(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, PART * LIMIT_UPLOAD_PARTS, true), 0);
	assert_int_equal(multipart_resize(&mp, PART * LIMIT_UPLOAD_PARTS + 1, true), -EFBIG);
	assert_int_equal(mp.count, LIMIT_UPLOAD_PARTS);
	multipart_free(&mp);
}

static void restored_parts_are_to_be_compared(void **state)
{
	struct multipart mp = fresh();
	struct multipart_part part = { .bytes = PART, .state = MULTIPART_GOOD, .etag = "x" };

	assert_int_equal(multipart_restore(&mp, 2, &part), 0);
	assert_int_equal(mp.parts[1].state, MULTIPART_SENT);
	assert_int_equal(multipart_restore(&mp, 0, &part), -EINVAL);
	assert_int_equal(multipart_restore(&mp, LIMIT_UPLOAD_PARTS + 1, &part), -EINVAL);
	part.bytes = PART + 1;
	assert_int_equal(multipart_restore(&mp, 3, &part), -EINVAL);
	multipart_free(&mp);
}

/* The MD5 of the 16-byte MD5s of "a" and "b", by Python's hashlib. */
static void etag_is_the_md5_of_md5s(void **state)
{
	struct multipart mp = fresh();
	char etag[S3_ETAG_BYTES];

	assert_int_equal(multipart_resize(&mp, 2 * PART, true), 0);
	strcpy(mp.parts[0].etag, "0cc175b9c0f1b6a831c399e269772661");
	strcpy(mp.parts[1].etag, "92EB5FFEE6AE2FEC3AD71C777531578F");
	assert_true(multipart_etag(&mp, etag));
	assert_string_equal(etag, "96e024ba2074fe77e8e965ba43a704be-2");
	strcpy(mp.parts[1].etag, "abc-1");
	assert_false(multipart_etag(&mp, etag));
	multipart_free(&mp);
}

static void completion_lists_parts_in_order_and_escapes(void **state)
{
	struct multipart mp = fresh();

	assert_int_equal(multipart_resize(&mp, 2 * PART, true), 0);
	strcpy(mp.parts[0].etag, "one");
	strcpy(mp.parts[1].etag, "t<w&o");
	char *body = multipart_complete_body(&mp);
	assert_string_equal(body,
	        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
	        "<Part><PartNumber>1</PartNumber><ETag>\"one\"</ETag></Part>"
	        "<Part><PartNumber>2</PartNumber><ETag>\"t&#60;w&#38;o\"</ETag></Part>"
	        "</CompleteMultipartUpload>");
	free(body);
	multipart_free(&mp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wished_part_size_is_taken),
		cmocka_unit_test(part_size_grows_when_10000_would_not_do),
		cmocka_unit_test(part_size_has_an_end),
		cmocka_unit_test(growing_sends_full_parts_and_never_the_first_or_the_tail),
		cmocka_unit_test(finished_compares_what_was_sent_and_sends_the_first_part_last),
		cmocka_unit_test(empty_file_has_one_part),
		cmocka_unit_test(busy_parts_are_not_next),
		cmocka_unit_test(more_than_10000_parts_are_refused),
		cmocka_unit_test(restored_parts_are_to_be_compared),
		cmocka_unit_test(etag_is_the_md5_of_md5s),
		cmocka_unit_test(completion_lists_parts_in_order_and_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
