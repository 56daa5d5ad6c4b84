/* SPDX-License-Identifier: BSD-3-Clause */
/* A subcommand that lists: pages of the API as a table or as JSON, by --limit and --json. Main thread. */
#ifndef TOOLS_WIRESPOOL_LISTING_H
#define TOOLS_WIRESPOOL_LISTING_H

#include <jansson.h>
#include "tools/wirespool/args.h"
#include "tools/wirespool/table.h"

struct listing {
	const char *const *heads;
	unsigned columns;
	void (*cells)(struct table *table, const json_t *row);
	const char *none; /* printed instead of a table without rows; NULL: nothing is */
};

/* List what @path has; frees @path. The exit code. */
int listing_run(const struct args *args, char *path, const struct listing *listing);

#endif
