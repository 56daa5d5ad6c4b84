/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "appliance/top/eventlog.h"
#include "base/clk.h"

static struct eventlog events;

static int setup(void **state)
{
	memset(&events, 0, sizeof(events));
	return 0;
}

static void the_feeds_fields_are_shown_as_they_are(void **state)
{
	const struct eventlog_row *row;

	eventlog_take(&events, 5, "message",
	        "{\"time\":\"1970-01-01T00:01:00Z\",\"type\":\"session.opened\",\"room\":\"demo\",\"tracks\":"
	        "2,\"list\":[1],\"ok\":true}");
	row = eventlog_get(&events, 0);
	assert_string_equal(row->type, "session.opened");
	assert_string_equal(row->text, "room=demo tracks=2 ok=yes");
	assert_int_equal(row->unix_ns, 60 * CLK_NS_PER_S);
	assert_false(row->is_seen);
}

static void what_is_no_object_is_text(void **state)
{
	eventlog_take(&events, 5, "odd", "plain words");
	assert_string_equal(eventlog_get(&events, 0)->text, "plain words");
	assert_int_equal(eventlog_get(&events, 0)->unix_ns, 5);
	eventlog_take(&events, 6, "odd", "{\"time\":\"noon\",\"type\":5}");
	assert_string_equal(eventlog_get(&events, 0)->type, "odd");
	assert_int_equal(eventlog_get(&events, 0)->unix_ns, 6);
}

static void long_fields_are_cut(void **state)
{
	char data[2000];

	snprintf(data, sizeof(data), "{\"a\":\"%0900d\",\"b\":\"%0900d\"}", 0, 0);
	eventlog_take(&events, 5, "long", data);
	assert_int_equal(strlen(eventlog_get(&events, 0)->text), EVENTLOG_TEXT_BYTES - 1);
}

static void the_oldest_go(void **state)
{
	assert_null(eventlog_get(&events, 0));
	for (unsigned i = 0; i < EVENTLOG_ROWS + 3; i++)
		eventlog_see(&events, i, "n", "%u", i);
	assert_int_equal(eventlog_get(&events, 0)->unix_ns, EVENTLOG_ROWS + 2);
	assert_int_equal(eventlog_get(&events, EVENTLOG_ROWS - 1)->unix_ns, 3);
	assert_null(eventlog_get(&events, EVENTLOG_ROWS));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup(
		                                    the_feeds_fields_are_shown_as_they_are, setup),
		cmocka_unit_test_setup(what_is_no_object_is_text, setup),
		cmocka_unit_test_setup(long_fields_are_cut, setup),
		cmocka_unit_test_setup(the_oldest_go, setup) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
