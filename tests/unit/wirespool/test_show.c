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
#include "tools/wirespool/show.h"

static void expect_object(const char *json, const char *wanted)
{
	json_t *object = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(object);
	show_object(object, out, false);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(object);
}

static void fields_are_lines(void **state)
{
	expect_object(
	        "{\"a\":\"x\",\"n\":1.25,\"b\":false,\"z\":null}", "a\tx\nn\t1.25\nb\tfalse\nz\tnull\n");
}

static void fields_within_have_the_key_before_theirs(void **state)
{
	expect_object("{\"a\":{\"b\":1,\"c\":{\"d\":2}}}", "a.b\t1\na.c.d\t2\n");
}

static void lists_are_one_line(void **state)
{
	expect_object("{\"a\":[1,\"x\"],\"b\":[],\"c\":[{},{}]}", "a\t1 x\nb\t-\nc\t2 (see --json)\n");
}

static void deep_objects_stay_whole(void **state)
{
	expect_object("{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}", "a.b.c.d\t{\"e\":1}\n");
}

static void missing_fields_are_told_from_zero_and_empty(void **state)
{
	json_t *object = json_loads("{\"a\":\"\",\"n\":-3,\"t\":\"x\"}", 0, NULL);

	assert_string_equal(show_text(object, "a"), "-");
	assert_string_equal(show_text(object, "none"), "-");
	assert_string_equal(show_text(object, "t"), "x");
	assert_int_equal(show_number(object, "n"), 0);
	assert_int_equal(show_number(object, "none"), 0);
	json_decref(object);
}

static void put_cell(struct table *table, const json_t *row)
{
	table_cell(table, "%s", show_text(row, "a"));
}

/* Two pages of a list, as text or as JSON. */
static char *list_text(bool json, unsigned rows)
{
	static const char *const heads[] = { "A" };
	struct show_list list;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	show_list_begin(&list, heads, 1, put_cell, out, json);
	for (unsigned i = 0; i < rows; i++) {
		json_t *row = json_pack("{s:s}", "a", i ? "y" : "x");
		show_list_row(&list, row);
		show_list_page(&list);
		json_decref(row);
	}
	show_list_end(&list);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void a_list_of_pages_is_one(void **state)
{
	char *text = list_text(false, 2);
	assert_string_equal(text, "A\nx\ny\n");
	free(text);
	text = list_text(true, 2);
	json_t *json = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	free(text);
	text = list_text(true, 0);
	assert_string_equal(text, "[]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_lines),
		cmocka_unit_test(fields_within_have_the_key_before_theirs),
		cmocka_unit_test(lists_are_one_line),
		cmocka_unit_test(deep_objects_stay_whole),
		cmocka_unit_test(missing_fields_are_told_from_zero_and_empty),
		cmocka_unit_test(a_list_of_pages_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
