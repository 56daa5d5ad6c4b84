/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tools/replay/output.h"

static char dir[] = "/tmp/test_output.XXXXXX", path[64];

static void put(const char *name, const char *text)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/out/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *out(void)
{
	snprintf(path, sizeof(path), "%s/out", dir);
	return path;
}

static void a_directory_is_made_or_taken_if_it_is_empty(void **state)
{
	assert_int_equal(output_make(out()), 0);
	assert_int_equal(output_make(out()), 0);
	put(".hidden", "");
	assert_int_equal(output_make(out()), -ENOTEMPTY);
	put(".hidden", "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(output_make("/nonexistent/out"), -ENOENT);
	assert_int_equal(output_make("/dev/null"), -ENOTDIR);
}

static void sidecars_are_listed_by_name(void **state)
{
	json_t *list;

	put("b.ogg.json", "{\"name\":\"b.ogg\"}");
	put("a.ivf.json", "{\"name\":\"a.ivf\"}");
	put("a.ivf", "{}");
	put(".c.ivf.json", "{}");
	put("broken.json", "{");
	list = output_sidecars(out());
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "name")), "a.ivf");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "name")), "b.ogg");
	json_decref(list);
	assert_null(output_sidecars("/nonexistent"));
}

static int begin(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_made_or_taken_if_it_is_empty),
		cmocka_unit_test(sidecars_are_listed_by_name),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
