/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/logbook.h"

static struct logbook book;

static int teardown(void **state)
{
	logbook_reset(&book);
	return 0;
}

static unsigned push(const char *text)
{
	return logbook_push(&book, text, strlen(text));
}

static void an_entry_is_a_row(void **state)
{
	const struct logbook_row *row;

	assert_int_equal(push("{\"__REALTIME_TIMESTAMP\":\"1700000000000001\",\"PRIORITY\":\"4\",\"_SYSTEMD_"
	                      "UNIT\":\"wirespool-control.service\",\"MESSAGE\":\"2026-11-21T01:02:03.456Z "
	                      "wirespool-control warn: what happened\"}\n"),
	        1);
	row = logbook_get(&book, 0);
	assert_int_equal(row->unix_ns, 1700000000000001000);
	assert_int_equal(row->priority, 4);
	assert_string_equal(row->unit, "control");
	assert_string_equal(row->text, "warn: what happened");
	assert_null(logbook_get(&book, 1));
}

static void what_systemd_says_of_a_unit_is_that_units(void **state)
{
	push("{\"_SYSTEMD_UNIT\":\"init.scope\",\"UNIT\":\"wirespool-dataplane.service\",\"MESSAGE\":"
	     "\"Started\"}\n");
	assert_string_equal(logbook_get(&book, 0)->unit, "dataplane");
	push("{\"SYSLOG_IDENTIFIER\":\"other\",\"MESSAGE\":\"x\"}\n");
	assert_string_equal(logbook_get(&book, 0)->unit, "other");
	assert_int_equal(logbook_get(&book, 0)->priority, 6);
}

static void bytes_and_what_is_too_long_are_texts_too(void **state)
{
	push("{\"MESSAGE\":[104,105,255,0,\"x\"]}\n{\"MESSAGE\":null}\n");
	assert_string_equal(logbook_get(&book, 1)->text, "hi\xff??");
	assert_string_equal(logbook_get(&book, 0)->text, "(too long)");
}

static void pieces_make_a_line(void **state)
{
	assert_int_equal(push("{\"MESSAGE\":"), 0);
	assert_int_equal(push("\"one\"}\n{\"MESSAGE\":\"two\"}\n{"), 2);
	assert_string_equal(logbook_get(&book, 0)->text, "two");
	assert_string_equal(logbook_get(&book, 1)->text, "one");
}

static void what_is_no_entry_is_what_journalctl_says(void **state)
{
	assert_int_equal(push("No journal files were found.\n[1]\n\n"), 0);
	assert_string_equal(book.said, "[1]");
	assert_int_equal(book.count, 0);
}

static void a_line_without_end_is_left_out(void **state)
{
	char *part = malloc(LOGBOOK_LINE_BYTES);

	assert_non_null(part);
	memset(part, 'a', LOGBOOK_LINE_BYTES);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(logbook_push(&book, part, LOGBOOK_LINE_BYTES), 0);
	free(part);
	assert_int_equal(push("\n{\"MESSAGE\":\"after\"}\n"), 1);
	assert_int_equal(book.left_out, 1);
	assert_string_equal(logbook_get(&book, 0)->text, "after");
}

static void the_oldest_go(void **state)
{
	for (unsigned i = 0; i < LOGBOOK_ROWS; i++)
		push("{\"MESSAGE\":\"old\"}\n");
	push("{\"MESSAGE\":\"new\"}\n");
	assert_int_equal(book.count, LOGBOOK_ROWS);
	assert_int_equal(book.added, LOGBOOK_ROWS + 1);
	assert_string_equal(logbook_get(&book, 0)->text, "new");
	assert_string_equal(logbook_get(&book, LOGBOOK_ROWS - 1)->text, "old");
	assert_null(logbook_get(&book, LOGBOOK_ROWS));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = { CASE(an_entry_is_a_row),
		CASE(what_systemd_says_of_a_unit_is_that_units),
		CASE(bytes_and_what_is_too_long_are_texts_too), CASE(pieces_make_a_line),
		CASE(what_is_no_entry_is_what_journalctl_says), CASE(a_line_without_end_is_left_out),
		CASE(the_oldest_go) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
