/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool: the operator's command. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/environment.h"

/* 0, or 1 when what was printed did not arrive. */
static int finish_output(int code)
{
	bool lost = fflush(stdout) || ferror(stdout);

	return lost && code == COMMAND_DONE ? COMMAND_FAILED : code;
}

int main(int argc, char **argv)
{
	char why[ARGS_WHY_BYTES];
	struct args args;

	setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of what is not ASCII */
	log_setup("wirespool", LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("wirespool " WIRESPOOL_VERSION);
		return finish_output(COMMAND_DONE);
	}
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		command_print_help(NULL, argc < 2 ? stderr : stdout);
		return argc < 2 ? COMMAND_WRONG_USE : finish_output(COMMAND_DONE);
	}
	if (args_parse(&args, argc, argv, why)) {
		const struct command *known = command_find(argv[1], NULL);

		command_error("%s; try 'wirespool help%s%s'", why, known ? " " : "", known ? argv[1] : "");
		return COMMAND_WRONG_USE;
	}
	if (args.help) {
		command_print_help(args.command->name, stdout);
		return finish_output(COMMAND_DONE);
	}
	if (!args.values[ARGS_CONFIG])
		environment_load(ENVIRONMENT_PATH);
	return finish_output(args.command->run(&args));
}
