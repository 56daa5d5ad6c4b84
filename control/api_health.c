/* SPDX-License-Identifier: BSD-3-Clause */
/* Is it alive, is it ready, and what has it counted: /healthz, /readyz, /metrics, /api/v1/stats. */
#include "control/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/stat.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/disk.h"
#include "control/json_field.h"
#include "control/audit.h"
#include "control/budget.h"
#include "control/metrics.h"
#include "control/times.h"
#include "uploader/uploader.h"

#define API_HEALTH_WHY_BYTES DISK_WHY_BYTES

void api_health_live(struct http_request *req)
{
	http_answer_json(req, 200, json_pack("{s:s, s:s}", "status", "ok", "version", WIRESPOOL_VERSION));
}

/* Each check returns whether all is well, with a sentence that says why not. */
static bool api_health_dataplane(const struct control *control, char why[API_HEALTH_WHY_BYTES])
{
	if (dataplane_is_up(control->dataplane))
		return true;
	snprintf(why, API_HEALTH_WHY_BYTES, "wirespool-dataplane does not answer at %s/%s",
	        control->conf->dataplane_run_dir, MSG_SOCKET);
	return false;
}

static bool api_health_disk(const struct control *control, char why[API_HEALTH_WHY_BYTES])
{
	uint64_t free_bytes;

	return disk_is_usable(control, &free_bytes, why);
}

static bool api_health_catalogue(const struct control *control, char why[API_HEALTH_WHY_BYTES])
{
	if (catalogue_is_usable(control->catalogue))
		return true;
	snprintf(why, API_HEALTH_WHY_BYTES,
	        "its file cannot be gone on with, and is made anew from the "
	        "sidecars: the list of recordings is not whole meanwhile");
	return false;
}

/* Nothing was asked of the store yet: there is nothing to hold against it. */
static bool api_health_store(const struct control *control, char why[API_HEALTH_WHY_BYTES])
{
	struct uploader_counts counts;

	if (!control->uploader)
		return true;
	uploader_counts(control->uploader, &counts);
	if (counts.store_usable || !counts.last_error[0])
		return true;
	snprintf(why, API_HEALTH_WHY_BYTES, "%s: %.255s", control->conf->s3_endpoint, counts.last_error);
	return false;
}

void api_health_ready(struct http_request *req)
{
	static const struct {
		const char *name;
		bool (*check)(const struct control *control, char why[API_HEALTH_WHY_BYTES]);
	} checks[] = { { "dataplane", api_health_dataplane }, { "disk", api_health_disk },
		{ "store", api_health_store }, { "catalogue", api_health_catalogue } };
	json_t *results = json_object();
	bool ready = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		char why[API_HEALTH_WHY_BYTES] = "";
		bool ok = checks[i].check(http_control(req), why);
		ready &= ok;
		json_t *result = json_pack("{s:b}", "ok", ok);
		if (!ok)
			json_field_text(result, "reason", why);
		json_object_set_new(results, checks[i].name, result);
	}
	http_answer_json(req, ready ? 200 : 503, json_pack("{s:b, s:o}", "ready", ready, "checks", results));
}

static void api_health_print_stat(void *arg, const struct stat_segment *stat)
{
	stat_print_prometheus(stat, arg);
}

static void api_health_print_uploads(FILE *out, struct uploader *uploader)
{
	struct uploader_counts counts;

	uploader_counts(uploader, &counts);
#define API_HEALTH_UPLOAD(field, kind, sentence)                                                             \
	metrics_print_one(out, "uploads_" #field, METRICS_##kind, sentence, (uint64_t)counts.field)
	API_HEALTH_UPLOAD(queued, GAUGE, "Uploads that wait for a place, or for their file to grow.");
	API_HEALTH_UPLOAD(active, GAUGE, "Uploads with requests under way.");
	API_HEALTH_UPLOAD(retrying, GAUGE, "Uploads that failed and wait to be tried again.");
	API_HEALTH_UPLOAD(stopped, GAUGE, "Uploads that failed upload.max_retries times.");
	API_HEALTH_UPLOAD(done, COUNTER, "Uploads that the store confirmed.");
	API_HEALTH_UPLOAD(failures, COUNTER, "Tries of uploads that failed.");
	API_HEALTH_UPLOAD(bytes_sent, COUNTER, "Bytes sent to the store.");
	API_HEALTH_UPLOAD(waiting_bytes, GAUGE,
	        "Bytes of finished recordings that are not sent yet, without those given up.");
	API_HEALTH_UPLOAD(
	        oldest_unix_ns, GAUGE, "Start of the oldest recording not yet uploaded, Unix ns; 0: none.");
	API_HEALTH_UPLOAD(store_usable, GAUGE, "1 when the store's last answer was a good one.");
#undef API_HEALTH_UPLOAD
	times_print_uploads(out);
}

void api_health_metrics(struct http_request *req)
{
	const struct control *control = http_control(req);
	struct catalogue_totals totals = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		http_answer_error(req, 500, "internal", "No memory.");
		return;
	}
	dataplane_with_stats(control->dataplane, api_health_print_stat, out);
	metrics_print_one(out, "control_dataplane_up", METRICS_GAUGE, "1 while the dataplane answers.",
	        dataplane_is_up(control->dataplane));
	catalogue_totals(control->catalogue, &totals);
	metrics_print_one(out, "control_recordings", METRICS_GAUGE, "Finished recordings in the catalogue.",
	        totals.rows);
	metrics_print_one(
	        out, "control_recordings_bytes", METRICS_GAUGE, "Bytes of these recordings.", totals.bytes);
	audit_print(control->audit, out);
	budget_print(control->budget, out);
	metrics_print(out);
	times_print_http(out);
	if (control->uploader)
		api_health_print_uploads(out, control->uploader);
	if (fclose(out) == 0)
		http_answer_text(req, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
	else
		http_answer_error(req, 500, "internal", "No memory.");
	free(text);
}

/* A histogram as Prometheus has it: {"count","sum","le":{"1024":…}}, each bound with all that is less. */
static json_t *api_health_hist_json(const uint64_t *words)
{
	json_t *json = json_object(), *bounds = json_object();
	uint64_t count = 0;
	char le[24];

	for (unsigned b = 0; b < STAT_HIST_BUCKETS; b++) {
		count += stat_get(words, b);
		snprintf(le, sizeof(le), "%" PRIu64, (uint64_t)1 << (STAT_HIST_SHIFT + b));
		if (b < STAT_HIST_BUCKETS - 1)
			json_field_number(bounds, le, count);
	}
	json_field_number(json, "count", count);
	json_field_number(json, "sum", stat_get(words, STAT_HIST_BUCKETS));
	json_object_set_new(json, "le", bounds);
	return json;
}

static json_t *api_health_slot_json(const struct stat_segment *stat, enum stat_scope scope, unsigned instance)
{
	const uint64_t *slot = stat_slot(stat, scope, instance);
	const char *label = stat_label(stat, scope, instance);
	json_t *json = json_object();
	const struct stat_row *row;

	if (label && *label)
		json_field_text(json, "label", label);
	for (unsigned id = 0; slot && (row = stat_row(scope, id)); id += stat_words(row)) {
		if (row->kind == STAT_KIND_HIST)
			json_object_set_new(json, row->name, api_health_hist_json(slot + id));
		else
			json_field_number(json, row->name, stat_get(slot, id));
	}
	return json;
}

/* A track's counters are its session's matter (/api/v1/sessions/{id}): there may be a hundred thousand. */
static void api_health_stat_json(void *arg, const struct stat_segment *stat)
{
	static const enum stat_scope scopes[] = { STAT_SCOPE_PORT, STAT_SCOPE_LCORE, STAT_SCOPE_WRITER };
	json_t *json = arg;

	json_object_set_new(
	        json, stat_scope_name(STAT_SCOPE_PROC), api_health_slot_json(stat, STAT_SCOPE_PROC, 0));
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		json_t *list = json_array();
		for (unsigned n = 0; n < stat_instances(stat, scopes[i]); n++)
			json_array_append_new(list, api_health_slot_json(stat, scopes[i], n));
		json_object_set_new(json, stat_scope_name(scopes[i]), list);
	}
}

static json_t *api_health_control_json(const struct control *control)
{
	struct catalogue_totals totals = { 0 };
	json_t *json = json_object();

	for (unsigned id = 0; id < METRICS_COUNT; id++)
		json_field_number(json, metrics_row(id)->name, metrics_get(id));
	catalogue_totals(control->catalogue, &totals);
	json_field_number(json, "recordings", totals.rows);
	json_field_number(json, "recordings_bytes", totals.bytes);
	json_object_set_new(json, "dataplane_up", json_boolean(dataplane_is_up(control->dataplane)));
	return json;
}

static json_t *api_health_uploads_json(struct uploader *uploader)
{
	struct uploader_counts c;

	uploader_counts(uploader, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "queued", (json_int_t)c.queued,
	        "active", (json_int_t)c.active, "retrying", (json_int_t)c.retrying, "stopped",
	        (json_int_t)c.stopped, "done", (json_int_t)c.done, "failures", (json_int_t)c.failures,
	        "bytes_sent", (json_int_t)c.bytes_sent, "waiting_bytes", (json_int_t)c.waiting_bytes,
	        "oldest_unix_ns", (json_int_t)c.oldest_unix_ns, "store_usable", c.store_usable);
}

void api_health_stats(struct http_request *req)
{
	const struct control *control = http_control(req);
	char now[CLK_RFC3339_BYTES];
	json_t *json = json_object(), *dataplane = json_object();

	json_field_text(json, "time", clk_rfc3339(now, clk_wall_ns(), 3));
	json_field_text(json, "version", WIRESPOOL_VERSION);
	json_object_set_new(json, "control", api_health_control_json(control));
	if (dataplane_with_stats(control->dataplane, api_health_stat_json, dataplane))
		json_object_set(json, "dataplane", dataplane);
	else
		json_object_set_new(json, "dataplane", json_null());
	json_decref(dataplane);
	json_object_set_new(json, "ledger", audit_json(control->audit));
	json_object_set_new(json, "budget", budget_json(control->budget));
	json_object_set_new(json, "uploads",
	        control->uploader ? api_health_uploads_json(control->uploader) : json_null());
	http_answer_json(req, 200, json);
}
