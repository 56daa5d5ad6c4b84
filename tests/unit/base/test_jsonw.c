/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/jsonw.h"

static void nested_values_get_their_commas(void **state)
{
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	jsonw_string(&w, "name", "demo");
	jsonw_array(&w, "list");
	jsonw_u64(&w, NULL, UINT64_MAX);
	jsonw_i64(&w, NULL, INT64_MIN);
	jsonw_object(&w, NULL);
	jsonw_end_object(&w);
	jsonw_array(&w, NULL);
	jsonw_end_array(&w);
	jsonw_bool(&w, NULL, true);
	jsonw_bool(&w, NULL, false);
	jsonw_null(&w, NULL);
	jsonw_end_array(&w);
	jsonw_string(&w, "none", NULL);
	jsonw_end_object(&w);
	assert_string_equal(w.text, "{\"name\":\"demo\",\"list\":[18446744073709551615,-9223372036854775808,"
	                            "{},[],true,false,null],\"none\":null}");
	assert_int_equal(w.len, strlen(w.text));
	assert_int_equal(w.error, 0);
	jsonw_reset(&w);
}

static void indents_by_level(void **state)
{
	struct jsonw w = { .indent = 2 };

	jsonw_object(&w, NULL);
	jsonw_u64(&w, "a", 1);
	jsonw_array(&w, "b");
	jsonw_u64(&w, NULL, 2);
	jsonw_u64(&w, NULL, 3);
	jsonw_end_array(&w);
	jsonw_object(&w, "empty");
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	assert_string_equal(w.text, "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    3\n  ],\n  \"empty\": {}\n}");
	jsonw_reset(&w);
	assert_null(w.text);
	assert_int_equal(w.len, 0);
	assert_int_equal(w.indent, 2);
	jsonw_reset(&w);
}

static void check_string(const char *value, const char *expected)
{
	struct jsonw w = { 0 };

	jsonw_string(&w, NULL, value);
	assert_string_equal(w.text, expected);
	jsonw_reset(&w);
}

/* RFC 8259 section 7. */
static void escapes_what_must_be(void **state)
{
	check_string("", "\"\"");
	check_string("\"\\/", "\"\\\"\\\\/\"");
	check_string("a\nb\rc\td", "\"a\\nb\\rc\\td\"");
	check_string("\x01\x1F\x7F ", "\"\\u0001\\u001f\\u007f \"");
}

static void passes_utf8_and_replaces_what_is_none(void **state)
{
	check_string("gr\xC3\xBC\xE4\xBC\x9A\xF0\x9F\x8E\xA5", "\"gr\xC3\xBC\xE4\xBC\x9A\xF0\x9F\x8E\xA5\"");
	check_string("a\xFFz", "\"a\xEF\xBF\xBDz\"");
	check_string("\xC3", "\"\xEF\xBF\xBD\"");
	check_string("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	check_string("\xC3\"", "\"\xEF\xBF\xBD\\\"\"");
}

static void keys_are_escaped_too(void **state)
{
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	jsonw_bool(&w, "a\"b", true);
	jsonw_end_object(&w);
	assert_string_equal(w.text, "{\"a\\\"b\":true}");
	jsonw_reset(&w);
}

static void check_double(double value, const char *expected)
{
	struct jsonw w = { 0 };

	jsonw_double(&w, NULL, value);
	assert_string_equal(w.text, expected);
	jsonw_reset(&w);
}

static void doubles_print_shortest_and_exact(void **state)
{
	struct jsonw w = { 0 };

	check_double(0, "0");
	check_double(0.1, "0.1");
	check_double(-2.5, "-2.5");
	check_double(1710123456.789, "1710123456.789");
	check_double(0.1 + 0.2, "0.30000000000000004");
	check_double(1e300, "1e+300");
	check_double(NAN, "null");
	check_double(-INFINITY, "null");
	jsonw_double(&w, NULL, DBL_MAX);
	assert_true(strtod(w.text, NULL) == DBL_MAX);
	jsonw_reset(&w);
}

static void raw_text_goes_in_as_it_is(void **state)
{
	struct jsonw w = { 0 };

	jsonw_array(&w, NULL);
	jsonw_raw(&w, NULL, "{\"x\":1}", 7);
	jsonw_raw(&w, NULL, "[2]garbage", 3);
	jsonw_end_array(&w);
	assert_string_equal(w.text, "[{\"x\":1},[2]]");
	jsonw_reset(&w);
}

static void grows_with_what_is_written(void **state)
{
	struct jsonw w = { 0 };
	char *long_text = malloc(100001);

	memset(long_text, 'x', 100000);
	long_text[100000] = '\0';
	jsonw_array(&w, NULL);
	for (int i = 0; i < 20; i++)
		jsonw_string(&w, NULL, long_text);
	jsonw_end_array(&w);
	assert_int_equal(w.len, 2 + 20 * 100002 + 19);
	assert_int_equal(strlen(w.text), w.len);
	free(long_text);
	jsonw_reset(&w);
}

static void want_of_memory_sticks(void **state)
{
	struct jsonw w = { 0 };

	jsonw_array(&w, NULL);
	/* Refused before a byte of it is read. */
	jsonw_raw(&w, NULL, "x", SIZE_MAX / 2);
	assert_int_equal(w.error, -ENOMEM);
	size_t len = w.len;
	jsonw_string(&w, "more", "text");
	jsonw_end_array(&w);
	assert_int_equal(w.error, -ENOMEM);
	assert_int_equal(w.len, len);
	assert_int_equal(strlen(w.text), len);
	jsonw_reset(&w);
	assert_int_equal(w.error, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_values_get_their_commas),
		cmocka_unit_test(indents_by_level),
		cmocka_unit_test(escapes_what_must_be),
		cmocka_unit_test(passes_utf8_and_replaces_what_is_none),
		cmocka_unit_test(keys_are_escaped_too),
		cmocka_unit_test(doubles_print_shortest_and_exact),
		cmocka_unit_test(raw_text_goes_in_as_it_is),
		cmocka_unit_test(grows_with_what_is_written),
		cmocka_unit_test(want_of_memory_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
