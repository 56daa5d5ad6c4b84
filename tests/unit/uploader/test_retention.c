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
#include "uploader/retention.h"

#define NOW (RETENTION_FIRST_UNIX_S + 1000000u)

static struct retention_item items[4];

static void fresh_items(void)
{
	for (size_t i = 0; i < 4; i++)
		items[i] = (struct retention_item){
			.finished_unix_s = NOW - 400 + 100 * i, .bytes = 10, .uploaded = true
		};
}

static unsigned marked(const struct retention_rules *rules, uint64_t free_bytes)
{
	unsigned mask = 0;
	size_t n = retention_mark(items, 4, rules, NOW, free_bytes), seen = 0;

	for (size_t i = 0; i < 4; i++) {
		mask |= (unsigned)items[i].ret_remove << i;
		seen += items[i].ret_remove;
	}
	assert_int_equal(n, seen);
	return mask;
}

static void without_rules_all_stay(void **state)
{
	fresh_items();
	assert_int_equal(marked(&(struct retention_rules){ 0 }, 0), 0);
}

static void the_old_go(void **state)
{
	fresh_items();
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 250 }, 0), 3);
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 400 }, 0), 0);
}

static void finished_in_the_future_is_not_old(void **state)
{
	fresh_items();
	items[0].finished_unix_s = NOW + 1000;
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 1000 }, 0), 0);
}

static void finished_before_there_was_a_clock_is_of_no_age(void **state)
{
	fresh_items();
	items[0].finished_unix_s = 86400; /* 1970: a clock chip without battery */
	items[1].finished_unix_s = RETENTION_FIRST_UNIX_S - 1;
	items[2].finished_unix_s = RETENTION_FIRST_UNIX_S;
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 1000 }, 0), 4);
	assert_int_equal(marked(&(struct retention_rules){ .min_free_bytes = 100 }, 99), 1);
}

static void beyond_the_total_the_oldest_go(void **state)
{
	fresh_items();
	assert_int_equal(marked(&(struct retention_rules){ .max_bytes = 40 }, 0), 0);
	assert_int_equal(marked(&(struct retention_rules){ .max_bytes = 25 }, 0), 3);
}

static void space_is_made_by_the_oldest(void **state)
{
	fresh_items();
	assert_int_equal(marked(&(struct retention_rules){ .min_free_bytes = 100 }, 100), 0);
	assert_int_equal(marked(&(struct retention_rules){ .min_free_bytes = 100 }, 99), 1);
	assert_int_equal(marked(&(struct retention_rules){ .min_free_bytes = 100 }, 0), 15);
}

static void what_goes_by_age_counts_for_the_other_rules(void **state)
{
	fresh_items();
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 350, .max_bytes = 30 }, 0), 1);
}

static void not_uploaded_stays_while_uploads_are_on(void **state)
{
	fresh_items();
	items[0].uploaded = false;
	assert_int_equal(marked(&(struct retention_rules){ .max_bytes = 30, .uploads = true }, 0), 2);
	assert_int_equal(marked(&(struct retention_rules){ .max_bytes = 30 }, 0), 1);
}

static void held_stays(void **state)
{
	fresh_items();
	items[0].held = true;
	assert_int_equal(marked(&(struct retention_rules){ .max_age_s = 1 }, 0), 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_all_stay),
		cmocka_unit_test(the_old_go),
		cmocka_unit_test(finished_in_the_future_is_not_old),
		cmocka_unit_test(finished_before_there_was_a_clock_is_of_no_age),
		cmocka_unit_test(beyond_the_total_the_oldest_go),
		cmocka_unit_test(space_is_made_by_the_oldest),
		cmocka_unit_test(what_goes_by_age_counts_for_the_other_rules),
		cmocka_unit_test(not_uploaded_stays_while_uploads_are_on),
		cmocka_unit_test(held_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
