/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>
#include "tools/wirespool/environment.h"

static void load(const char *text)
{
	char path[] = "/tmp/test_environment.XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	environment_load(path);
	unlink(path);
}

static void variables_are_set(void **state)
{
	load("# secrets\n\nTE_PLAIN=a b?c=d  \n  TE_QUOTED=\"x y \"\nTE_SINGLE='z'\n; "
	     "TE_OFF=1\nTE_EMPTY=\nTE_LAST=e");
	assert_string_equal(getenv("TE_PLAIN"), "a b?c=d");
	assert_string_equal(getenv("TE_QUOTED"), "x y ");
	assert_string_equal(getenv("TE_SINGLE"), "z");
	assert_string_equal(getenv("TE_EMPTY"), "");
	assert_string_equal(getenv("TE_LAST"), "e");
	assert_null(getenv("TE_OFF"));
}

static void what_is_set_stays(void **state)
{
	setenv("TE_OWN", "mine", 1);
	load("TE_OWN=theirs\n");
	assert_string_equal(getenv("TE_OWN"), "mine");
}

static void what_is_no_line_of_it_sets_nothing(void **state)
{
	load("nonsense\n=value\n\"\nTE_BAD\n");
	assert_null(getenv("TE_BAD"));
	environment_load("/nonexistent/environment");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_set),
		cmocka_unit_test(what_is_set_stays),
		cmocka_unit_test(what_is_no_line_of_it_sets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
