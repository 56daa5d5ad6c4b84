/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/command.h"

#include <stdarg.h>
#include <string.h>
#include "tools/wirespool/doctor.h"

#define COMMAND_ROW(name, action, words, least, most, function, options, sentence)                           \
	{ name, action, words, least, most, function, options, sentence },
const struct command command_rows[] = { COMMAND_TABLE(COMMAND_ROW) };
const unsigned command_count = sizeof(command_rows) / sizeof(command_rows[0]);

const struct command *command_find(const char *name, const char *action)
{
	for (unsigned i = 0; i < command_count; i++) {
		const struct command *row = &command_rows[i];

		if (!strcmp(row->name, name) && (!action || !strcmp(row->action, action)))
			return row;
	}
	return NULL;
}

char *command_title(char ret_title[COMMAND_TITLE_BYTES], const struct command *command)
{
	snprintf(ret_title, COMMAND_TITLE_BYTES, "%s%s%s", command->name, command->action[0] ? " " : "",
	        command->action);
	return ret_title;
}

static void print_all(FILE *out)
{
	fputs("usage: wirespool SUBCOMMAND [ACTION] [OPTION ...] [WORD ...]\n"
	      "       wirespool help [SUBCOMMAND] | --help | --version\n\n"
	      "The operator's command: looks after wirespool-dataplane and wirespool-control.\n\n",
	        out);
	for (unsigned i = 0; i < command_count; i++) {
		char title[COMMAND_TITLE_BYTES], line[2 * COMMAND_TITLE_BYTES];

		snprintf(line, sizeof(line), "%s %s", command_title(title, &command_rows[i]),
		        command_rows[i].words);
		fprintf(out, "  %-26s %s\n", line, command_rows[i].sentence);
	}
	fputs("\nExit codes: 0 done, 1 failed, 2 wrong use.\n", out);
}

static void print_checks(FILE *out)
{
	fputs("  checks:\n", out);
	for (unsigned i = 0; i < doctor_check_count; i++)
		fprintf(out, "    %-20s %s\n", doctor_checks[i].name, doctor_checks[i].sentence);
}

static void print_row(const struct command *row, FILE *out)
{
	char title[COMMAND_TITLE_BYTES];

	fprintf(out, "usage: wirespool %s%s%s%s\n  %s\n", command_title(title, row),
	        row->options ? " [OPTION ...]" : "", row->words[0] ? " " : "", row->words, row->sentence);
	for (unsigned i = 0; i < ARGS_COUNT; i++) {
		const struct args_row *option = args_row(i);
		const char letter[] = { '-', option->letter, ',', ' ', 0 };
		char text[32];

		if (!(row->options & 1u << i))
			continue;
		snprintf(text, sizeof(text), "%s--%s%s%s", option->letter ? letter : "", option->name,
		        option->value ? " " : "", option->value ? option->value : "");
		fprintf(out, "    %-20s %s\n", text, option->sentence);
	}
}

bool command_print_help(const char *name, FILE *out)
{
	bool found = false;

	if (!name) {
		print_all(out);
		return true;
	}
	for (unsigned i = 0; i < command_count; i++) {
		if (strcmp(command_rows[i].name, name))
			continue;
		if (found)
			fputc('\n', out);
		print_row(&command_rows[i], out);
		found = true;
	}
	if (!strcmp(name, "doctor"))
		print_checks(out);
	return found;
}

int command_help(const struct args *args)
{
	if (command_print_help(args->count ? args->words[0] : NULL, stdout))
		return COMMAND_DONE;
	command_error("%s: there is no such subcommand; 'wirespool help' lists them", args->words[0]);
	return COMMAND_WRONG_USE;
}

void command_error(const char *format, ...)
{
	va_list list;

	fflush(stdout); /* in the order in which things were said */
	fputs("wirespool: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}
