/* SPDX-License-Identifier: BSD-3-Clause */
/* Subcommands (tools/wirespool/command_table.h): finding one, their help, how they tell what went wrong. Main
 * thread. */
#ifndef TOOLS_WIRESPOOL_COMMAND_H
#define TOOLS_WIRESPOOL_COMMAND_H

#include <limits.h>
#include <stdio.h>
#include "tools/wirespool/args.h"
#include "tools/wirespool/command_table.h"

/* Exit codes of all commands. */
enum command_exit { COMMAND_DONE, COMMAND_FAILED, COMMAND_WRONG_USE };

#define COMMAND_ANY UINT_MAX

/* Returns the exit code, and has told what went wrong. */
typedef int command_fn(const struct args *args);
#define COMMAND_DECLARE(name, action, words, least, most, function, ...) command_fn function;
COMMAND_TABLE(COMMAND_DECLARE)

struct command {
	const char *name, *action, *words;
	unsigned min_words, max_words;
	command_fn *run;
	unsigned options;
	const char *sentence;
};

extern const struct command command_rows[];
extern const unsigned command_count;

/* The row of @name's @action; NULL: the first of @name. NULL: there is none. */
const struct command *command_find(const char *name, const char *action);

#define COMMAND_TITLE_BYTES 64
/* "records list" into @ret_title; returns it. */
char *command_title(char ret_title[COMMAND_TITLE_BYTES], const struct command *command);

/* All of them, or the rows of @name with their options. False: there is no @name. */
bool command_print_help(const char *name, FILE *out);

/* "wirespool: …" as a line on standard error. */
void command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
