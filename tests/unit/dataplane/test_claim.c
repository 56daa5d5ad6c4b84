/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define MANY 1000

static void a_claim_is_found_until_it_is_dropped(void **state)
{
	struct claim_table table;
	struct claim claim = { 0 };
	int owner;

	assert_int_equal(claim_table_init(&table, 4), 0);
	assert_null(claim_find(&table, "room", "track"));
	claim_put(&table, &claim, "room", "track", &owner);
	assert_ptr_equal(claim_find(&table, "room", "track"), &owner);
	claim_drop(&table, &claim);
	claim_drop(&table, &claim);
	assert_null(claim_find(&table, "room", "track"));
	claim_table_free(&table);
}

static void the_two_texts_are_not_run_together(void **state)
{
	struct claim_table table;
	struct claim claim = { 0 };
	int owner;

	assert_int_equal(claim_table_init(&table, 4), 0);
	claim_put(&table, &claim, "ab", "c", &owner);
	assert_null(claim_find(&table, "a", "bc"));
	assert_null(claim_find(&table, "abc", ""));
	claim_table_free(&table);
}

static void more_claims_than_buckets_are_kept_apart(void **state)
{
	static struct claim claims[MANY];
	static char names[MANY][16];
	struct claim_table table;

	assert_int_equal(claim_table_init(&table, 1), 0);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "s%u", i);
		claim_put(&table, &claims[i], names[i], "", &claims[i]);
	}
	for (unsigned i = 0; i < MANY; i += 2)
		claim_drop(&table, &claims[i]);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(claim_find(&table, names[i], ""), i % 2 ? &claims[i] : NULL);
	claim_table_free(&table);
}

static void of_several_claims_the_latest_is_found(void **state)
{
	struct claim_table table;
	struct claim claims[2] = { 0 };
	int owners[2];

	assert_int_equal(claim_table_init(&table, 4), 0);
	claim_put(&table, &claims[0], "room", "alice", &owners[0]);
	claim_put(&table, &claims[1], "room", "alice", &owners[1]);
	assert_ptr_equal(claim_find(&table, "room", "alice"), &owners[1]);
	claim_drop(&table, &claims[1]);
	assert_ptr_equal(claim_find(&table, "room", "alice"), &owners[0]);
	claim_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_is_found_until_it_is_dropped),
		cmocka_unit_test(the_two_texts_are_not_run_together),
		cmocka_unit_test(more_claims_than_buckets_are_kept_apart),
		cmocka_unit_test(of_several_claims_the_latest_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
