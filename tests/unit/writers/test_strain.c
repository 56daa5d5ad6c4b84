/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/strain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define POOL    (256ull << 20)
#define ALLOWED CLK_NS_PER_S

static enum strain_change look(struct strain *strain, uint64_t s, uint64_t mb, uint64_t write_ms)
{
	const struct strain_look now = {
		.now_ns = 100 * CLK_NS_PER_S + s * CLK_NS_PER_S,
		.block_bytes = mb << 20,
		.pool_bytes = POOL,
		.write_ns = write_ms * CLK_NS_PER_MS,
		.allowed_ns = ALLOWED,
	};

	return strain_look(strain, &now);
}

static void a_disk_that_keeps_up_is_not_spoken_of(void **state)
{
	struct strain strain = { 0 };

	for (unsigned s = 0; s < 20; s++)
		assert_int_equal(look(&strain, s, 190, 999), STRAIN_SAME);
}

static void scarce_blocks_are_told_once_and_their_return_once(void **state)
{
	struct strain strain = { 0 };

	assert_int_equal(look(&strain, 0, 193, 0), STRAIN_BEGINS);
	assert_int_equal(look(&strain, 1, 250, 0), STRAIN_SAME);
	assert_int_equal(look(&strain, 2, 150, 0), STRAIN_SAME); /* not yet half */
	assert_int_equal(look(&strain, 3, 128, 0), STRAIN_ENDS);
	assert_int_equal(look(&strain, 4, 128, 0), STRAIN_SAME);
}

static void a_slow_write_is_told_while_it_is_under_way(void **state)
{
	struct strain strain = { 0 };

	assert_int_equal(look(&strain, 0, 1, 1000), STRAIN_SAME);
	assert_int_equal(look(&strain, 1, 1, 1001), STRAIN_BEGINS);
	assert_int_equal(look(&strain, 2, 1, 2001), STRAIN_SAME);
	assert_int_equal(strain.longest_ns, 2001 * CLK_NS_PER_MS);
	assert_int_equal(look(&strain, 6, 1, 10), STRAIN_SAME); /* it may come again */
	assert_int_equal(look(&strain, 7, 1, 10), STRAIN_ENDS);
	assert_int_equal(look(&strain, 8, 1, 10), STRAIN_SAME);
	assert_int_equal(strain.longest_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_keeps_up_is_not_spoken_of),
		cmocka_unit_test(scarce_blocks_are_told_once_and_their_return_once),
		cmocka_unit_test(a_slow_write_is_told_while_it_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
