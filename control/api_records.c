/* SPDX-License-Identifier: BSD-3-Clause */
/* /api/records: the list, one sidecar, deletion. The list is put together as text: the catalogue keeps what a
 * listing shows of each sidecar as one JSON object, and only what the file system knows better is put in
 * front of its fields. */
#include "control/route.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/library.h"
#include "control/page.h"

#define API_RECORDS_OPEN_CURSOR "open." /* "open.<started>.<name>": the open ones come first */

enum api_records_state { API_RECORDS_FINISHED, API_RECORDS_OPEN, API_RECORDS_ALL };

struct api_records_list {
	struct catalogue_query query;
	enum api_records_state state;
	FILE *out;
	char *text;
	size_t len;
	unsigned rows;
};

static void api_records_put(
        struct api_records_list *list, const char *name, uint64_t bytes, uint64_t mtime_ns, const char *rest)
{
	char time[CLK_RFC3339_BYTES];
	size_t len = strlen(rest);

	if (list->rows++)
		fputc(',', list->out);
	fprintf(list->out, "{\"name\":\"%s\",\"size\":%" PRIu64 ",\"modTime\":\"%s\",\"url\":\"/records/%s\"",
	        name, bytes, clk_rfc3339(time, mtime_ns, 0), name);
	if (len > 2 && rest[0] == '{' && rest[len - 1] == '}')
		fprintf(list->out, ",%s", rest + 1);
	else
		fputc('}', list->out);
}

static void api_records_put_row(void *arg, const struct catalogue_row *row)
{
	api_records_put(arg, row->name, row->bytes, row->finished_unix_ns, row->sidecar);
}

static void api_records_describe_open(struct jsonw *w, const struct library_open_file *file)
{
	char time[CLK_RFC3339_BYTES];

	jsonw_string(w, "promised", *file->promised ? file->promised : file->name);
	jsonw_string(w, "session", file->session);
	jsonw_string(w, "room", file->room);
	jsonw_string(w, "participant", file->participant);
	jsonw_string(w, "track", file->track);
	jsonw_string(w, "started", clk_rfc3339(time, file->started_unix_ns, 9));
	jsonw_string(w, "state", "open");
	jsonw_bool(w, "uploaded", false);
}

static void api_records_put_open(struct api_records_list *list, const struct library_open_file *file)
{
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	api_records_describe_open(&w, file);
	jsonw_end_object(&w);
	api_records_put(list, file->name, file->bytes, clk_wall_ns(), w.error ? "" : w.text);
	jsonw_reset(&w);
}

static int api_records_newer(const void *a, const void *b)
{
	const struct library_open_file *fa = a, *fb = b;

	if (fa->started_unix_ns != fb->started_unix_ns)
		return fa->started_unix_ns < fb->started_unix_ns ? 1 : -1;
	return strcmp(fb->name, fa->name);
}

/* Whether an open file is asked for: it changes now, so "now" is what since and until are about. */
static bool api_records_wants_open(const struct catalogue_query *query, const struct library_open_file *file)
{
	uint64_t now_ns = clk_wall_ns();

	return (!query->room || !strcmp(query->room, file->room)) &&
	       (!query->session || !strcmp(query->session, file->session)) &&
	       query->since_unix_ns <= now_ns && (!query->until_unix_ns || now_ns < query->until_unix_ns);
}

/* Whether @file comes after the one that the cursor names. -EINVAL: it names none. */
static int api_records_is_after(const char *cursor, const struct library_open_file *file)
{
	struct library_open_file last = { 0 };
	char *end;

	if (!cursor)
		return 1;
	errno = 0;
	last.started_unix_ns = strtoull(cursor, &end, 10);
	if (errno || *cursor < '0' || *cursor > '9' || *end != '.' || !name_valid(end + 1))
		return -EINVAL;
	strcpy(last.name, end + 1);
	return api_records_newer(&last, file) < 0;
}

/* The open ones of the page. *ret_cursor is set when there are more of them than fit. 0 or -EINVAL (cursor).
 */
static int api_records_list_open(
        struct http_request *req, struct api_records_list *list, const char *cursor, char **ret_cursor)
{
	static const struct library_open_file none = { .name = "" };
	struct library_open_file *files, *last = NULL;
	int err = api_records_is_after(cursor, &none) < 0 ? -EINVAL : 0;

	if (err)
		return err;
	unsigned count = library_open_files(http_control(req)->library, &files);
	if (count)
		qsort(files, count, sizeof(files[0]), api_records_newer);
	for (unsigned i = 0; i < count && !*ret_cursor; i++) {
		if (!api_records_wants_open(&list->query, &files[i]) ||
		        !api_records_is_after(cursor, &files[i]))
			continue;
		if (list->rows < list->query.limit) {
			last = &files[i];
			api_records_put_open(list, last);
		} else if (asprintf(ret_cursor, API_RECORDS_OPEN_CURSOR "%" PRIu64 ".%s",
		                   last->started_unix_ns, last->name) < 0) {
			*ret_cursor = NULL;
			err = -ENOMEM;
			break;
		}
	}
	/* A page that the open ones fill exactly is followed by one that begins with the finished ones. */
	if (!err && !*ret_cursor && last && list->rows == list->query.limit &&
	        list->state == API_RECORDS_ALL &&
	        asprintf(ret_cursor, API_RECORDS_OPEN_CURSOR "%" PRIu64 ".%s", last->started_unix_ns,
	                last->name) < 0)
		err = -ENOMEM;
	free(files);
	return err;
}

static int api_records_fill(struct http_request *req, struct api_records_list *list, char **ret_cursor)
{
	const size_t mark = strlen(API_RECORDS_OPEN_CURSOR);
	const char *cursor = list->query.cursor;
	bool in_open = cursor && !strncmp(cursor, API_RECORDS_OPEN_CURSOR, mark);
	int err = 0;

	if (list->state != API_RECORDS_FINISHED && (!cursor || in_open)) {
		err = api_records_list_open(req, list, cursor ? cursor + mark : NULL, ret_cursor);
		list->query.cursor = NULL;
	}
	if (err || *ret_cursor || list->state == API_RECORDS_OPEN)
		return err;
	list->query.limit -= list->rows;
	return catalogue_list(
	        http_control(req)->catalogue, &list->query, api_records_put_row, list, ret_cursor);
}

static bool api_records_parse(struct http_request *req, struct api_records_list *list)
{
	static const char *const states[] = { "finished", "open", "all" };
	const char *state = http_query(req, "state");

	if (state) {
		size_t i = 0;
		while (i < 3 && strcmp(states[i], state))
			i++;
		if (i == 3) {
			http_answer_error(
			        req, 400, "bad_parameter", "state has to be finished, open or all.");
			return false;
		}
		list->state = (enum api_records_state)i;
	}
	return page_limit(req, &list->query.limit) &&
	       page_text(req, "room", LIMIT_ROOM_BYTES, &list->query.room) &&
	       page_text(req, "session", LIMIT_SESSION_ID_BYTES, &list->query.session) &&
	       page_time(req, "since", &list->query.since_unix_ns) &&
	       page_time(req, "until", &list->query.until_unix_ns);
}

void api_records_list(struct http_request *req)
{
	static const char *const keys[] = { "state", "room", "session", "since", "until", "limit", NULL };
	struct api_records_list list = { .query.cursor = http_query(req, "cursor") };
	char *cursor = NULL;

	if (!api_records_parse(req, &list))
		return;
	list.out = open_memstream(&list.text, &list.len);
	if (!list.out) {
		http_answer_error(req, 500, "internal", "No memory.");
		return;
	}
	fputc('[', list.out);
	int err = api_records_fill(req, &list, &cursor);
	fputs("]\n", list.out);
	if (fclose(list.out) && !err)
		err = -ENOMEM;
	if (err == -EINVAL) {
		http_answer_error(req, 400, "bad_parameter", "cursor has to be the one of a Link header.");
	} else if (err) {
		http_answer_error(req, 500, "internal", "The catalogue cannot be read: %s.", strerror(-err));
	} else {
		if (cursor)
			page_set_next(req, keys, cursor);
		http_answer_text(req, 200, "application/json", list.text, list.len);
	}
	free(cursor);
	free(list.text);
}

static void api_records_get_open(struct http_request *req, const char *name)
{
	struct library_open_file file;
	char time[CLK_RFC3339_BYTES];
	struct jsonw w = { 0 };

	if (!library_open_file(http_control(req)->library, name, &file)) {
		http_answer_error(req, 409, "recording_open",
		        "%s was not finished, and nobody is writing it now.", name);
		return;
	}
	jsonw_object(&w, NULL);
	jsonw_string(&w, "name", file.name);
	jsonw_u64(&w, "size", file.bytes);
	jsonw_string(&w, "modTime", clk_rfc3339(time, clk_wall_ns(), 0));
	char url[NAME_BYTES + 16];
	snprintf(url, sizeof(url), "/records/%s", file.name);
	jsonw_string(&w, "url", url);
	api_records_describe_open(&w, &file);
	jsonw_end_object(&w);
	if (w.error)
		http_answer_error(req, 500, "internal", "No memory.");
	else
		http_answer_text(req, 200, "application/json", w.text, w.len);
	jsonw_reset(&w);
}

void api_records_get(struct http_request *req)
{
	struct library *library = http_control(req)->library;
	const char *name = http_param(req, 0);
	struct catalogue_row row;
	int err = library_find(library, name, &row);

	if (err == -EBUSY) {
		api_records_get_open(req, name);
	} else if (err && err != -ENOENT) {
		http_answer_error(req, 500, "internal", "The catalogue cannot be read: %s.", strerror(-err));
	} else {
		json_t *json = err ? NULL : library_sidecar(library, row.name);
		if (json)
			http_answer_json(req, 200, json);
		else
			http_answer_error(req, 404, "not_found", "There is no recording %s.", name);
	}
	if (!err)
		catalogue_row_clear(&row);
}

void api_records_delete(struct http_request *req)
{
	const char *name = http_param(req, 0);
	char deleted[NAME_BYTES];
	int err = library_delete(http_control(req)->library, name, deleted);

	if (err == -ENOENT)
		http_answer_error(req, 404, "not_found", "There is no recording %s.", name);
	else if (err == -EBUSY)
		http_answer_error(req, 409, "recording_open",
		        "%s is still being written: close its session first.", name);
	else if (err)
		http_answer_error(req, 500, "disk_error", "%s cannot be removed: %s.", name, strerror(-err));
	else
		http_answer_json(req, 200, json_pack("{s:s}", "deleted", deleted));
}
