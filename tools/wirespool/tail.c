/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool tail: GET /api/v1/events, over and over. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/show.h"
#include "base/sse.h"

#define RETRY_MS 2000u

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

struct tail {
	struct sse sse;
	const char *room;
	bool json, connected; /* connected: at least once */
};

/* "key=value" of what is a scalar. */
static void print_fields(const json_t *event)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)event, key, value)
	{
		if (!strcmp(key, "time") || !strcmp(key, "type") || json_is_object(value) ||
		        json_is_array(value))
			continue;
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
		bool plain = text && json_is_string(value) && !text[1 + strcspn(text + 1, " \\\"=") + 1];
		if (plain)
			printf(" %s=%.*s", key, (int)strlen(text) - 2, text + 1);
		else
			printf(" %s=%s", key, text ? text : "");
		free(text);
	}
}

static void print_event(const struct sse_event *event, const json_t *data)
{
	char time[FIGURE_BYTES];

	printf("%s %s", figure_time(time, json_string_value(json_object_get(data, "time"))),
	        strcmp(show_text(data, "type"), "-") ? show_text(data, "type") : event->name);
	print_fields(data);
	putchar('\n');
}

/* What is of no room, a daemon's start say, is of all of them. */
static bool is_wanted(const struct tail *tail, const json_t *data)
{
	const json_t *room = json_object_get(data, "room");

	return json_is_object(data) && (!tail->room || !room || !strcmp(tail->room, show_text(data, "room")));
}

static void take_event(void *arg, const struct sse_event *event)
{
	struct tail *tail = arg;
	json_t *data = json_loads(event->data, JSON_REJECT_DUPLICATES, NULL);

	if (is_wanted(tail, data)) {
		if (tail->json) {
			json_dumpf(data, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
			putchar('\n');
		} else {
			print_event(event, data);
		}
		fflush(stdout);
	}
	json_decref(data);
}

static size_t take_bytes(void *arg, const void *bytes, size_t len)
{
	struct tail *tail = arg;

	tail->connected = true;
	sse_push(&tail->sse, bytes, len);
	return ferror(stdout) ? 0 : len;
}

static bool is_stopped(void *arg)
{
	return stopped;
}

static void nap(unsigned ms)
{
	const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL); /* a signal ends it */
}

/* One connection. False: it is of no use to try again; told. */
static bool follow(struct tail *tail, struct client *client)
{
	const struct client_fetch fetch = { .path = "/api/v1/events",
		.last_event = tail->sse.id[0] ? tail->sse.id : NULL,
		.endless = true,
		.stop = is_stopped,
		.sink = take_bytes,
		.arg = tail };
	struct client_answer answer;
	bool again = true;

	sse_restart(&tail->sse);
	client_fetch(client, &fetch, &answer);
	if (answer.status == 200)
		tail->connected = true;
	if (stopped || ferror(stdout)) {
		again = false;
	} else if (answer.status == 404) {
		command_error("%s has no /api/v1/events: this wirespool-control does not tell of events; "
		              "is it older than this command?",
		        client_url(client));
		again = false;
	} else if (!tail->connected || (answer.status >= 400 && answer.status < 500)) {
		client_tell(client, &answer, "events");
		again = false;
	} else {
		command_error(
		        "the connection ended%s%s, making another", answer.why[0] ? ": " : "", answer.why);
	}
	client_answer_clear(&answer);
	return again;
}

int tail_run(const struct args *args)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct tail *tail = calloc(1, sizeof(*tail));
	struct target target;
	struct client *client = tail ? client_open(&target, args) : NULL;

	if (!client) {
		free(tail);
		return COMMAND_FAILED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sse_begin(&tail->sse, take_event, tail);
	tail->room = args->values[ARGS_ROOM];
	tail->json = args->values[ARGS_JSON];
	while (follow(tail, client) && !stopped)
		nap(tail->sse.retry_ms ? tail->sse.retry_ms : RETRY_MS);
	free(tail);
	client_free(client);
	target_free(&target);
	return stopped ? COMMAND_DONE : COMMAND_FAILED;
}
