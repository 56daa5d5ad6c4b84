/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fnv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Of the authors' own list of test vectors. */
static void bytes_are_hashed(void **state)
{
	assert_true(fnv_1a(FNV_BASIS, "", 0) == 0xCBF29CE484222325);
	assert_true(fnv_1a(FNV_BASIS, "a", 1) == 0xAF63DC4C8601EC8C);
	assert_true(fnv_1a(FNV_BASIS, "foobar", 6) == 0x85944171F73967E8);
	assert_true(fnv_1a(fnv_1a(FNV_BASIS, "foo", 3), "bar", 3) == 0x85944171F73967E8);
}

static void texts_are_hashed_with_their_ends(void **state)
{
	assert_true(fnv_1a_text(FNV_BASIS, "ab") == fnv_1a(FNV_BASIS, "ab\0", 3));
	assert_true(fnv_1a_text(fnv_1a_text(1, "a"), "bc") != fnv_1a_text(fnv_1a_text(1, "ab"), "c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_hashed),
		cmocka_unit_test(texts_are_hashed_with_their_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
