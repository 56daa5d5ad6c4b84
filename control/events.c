/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "control/events_ring.h"
#include "control/json_field.h"
#include "control/metrics.h"

#define EVENTS_FRAME_BYTES 64 /* of a message around its data: id, type, the names of the fields */

const char *events_type_name(enum events_type type)
{
#define EVENTS_NAME(id, name, ...) name,
	static const char *const names[] = { EVENTS_TABLE(EVENTS_NAME) };

	return names[type];
}

int events_create(struct events **ret_events)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	pthread_mutex_init(&events->lock, NULL);
	LIST_INIT(&events->readers);
	events->first = events->next = clk_wall_ns() / 1000;
	*ret_events = events;
	return 0;
}

void events_free(struct events *events)
{
	if (!events)
		return;
	for (size_t i = 0; i < LIMIT_EVENTS; i++) {
		free(events->entries[i].room);
		free(events->entries[i].data);
	}
	pthread_mutex_destroy(&events->lock);
	free(events);
}

json_t *events_json(const char *type)
{
	json_t *json = json_object();

	json_field_time(json, "time", clk_wall_ns());
	json_field_text(json, "type", type);
	return json;
}

static void events_field(json_t *json, const char *key, const char *text)
{
	if (text && *text)
		json_field_text(json, key, text);
}

static char *events_data(const struct event *event)
{
	json_t *json = events_json(events_type_name(event->type));

	events_field(json, "room", event->room);
	events_field(json, "session", event->session);
	events_field(json, "track", event->track);
	events_field(json, "record", event->record);
	events_field(json, "reason", event->reason);
	if (event->more)
		json_object_update(json, event->more);
	char *data = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return data;
}

/* Takes @entry over; the oldest goes when there is no place. With the lock. */
static void events_put(struct events *events, const struct events_entry *entry)
{
	struct events_entry *place = &events->entries[events->next % LIMIT_EVENTS];

	free(place->room);
	free(place->data);
	*place = *entry;
	events->next++;
	if (events->next - events->first > LIMIT_EVENTS)
		events->first++;
}

void events_emit(struct events *events, const struct event *event)
{
	struct events_entry entry = { .type = event->type };
	struct events_reader *reader;

	if (events) {
		entry.data = events_data(event);
		entry.room = event->room && *event->room ? strdup(event->room) : NULL;
	}
	json_decref(event->more);
	if (!events)
		return;
	if (!entry.data || strlen(entry.data) > LIMIT_EVENT_BYTES - EVENTS_FRAME_BYTES ||
	        (event->room && *event->room && !entry.room)) {
		log_error("events: %s is left out of the feed: %s", events_type_name(event->type),
		        entry.data ? "it is too long, or there is no memory" : "no memory");
		free(entry.data);
		free(entry.room);
		return;
	}
	metrics_add(METRICS_events_emitted, 1);
	pthread_mutex_lock(&events->lock);
	events_put(events, &entry);
	LIST_FOREACH(reader, &events->readers, link)
	{
		if (events_reader_wants(reader, &entry))
			reader->wake(reader->wake_arg);
	}
	pthread_mutex_unlock(&events->lock);
}

void events_beat(struct events *events)
{
	uint64_t now_ns = clk_mono_ns();
	struct events_reader *reader;

	pthread_mutex_lock(&events->lock);
	LIST_FOREACH(reader, &events->readers, link)
	{
		if (now_ns - reader->sent_ns < EVENTS_BEAT_S * CLK_NS_PER_S)
			continue;
		reader->sent_ns = now_ns;
		reader->beat = true;
		reader->wake(reader->wake_arg);
	}
	pthread_mutex_unlock(&events->lock);
}

void events_close(struct events *events)
{
	struct events_reader *reader;

	if (!events)
		return;
	pthread_mutex_lock(&events->lock);
	events->closed = true;
	LIST_FOREACH(reader, &events->readers, link)
	{
		reader->wake(reader->wake_arg);
	}
	pthread_mutex_unlock(&events->lock);
}
