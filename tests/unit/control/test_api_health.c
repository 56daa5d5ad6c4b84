/* SPDX-License-Identifier: BSD-3-Clause */
/* Readiness by its parts; the server, the dataplane and the uploader are played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/conf.h"
#include "base/stat.h"
#include "control/audit.h"
#include "control/budget.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/route.h"
#include "uploader/uploader.h"

static char dir[] = "/tmp", run_dir[] = "/run/none", endpoint[] = "store.example";
static struct conf conf = { .record_dir = dir, .dataplane_run_dir = run_dir, .s3_endpoint = endpoint };
static struct control control = { .conf = &conf };
static struct uploader_counts counts;
static bool is_up;
static struct event_base *loop;
static struct stat_segment *counters;
static int status;
static json_t *answer;
static char *text;

struct control *http_control(const struct http_request *req)
{
	return &control;
}

void http_answer_json(struct http_request *req, int s, json_t *json)
{
	status = s;
	json_decref(answer);
	answer = json;
}

void http_answer_text(struct http_request *req, int s, const char *content_type, const char *t, size_t len)
{
	status = s;
	free(text);
	text = strndup(t, len);
}

void http_answer_error(struct http_request *req, int s, const char *code, const char *format, ...)
{
	status = s;
}

bool dataplane_is_up(struct dataplane *dataplane)
{
	return is_up;
}

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	if (is_up)
		use(arg, counters);
	return is_up;
}

void uploader_account(struct uploader *uploader, struct uploader_account *ret_account)
{
	*ret_account = (struct uploader_account){ 0 };
}

void uploader_backlog(struct uploader *uploader, struct uploader_backlog *ret_backlog)
{
	*ret_backlog = (struct uploader_backlog){ 0 };
}

void uploader_counts(struct uploader *uploader, struct uploader_counts *ret_counts)
{
	*ret_counts = counts;
}

static int set_up(void **state)
{
	const struct stat_cfg cfg = { .instances = { [STAT_SCOPE_PROC] = 1,
		                              [STAT_SCOPE_PORT] = 1,
		                              [STAT_SCOPE_LCORE] = 2,
		                              [STAT_SCOPE_WRITER] = 1 } };
	char path[] = "/tmp/test_api_health.XXXXXX";
	bool fresh;

	close(mkstemp(path));
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	unlink(path);
	loop = event_base_new();
	assert_int_equal(audit_create(&control.audit, &control, loop), 0);
	assert_int_equal(budget_create(&control.budget, &control, loop), 0);
	is_up = true;
	control.uploader = NULL;
	conf.record_dir = dir;
	conf.record_min_free_mb = 0;
	memset(&counts, 0, sizeof(counts));
	return catalogue_open(&control.catalogue, ":memory:", &fresh);
}

static int tear_down(void **state)
{
	catalogue_close(control.catalogue);
	budget_free(control.budget);
	audit_free(control.audit);
	event_base_free(loop);
	stat_close(counters);
	json_decref(answer);
	answer = NULL;
	free(text);
	text = NULL;
	return 0;
}

static const char *reason(const char *check)
{
	json_t *result = json_object_get(json_object_get(answer, "checks"), check);
	bool ok = json_is_true(json_object_get(result, "ok"));

	assert_int_equal(ok, json_object_get(result, "reason") == NULL);
	return ok ? "" : json_string_value(json_object_get(result, "reason"));
}

static void assert_ready(bool ready)
{
	api_health_ready(NULL);
	assert_int_equal(status, ready ? 200 : 503);
	assert_int_equal(json_is_true(json_object_get(answer, "ready")), ready);
}

static void all_is_well(void **state)
{
	assert_ready(true);
	assert_string_equal(reason("dataplane"), "");
	assert_string_equal(reason("disk"), "");
	assert_string_equal(reason("store"), "");
	assert_string_equal(reason("catalogue"), "");
	api_health_live(NULL);
	assert_int_equal(status, 200);
}

static void without_dataplane_it_is_not_ready(void **state)
{
	is_up = false;
	assert_ready(false);
	assert_non_null(strstr(reason("dataplane"), "/run/none/control.sock"));
	assert_string_equal(reason("disk"), "");
}

static void a_disk_that_does_not_take_writes_is_not_ready(void **state)
{
	static char missing[] = "/nonexistent", device[] = "/dev/null";

	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_disk_error, EROFS);
	assert_ready(false);
	assert_non_null(strstr(reason("disk"), "Read-only file system"));
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_disk_error, 0);
	assert_ready(true);
	conf.record_min_free_mb = 1073741824;
	assert_ready(false);
	assert_non_null(strstr(reason("disk"), "min_free_mb"));
	conf.record_dir = missing;
	assert_ready(false);
	assert_non_null(strstr(reason("disk"), "No such file"));
	conf.record_dir = device;
	assert_ready(false);
}

static void a_store_that_refuses_is_not_ready(void **state)
{
	control.uploader = (struct uploader *)&counts;
	assert_ready(true); /* nothing was asked of it yet */
	strcpy(counts.last_error, "403 SignatureDoesNotMatch");
	assert_ready(false);
	assert_string_equal(reason("store"), "store.example: 403 SignatureDoesNotMatch");
	counts.store_usable = true;
	assert_ready(true);
}

static void see_row(void *arg, const struct catalogue_row *row)
{
}

/* Garbage under a catalogue that is in use; what it has cached is made stale by a change of somebody else's.
 */
static void damage(const char *path)
{
	char garbage[4096];
	sqlite3 *other;
	int fd = open(path, O_WRONLY);

	memset(garbage, 0xA5, sizeof(garbage));
	for (int i = 1; i < 40; i++)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), i * 4096), sizeof(garbage));
	close(fd);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	sqlite3_exec(other, "PRAGMA user_version = 1", NULL, NULL, NULL);
	sqlite3_close(other);
}

static void a_catalogue_that_is_damaged_is_not_ready(void **state)
{
	char path[] = "/tmp/test_api_health_db.XXXXXX", command[64];
	struct catalogue_row row = { .bytes = 1 };
	bool fresh;

	close(mkstemp(path));
	for (int pass = 0; pass < 2; pass++) { /* the second has nothing cached */
		catalogue_close(control.catalogue);
		assert_int_equal(catalogue_open(&control.catalogue, path, &fresh), 0);
		for (int i = 0; !pass && i < 500; i++) {
			snprintf(row.name, sizeof(row.name), "demo_v_%d.ivf", i);
			assert_int_equal(catalogue_put(control.catalogue, &row), 0);
		}
	}
	assert_ready(true);
	assert_string_equal(reason("catalogue"), "");
	damage(path);
	for (int i = 0; i < 3 && !catalogue_walk(control.catalogue, see_row, NULL); i++)
		catalogue_put(control.catalogue, &row);
	assert_ready(false);
	assert_non_null(strstr(reason("catalogue"), "made anew"));
	assert_true(catalogue_recover(control.catalogue));
	assert_ready(true);
	snprintf(command, sizeof(command), "rm -f %s*", path);
	assert_int_equal(system(command), 0);
}

static void counters_are_told_as_json(void **state)
{
	stat_set(stat_slot(counters, STAT_SCOPE_LCORE, 1), STAT_LCORE_rx_pkts, 77);
	stat_set_label(counters, STAT_SCOPE_PORT, 0, "net0");
	control.uploader = (struct uploader *)&counts;
	counts.done = 5;
	api_health_stats(NULL);
	json_t *dataplane = json_object_get(answer, "dataplane");
	assert_int_equal(json_array_size(json_object_get(dataplane, "lcore")), 2);
	assert_int_equal(json_integer_value(json_object_get(
	                         json_array_get(json_object_get(dataplane, "lcore"), 1), "rx_pkts")),
	        77);
	assert_string_equal(json_string_value(json_object_get(
	                            json_array_get(json_object_get(dataplane, "port"), 0), "label")),
	        "net0");
	assert_true(json_is_object(json_object_get(dataplane, "proc")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(answer, "uploads"), "done")), 5);
	assert_true(json_is_array(json_object_get(json_object_get(answer, "ledger"), "unaccounted")));
	is_up = false;
	api_health_stats(NULL);
	assert_true(json_is_null(json_object_get(answer, "dataplane")));
}

static void counters_are_told_to_prometheus(void **state)
{
	control.uploader = (struct uploader *)&counts;
	counts.failures = 3;
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_sessions_open, 2);
	api_health_metrics(NULL);
	assert_int_equal(status, 200);
	assert_non_null(strstr(text, "\nwirespool_proc_sessions_open"));
	assert_non_null(strstr(text, "\nwirespool_uploads_failures_total 3\n"));
	assert_non_null(strstr(text, "\nwirespool_control_recordings 0\n"));
	assert_non_null(strstr(text, "\nwirespool_unaccounted_packets{account=\"ports\"} 0\n"));
	assert_non_null(strstr(text, "\nwirespool_control_dataplane_up 1\n"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(all_is_well),
		CASE(without_dataplane_it_is_not_ready),
		CASE(a_disk_that_does_not_take_writes_is_not_ready),
		CASE(a_store_that_refuses_is_not_ready),
		CASE(a_catalogue_that_is_damaged_is_not_ready),
		CASE(counters_are_told_as_json),
		CASE(counters_are_told_to_prometheus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
