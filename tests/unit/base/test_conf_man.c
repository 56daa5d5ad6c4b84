/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/conf_row.h"

static char *page;

static int print(void **state)
{
	size_t size;
	FILE *out = open_memstream(&page, &size);

	conf_print_man(out);
	return fclose(out);
}

static int clean(void **state)
{
	free(page);
	return 0;
}

static void every_option_stands_in_its_section(void **state)
{
	const char *at = page, *section = "";
	char text[256];

	for (int i = 0; i < CONF_ROWS; i++) {
		if (strcmp(section, conf_rows[i].section)) {
			section = conf_rows[i].section;
			snprintf(text, sizeof(text), "\n.SS [%s]\n", section);
			at = strstr(at, text);
			assert_non_null(at);
		}
		snprintf(text, sizeof(text), "\n.TP\n.B %s =", conf_rows[i].key);
		at = strstr(at, text);
		assert_non_null(at);
		at++;
	}
	assert_null(strstr(at, "\n.TP"));
}

/* What begins with a control character without being one of the macros would be lost. */
static void nothing_is_taken_for_a_macro(void **state)
{
	static const char *const macros[] = { "\\\"", "B ", "BR ", "I ", "IR ", "PP", "RE", "RS", "SH ",
		"SS ", "TH ", "TP", "br" };

	for (const char *line = page; *line; line = strchr(line, '\n') + 1) {
		bool known = line[0] != '.' && line[0] != '\'';
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]) && !known; i++)
			known = line[0] == '.' && !strncmp(line + 1, macros[i], strlen(macros[i]));
		if (!known)
			fail_msg("%.60s", line);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_option_stands_in_its_section, print, clean),
		cmocka_unit_test_setup_teardown(nothing_is_taken_for_a_macro, print, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
