/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "control/auth.h"

static void without_tokens_everybody_may(void **state)
{
	char *none[] = { NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, none), 0);
	assert_false(auth_needed(auth));
	assert_true(auth_allows(auth, NULL));
	assert_true(auth_allows(auth, "Bearer whatever"));
	auth_free(auth);
	assert_int_equal(auth_create(&auth, NULL), 0);
	assert_false(auth_needed(auth));
	auth_free(auth);
}

static void each_of_the_tokens_is_taken(void **state)
{
	char one[] = "correct-horse", two[] = "battery", *tokens[] = { one, two, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens), 0);
	assert_true(auth_needed(auth));
	assert_true(auth_allows(auth, "Bearer correct-horse"));
	assert_true(auth_allows(auth, "bearer battery"));
	assert_true(auth_allows(auth, "BEARER  battery"));
	auth_free(auth);
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", "Bearer", "Bearer ", "Bearer  ", "Bearer correct-hors",
		"Bearer correct-horse2", "Bearer Correct-horse", "Bearer correct-horse ",
		"Bearer battery correct-horse", "Basic correct-horse", "correct-horse", "Bearercorrect-horse",
		"Bearer\tcorrect-horse", " Bearer correct-horse" };
	char one[] = "correct-horse", two[] = "battery", *tokens[] = { one, two, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens), 0);
	assert_false(auth_allows(auth, NULL));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(auth_allows(auth, wrong[i]));
	auth_free(auth);
	auth_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_tokens_everybody_may),
		cmocka_unit_test(each_of_the_tokens_is_taken),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
