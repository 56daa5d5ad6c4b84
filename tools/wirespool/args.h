/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command line says: a subcommand's row, its options (tools/wirespool/args_table.h) and its words.
 * Main thread. */
#ifndef TOOLS_WIRESPOOL_ARGS_H
#define TOOLS_WIRESPOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include "tools/wirespool/args_table.h"

#define ARGS_ID(id, ...) ARGS_##id,
enum args_id { ARGS_TABLE(ARGS_ID) ARGS_COUNT };

/* A set of options. */
#define ARGS_BIT(id) (1u << ARGS_##id)
#define ARGS_FOREIGN (1u << 31) /* what follows, options too, is for another program: words */
#define ARGS_CALL    (ARGS_BIT(CONFIG) | ARGS_BIT(URL) | ARGS_BIT(TOKEN) | ARGS_BIT(CA_FILE))

struct args_row {
	const char *name, *value, *sentence; /* value NULL: takes none */
	char letter;                         /* 0: none */
};
const struct args_row *args_row(enum args_id id);

struct command;

struct args {
	const struct command *command;
	const char *values[ARGS_COUNT]; /* NULL: not given; "" of one without value */
	char **words;                   /* behind subcommand and action */
	unsigned count;
	bool help;
};

#define ARGS_WHY_BYTES 256

/* Read @argv, whose [1] is a subcommand's name; words are put behind options in @argv. 0, or -EINVAL with a
 * sentence in @ret_why. What is read points into @argv. */
int args_parse(struct args *ret_args, int argc, char **argv, char ret_why[ARGS_WHY_BYTES]);

/* --limit as a number; 0 without it. 0 or -EINVAL. */
int args_limit(const struct args *args, unsigned long *ret_limit);

#endif
