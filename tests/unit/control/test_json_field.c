/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "control/json_field.h"

static void assert_dump(json_t *object, const char *want)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want);
	free(text);
	json_decref(object);
}

static void fields_are_set_by_their_kind(void **state)
{
	json_t *object = json_object();

	json_field_text(object, "a", "ä\"");
	json_field_number(object, "b", INT64_MAX);
	json_field_time(object, "c", 1710123456789999999);
	assert_dump(object, "{\"a\":\"ä\\\"\",\"b\":9223372036854775807,\"c\":\"2024-03-11T02:17:36.789Z\"}");
}

static void no_time_and_no_utf8_are_no_fields(void **state)
{
	json_t *object = json_object();

	json_field_text(object, "a", "\xFF");
	json_field_time(object, "b", 0);
	assert_dump(object, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_set_by_their_kind),
		cmocka_unit_test(no_time_and_no_utf8_are_no_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
