/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/fetch.h"
#include "base/clk.h"
#include "base/sse.h"

#define NAMES_PAGE       50 /* sessions: what costs a millisecond or two to take in */
#define NAMES_AGAIN_NS   (5 * CLK_NS_PER_S)
#define STATS_EVERY_NS   (1 * CLK_NS_PER_S)
#define LIST_EVERY_NS    (2 * CLK_NS_PER_S)
#define LIST_SHORT_BYTES (128 << 10)
#define READY_EVERY_NS   (5 * CLK_NS_PER_S)
#define FEED_AGAIN_NS    (3 * CLK_NS_PER_S)
#define FEED_KEPT_NS     (2 * CLK_NS_PER_S) /* what control has kept comes at once; times do not tell it */
#define NO_FEED_NS       (60 * CLK_NS_PER_S)
#define TIMEOUT_S        5
#define ACTION_S         15                  /* control waits 10 s for files to be durable */
#define LITTLE_EARLY_NS  (CLK_NS_PER_S / 10) /* a refresh is never exactly a second after the last */

/* A request that is made again and again. */
struct poll {
	struct api *api;
	bool is_under_way;
	uint64_t due_ns; /* 0: at once */
};

struct api {
	struct fetch *fetch;
	const struct options *options;
	struct eventlog *log;
	struct names *names;
	struct uploads uploads;
	enum api_state state;
	char why[API_WHY_BYTES], not_ready[API_WHY_BYTES], outcome[API_WHY_BYTES], what[API_WHY_BYTES];
	struct poll stats, ready, list, page, feed;
	char cursor[FETCH_CURSOR_BYTES]; /* of the next page of names */
	bool is_waiting_pass;            /* the pages are of those that wait, not of those that record */
	bool is_acting, has_feed;
	uint64_t feed_began_ns; /* when the first bytes of this stream came */
	struct sse sse;
};

static void on_event(void *arg, const struct sse_event *event)
{
	struct api *api = arg;

	eventlog_take(api->log, clk_mono_ns() - api->feed_began_ns < FEED_KEPT_NS, clk_wall_ns(), event->name,
	        event->data);
}

int api_create(struct api **ret_api, const struct options *options, struct eventlog *log)
{
	struct fetch_cfg cfg = { options->url, options->token, options->ca_file, options->any_host };
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->options = options;
	api->log = log;
	sse_begin(&api->sse, on_event, api);
	api->stats.api = api->ready.api = api->list.api = api->page.api = api->feed.api = api;
	r = fetch_create(&api->fetch, &cfg);
	if (r) {
		free(api);
		return r;
	}
	*ret_api = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	fetch_free(api->fetch);
	free(api);
}

void api_set_names(struct api *api, struct names *names)
{
	api->names = names;
	api->cursor[0] = '\0';
	api->is_waiting_pass = false;
	api->page.due_ns = 0;
}

/* error.message of an answer's body, or ""; into @why. */
static void read_error(const struct fetch_result *result, char why[API_WHY_BYTES])
{
	json_t *body = json_loads(result->body, 0, NULL);
	const char *text = json_string_value(json_object_get(json_object_get(body, "error"), "message"));

	snprintf(why, API_WHY_BYTES, "%s", text ? text : "");
	json_decref(body);
}

static void set_state(struct api *api, enum api_state state)
{
	if (state == api->state)
		return;
	if (state == API_DOWN || (state == API_UP && api->state != API_UNKNOWN))
		eventlog_see(api->log, clk_wall_ns(), state == API_DOWN, "control",
		        state == API_UP ? "control answers again" : "control does not answer: %s", api->why);
	api->state = state;
	if (state != API_UP)
		uploads_forget(&api->uploads);
}

/* The JSON of a good answer, NULL otherwise; the state follows from it. */
static json_t *take(struct poll *poll, const struct fetch_result *result, uint64_t every_ns)
{
	struct api *api = poll->api;
	json_t *json = NULL;

	poll->is_under_way = false;
	poll->due_ns = clk_mono_ns() + every_ns - LITTLE_EARLY_NS;
	if (result->status == 0) {
		snprintf(api->why, sizeof(api->why), "%s", result->error);
		set_state(api, API_DOWN);
	} else if (result->status == 401 || result->status == 403) {
		read_error(result, api->why);
		set_state(api, API_REFUSED);
	} else if (result->status == 200 && (json = json_loads(result->body, 0, NULL))) {
		api->why[0] = '\0';
		set_state(api, API_UP);
	}
	return json;
}

static void on_stats(void *arg, const struct fetch_result *result)
{
	struct poll *poll = arg;
	json_t *json = take(poll, result, STATS_EVERY_NS);

	if (json)
		uploads_take_sums(&poll->api->uploads, json_object_get(json, "uploads"));
	else if (result->status >= 500 || result->status == 404 || result->status == 200) {
		snprintf(poll->api->why, sizeof(poll->api->why), "it answers %d: is it wirespool-control?",
		        result->status);
		set_state(poll->api, API_DOWN);
	}
	json_decref(json);
}

/* {"checks":{"disk":{"ok":false,"reason":"…"}}}; 503 when not ready. The dataplane's part is told by the
 * counters. */
static void on_ready(void *arg, const struct fetch_result *result)
{
	struct poll *poll = arg;
	struct api *api = poll->api;
	json_t *json = json_loads(result->body, 0, NULL), *check;
	const char *name;

	poll->is_under_way = false;
	poll->due_ns = clk_mono_ns() + READY_EVERY_NS - LITTLE_EARLY_NS;
	api->not_ready[0] = '\0';
	json_object_foreach(json_object_get(json, "checks"), name, check)
	{
		const char *reason = json_string_value(json_object_get(check, "reason"));
		size_t at = strlen(api->not_ready);

		if (reason && strcmp(name, "dataplane") != 0)
			snprintf(api->not_ready + at, sizeof(api->not_ready) - at, "%s%s is not usable: %s",
			        at ? "\n" : "", name, reason);
	}
	json_decref(json);
}

/* All that grow stand in front, and there may be thousands: what is long is asked for less often. */
static void on_list(void *arg, const struct fetch_result *result)
{
	struct poll *poll = arg;
	json_t *json = take(poll, result, LIST_EVERY_NS * (1 + result->len / LIST_SHORT_BYTES));

	uploads_take_list(&poll->api->uploads, json);
	json_decref(json);
}

/* A pass goes over all pages of those that record, then of those that wait. */
static void on_page(void *arg, const struct fetch_result *result)
{
	struct poll *poll = arg;
	struct api *api = poll->api;
	json_t *json = take(poll, result, STATS_EVERY_NS);

	if (json && api->names)
		names_take(api->names, json);
	snprintf(api->cursor, sizeof(api->cursor), "%s", json ? result->cursor : "");
	if (!*api->cursor) {
		api->is_waiting_pass = json && !api->is_waiting_pass;
		if (!api->is_waiting_pass)
			poll->due_ns += NAMES_AGAIN_NS;
		else
			poll->due_ns = 0;
	}
	json_decref(json);
}

static void on_feed(void *arg, const char *data, size_t len)
{
	struct poll *poll = arg;

	if (!poll->api->has_feed)
		poll->api->feed_began_ns = clk_mono_ns();
	poll->api->has_feed = true;
	sse_push(&poll->api->sse, data, len);
}

static void on_feed_end(void *arg, const struct fetch_result *result)
{
	struct poll *poll = arg;

	poll->is_under_way = false;
	poll->api->has_feed = false;
	poll->due_ns = clk_mono_ns() + (result->status == 404 ? NO_FEED_NS : FEED_AGAIN_NS);
}

static void ask(struct poll *poll, uint64_t mono_ns, const char *path, fetch_done *done)
{
	const struct fetch_request request = {
		.method = "GET", .path = path, .timeout_s = TIMEOUT_S, .done = done, .arg = poll
	};

	if (!poll->is_under_way && mono_ns >= poll->due_ns)
		poll->is_under_way = fetch_start(poll->api->fetch, &request) == 0;
}

/* A stream: all that control has kept, then what happens; after a break it goes on behind the last that came.
 */
static void ask_feed(struct api *api, uint64_t mono_ns)
{
	char header[SSE_ID_BYTES + 32];
	const struct fetch_request request = { .method = "GET",
		.path = *api->sse.id ? "/api/v1/events" : "/api/v1/events?since=0",
		.header = *api->sse.id ? header : NULL,
		.read = on_feed,
		.done = on_feed_end,
		.arg = &api->feed };

	if (api->feed.is_under_way || mono_ns < api->feed.due_ns)
		return;
	snprintf(header, sizeof(header), "Last-Event-ID: %s", api->sse.id);
	sse_restart(&api->sse);
	api->feed.is_under_way = fetch_start(api->fetch, &request) == 0;
}

static void ask_names(struct api *api, uint64_t mono_ns)
{
	char path[FETCH_CURSOR_BYTES + 96];

	snprintf(path, sizeof(path), "/api/v1/sessions?limit=%d&state=%s%s%s", NAMES_PAGE,
	        api->is_waiting_pass ? "waiting" : "recording", *api->cursor ? "&cursor=" : "", api->cursor);
	ask(&api->page, mono_ns, path, on_page);
}

void api_tick(struct api *api, uint64_t mono_ns, const struct api_wants *wants)
{
	char path[64];

	ask(&api->stats, mono_ns, "/api/v1/stats", on_stats);
	ask(&api->ready, mono_ns, "/readyz", on_ready);
	if (api->state != API_UP)
		return;
	if (wants->uploads && api->uploads.sums.is_on) {
		snprintf(path, sizeof(path), "/api/v1/uploads?limit=%d", UPLOADS_ROWS);
		ask(&api->list, mono_ns, path, on_list);
	}
	if (wants->names && api->names)
		ask_names(api, mono_ns);
	if (wants->events)
		ask_feed(api, mono_ns);
}

bool api_wait(struct api *api, const int *fds, unsigned count, int timeout_ms)
{
	return fetch_wait(api->fetch, fds, count, timeout_ms);
}

enum api_state api_state(const struct api *api)
{
	return api->state;
}

const char *api_why(const struct api *api)
{
	return api->why;
}

const char *api_url(const struct api *api)
{
	return api->options->url;
}

const struct uploads *api_uploads(const struct api *api)
{
	return &api->uploads;
}

const char *api_not_ready(const struct api *api)
{
	return api->state == API_UP ? api->not_ready : "";
}

bool api_has_feed(const struct api *api)
{
	return api->has_feed;
}

static void on_action(void *arg, const struct fetch_result *result)
{
	struct api *api = arg;
	char why[API_WHY_BYTES] = "";

	api->is_acting = false;
	if (result->status >= 200 && result->status < 300) {
		snprintf(api->outcome, sizeof(api->outcome), "%.400s: done", api->what);
		return;
	}
	if (result->status)
		read_error(result, why);
	else
		snprintf(why, sizeof(why), "%s", result->error);
	if (!*why)
		snprintf(why, sizeof(why), "control answers %d", result->status);
	snprintf(api->outcome, sizeof(api->outcome), "%.200s: failed: %.290s", api->what, why);
}

int api_act(struct api *api, const char *method, const char *path, const char *what)
{
	struct fetch_request request = {
		.method = method, .path = path, .timeout_s = ACTION_S, .done = on_action, .arg = api
	};
	int r;

	if (api->is_acting)
		return -EBUSY;
	r = fetch_start(api->fetch, &request);
	if (r)
		return r;
	api->is_acting = true;
	snprintf(api->what, sizeof(api->what), "%s", what);
	snprintf(api->outcome, sizeof(api->outcome), "%.480s ...", what);
	return 0;
}

bool api_is_acting(const struct api *api)
{
	return api->is_acting;
}

const char *api_outcome(const struct api *api)
{
	return api->outcome;
}

void api_forget_outcome(struct api *api)
{
	if (!api->is_acting)
		api->outcome[0] = '\0';
}
