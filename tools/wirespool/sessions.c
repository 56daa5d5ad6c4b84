/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool sessions: list, show, stop. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/listing.h"
#include "tools/wirespool/show.h"

static const char *const heads[] = { "ID", "STATE", "ROOM", "PARTICIPANT", "CODECS", ">RATE", ">PACKETS",
	">LOST", "OPENED" };
static const char *const track_heads[] = { "TRACK", "CODEC", ">RATE", ">PACKETS", ">LOST", ">JITTER",
	"RECORD" };

static uint64_t sum(const json_t *session, const char *key)
{
	uint64_t total = 0;
	json_t *track;
	size_t i;

	json_array_foreach(json_object_get(session, "tracks"), i, track) total += show_number(track, key);
	return total;
}

/* "VP8,opus" into @buf. */
static void list_codecs(const json_t *session, char *buf, size_t size)
{
	json_t *track;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(json_object_get(session, "tracks"), i, track)
	{
		size_t len = strlen(buf);
		snprintf(buf + len, size - len, "%s%s", i ? "," : "", show_text(track, "codec"));
	}
}

static void put_cells(struct table *table, const json_t *row)
{
	char rate[FIGURE_BYTES], opened[FIGURE_BYTES], codecs[128];

	list_codecs(row, codecs, sizeof(codecs));
	table_cell(table, "%s", show_text(row, "id"));
	table_cell(table, "%s", show_text(row, "state"));
	table_cell(table, "%s", show_text(row, "room"));
	table_cell(table, "%s", show_text(row, "participant"));
	table_cell(table, "%s", codecs);
	table_cell(table, "%s", figure_rate(rate, sum(row, "bitrate_bps")));
	table_cell(table, "%llu", (unsigned long long)sum(row, "packets"));
	table_cell(table, "%llu", (unsigned long long)sum(row, "lost"));
	table_cell(table, "%s", figure_time(opened, json_string_value(json_object_get(row, "opened"))));
}

int sessions_list(const struct args *args)
{
	static const struct listing listing = { heads, 9, put_cells, NULL };
	const char *room = args->values[ARGS_ROOM];

	return listing_run(args,
	        client_path(room ? "/api/v1/sessions?room=" : "/api/v1/sessions", room ? room : "", ""),
	        &listing);
}

static void print_tracks(const json_t *session)
{
	struct table table;
	json_t *track;
	size_t i;

	table_begin(&table, track_heads, 7);
	json_array_foreach(json_object_get(session, "tracks"), i, track)
	{
		char rate[FIGURE_BYTES];

		table_cell(&table, "%s", show_text(track, "id"));
		table_cell(&table, "%s", show_text(track, "codec"));
		table_cell(&table, "%s", figure_rate(rate, show_number(track, "bitrate_bps")));
		table_cell(&table, "%llu", (unsigned long long)show_number(track, "packets"));
		table_cell(&table, "%llu", (unsigned long long)show_number(track, "lost"));
		table_cell(&table, "%.1f ms", json_number_value(json_object_get(track, "jitter_ms")));
		table_cell(&table, "%s", show_text(track, "record"));
	}
	table_print(&table, stdout, isatty(STDOUT_FILENO));
	table_end(&table);
}

static void print_recordings(const json_t *session)
{
	const json_t *recordings = json_object_get(session, "recordings");
	char size[FIGURE_BYTES];
	json_t *recording;
	size_t i;

	json_array_foreach(recordings, i, recording) printf("recorded %s, %s\n", show_text(recording, "name"),
	        figure_size(size, show_number(recording, "size")));
}

static void print_session(const struct args *args, json_t *session)
{
	if (args->values[ARGS_JSON]) {
		show_json(session, stdout);
		return;
	}
	json_t *head = json_copy(session);
	json_object_del(head, "tracks");
	json_object_del(head, "recordings");
	show_object(head, stdout, isatty(STDOUT_FILENO));
	json_decref(head);
	putchar('\n');
	print_tracks(session);
	print_recordings(session);
}

int sessions_show(const struct args *args)
{
	return client_show_word(args, "/api/v1/sessions/", print_session);
}

static bool stop_one(struct client *client, const char *id, const struct args *args)
{
	char *path = client_path("/api/v1/sessions/", id, "");
	json_t *session = client_call(client, "DELETE", path, id);
	bool good = session;

	if (session && args->values[ARGS_JSON]) {
		show_json(session, stdout);
	} else if (session) {
		printf("%s: %s%s%s\n", id, show_text(session, "state"),
		        json_object_get(session, "reason") ? ", " : "",
		        json_object_get(session, "reason") ? show_text(session, "reason") : "");
		print_recordings(session);
	}
	json_decref(session);
	free(path);
	return good;
}

int sessions_stop(const struct args *args)
{
	return client_each_word(args, stop_one);
}
