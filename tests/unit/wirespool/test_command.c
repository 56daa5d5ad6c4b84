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
#include "tools/wirespool/command.h"
#include "tools/wirespool/doctor.h"

static char *help_of(const char *name)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	bool found = command_print_help(name, out);
	assert_int_equal(fclose(out), 0);
	if (found)
		return text;
	free(text);
	return NULL;
}

static void every_row_is_found_and_in_the_help(void **state)
{
	char *all = help_of(NULL), title[COMMAND_TITLE_BYTES];

	for (unsigned i = 0; i < command_count; i++) {
		const struct command *row = &command_rows[i];
		char *own = help_of(row->name);

		assert_ptr_equal(command_find(row->name, row->action), row);
		assert_non_null(strstr(all, command_title(title, row)));
		assert_non_null(strstr(own, title));
		assert_non_null(strstr(own, row->sentence));
		assert_true(row->min_words <= row->max_words);
		assert_true(row->max_words == 0 || row->words[0]);
		free(own);
	}
	free(all);
	assert_null(command_find("nonsense", NULL));
	assert_null(command_find("records", "nonsense"));
	assert_null(help_of("nonsense"));
}

static void help_names_a_subcommands_own_options_alone(void **state)
{
	char *help = help_of("check-config");

	assert_non_null(strstr(help, "--config FILE"));
	assert_null(strstr(help, "--room"));
	free(help);
}

static void the_doctors_help_lists_its_checks(void **state)
{
	char *help = help_of("doctor");

	for (unsigned i = 0; i < doctor_check_count; i++)
		assert_non_null(strstr(help, doctor_checks[i].name));
	free(help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_and_in_the_help),
		cmocka_unit_test(help_names_a_subcommands_own_options_alone),
		cmocka_unit_test(the_doctors_help_lists_its_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
