/* SPDX-License-Identifier: BSD-3-Clause */
/* The list, with open recordings in it: over a real catalogue; the server and the library are played by the
 * test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/library.h"
#include "control/query.h"
#include "control/route.h"

static struct control control;
static char query_text[1024], link_header[1024], body[1 << 16], code[64];
static struct query_pair pairs[QUERY_PAIRS];
static int pair_count, status;
static const char *param;
static struct library_open_file open_files[8];
static unsigned open_count;

struct control *http_control(const struct http_request *req)
{
	return &control;
}

const char *http_path(const struct http_request *req)
{
	return "/api/records";
}

const char *http_param(const struct http_request *req, unsigned index)
{
	return param;
}

const char *http_query(const struct http_request *req, const char *key)
{
	return query_get(pairs, (size_t)pair_count, key);
}

void http_set_header(struct http_request *req, const char *name, const char *value)
{
	if (!strcmp(name, "Link"))
		snprintf(link_header, sizeof(link_header), "%s", value);
}

void http_answer_text(struct http_request *req, int s, const char *content_type, const char *text, size_t len)
{
	status = s;
	snprintf(body, sizeof(body), "%.*s", (int)len, text);
}

void http_answer_json(struct http_request *req, int s, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	http_answer_text(req, s, "application/json", text, strlen(text));
	free(text);
	json_decref(json);
}

void http_answer_error(struct http_request *req, int s, const char *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	status = s;
	snprintf(code, sizeof(code), "%s", c);
}

unsigned library_open_files(struct library *library, struct library_open_file **ret_files)
{
	*ret_files = open_count ? malloc(sizeof(open_files)) : NULL;
	if (open_count)
		memcpy(*ret_files, open_files, sizeof(open_files));
	return open_count;
}

bool library_open_file(struct library *library, const char *name, struct library_open_file *ret_file)
{
	for (unsigned i = 0; i < open_count; i++) {
		if (strcmp(open_files[i].name, name))
			continue;
		*ret_file = open_files[i];
		return true;
	}
	return false;
}

/* One answer for each of the cases. */
int library_find(struct library *library, const char *name, struct catalogue_row *ret_row)
{
	struct library_open_file file;

	if (!strcmp(name, "broken.ivf"))
		return -EIO;
	if (library_open_file(library, name, &file) || !strcmp(name, "orphan.ivf"))
		return -EBUSY;
	return catalogue_get(control.catalogue, name, ret_row);
}

json_t *library_sidecar(struct library *library, const char *name)
{
	return strcmp(name, "gone.ivf") ? json_pack("{s:s}", "name", name) : NULL;
}

int library_delete(struct library *library, const char *name, char ret_name[NAME_BYTES])
{
	strcpy(ret_name, name);
	return !strcmp(name, "a.ivf")      ? 0
	       : !strcmp(name, "open.ivf") ? -EBUSY
	       : !strcmp(name, "disk.ivf") ? -EROFS
	                                   : -ENOENT;
}

static void put(const char *name, const char *room, unsigned second, const char *sidecar)
{
	struct catalogue_row row = { .bytes = second, .finished_unix_ns = second * CLK_NS_PER_S };

	strcpy(row.name, name);
	strcpy(row.promised, name);
	strcpy(row.room, room);
	row.sidecar = strdup(sidecar);
	assert_int_equal(catalogue_put(control.catalogue, &row), 0);
	free(row.sidecar);
}

static void open_one(const char *name, const char *room, unsigned second)
{
	struct library_open_file *file = &open_files[open_count++];

	memset(file, 0, sizeof(*file));
	strcpy(file->name, name);
	strcpy(file->room, room);
	strcpy(file->session, "s_1");
	file->bytes = 77;
	file->started_unix_ns = second * CLK_NS_PER_S;
}

static int set_up(void **state)
{
	bool fresh;

	open_count = 0;
	assert_int_equal(catalogue_open(&control.catalogue, ":memory:", &fresh), 0);
	put("a.ivf", "red", 1, "{\"state\":\"finished\",\"frames\":3}");
	put("b.ivf", "blue", 2, "{\"state\":\"finished\"}");
	put("c.ogg", "red", 3, "{}");
	return 0;
}

static int tear_down(void **state)
{
	catalogue_close(control.catalogue);
	return 0;
}

static void list(const char *query)
{
	snprintf(query_text, sizeof(query_text), "%s", query);
	pair_count = query_parse(query_text, pairs, QUERY_PAIRS);
	assert_true(pair_count >= 0);
	body[0] = link_header[0] = code[0] = '\0';
	status = 0;
	api_records_list(NULL);
}

/* The names of the list, as "a.ivf b.ivf ". */
static const char *names(void)
{
	static char text[1024];
	json_t *json = json_loads(body, 0, NULL), *record;
	size_t i;

	assert_int_equal(status, 200);
	assert_true(json_is_array(json));
	text[0] = '\0';
	json_array_foreach(json, i, record)
	        sprintf(text + strlen(text), "%s ", json_string_value(json_object_get(record, "name")));
	json_decref(json);
	return text;
}

/* The query of the Link header. */
static const char *next(void)
{
	static char query[1024];
	char *end;

	assert_int_equal(strncmp(link_header, "</api/records?", 14), 0);
	strcpy(query, link_header + 14);
	end = strstr(query, ">; rel=\"next\"");
	assert_non_null(end);
	*end = '\0';
	return query;
}

static void a_list_has_the_files_figures_and_the_sidecars(void **state)
{
	list("");
	assert_string_equal(body, "[{\"name\":\"c.ogg\",\"size\":3,\"modTime\":\"1970-01-01T00:00:03Z\","
	                          "\"url\":\"/records/c.ogg\"},"
	                          "{\"name\":\"b.ivf\",\"size\":2,\"modTime\":\"1970-01-01T00:00:02Z\","
	                          "\"url\":\"/records/b.ivf\",\"state\":\"finished\"},"
	                          "{\"name\":\"a.ivf\",\"size\":1,\"modTime\":\"1970-01-01T00:00:01Z\","
	                          "\"url\":\"/records/a.ivf\",\"state\":\"finished\","
	                          "\"frames\":3}]\n");
	assert_string_equal(link_header, "");
}

static void an_empty_list_is_an_empty_array(void **state)
{
	list("room=nobody");
	assert_string_equal(body, "[]\n");
}

static void the_link_leads_through_all_pages_with_the_same_filters(void **state)
{
	put("d.ivf", "r&d", 4, "{}");
	put("e.ivf", "r&d", 5, "{}");
	list("limit=1&room=r%26d");
	assert_string_equal(names(), "e.ivf ");
	list(next());
	assert_string_equal(names(), "d.ivf ");
	assert_string_equal(link_header, "");
}

static void open_ones_are_listed_only_when_asked_for(void **state)
{
	open_one("live.ivf", "red", 10);
	list("");
	assert_string_equal(names(), "c.ogg b.ivf a.ivf ");
	list("state=open");
	assert_string_equal(names(), "live.ivf ");
	assert_non_null(strstr(body, "\"size\":77"));
	assert_non_null(strstr(body, "\"state\":\"open\""));
	assert_non_null(strstr(body, "\"promised\":\"live.ivf\""));
	list("state=all");
	assert_string_equal(names(), "live.ivf c.ogg b.ivf a.ivf ");
	list("state=all&room=blue");
	assert_string_equal(names(), "b.ivf ");
	list("state=all&until=2001-01-01T00:00:00Z");
	assert_string_equal(names(), "c.ogg b.ivf a.ivf ");
	list("state=all&since=2001-01-01T00:00:00Z&session=s_1");
	assert_string_equal(names(), "live.ivf ");
	list("state=all&since=1970-01-01T00:00:02Z&until=1970-01-01T00:00:03Z");
	assert_string_equal(names(), "b.ivf ");
}

static void pages_go_from_the_open_ones_on_to_the_finished(void **state)
{
	char all[256] = "";

	open_one("x.ivf", "red", 10);
	open_one("z.ivf", "red", 12);
	open_one("y.ivf", "red", 12);
	for (unsigned limit = 1; limit <= 7; limit++) {
		unsigned pages = 0;
		all[0] = '\0';
		char query[1024];
		snprintf(query, sizeof(query), "state=all&limit=%u", limit);
		do {
			list(query);
			strcat(all, names());
			if (*link_header)
				strcpy(query, next());
		} while (*link_header && ++pages < 10);
		assert_string_equal(all, "z.ivf y.ivf x.ivf c.ogg b.ivf a.ivf ");
	}
	list("state=open&limit=3");
	assert_string_equal(link_header, "");
}

static void a_wrong_parameter_is_named(void **state)
{
	static const struct {
		const char *query, *name;
	} wrong[] = { { "limit=0", "limit" }, { "limit=1001", "limit" }, { "limit=-1", "limit" },
		{ "limit=", "limit" }, { "limit=5x", "limit" }, { "limit=99999999999999999999", "limit" },
		{ "state=", "state" }, { "state=closed", "state" }, { "since=yesterday", "since" },
		{ "until=1", "until" }, { "room=", "room" }, { "room=a%0Ab", "room" }, { "room=%FF", "room" },
		{ "session=%7F", "session" }, { "cursor=x", "cursor" }, { "cursor=", "cursor" },
		{ "cursor=1.../x.ivf", "cursor" }, { "state=all&cursor=open.", "cursor" },
		{ "state=all&cursor=open.5", "cursor" }, { "state=all&cursor=open.5..ivf", "cursor" },
		{ "state=open&cursor=open.-5.a.ivf", "cursor" }, { "cursor=open.5.a.ivf", "cursor" } };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		list(wrong[i].query);
		if (status != 400 || strcmp(code, "bad_parameter") ||
		        strncmp(body, wrong[i].name, strlen(wrong[i].name)))
			fail_msg("%s: %d %s", wrong[i].query, status, body);
	}
}

static void get(const char *name)
{
	param = name;
	status = 0;
	body[0] = code[0] = '\0';
	api_records_get(NULL);
}

static void one_record_is_told(void **state)
{
	open_one("live.ivf", "red", 10);
	get("a.ivf");
	assert_int_equal(status, 200);
	assert_string_equal(body, "{\"name\":\"a.ivf\"}");
	get("live.ivf");
	assert_int_equal(status, 200);
	assert_non_null(strstr(body, "\"url\":\"/records/live.ivf\""));
	assert_non_null(strstr(body, "\"state\":\"open\""));
	get("nobody.ivf");
	assert_int_equal(status, 404);
	put("gone.ivf", "red", 9, "{}");
	get("gone.ivf");
	assert_int_equal(status, 404);
	get("orphan.ivf");
	assert_int_equal(status, 409);
	assert_string_equal(code, "recording_open");
	get("broken.ivf");
	assert_int_equal(status, 500);
}

static void assert_deletes(const char *name, int want_status, const char *want_code)
{
	param = name;
	code[0] = '\0';
	api_records_delete(NULL);
	assert_int_equal(status, want_status);
	assert_string_equal(code, want_code);
}

static void deletion_says_what_became_of_it(void **state)
{
	assert_deletes("a.ivf", 200, "");
	assert_string_equal(body, "{\"deleted\":\"a.ivf\"}");
	assert_deletes("nobody.ivf", 404, "not_found");
	assert_deletes("open.ivf", 409, "recording_open");
	assert_deletes("disk.ivf", 500, "disk_error");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_list_has_the_files_figures_and_the_sidecars),
		CASE(an_empty_list_is_an_empty_array),
		CASE(the_link_leads_through_all_pages_with_the_same_filters),
		CASE(open_ones_are_listed_only_when_asked_for),
		CASE(pages_go_from_the_open_ones_on_to_the_finished),
		CASE(a_wrong_parameter_is_named),
		CASE(one_record_is_told),
		CASE(deletion_says_what_became_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
