/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/uploads.h"

#include <stdio.h>
#include <string.h>
#include "base/clk.h"

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void text(char *to, size_t size, const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(to, size, "%s", value ? value : "");
}

void uploads_take_sums(struct uploads *u, const json_t *sums)
{
	u->sums = (struct uploads_sums){ .is_known = true,
		.is_on = json_is_object(sums),
		.store_usable = json_is_true(json_object_get(sums, "store_usable")),
		.queued = number(sums, "queued"),
		.active = number(sums, "active"),
		.retrying = number(sums, "retrying"),
		.stopped = number(sums, "stopped"),
		.done = number(sums, "done"),
		.failures = number(sums, "failures"),
		.bytes_sent = number(sums, "bytes_sent"),
		.oldest_unix_ns = number(sums, "oldest_unix_ns") };
}

void uploads_take_list(struct uploads *u, const json_t *list)
{
	json_t *one;
	size_t i;

	u->count = 0;
	json_array_foreach(list, i, one)
	{
		struct uploads_row *row = &u->rows[u->count];
		const char *next_try = json_string_value(json_object_get(one, "next_try"));

		if (u->count == UPLOADS_ROWS)
			break;
		memset(row, 0, sizeof(*row));
		text(row->name, sizeof(row->name), one, "name");
		text(row->state, sizeof(row->state), one, "state");
		text(row->error, sizeof(row->error), one, "error");
		row->growing = json_is_true(json_object_get(one, "growing"));
		row->bytes_done = number(one, "bytes_done");
		row->bytes_total = number(one, "bytes_total");
		row->tries = number(one, "tries");
		if (next_try && clk_parse_rfc3339(next_try, &row->next_try_unix_ns))
			row->next_try_unix_ns = 0;
		u->count++;
	}
}

void uploads_forget(struct uploads *u)
{
	u->sums = (struct uploads_sums){ .is_known = false };
	u->count = 0;
}
