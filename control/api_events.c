/* SPDX-License-Identifier: BSD-3-Clause */
/* /api/v1/events: the feed of what happens (control/events.h), as server-sent events. */
#include "control/route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"
#include "control/events.h"
#include "control/http_stream.h"

struct api_events {
	struct http_stream *stream;
	struct events_reader *reader;
};

static ssize_t api_events_read(void *arg, char *buf, size_t max)
{
	struct api_events *feed = arg;

	return events_reader_read(feed->reader, buf, max);
}

static void api_events_end(void *arg)
{
	struct api_events *feed = arg;

	events_reader_free(feed->reader);
	free(feed);
}

static void api_events_wake(void *arg)
{
	http_stream_wake(arg);
}

/* The id that is asked for; a reader that connects anew says it in the header, and its query is of the first
 * time. */
static bool api_events_since(struct http_request *req, struct events_filter *filter)
{
	const char *header = http_header(req, "Last-Event-ID"), *text = header;
	char *end = NULL;

	if (!text || !*text)
		text = http_query(req, "since");
	if (!text)
		return true;
	filter->resumes = true;
	errno = 0;
	filter->since = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno)
		return true;
	http_answer_error(req, 400, "bad_parameter",
	        "%s has to be the id of an event, or 0 for all that are kept.",
	        header && text == header ? "Last-Event-ID" : "since");
	return false;
}

static bool api_events_types(struct http_request *req, struct events_filter *filter)
{
	const char *types = http_query(req, "types");
	char unknown[EVENTS_NAME_BYTES];

	if (!types || !events_parse_types(types, &filter->types, unknown))
		return true;
	http_answer_error(req, 400, "bad_parameter",
	        "types: there is no type \"%s\"; it takes names such as session.done, and families such as "
	        "record.*, with commas between.",
	        unknown);
	return false;
}

static bool api_events_room(struct http_request *req, struct events_filter *filter, const char **rooms)
{
	filter->room = http_query(req, "room");
	filter->rooms = rooms;
	if (!filter->room || !rooms)
		return true;
	for (; *rooms; rooms++)
		if (!strcmp(*rooms, "*") || !strcmp(*rooms, filter->room))
			return true;
	http_set_header(req, "WWW-Authenticate", "Bearer realm=\"wirespool\"");
	http_answer_error(req, 401, "unauthorized", "This token is not good for that room.");
	return false;
}

static void api_events_refuse(struct http_request *req, int err)
{
	switch (err) {
	case -EBUSY:
		http_set_header(req, "Retry-After", "5");
		http_answer_error(req, 503, "no_capacity", "Too many read the events; ask again later.");
		break;
	case -ESHUTDOWN:
		http_answer_error(req, 503, "stopping", "The server is being stopped.");
		break;
	default:
		http_answer_error(req, 500, "internal", "No memory.");
	}
}

static void api_events_answer(struct http_request *req, const struct events_filter *filter)
{
	struct api_events *feed = calloc(1, sizeof(*feed));
	int err = feed ? http_stream_create(&feed->stream, api_events_read, api_events_end, feed) : -ENOMEM;

	if (err) {
		free(feed);
		api_events_refuse(req, err);
		return;
	}
	err = events_reader_create(
	        &feed->reader, http_control(req)->events, filter, api_events_wake, feed->stream);
	if (err) {
		http_stream_free(feed->stream);
		api_events_refuse(req, err);
		return;
	}
	http_answer_stream(req, 200, "text/event-stream", feed->stream);
}

void api_events(struct http_request *req)
{
	struct events_filter filter = { 0 };
	const char **rooms = NULL;
	int err = http_rooms(req, &rooms);

	if (err)
		http_answer_error(req, 500, "internal", "No memory.");
	else if (api_events_room(req, &filter, rooms) && api_events_types(req, &filter) &&
	         api_events_since(req, &filter))
		api_events_answer(req, &filter);
	free(rooms);
}
