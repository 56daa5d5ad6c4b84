/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool upload: status, retry. */
#include <stdlib.h>
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/listing.h"
#include "tools/wirespool/show.h"

static const char *const heads[] = { "NAME", "STATE", ">DONE", ">OF", ">TRIES", "NEXT TRY", "LAST ERROR" };

static void put_cells(struct table *table, const json_t *row)
{
	char done[FIGURE_BYTES], total[FIGURE_BYTES], next[FIGURE_BYTES];
	bool growing = json_is_true(json_object_get(row, "growing"));

	table_cell(table, "%s", show_text(row, "name"));
	table_cell(table, "%s%s", show_text(row, "state"), growing ? ", growing" : "");
	table_cell(table, "%s", figure_size(done, show_number(row, "bytes_done")));
	table_cell(table, "%s", growing ? "-" : figure_size(total, show_number(row, "bytes_total")));
	table_cell(table, "%llu", (unsigned long long)show_number(row, "tries"));
	table_cell(table, "%s", figure_time(next, json_string_value(json_object_get(row, "next_try"))));
	table_cell(table, "%s", show_text(row, "error"));
}

int uploads_status(const struct args *args)
{
	static const struct listing listing = { heads, 7, put_cells, "nothing waits to be uploaded" };

	return listing_run(args, client_path("/api/v1/uploads", "", ""), &listing);
}

static bool retry_one(struct client *client, const char *name, const struct args *args)
{
	char *path = client_path("/api/v1/uploads/", name, "/retry");
	json_t *answer = client_call(client, "POST", path, name);
	bool good = answer;

	if (good)
		printf("%s: %s\n", name, show_text(answer, "state"));
	json_decref(answer);
	free(path);
	return good;
}

int uploads_retry(const struct args *args)
{
	return client_each_word(args, retry_one);
}
