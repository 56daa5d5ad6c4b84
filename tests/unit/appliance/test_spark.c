/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include "appliance/top/history.h"
#include "appliance/top/spark.h"

static double value(const void *arg, unsigned back)
{
	return history_get(arg, back);
}

static void draws(const struct history *h, bool unicode, const char *want)
{
	struct screen s = { .unicode = unicode };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(screen_resize(&s, 1, 6), 0);
	spark_draw(&s, &(struct spark_box){ 0, 0, 6, 1, SCREEN_GOOD }, history_max(h, 6), value, h);
	screen_print(&s, out);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
	screen_free(&s);
}

static void the_newest_stands_at_the_right_end(void **state)
{
	struct history h = { 0 };

	draws(&h, true, "\n");
	history_add(&h, 100);
	history_add(&h, 0);
	history_add(&h, NAN);
	history_add(&h, 50);
	draws(&h, true, "  █  ▄\n");
	draws(&h, false, "  @  =\n");
}

static void a_high_course_has_levels_in_each_row(void **state)
{
	struct screen s = { .unicode = true };
	struct history h = { 0 };

	history_add(&h, 16);
	history_add(&h, 9);
	history_add(&h, 8);
	history_add(&h, 0.1);
	assert_int_equal(screen_resize(&s, 3, 4), 0);
	spark_draw(&s, &(struct spark_box){ 1, 0, 4, 2, SCREEN_WARNING }, 16, value, &h);
	for (unsigned col = 0; col < 4; col++) {
		assert_int_equal(s.cells[col].c, L' ');
		assert_int_equal(s.cells[4 + col].c, L"█▁  "[col]);
		assert_int_equal(s.cells[8 + col].c, L"███▁"[col]);
		assert_int_equal(s.cells[8 + col].style, SCREEN_WARNING);
	}
	screen_free(&s);
}

static void a_bar_of_lines_needs_no_edges(void **state)
{
	struct screen s = { .unicode = true };

	assert_int_equal(screen_resize(&s, 1, 4), 0);
	spark_bar(&s, 0, 0, 4, SCREEN_GOOD, 0.5);
	for (unsigned col = 0; col < 4; col++) {
		assert_int_equal(s.cells[col].c, L"━━──"[col]);
		assert_int_equal(s.cells[col].style, col < 2 ? SCREEN_GOOD : SCREEN_DIM);
	}
	screen_free(&s);
}

static void a_history_keeps_the_last_values(void **state)
{
	struct history h = { 0 };

	for (unsigned i = 0; i < HISTORY_VALUES + 5; i++)
		history_add(&h, i);
	assert_float_equal(history_get(&h, 0), HISTORY_VALUES + 4, 0);
	assert_float_equal(history_get(&h, HISTORY_VALUES - 1), 5, 0);
	assert_true(isnan(history_get(&h, HISTORY_VALUES)));
	assert_float_equal(history_max(&h, 3), HISTORY_VALUES + 4, 0);
}

static void a_bar_is_as_full_as_its_part(void **state)
{
	static const struct {
		double part;
		const char *want;
	} cases[] = { { 0, "[    ]\n" }, { 0.5, "[||  ]\n" }, { 1, "[||||]\n" }, { 7, "[||||]\n" },
		{ -1, "[    ]\n" } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct screen s = { 0 };
		char *text;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_int_equal(screen_resize(&s, 1, 6), 0);
		spark_bar(&s, 0, 0, 6, SCREEN_GOOD, cases[i].part);
		screen_print(&s, out);
		fclose(out);
		assert_string_equal(text, cases[i].want);
		free(text);
		screen_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_newest_stands_at_the_right_end),
		cmocka_unit_test(a_high_course_has_levels_in_each_row),
		cmocka_unit_test(a_bar_of_lines_needs_no_edges),
		cmocka_unit_test(a_history_keeps_the_last_values),
		cmocka_unit_test(a_bar_is_as_full_as_its_part) };

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
