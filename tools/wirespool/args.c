/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/args.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/wirespool/command.h"

#define ARGS_HELP 256 /* values of getopt_long beyond any letter */
#define ARGS_LONG 257

#define ARGS_ROW(id, name, letter, value, sentence) { name, value, sentence, letter },
static const struct args_row rows[] = { ARGS_TABLE(ARGS_ROW) };

const struct args_row *args_row(enum args_id id)
{
	return &rows[id];
}

static void fill_options(struct option options[ARGS_COUNT + 2], char letters[2 * ARGS_COUNT + 2])
{
	strcpy(letters, ":");
	for (unsigned i = 0; i < ARGS_COUNT; i++) {
		options[i] = (struct option){ rows[i].name, rows[i].value ? required_argument : no_argument,
			NULL, ARGS_LONG + (int)i };
		if (rows[i].letter)
			strcat(strncat(letters, &rows[i].letter, 1), rows[i].value ? ":" : "");
	}
	options[ARGS_COUNT] = (struct option){ "help", no_argument, NULL, ARGS_HELP };
	options[ARGS_COUNT + 1] = (struct option){ 0 };
}

static unsigned find_letter(int letter)
{
	unsigned i = 0;

	while (i < ARGS_COUNT && rows[i].letter != letter)
		i++;
	return i;
}

static int parse_options(struct args *args, int argc, char **argv, char why[ARGS_WHY_BYTES])
{
	struct option options[ARGS_COUNT + 2];
	char letters[2 * ARGS_COUNT + 2];

	fill_options(options, letters);
	optind = 0; /* start over, also when called before */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
		if (c == ':' || c == '?') {
			snprintf(why, ARGS_WHY_BYTES, "%s: %s", argv[optind - 1],
			        c == ':' ? "needs a value" : "unknown option");
			return -EINVAL;
		}
		if (c == ARGS_HELP)
			args->help = true;
		else
			args->values[c >= ARGS_LONG ? (unsigned)(c - ARGS_LONG) : find_letter(c)] =
			        optarg ? optarg : "";
	}
	args->words = argv + optind;
	args->count = (unsigned)(argc - optind);
	return 0;
}

/* The row of @name and of the action that the first word says. */
static int find_command(struct args *args, const char *name, char why[ARGS_WHY_BYTES])
{
	const char *word = args->count ? args->words[0] : NULL;

	args->command = command_find(name, NULL);
	if (!args->command) {
		snprintf(why, ARGS_WHY_BYTES, "%s: there is no such subcommand", name);
		return -EINVAL;
	}
	if (!args->command->action[0] || !word)
		return 0;
	args->command = command_find(name, word);
	if (!args->command) {
		snprintf(why, ARGS_WHY_BYTES, "%s: there is no '%s'", name, word);
		return -EINVAL;
	}
	args->words++;
	args->count--;
	return 0;
}

static int check_fit(const struct args *args, char why[ARGS_WHY_BYTES])
{
	const struct command *command = args->command;
	char title[COMMAND_TITLE_BYTES];

	command_title(title, command);
	for (unsigned i = 0; i < ARGS_COUNT; i++) {
		if (!args->values[i] || command->options & 1u << i)
			continue;
		snprintf(why, ARGS_WHY_BYTES, "--%s is not for '%s'", rows[i].name, title);
		return -EINVAL;
	}
	if (args->count < command->min_words)
		snprintf(why, ARGS_WHY_BYTES, "%s needs %s", title, command->words);
	else if (args->count > command->max_words)
		snprintf(why, ARGS_WHY_BYTES, "%s: %s: one word too many", title,
		        args->words[command->max_words]);
	else
		return 0;
	return -EINVAL;
}

int args_parse(struct args *ret_args, int argc, char **argv, char ret_why[ARGS_WHY_BYTES])
{
	const char *name = argv[1];

	*ret_args = (struct args){ .command = command_find(name, NULL) };
	if (ret_args->command && ret_args->command->options & ARGS_FOREIGN) {
		ret_args->words = argv + 2;
		ret_args->count = (unsigned)argc - 2;
		return 0;
	}
	int status = parse_options(ret_args, argc - 1, argv + 1, ret_why);
	if (!status)
		status = find_command(ret_args, name, ret_why);
	if (!status && !ret_args->help)
		status = check_fit(ret_args, ret_why);
	return status;
}

int args_limit(const struct args *args, unsigned long *ret_limit)
{
	const char *text = args->values[ARGS_LIMIT];
	char *end;

	*ret_limit = 0;
	if (!text)
		return 0;
	errno = 0;
	*ret_limit = strtoul(text, &end, 10);
	return errno || *text < '0' || *text > '9' || *end || !*ret_limit ? -EINVAL : 0;
}
