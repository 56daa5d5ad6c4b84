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
#include "base/sse.h"

static struct sse sse;
static char told[1 << 17];

/* "id/name/data;" of each event. */
static void tell(void *arg, const struct sse_event *event)
{
	size_t len = strlen(told);

	snprintf(told + len, sizeof(told) - len, "%s/%s/%s;", event->id, event->name, event->data);
}

static void push(const char *text)
{
	sse_push(&sse, text, strlen(text));
}

static int set_up(void **state)
{
	told[0] = '\0';
	sse_begin(&sse, tell, NULL);
	return 0;
}

/* HTML section 9.2.6: its own examples. */
static void the_standards_examples(void **state)
{
	push("data: YHOO\ndata: +2\ndata: 10\n\n");
	assert_string_equal(told, "/message/YHOO\n+2\n10;");
	set_up(NULL);
	push(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n");
	assert_string_equal(told, "1/message/first event;/message/second event;/message/ third event;");
	set_up(NULL);
	push("data\n\ndata\ndata\n\ndata:");
	assert_string_equal(told, "/message/;/message/\n;");
	set_up(NULL);
	push("data:test\n\ndata: test\n\n");
	assert_string_equal(told, "/message/test;/message/test;");
}

static void names_and_ids(void **state)
{
	push("id: 7\nevent: session\ndata: {}\n\ndata: x\n\n");
	assert_string_equal(told, "7/session/{};7/message/x;");
	assert_string_equal(sse.id, "7");
}

static void all_line_ends_in_pieces_of_any_size(void **state)
{
	static const char text[] = "\xEF\xBB\xBF"
	                           "data: a\r\n\r\ndata: b\r\rdata: c\n\n";

	push(text);
	assert_string_equal(told, "/message/a;/message/b;/message/c;");
	set_up(NULL);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		sse_push(&sse, text + i, 1);
	assert_string_equal(told, "/message/a;/message/b;/message/c;");
}

static void comments_and_unknown_fields_are_passed_over(void **state)
{
	push(": keep alive\n\ncolour: red\ndata: a\n\n");
	assert_string_equal(told, "/message/a;");
}

static void half_an_event_dies_with_its_connection(void **state)
{
	push("id: 3\ndata: a\n\nid: 4\ndata: b\n");
	sse_restart(&sse);
	assert_string_equal(sse.id, "3");
	push("data: c\n\n");
	assert_string_equal(told, "3/message/a;3/message/c;");
}

static void a_wait_before_the_next_try_is_kept_within_bounds(void **state)
{
	push("retry: 1500\n");
	assert_int_equal(sse.retry_ms, 1500);
	push("retry: soon\nretry: 15x\nretry:\n");
	assert_int_equal(sse.retry_ms, 1500);
	push("retry: 99999999999\n");
	assert_int_equal(sse.retry_ms, 600000);
}

static void what_is_too_long_is_passed_over(void **state)
{
	push("data: ");
	for (unsigned i = 0; i < LIMIT_EVENT_IN_BYTES; i++)
		push("x");
	push("\n\ndata: a\n\n");
	assert_string_equal(told, "/message/a;");
	set_up(NULL);
	for (unsigned i = 0; i < LIMIT_EVENT_IN_BYTES / 4; i++)
		push("data: xyz\n");
	push("data: xyz\n\ndata: a\n\n");
	assert_string_equal(told, "/message/a;");
	set_up(NULL);
	push("id: ");
	for (unsigned i = 0; i < SSE_ID_BYTES; i++)
		push("9");
	push("\ndata: a\n\n");
	assert_string_equal(told, "/message/a;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_standards_examples, set_up),
		cmocka_unit_test_setup(names_and_ids, set_up),
		cmocka_unit_test_setup(all_line_ends_in_pieces_of_any_size, set_up),
		cmocka_unit_test_setup(comments_and_unknown_fields_are_passed_over, set_up),
		cmocka_unit_test_setup(half_an_event_dies_with_its_connection, set_up),
		cmocka_unit_test_setup(a_wait_before_the_next_try_is_kept_within_bounds, set_up),
		cmocka_unit_test_setup(what_is_too_long_is_passed_over, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
