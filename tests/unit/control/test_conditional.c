/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/conditional.h"

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define EXACT  "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct conditional_target finished = { "\"tag\"", 784111777 };
static const struct conditional_target growing = { 0 };

#define CHECK(target, ...) conditional_check(&(target), &(const struct conditional_headers){ __VA_ARGS__ })

static void without_conditions_it_goes_on(void **state)
{
	assert_int_equal(CHECK(finished, .if_range = "\"tag\""), 0);
}

/* RFC 9110 section 13.1.2: weak comparison. */
static void if_none_match_answers_304_to_the_tag_that_is(void **state)
{
	assert_int_equal(CHECK(finished, .if_none_match = "\"tag\""), 304);
	assert_int_equal(CHECK(finished, .if_none_match = "W/\"tag\""), 304);
	assert_int_equal(CHECK(finished, .if_none_match = "\"a\" , \"b\",\"tag\""), 304);
	assert_int_equal(CHECK(finished, .if_none_match = "*"), 304);
	assert_int_equal(CHECK(finished, .if_none_match = "\"other\""), 0);
	assert_int_equal(CHECK(finished, .if_none_match = "tag"), 0);
	assert_int_equal(CHECK(finished, .if_none_match = "\"tag"), 0);
	assert_int_equal(CHECK(finished, .if_none_match = ""), 0);
	assert_int_equal(CHECK(finished, .if_none_match = "\"x\"\"tag\""), 0);
}

/* Section 13.1.1: strong comparison. */
static void if_match_answers_412_to_another_tag(void **state)
{
	assert_int_equal(CHECK(finished, .if_match = "\"tag\""), 0);
	assert_int_equal(CHECK(finished, .if_match = " * "), 0);
	assert_int_equal(CHECK(finished, .if_match = "\"x\", \"tag\""), 0);
	assert_int_equal(CHECK(finished, .if_match = "W/\"tag\""), 412);
	assert_int_equal(CHECK(finished, .if_match = "\"other\""), 412);
	assert_int_equal(CHECK(finished, .if_match = "garbage"), 412);
}

static void dates_count_when_there_is_no_tag_to_compare(void **state)
{
	assert_int_equal(CHECK(finished, .if_modified_since = EXACT), 304);
	assert_int_equal(CHECK(finished, .if_modified_since = AFTER), 304);
	assert_int_equal(CHECK(finished, .if_modified_since = BEFORE), 0);
	assert_int_equal(CHECK(finished, .if_modified_since = "yesterday"), 0);
	assert_int_equal(CHECK(finished, .if_none_match = "\"other\"", .if_modified_since = AFTER), 0);
	assert_int_equal(CHECK(finished, .if_unmodified_since = EXACT), 0);
	assert_int_equal(CHECK(finished, .if_unmodified_since = BEFORE), 412);
	assert_int_equal(CHECK(finished, .if_unmodified_since = "yesterday"), 0);
	assert_int_equal(CHECK(finished, .if_match = "\"tag\"", .if_unmodified_since = BEFORE), 0);
}

static void what_grows_matches_nothing(void **state)
{
	assert_int_equal(CHECK(growing, .if_none_match = "\"tag\""), 0);
	assert_int_equal(CHECK(growing, .if_match = "\"tag\""), 412);
	assert_int_equal(CHECK(growing, .if_modified_since = AFTER), 0);
	assert_int_equal(CHECK(growing, .if_unmodified_since = BEFORE), 0);
	assert_false(conditional_range_holds(&growing, "\"tag\"", 784111790));
	assert_false(conditional_range_holds(&growing, EXACT, 784111790));
	assert_true(conditional_range_holds(&growing, NULL, 784111790));
}

/* Section 13.1.5: a strong validator that is exactly the same. */
static void a_range_holds_for_exactly_this_version(void **state)
{
	assert_true(conditional_range_holds(&finished, NULL, 784111790));
	assert_true(conditional_range_holds(&finished, "\"tag\"", 784111790));
	assert_false(conditional_range_holds(&finished, "W/\"tag\"", 784111790));
	assert_false(conditional_range_holds(&finished, "\"other\"", 784111790));
	assert_true(conditional_range_holds(&finished, EXACT, 784111790));
	assert_false(conditional_range_holds(&finished, AFTER, 784111790));
	assert_false(conditional_range_holds(&finished, BEFORE, 784111790));
	assert_false(conditional_range_holds(&finished, EXACT, 784111778));
	assert_false(conditional_range_holds(&finished, "", 784111790));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_conditions_it_goes_on),
		cmocka_unit_test(if_none_match_answers_304_to_the_tag_that_is),
		cmocka_unit_test(if_match_answers_412_to_another_tag),
		cmocka_unit_test(dates_count_when_there_is_no_tag_to_compare),
		cmocka_unit_test(what_grows_matches_nothing),
		cmocka_unit_test(a_range_holds_for_exactly_this_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
