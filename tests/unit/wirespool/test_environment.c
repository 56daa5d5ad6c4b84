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

/* As load_env_file() of systemd 252 has them. */
static void values_are_what_systemd_makes_of_them(void **state)
{
	static const struct {
		const char *text, *value; /* of A; NULL: none */
	} files[] = {
		{ "A=\"a\\\"b\"\n", "a\"b" },
		{ "A=a\\\"b\\\\c\\d\n", "a\"b\\cd" },
		{ "A=\"a\\\nb\\n\\$\\`\\\\\"\n", "ab\\n$`\\" },
		{ "A=\"a\nb\"\n", "a\nb" },
		{ "A='a\\b\nc'\n", "a\\b\nc" },
		{ "A='x' 'y'z \n", "xyz" },
		{ "A='it'\"'\"s\n", "it's" },
		{ "A=x'y'\n", "x'y'" },
		{ "A=\"x\"#y\n", "x#y" },
		{ "A=1 # no\n", "1 # no" },
		{ "A=a\\\n b\n", "a b" },
		{ "A= \\ x \\ \nB=1", " x  " },
		{ "A=x \\\n  \n", "x " },
		{ " A\t=\t1\r\n", "1" },
		{ "A=x\\", "x" },
		{ "A='open\nB=1", "open\nB=1" },
		{ "A=\"open\\", "open" },
		{ "A=1\nA=2\n", "2" },
		{ "# c\\\nA=1\n", NULL },
		{ "# c \\\\\n;c\\\n\nA=1\n", "1" },
		{ "=\"\nA=1", "1" },
		{ "export A=1\n", NULL },
		{ "A=1\nB=\xff\n", NULL },
	};

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unsetenv("A");
		unsetenv("B");
		load(files[i].text);
		if (files[i].value)
			assert_string_equal(getenv("A"), files[i].value);
		else
			assert_null(getenv("A"));
	}
}

static void a_file_with_a_nul_or_too_long_sets_nothing(void **state)
{
	static const char nul[] = "A=1\nB=\0\n";
	char *text = malloc(ENVIRONMENT_BYTES + 2);

	assert_null(environment_parse(nul, sizeof(nul) - 1));
	memset(text, '\n', ENVIRONMENT_BYTES + 1);
	text[ENVIRONMENT_BYTES + 1] = '\0';
	memcpy(text, "TE_LONG=1", 9);
	load(text);
	assert_null(getenv("TE_LONG"));
	text[ENVIRONMENT_BYTES] = '\0';
	load(text);
	assert_string_equal(getenv("TE_LONG"), "1");
	free(text);
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
		cmocka_unit_test(values_are_what_systemd_makes_of_them),
		cmocka_unit_test(a_file_with_a_nul_or_too_long_sets_nothing),
		cmocka_unit_test(what_is_no_line_of_it_sets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
