/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns of a list: as many as the screen has room for, the dearest first, and what is left over goes to
 * those that stretch. One thread. */
#ifndef APPLIANCE_TOP_TABLE_H
#define APPLIANCE_TOP_TABLE_H

#include "appliance/top/screen.h"

#define TABLE_COLUMNS 24
#define TABLE_EXTRA   9 /* columns of this keep and above are nice to have */

struct table_column {
	const char *title;
	unsigned width;   /* at least */
	unsigned wish;    /* that much before there are extras; 0: none */
	unsigned stretch; /* what it gets of what is left over, as a part of the sum of all; 0: none */
	unsigned keep;    /* columns of higher numbers go first when there is no room; 0 stays */
	bool right;       /* figures */
};

struct table {
	const struct table_column *columns;
	unsigned count;
	unsigned at[TABLE_COLUMNS], width[TABLE_COLUMNS]; /* width 0: not shown */
};

/* For a screen of @cols. @columns (at most TABLE_COLUMNS) stay the caller's. */
void table_lay_out(struct table *table, const struct table_column *columns, unsigned count, unsigned cols);
/* The head; the title of column @marked stands out, TABLE_NONE: none does. */
#define TABLE_NONE TABLE_COLUMNS
void table_head(const struct table *table, struct screen *screen, unsigned row, unsigned marked);
void table_cell(const struct table *table, struct screen *screen, unsigned row, unsigned column,
        enum screen_style style, const char *text);

#endif
