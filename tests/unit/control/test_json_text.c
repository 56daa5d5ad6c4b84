/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "control/json_text.h"

static char why[JSON_TEXT_WHY_BYTES];

static json_t *parse(const char *text, unsigned depth)
{
	why[0] = '\0';
	return json_text_parse(text, strlen(text), depth, why);
}

static void assert_refused(const char *text, const char *because)
{
	assert_null(parse(text, 4));
	if (!strstr(why, because))
		fail_msg("%s: %s", text, why);
}

static void good_json_is_read(void **state)
{
	json_t *json = parse("{\"a\":[1,{\"b\":\"\\u00e4 [[[[[[ \\\\\"}]}", 4);

	assert_non_null(json);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(json, "a"), 0)), 1);
	json_decref(json);
}

static void depth_is_bounded_and_brackets_in_strings_do_not_count(void **state)
{
	json_t *json = parse("[[[[]]]]", 4);

	assert_non_null(json);
	json_decref(json);
	assert_refused("[[[[[]]]]]", "byte 5: nested deeper than 4");
	assert_refused("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", "nested deeper");
	json = parse("[\"[[[[[[[\\\"[[[[[[\"]", 1);
	assert_non_null(json);
	json_decref(json);
}

static void broken_json_is_refused_with_line_and_column(void **state)
{
	assert_refused("", "line 1");
	assert_refused("{\n\"a\": }", "line 2, column 6");
	assert_refused("{\"a\":1,\"a\":2}", "duplicate");
	assert_refused("{\"a\":\"\xff\"}", "decode byte 0xff");
	assert_refused("{\"a\":\"\\u0000\"}", "u0000");
	assert_refused("{} x", "end of file");
	assert_refused("{\"a\":01}", "line 1");
	assert_refused("{\"a\":99999999999999999999}", "too big");
	assert_refused("{\"a\":1e999}", "overflow");
	assert_refused("[\"a\x01 b\"]", "control character");
	assert_refused("\"text\"", "'[' or '{'");
}

static void a_nul_ends_nothing(void **state)
{
	assert_null(json_text_parse("{}\0{}", 5, 4, why));
	assert_null(json_text_parse("{\"a\0b\":1}", 9, 4, why));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_json_is_read),
		cmocka_unit_test(depth_is_bounded_and_brackets_in_strings_do_not_count),
		cmocka_unit_test(broken_json_is_refused_with_line_and_column),
		cmocka_unit_test(a_nul_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
