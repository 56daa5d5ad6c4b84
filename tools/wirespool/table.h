/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of text in columns: aligned on a terminal, separated by tabs elsewhere. Main thread.
 *
 * Columns are as wide as their widest cell so far; a page that is printed before another is known keeps its
 * widths. Control characters in cells become '?': what is shown comes from strangers. */
#ifndef TOOLS_WIRESPOOL_TABLE_H
#define TOOLS_WIRESPOOL_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS 12

struct table {
	const char *const *heads; /* '>' before one: its column is set to the right */
	unsigned columns, cells;
	char **texts;
	unsigned width[TABLE_COLUMNS];
	bool headed;
};

/* @heads: @columns of them, static. */
void table_begin(struct table *table, const char *const *heads, unsigned columns);

/* The next cell, row by row; aborts when there is no memory. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print the rows that there are, the heads before the first ones, and forget them. */
void table_print(struct table *table, FILE *out, bool aligned);
void table_end(struct table *table);

/* Columns that @text takes on a terminal. */
unsigned table_width(const char *text);

#endif
