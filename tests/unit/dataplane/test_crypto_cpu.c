/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_cpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void what_is_not_wanted_is_not_taken(void **state)
{
	bool can = crypto_cpu_vector();

	crypto_cpu_choose(false);
	assert_false(crypto_cpu_vector());
	crypto_cpu_choose(true);
	assert_int_equal(crypto_cpu_vector(), can);
}

static void managers_are_made_where_the_cpu_can(void **state)
{
	IMB_MGR *wide, *narrow;

	if (!crypto_cpu_vector())
		skip();
	wide = crypto_cpu_wide();
	assert_non_null(wide);
	narrow = crypto_cpu_narrow();
	if (narrow) {
		assert_true(narrow->features & IMB_FEATURE_SHANI);
		free_mb_mgr(narrow);
	}
	free_mb_mgr(wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_wanted_is_not_taken),
		cmocka_unit_test(managers_are_made_where_the_cpu_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
