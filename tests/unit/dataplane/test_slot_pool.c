/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/slot_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void every_index_goes_out_once(void **state)
{
	struct slot_pool *pool = NULL;
	unsigned seen = 0;

	assert_int_equal(slot_pool_create(&pool, 8), 0);
	while (slot_pool_left(pool))
		seen |= 1u << slot_pool_take(pool);
	assert_int_equal(seen, 0xFF);
	slot_pool_free(pool);
}

static void the_longest_free_one_goes_out_first(void **state)
{
	struct slot_pool *pool = NULL;

	assert_int_equal(slot_pool_create(&pool, 4), 0);
	for (unsigned round = 0; round < 20; round++) {
		uint32_t index = slot_pool_take(pool);
		assert_int_equal(index, round % 4);
		slot_pool_put(pool, index);
	}
	assert_int_equal(slot_pool_left(pool), 4);
	slot_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_index_goes_out_once),
		cmocka_unit_test(the_longest_free_one_goes_out_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
