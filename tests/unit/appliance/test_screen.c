/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/screen.h"

static struct screen s;
static char *text;

static const char *printed(void)
{
	size_t len;
	FILE *out;

	free(text);
	out = open_memstream(&text, &len);
	screen_print(&s, out);
	fclose(out);
	return text;
}

static int setup(void **state)
{
	s.unicode = true;
	return screen_resize(&s, 2, 10);
}

static int teardown(void **state)
{
	screen_free(&s);
	free(text);
	text = NULL;
	return 0;
}

static void text_is_cut_at_its_width_and_at_the_edge(void **state)
{
	assert_int_equal(screen_put(&s, 0, 0, 3, SCREEN_PLAIN, "abcdef"), 3);
	assert_int_equal(screen_put(&s, 1, 8, 50, SCREEN_PLAIN, "xyz"), 2);
	assert_int_equal(screen_put(&s, 2, 0, 5, SCREEN_PLAIN, "below"), 0);
	assert_int_equal(screen_put(&s, 0, 10, 5, SCREEN_PLAIN, "beside"), 0);
	assert_string_equal(printed(), "abc\n        xy\n");
}

static void figures_stand_at_the_right(void **state)
{
	screen_put_right(&s, 0, 2, 5, SCREEN_PLAIN, "12");
	screen_put_right(&s, 1, 2, 3, SCREEN_PLAIN, "12345");
	assert_string_equal(printed(), "     12\n  123\n");
}

static void wide_characters_take_two_cells_or_none(void **state)
{
	assert_int_equal(screen_columns(&s, "会議é"), 5);
	assert_int_equal(screen_put(&s, 0, 0, 3, SCREEN_PLAIN, "会議"), 2);
	assert_int_equal(s.cells[1].c, 0);
	assert_string_equal(printed(), "会\n\n");
}

static void control_and_broken_characters_become_question_marks(void **state)
{
	screen_put(&s, 0, 0, 10, SCREEN_PLAIN, "a\033[2Jb\x7F");
	screen_put(&s, 1, 0, 10, SCREEN_PLAIN, "\xFF\xC3z\xC2\x9B");
	assert_string_equal(printed(), "a?[2Jb?\n\?\?z?\n");
}

static void without_unicode_only_ascii_gets_in(void **state)
{
	s.unicode = false;
	screen_put(&s, 0, 0, 10, SCREEN_PLAIN, "caf\u00e9 \u2588");
	assert_string_equal(printed(), "caf? ?\n\n");
}

static void paint_changes_styles_alone(void **state)
{
	screen_printf(&s, 0, 0, SCREEN_BAD, "%d", 42);
	screen_paint(&s, 0, SCREEN_SELECTED);
	assert_int_equal(s.cells[0].style, SCREEN_SELECTED);
	assert_int_equal(s.cells[9].style, SCREEN_SELECTED);
	assert_string_equal(printed(), "42\n\n");
	screen_paint(&s, 5, SCREEN_SELECTED);
	screen_clear(&s);
	assert_string_equal(printed(), "\n\n");
}

static void the_selected_row_keeps_its_styles(void **state)
{
	assert_int_equal(screen_resize(&s, 2, 3), 0);
	screen_put(&s, 1, 0, 3, SCREEN_BAD, "bad");
	screen_select(&s, 1);
	screen_select(&s, 2);
	assert_true(s.cells[3].is_selected && s.cells[5].is_selected && !s.cells[2].is_selected);
	assert_int_equal(s.cells[3].style, SCREEN_BAD);
	screen_put(&s, 1, 0, 1, SCREEN_PLAIN, "x");
	assert_false(s.cells[3].is_selected);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(text_is_cut_at_its_width_and_at_the_edge),
		CASE(figures_stand_at_the_right), CASE(wide_characters_take_two_cells_or_none),
		CASE(control_and_broken_characters_become_question_marks),
		CASE(without_unicode_only_ascii_gets_in), CASE(paint_changes_styles_alone),
		CASE(the_selected_row_keeps_its_styles) };

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
