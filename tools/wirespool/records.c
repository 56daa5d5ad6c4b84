/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool records: list, show, rm. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/listing.h"
#include "tools/wirespool/show.h"

static const char *const heads[] = { "NAME", ">SIZE", ">LENGTH", "ROOM", "PARTICIPANT", "CODEC", ">GAPS",
	"STATE", "UPLOADED", "FINISHED" };

static void put_cells(struct table *table, const json_t *row)
{
	char size[FIGURE_BYTES], length[FIGURE_BYTES], time[FIGURE_BYTES];
	const json_t *seconds = json_object_get(row, "duration_s");

	table_cell(table, "%s", show_text(row, "name"));
	table_cell(table, "%s", figure_size(size, show_number(row, "size")));
	table_cell(table, "%s", seconds ? figure_duration(length, json_number_value(seconds)) : "-");
	table_cell(table, "%s", show_text(row, "room"));
	table_cell(table, "%s", show_text(row, "participant"));
	table_cell(table, "%s", show_text(row, "codec"));
	table_cell(table, "%llu", (unsigned long long)show_number(row, "gap_count"));
	table_cell(table, "%s", show_text(row, "state"));
	table_cell(table, "%s", json_is_true(json_object_get(row, "uploaded")) ? "yes" : "no");
	table_cell(table, "%s",
	        strcmp(show_text(row, "state"), "open") ? figure_time(time, show_text(row, "modTime")) : "-");
}

/* "/api/records?room=…&since=…", to be freed. */
static char *list_path(const struct args *args)
{
	static const struct {
		enum args_id id;
		const char *key;
	} filters[] = { { ARGS_ROOM, "room=" }, { ARGS_SINCE, "since=" }, { ARGS_UNTIL, "until=" } };
	char *path =
	        strdup(args->values[ARGS_ALL] ? "/api/records?state=all" : "/api/records?state=finished");

	for (size_t i = 0; path && i < sizeof(filters) / sizeof(filters[0]); i++) {
		const char *value = args->values[filters[i].id];
		char *one, *longer;

		if (!value)
			continue;
		one = client_path(filters[i].key, value, "");
		if (asprintf(&longer, "%s&%s", path, one) < 0)
			abort();
		free(one);
		free(path);
		path = longer;
	}
	if (!path)
		abort();
	return path;
}

int records_list(const struct args *args)
{
	static const struct listing listing = { heads, 10, put_cells, NULL };

	return listing_run(args, list_path(args), &listing);
}

static void print_record(const struct args *args, json_t *record)
{
	if (args->values[ARGS_JSON])
		show_json(record, stdout);
	else
		show_object(record, stdout, isatty(STDOUT_FILENO));
}

int records_show(const struct args *args)
{
	return client_show_word(args, "/api/records/", print_record);
}

static bool remove_one(struct client *client, const char *name, const struct args *args)
{
	char *path = client_path("/api/records/", name, "");
	json_t *answer = client_call(client, "DELETE", path, name);
	bool good = answer;

	if (good)
		printf("%s: removed\n", name);
	json_decref(answer);
	free(path);
	return good;
}

int records_rm(const struct args *args)
{
	return client_each_word(args, remove_one);
}
