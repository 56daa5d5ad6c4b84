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

	eventlog_take(&events, true, 5, "message",
	        "{\"time\":\"1970-01-01T00:01:00Z\",\"type\":\"session.opened\",\"session\":\"s_1\",\"room\":"
	        "\"demo\",\"tracks\":"
	        "2,\"list\":[1],\"ok\":true}");
	row = eventlog_get(&events, 0);
	assert_string_equal(row->type, "session.opened");
	assert_string_equal(row->text, "room=demo tracks=2 list=1 ok=yes session=s_1");
	assert_int_equal(row->unix_ns, 60 * CLK_NS_PER_S);
	assert_false(row->is_seen);
}

static void what_is_no_object_is_text(void **state)
{
	eventlog_take(&events, true, 5, "odd", "plain words");
	assert_string_equal(eventlog_get(&events, 0)->text, "plain words");
	assert_int_equal(eventlog_get(&events, 0)->unix_ns, 5);
	eventlog_take(&events, true, 6, "odd", "{\"time\":\"noon\",\"type\":5}");
	assert_string_equal(eventlog_get(&events, 0)->type, "odd");
	assert_int_equal(eventlog_get(&events, 0)->unix_ns, 6);
}

static void long_fields_are_cut(void **state)
{
	char data[2000];

	snprintf(data, sizeof(data), "{\"a\":\"%0900d\",\"b\":\"%0900d\"}", 0, 0);
	eventlog_take(&events, true, 5, "long", data);
	assert_int_equal(strlen(eventlog_get(&events, 0)->text), EVENTLOG_TEXT_BYTES - 1);
}

static void what_went_wrong_is_known_by_its_type(void **state)
{
	static const char *const types[] = { "record.failed", "dataplane.lost", "disk.full", "alarm.raised",
		"missed", "record.finished", "upload.queued", "failed" };

	for (unsigned i = 0; i < 8; i++) {
		eventlog_take(&events, true, i, types[i], "{}");
		assert_int_equal(eventlog_get(&events, 0)->is_bad, i < 5);
	}
}

static void what_was_before_goes_behind(void **state)
{
	eventlog_see(&events, 70 * CLK_NS_PER_S, true, "seen", "late");
	eventlog_take(&events, true, 5, "a", "{\"time\":\"1970-01-01T00:01:00Z\"}");
	eventlog_take(&events, true, 5, "b", "{\"time\":\"1970-01-01T00:01:05Z\"}");
	assert_string_equal(eventlog_get(&events, 0)->type, "seen");
	assert_true(eventlog_get(&events, 0)->is_bad);
	assert_string_equal(eventlog_get(&events, 1)->type, "b");
	assert_string_equal(eventlog_get(&events, 2)->type, "a");
	assert_int_equal(events.added, 3);
}

static void a_clock_set_back_hides_no_news(void **state)
{
	eventlog_take(&events, true, 5, "kept", "{\"time\":\"1970-01-03T00:00:00Z\"}");
	eventlog_see(&events, 200000 * CLK_NS_PER_S, false, "seen", "on the day before the step");
	eventlog_take(&events, false, 5, "new", "{\"time\":\"1970-01-02T00:00:00Z\"}");
	assert_string_equal(eventlog_get(&events, 0)->type, "new");
	assert_string_equal(eventlog_get(&events, 1)->type, "seen");
	assert_string_equal(eventlog_get(&events, 2)->type, "kept");
}

static void what_was_kept_stays_in_the_order_of_the_feed(void **state)
{
	eventlog_see(&events, 200000 * CLK_NS_PER_S, false, "seen", "after all that");
	eventlog_take(&events, true, 5, "first", "{\"time\":\"1970-01-02T00:00:00Z\"}");
	eventlog_take(&events, true, 5, "set back", "{\"time\":\"1970-01-01T00:00:00Z\"}");
	assert_string_equal(eventlog_get(&events, 0)->type, "seen");
	assert_string_equal(eventlog_get(&events, 1)->type, "set back");
	assert_string_equal(eventlog_get(&events, 2)->type, "first");
}

static void the_oldest_go(void **state)
{
	assert_null(eventlog_get(&events, 0));
	for (unsigned i = 0; i < EVENTLOG_ROWS + 3; i++)
		eventlog_see(&events, i, false, "n", "%u", i);
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
		cmocka_unit_test_setup(what_went_wrong_is_known_by_its_type, setup),
		cmocka_unit_test_setup(what_was_before_goes_behind, setup),
		cmocka_unit_test_setup(a_clock_set_back_hides_no_news, setup),
		cmocka_unit_test_setup(what_was_kept_stays_in_the_order_of_the_feed, setup),
		cmocka_unit_test_setup(the_oldest_go, setup) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
