/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "appliance/top/table.h"

static const struct table_column columns[] = {
	{ .title = "name", .width = 6, .stretch = 3 },
	{ .title = "a", .width = 4, .keep = 1, .right = true },
	{ .title = "b", .width = 4, .keep = 2, .right = true },
	{ .title = "note", .width = 6, .stretch = 1, .keep = 3 },
};
#define COLUMNS 4

static struct table t;

static void the_cheapest_columns_go_first(void **state)
{
	table_lay_out(&t, columns, COLUMNS, 23);
	assert_true(t.width[3] == 6 && t.width[2] == 4);
	table_lay_out(&t, columns, COLUMNS, 22);
	assert_true(t.width[3] == 0 && t.width[2] == 4);
	table_lay_out(&t, columns, COLUMNS, 12);
	assert_true(t.width[2] == 0 && t.width[1] == 4);
	table_lay_out(&t, columns, COLUMNS, 3);
	assert_true(t.width[1] == 0 && t.width[0] == 6);
}

static void wishes_come_before_extras(void **state)
{
	static const struct table_column some[] = { { .title = "name", .width = 4, .wish = 10, .stretch = 1 },
		{ .title = "a", .width = 4 }, { .title = "x", .width = 4, .keep = TABLE_EXTRA } };

	table_lay_out(&t, some, 3, 19);
	assert_true(t.width[0] == 14 && t.width[2] == 0);
	table_lay_out(&t, some, 3, 20);
	assert_true(t.width[0] == 10 && t.width[2] == 4);
	table_lay_out(&t, some, 3, 12);
	assert_true(t.width[0] == 7 && t.width[2] == 0);
}

static void what_is_left_over_is_shared_out(void **state)
{
	table_lay_out(&t, columns, COLUMNS, 43);
	assert_int_equal(t.width[0], 21);
	assert_int_equal(t.width[3], 11);
	assert_int_equal(t.at[1], 22);
	assert_int_equal(t.at[3], 32);
}

static void cells_stand_under_their_titles(void **state)
{
	struct screen s = { 0 };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(screen_resize(&s, 2, 16), 0);
	table_lay_out(&t, columns, COLUMNS, 16);
	table_head(&t, &s, 0, TABLE_NONE);
	table_cell(&t, &s, 1, 0, SCREEN_PLAIN, "much too long");
	table_cell(&t, &s, 1, 1, SCREEN_PLAIN, "12");
	table_cell(&t, &s, 1, 3, SCREEN_PLAIN, "hidden");
	screen_print(&s, out);
	fclose(out);
	assert_string_equal(text, "name      a    b\nmuch t   12\n");
	free(text);
	screen_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_cheapest_columns_go_first),
		cmocka_unit_test(wishes_come_before_extras),
		cmocka_unit_test(what_is_left_over_is_shared_out),
		cmocka_unit_test(cells_stand_under_their_titles) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
