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
#include <locale.h>
#include "tools/wirespool/table.h"

static const char *const heads[] = { "NAME", ">N", "LAST" };

static char *printed(struct table *table, bool aligned)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	table_print(table, out, aligned);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect(struct table *table, bool aligned, const char *wanted)
{
	char *text = printed(table, aligned);

	assert_string_equal(text, wanted);
	free(text);
}

static void add(struct table *table, const char *a, const char *b, const char *c)
{
	table_cell(table, "%s", a);
	table_cell(table, "%s", b);
	table_cell(table, "%s", c);
}

static void columns_are_aligned(void **state)
{
	struct table table;

	table_begin(&table, heads, 3);
	add(&table, "a", "1", "x");
	add(&table, "longer", "1000", "y");
	expect(&table, true, "NAME       N  LAST\na          1  x\nlonger  1000  y\n");
	table_end(&table);
}

static void elsewhere_tabs_separate(void **state)
{
	struct table table;

	table_begin(&table, heads, 3);
	add(&table, "a", "1", "x");
	expect(&table, false, "NAME\tN\tLAST\na\t1\tx\n");
	table_end(&table);
}

static void a_second_page_has_no_heads_and_keeps_the_widths(void **state)
{
	struct table table;

	table_begin(&table, heads, 3);
	add(&table, "longer", "1", "x");
	expect(&table, true, "NAME    N  LAST\nlonger  1  x\n");
	add(&table, "b", "2", "y");
	expect(&table, true, "b       2  y\n");
	table_end(&table);
}

static void wide_characters_take_their_room(void **state)
{
	assert_int_equal(table_width("zo\xc3\xab"), 3);
	assert_int_equal(table_width("\xe6\x88\xbf\xe9\x97\xb4"), 4);
	assert_int_equal(table_width("e\xcc\x81"), 1);
	assert_int_equal(table_width("\xff\xfe"), 2);
	assert_int_equal(table_width(""), 0);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct table table;

	table_begin(&table, heads, 3);
	add(&table, "a\033[2J", "1\n", "\x7f");
	expect(&table, false, "NAME\tN\tLAST\na?[2J\t1?\t?\n");
	table_end(&table);
}

static int set_up(void **state)
{
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(elsewhere_tabs_separate),
		cmocka_unit_test(a_second_page_has_no_heads_and_keeps_the_widths),
		cmocka_unit_test(wide_characters_take_their_room),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
