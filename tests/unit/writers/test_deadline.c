/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "writers/deadline.h"

#define MEMBERS 300

static void earliest_comes_first_whatever_is_moved(void **state)
{
	struct deadline members[MEMBERS];
	struct deadline_heap heap;
	uint32_t x = 7;

	assert_int_equal(deadline_init(&heap, MEMBERS), 0);
	for (unsigned i = 0; i < MEMBERS; i++)
		members[i] = (struct deadline){ .due_ns = DEADLINE_NEVER };
	assert_null(deadline_first(&heap));
	for (unsigned step = 0; step < 20000; step++) {
		uint64_t earliest = DEADLINE_NEVER;
		uint32_t inside = 0;
		unsigned i;

		x = x * 1664525 + 1013904223;
		i = (x >> 8) % MEMBERS;
		deadline_set(&heap, &members[i], x >> 30 ? (x >> 4) % 1000 : DEADLINE_NEVER);
		for (i = 0; i < MEMBERS; i++) {
			assert_int_equal(members[i].place == 0, members[i].due_ns == DEADLINE_NEVER);
			inside += members[i].place > 0;
			if (members[i].due_ns < earliest)
				earliest = members[i].due_ns;
		}
		assert_int_equal(heap.count, inside);
		if (inside)
			assert_int_equal(deadline_first(&heap)->due_ns, earliest);
	}
	deadline_free(&heap);
}

static void members_leave_in_order(void **state)
{
	struct deadline members[MEMBERS];
	struct deadline_heap heap;
	uint64_t before = 0;

	assert_int_equal(deadline_init(&heap, MEMBERS), 0);
	for (unsigned i = 0; i < MEMBERS; i++) {
		members[i] = (struct deadline){ .due_ns = DEADLINE_NEVER };
		deadline_set(&heap, &members[i], i * 7919 % 1009);
	}
	for (struct deadline *first; (first = deadline_first(&heap)); before = first->due_ns) {
		uint64_t due = first->due_ns;

		assert_true(due >= before);
		deadline_set(&heap, first, DEADLINE_NEVER);
		first->due_ns = due;
	}
	deadline_free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(earliest_comes_first_whatever_is_moved),
		cmocka_unit_test(members_leave_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
