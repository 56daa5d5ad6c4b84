/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON of the API as text: fields of objects, lists of rows. Main thread. */
#ifndef TOOLS_WIRESPOOL_SHOW_H
#define TOOLS_WIRESPOOL_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>
#include "tools/wirespool/table.h"

/* Text of @key, "-" when there is none. */
const char *show_text(const json_t *object, const char *key);
/* Number of @key, 0 when there is none. */
uint64_t show_number(const json_t *object, const char *key);

/* One line for each field, "key  value"; fields of an object within have its key before theirs. A list of
 * scalars is one line; of a list of objects the number is told. */
void show_object(const json_t *object, FILE *out, bool aligned);

/* Two-space indented, keys in their order. */
void show_json(const json_t *json, FILE *out);

/* A list whose rows come one by one: a JSON array, or a table. */
struct show_list {
	struct table table;
	FILE *out;
	bool json, aligned;
	unsigned long rows;
	void (*cells)(struct table *table, const json_t *row);
};
void show_list_begin(struct show_list *list, const char *const *heads, unsigned columns,
        void (*cells)(struct table *table, const json_t *row), FILE *out, bool json);
/* For client_list. */
void show_list_row(void *list, json_t *row);
void show_list_page(void *list);
void show_list_end(struct show_list *list);

#endif
