/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "appliance/top/uploads.h"
#include "base/clk.h"

static struct uploads uploads;

static void sums(const char *text)
{
	json_t *json = text ? json_loads(text, 0, NULL) : json_null();

	uploads_take_sums(&uploads, json);
	json_decref(json);
}

static void sums_tell_off_from_unknown(void **state)
{
	uploads_forget(&uploads);
	assert_false(uploads.sums.is_known);
	sums(NULL);
	assert_true(uploads.sums.is_known && !uploads.sums.is_on);
	sums("{\"queued\":2,\"stopped\":1,\"oldest_unix_ns\":77,\"store_usable\":true,\"active\":-3}");
	assert_true(uploads.sums.is_on && uploads.sums.store_usable);
	assert_int_equal(uploads.sums.queued, 2);
	assert_int_equal(uploads.sums.stopped, 1);
	assert_int_equal(uploads.sums.active, 0);
	assert_int_equal(uploads.sums.oldest_unix_ns, 77);
}

static void rows_are_as_listed(void **state)
{
	json_t *list = json_loads(
	        "[{\"name\":\"a.ivf\",\"state\":\"retrying\",\"growing\":false,\"bytes_done\":5,\"bytes_"
	        "total\":9,"
	        "\"tries\":3,\"error\":\"refused\",\"next_try\":\"1970-01-01T00:00:10Z\"},{\"name\":7},4]",
	        0, NULL);

	uploads_take_list(&uploads, list);
	assert_int_equal(uploads.count, 3);
	assert_string_equal(uploads.rows[0].name, "a.ivf");
	assert_string_equal(uploads.rows[0].error, "refused");
	assert_int_equal(uploads.rows[0].tries, 3);
	assert_int_equal(uploads.rows[0].next_try_unix_ns, 10 * CLK_NS_PER_S);
	assert_string_equal(uploads.rows[1].name, "");
	json_decref(list);
	uploads_take_list(&uploads, NULL);
	assert_int_equal(uploads.count, 0);
}

static void more_rows_than_are_shown_are_left_out(void **state)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < UPLOADS_ROWS + 5; i++)
		json_array_append_new(list, json_object());
	uploads_take_list(&uploads, list);
	assert_int_equal(uploads.count, UPLOADS_ROWS);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sums_tell_off_from_unknown),
		cmocka_unit_test(rows_are_as_listed),
		cmocka_unit_test(more_rows_than_are_shown_are_left_out) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
