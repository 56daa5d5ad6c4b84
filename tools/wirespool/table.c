/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void table_begin(struct table *table, const char *const *heads, unsigned columns)
{
	*table = (struct table){ .heads = heads, .columns = columns };
	for (unsigned i = 0; i < columns; i++)
		table->width[i] = table_width(heads[i] + (heads[i][0] == '>'));
}

unsigned table_width(const char *text)
{
	mbstate_t state = { 0 };
	unsigned width = 0;
	wchar_t c;

	for (size_t n; *text; text += n) {
		n = mbrtowc(&c, text, strlen(text), &state);
		if (n == (size_t)-1 || n == (size_t)-2) { /* no UTF-8: a byte is a column */
			memset(&state, 0, sizeof(state));
			n = 1;
			width++;
		} else {
			int columns = wcwidth(c);
			width += columns > 0 ? (unsigned)columns : 0;
		}
	}
	return width;
}

void table_cell(struct table *table, const char *format, ...)
{
	unsigned column = table->cells % table->columns;
	char **texts = realloc(table->texts, (table->cells + 1) * sizeof(*texts)), *text;
	va_list list;

	va_start(list, format);
	if (!texts || vasprintf(&text, format, list) < 0)
		abort();
	va_end(list);
	table->texts = texts;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	texts[table->cells++] = text;
	unsigned width = table_width(text);
	if (width > table->width[column])
		table->width[column] = width;
}

static void print_cell(const struct table *table, unsigned column, const char *text, FILE *out, bool aligned)
{
	bool last = column + 1 == table->columns, right = table->heads[column][0] == '>';
	unsigned width = table_width(text), room = table->width[column];
	int pad = aligned && width < room ? (int)(room - width) : 0;

	if (right)
		fprintf(out, "%*s", pad, "");
	fputs(text, out);
	if (!right && !last)
		fprintf(out, "%*s", pad, "");
	fputs(last ? "\n" : aligned ? "  " : "\t", out);
}

void table_print(struct table *table, FILE *out, bool aligned)
{
	if (!table->headed) {
		for (unsigned i = 0; i < table->columns; i++)
			print_cell(table, i, table->heads[i] + (table->heads[i][0] == '>'), out, aligned);
		table->headed = true;
	}
	for (unsigned i = 0; i < table->cells; i++) {
		print_cell(table, i % table->columns, table->texts[i], out, aligned);
		free(table->texts[i]);
	}
	table->cells = 0;
}

void table_end(struct table *table)
{
	for (unsigned i = 0; i < table->cells; i++)
		free(table->texts[i]);
	free(table->texts);
	table->texts = NULL;
	table->cells = 0;
}
