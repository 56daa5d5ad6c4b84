/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW_REALS     JSON_REAL_PRECISION(15) /* as they were sent; 17 digits make 0.1 longer */
#define SHOW_KEY_BYTES 128

const char *show_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

uint64_t show_number(const json_t *object, const char *key)
{
	double value = json_number_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* A scalar without quotes, to be freed. */
static char *scalar(const json_t *value)
{
	char *text = json_is_string(value) ? strdup(json_string_value(value))
	                                   : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | SHOW_REALS);

	if (!text)
		abort();
	return text;
}

static bool is_scalar(const json_t *value)
{
	return !json_is_array(value) && !json_is_object(value);
}

/* A list in one cell. */
static void add_array(struct table *table, const char *key, const json_t *array)
{
	char *text = NULL;
	size_t len = 0, i;
	FILE *out = open_memstream(&text, &len);
	json_t *value;

	if (!out)
		abort();
	if (json_array_size(array) && !is_scalar(json_array_get(array, 0)))
		fprintf(out, "%zu (see --json)", json_array_size(array));
	else
		json_array_foreach(array, i, value)
		{
			char *one = scalar(value);
			fprintf(out, "%s%s", i ? " " : "", one);
			free(one);
		}
	if (fclose(out))
		abort();
	table_cell(table, "%s", key);
	table_cell(table, "%s", *text ? text : "-");
	free(text);
}

static void add_fields(struct table *table, const char *prefix, const json_t *object, unsigned depth)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char name[SHOW_KEY_BYTES], *text;

		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (json_is_object(value) && depth < 3) {
			add_fields(table, name, value, depth + 1);
		} else if (json_is_array(value)) {
			add_array(table, name, value);
		} else {
			text = scalar(value);
			table_cell(table, "%s", name);
			table_cell(table, "%s", text);
			free(text);
		}
	}
}

void show_object(const json_t *object, FILE *out, bool aligned)
{
	static const char *const heads[] = { "FIELD", "VALUE" };
	struct table table;

	table_begin(&table, heads, 2);
	add_fields(&table, "", object, 0);
	table.headed = true;
	table_print(&table, out, aligned);
	table_end(&table);
}

void show_json(const json_t *json, FILE *out)
{
	json_dumpf(json, out, JSON_INDENT(2) | SHOW_REALS);
	fputc('\n', out);
}

void show_list_begin(struct show_list *list, const char *const *heads, unsigned columns,
        void (*cells)(struct table *table, const json_t *row), FILE *out, bool json)
{
	*list = (struct show_list){ .out = out, .json = json, .cells = cells };
	list->aligned = isatty(fileno(out));
	table_begin(&list->table, heads, columns);
	if (json)
		fputc('[', out);
}

void show_list_row(void *arg, json_t *row)
{
	struct show_list *list = arg;

	if (list->json) {
		fputs(list->rows ? ",\n " : "\n ", list->out);
		json_dumpf(row, list->out, JSON_COMPACT | SHOW_REALS);
	} else {
		list->cells(&list->table, row);
	}
	list->rows++;
}

void show_list_page(void *arg)
{
	struct show_list *list = arg;

	if (!list->json && list->rows)
		table_print(&list->table, list->out, list->aligned);
}

void show_list_end(struct show_list *list)
{
	if (list->json)
		fputs(list->rows ? "\n]\n" : "]\n", list->out);
	table_end(&list->table);
}
