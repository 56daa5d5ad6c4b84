/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/table.h"

#include <string.h>

static unsigned width_of(const struct table *t)
{
	unsigned total = 0;

	for (unsigned i = 0; i < t->count; i++)
		total += t->width[i] ? t->width[i] + 1 : 0;
	return total ? total - 1 : 0;
}

/* The shown column that is missed the least, or count. */
static unsigned least(const struct table *t)
{
	unsigned found = t->count;

	for (unsigned i = 0; i < t->count; i++) {
		if (t->width[i] && t->columns[i].keep &&
		        (found == t->count || t->columns[i].keep >= t->columns[found].keep))
			found = i;
	}
	return found;
}

/* What all columns lack that wish for more. */
static unsigned wished(const struct table *t)
{
	unsigned total = 0;

	for (unsigned i = 0; i < t->count; i++)
		total += t->width[i] && t->columns[i].wish > t->width[i] ? t->columns[i].wish - t->width[i]
		                                                         : 0;
	return total;
}

/* Give @left columns by wishes. Returns what is left then. */
static unsigned grant(struct table *t, unsigned left)
{
	for (unsigned i = 0; i < t->count && left; i++) {
		unsigned lacks = t->width[i] && t->columns[i].wish > t->width[i]
		                         ? t->columns[i].wish - t->width[i]
		                         : 0;

		lacks = lacks < left ? lacks : left;
		t->width[i] += lacks;
		left -= lacks;
	}
	return left;
}

static void stretch(struct table *t, unsigned left)
{
	unsigned parts = 0;

	for (unsigned i = 0; i < t->count; i++)
		parts += t->width[i] ? t->columns[i].stretch : 0;
	for (unsigned i = 0; parts && i < t->count; i++)
		t->width[i] += t->width[i] ? left * t->columns[i].stretch / parts : 0;
}

void table_lay_out(struct table *t, const struct table_column *columns, unsigned count, unsigned cols)
{
	unsigned at = 0, out;

	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->count = count;
	for (unsigned i = 0; i < count; i++)
		t->width[i] = columns[i].width;
	while ((out = least(t)) < count &&
	        width_of(t) + (columns[out].keep >= TABLE_EXTRA ? wished(t) : 0) > cols)
		t->width[out] = 0;
	if (width_of(t) < cols)
		stretch(t, grant(t, cols - width_of(t)));
	for (unsigned i = 0; i < count; i++) {
		t->at[i] = at;
		at += t->width[i] ? t->width[i] + 1 : 0;
	}
}

void table_cell(const struct table *t, struct screen *s, unsigned row, unsigned column,
        enum screen_style style, const char *text)
{
	if (!t->width[column])
		return;
	if (t->columns[column].right)
		screen_put_right(s, row, t->at[column], t->width[column], style, text);
	else
		screen_put(s, row, t->at[column], t->width[column], style, text);
}

void table_head(const struct table *t, struct screen *s, unsigned row, unsigned marked)
{
	screen_paint(s, row, SCREEN_HEAD);
	for (unsigned i = 0; i < t->count; i++)
		table_cell(t, s, row, i, i == marked ? SCREEN_SELECTED : SCREEN_HEAD, t->columns[i].title);
}
