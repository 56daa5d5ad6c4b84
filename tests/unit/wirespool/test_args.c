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
#include "tools/wirespool/args.h"
#include "tools/wirespool/command.h"

static struct args args;
static char why[ARGS_WHY_BYTES];

/* "records list --json" behind the program's name. */
static int parse(const char *line)
{
	static char text[256];
	static char *argv[32];
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	argv[0] = (char *)"wirespool";
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	why[0] = '\0';
	return args_parse(&args, argc, argv, why);
}

static void an_action_and_its_options_are_found(void **state)
{
	assert_int_equal(parse("records list --room demo --json --limit=5"), 0);
	assert_string_equal(args.command->name, "records");
	assert_string_equal(args.command->action, "list");
	assert_string_equal(args.values[ARGS_ROOM], "demo");
	assert_non_null(args.values[ARGS_JSON]);
	assert_string_equal(args.values[ARGS_LIMIT], "5");
	assert_null(args.values[ARGS_ALL]);
	assert_int_equal(args.count, 0);
}

static void without_an_action_the_first_one_is_meant(void **state)
{
	assert_int_equal(parse("records --all"), 0);
	assert_string_equal(args.command->action, "list");
	assert_int_equal(parse("upload"), 0);
	assert_string_equal(args.command->action, "status");
}

static void options_may_stand_anywhere(void **state)
{
	assert_int_equal(parse("records get a.ivf -o b.ivf"), 0);
	assert_string_equal(args.words[0], "a.ivf");
	assert_string_equal(args.values[ARGS_OUTPUT], "b.ivf");
	assert_int_equal(parse("records --url http://x get a.ivf"), 0);
	assert_string_equal(args.words[0], "a.ivf");
	assert_int_equal(parse("records verify -- --odd.ivf"), 0);
	assert_string_equal(args.words[0], "--odd.ivf");
}

static void wrong_use_is_told(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = { { "nonsense", "no such subcommand" }, { "records nonsense", "no 'nonsense'" },
		{ "records show", "needs NAME" }, { "records show a b", "b: one word too many" },
		{ "records list --limit", "--limit: needs a value" },
		{ "sessions --colour", "--colour: unknown option" },
		{ "records rm a.ivf --room r", "--room is not for 'records rm'" },
		{ "check-config --json", "--json is not for 'check-config'" },
		{ "doctor -x", "unknown option" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line), -EINVAL);
		if (!strstr(why, rows[i].why))
			fail_msg("%s: '%s'", rows[i].line, why);
	}
}

static void help_may_be_asked_for_without_words(void **state)
{
	assert_int_equal(parse("records show --help"), 0);
	assert_true(args.help);
}

static void a_limit_is_a_number_from_1_on(void **state)
{
	unsigned long limit;

	assert_int_equal(parse("records list"), 0);
	assert_int_equal(args_limit(&args, &limit), 0);
	assert_int_equal(limit, 0);
	assert_int_equal(parse("records list --limit 1000000"), 0);
	assert_int_equal(args_limit(&args, &limit), 0);
	assert_int_equal(limit, 1000000);
	static const char *const bad[] = { "records list --limit 0", "records list --limit -1",
		"records list --limit 5x", "records list --limit 99999999999999999999" };
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(parse(bad[i]), 0);
		assert_int_equal(args_limit(&args, &limit), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_action_and_its_options_are_found),
		cmocka_unit_test(without_an_action_the_first_one_is_meant),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(wrong_use_is_told),
		cmocka_unit_test(help_may_be_asked_for_without_words),
		cmocka_unit_test(a_limit_is_a_number_from_1_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
