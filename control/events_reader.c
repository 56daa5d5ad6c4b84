/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages are made one at a time, when the one before has gone out: what a reader costs does not depend on
 * how slow it is.
 *
 *   retry: 1000                     first of all
 *   event: missed                   when what was asked for is gone
 *   data: {"time":…,"type":"missed","first":1710123456789012}
 *
 *   id: 1710123456789012
 *   event: session.opened
 *   data: {"time":"2026-11-21T01:02:03.456Z","type":"session.opened","room":"demo",…}
 *
 *   :                               a sign of life
 */
#include "control/events_ring.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/json_field.h"
#include "control/metrics.h"

#define EVENTS_HELLO "retry: 1000\n\n"
#define EVENTS_BEAT  ":\n\n"

/* Bits of the types that @name means: one, or all of a family ("session.*"). */
static uint64_t events_types_of(const char *name, size_t len)
{
	uint64_t types = 0;

	for (unsigned type = 0; type < EVENTS_TYPES; type++) {
		const char *known = events_type_name(type);
		bool family = len > 2 && !strncmp(name + len - 2, ".*", 2) && !strncmp(known, name, len - 1);

		if (family || (strlen(known) == len && !strncmp(known, name, len)))
			types |= (uint64_t)1 << type;
	}
	return types;
}

int events_parse_types(const char *list, uint64_t *ret_types, char ret_unknown[EVENTS_NAME_BYTES])
{
	uint64_t types = 0;

	static_assert(EVENTS_TYPES <= 64, "a bit each");
	for (const char *name = list;; name++) {
		size_t len = strcspn(name, ",");
		uint64_t found = events_types_of(name, len);

		if (!found) {
			snprintf(ret_unknown, EVENTS_NAME_BYTES, "%.*s", (int)len, name);
			return -EINVAL;
		}
		types |= found;
		name += len;
		if (!*name)
			break;
	}
	*ret_types = types;
	return 0;
}

static int events_reader_copy(struct events_reader *reader, const struct events_filter *filter)
{
	size_t count = 0;

	reader->types = filter->types;
	if (filter->room && !(reader->room = strdup(filter->room)))
		return -ENOMEM;
	if (!filter->rooms)
		return 0;
	while (filter->rooms[count])
		count++;
	reader->rooms = calloc(count + 1, sizeof(*reader->rooms));
	for (size_t i = 0; reader->rooms && i < count; i++)
		if (!(reader->rooms[i] = strdup(filter->rooms[i])))
			return -ENOMEM;
	return reader->rooms ? 0 : -ENOMEM;
}

static void events_reader_release(struct events_reader *reader)
{
	for (char **room = reader->rooms; room && *room; room++)
		free(*room);
	free(reader->rooms);
	free(reader->room);
	free(reader);
}

/* "first" in it is where @reader begins. With the lock. */
static void events_reader_say_missed(struct events_reader *reader)
{
	json_t *json = events_json("missed");

	json_field_number(json, "first", reader->next);
	char *data = json_dumps(json, JSON_COMPACT);
	if (data)
		reader->text_len += (size_t)snprintf(reader->text + reader->text_len,
		        sizeof(reader->text) - reader->text_len, "event: missed\ndata: %s\n\n", data);
	free(data);
	json_decref(json);
}

/* Where to begin. With the lock. */
static void events_reader_start(struct events_reader *reader, const struct events_filter *filter)
{
	const struct events *events = reader->events;

	reader->text_len = strlen(EVENTS_HELLO);
	memcpy(reader->text, EVENTS_HELLO, reader->text_len);
	reader->next = filter->resumes ? events->first : events->next;
	if (!filter->resumes || !filter->since)
		return;
	if (filter->since + 1 >= events->first && filter->since < events->next)
		reader->next = filter->since + 1;
	else
		events_reader_say_missed(reader);
}

int events_reader_create(struct events_reader **ret_reader, struct events *events,
        const struct events_filter *filter, void (*wake)(void *arg), void *wake_arg)
{
	struct events_reader *reader = calloc(1, sizeof(*reader));
	int err = reader ? events_reader_copy(reader, filter) : -ENOMEM;

	if (err) {
		if (reader)
			events_reader_release(reader);
		return err;
	}
	reader->events = events;
	reader->wake = wake;
	reader->wake_arg = wake_arg;
	reader->sent_ns = clk_mono_ns();
	pthread_mutex_lock(&events->lock);
	if (events->closed)
		err = -ESHUTDOWN;
	else if (events->reader_count == LIMIT_EVENT_READERS)
		err = -EBUSY;
	if (!err) {
		events_reader_start(reader, filter);
		LIST_INSERT_HEAD(&events->readers, reader, link);
		events->reader_count++;
	}
	pthread_mutex_unlock(&events->lock);
	if (err) {
		if (err == -EBUSY)
			metrics_add(METRICS_events_readers_refused, 1);
		events_reader_release(reader);
		return err;
	}
	metrics_add(METRICS_events_readers, 1);
	*ret_reader = reader;
	return 0;
}

void events_reader_free(struct events_reader *reader)
{
	struct events *events;

	if (!reader)
		return;
	events = reader->events;
	pthread_mutex_lock(&events->lock);
	LIST_REMOVE(reader, link);
	events->reader_count--;
	pthread_mutex_unlock(&events->lock);
	metrics_add(METRICS_events_readers, -1);
	events_reader_release(reader);
}

static bool events_reader_may_see(const struct events_reader *reader, const char *room)
{
	if (!reader->rooms)
		return true;
	for (char **one = reader->rooms; room && *one; one++)
		if (!strcmp(*one, "*") || !strcmp(*one, room))
			return true;
	return false;
}

bool events_reader_wants(const struct events_reader *reader, const struct events_entry *entry)
{
	if (reader->types && !(reader->types & (uint64_t)1 << entry->type))
		return false;
	if (reader->room && (!entry->room || strcmp(reader->room, entry->room)))
		return false;
	return events_reader_may_see(reader, entry->room);
}

/* The next message into text. Whether there is one. With the lock. */
static bool events_reader_fill(struct events_reader *reader)
{
	const struct events *events = reader->events;

	reader->text_at = reader->text_len = 0;
	while (reader->next < events->next) {
		uint64_t id = reader->next++;
		const struct events_entry *entry = &events->entries[id % LIMIT_EVENTS];

		if (!events_reader_wants(reader, entry))
			continue;
		reader->text_len = (size_t)snprintf(reader->text, sizeof(reader->text),
		        "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n", id, events_type_name(entry->type),
		        entry->data);
		return true;
	}
	if (!reader->beat)
		return false;
	reader->text_len = strlen(EVENTS_BEAT);
	memcpy(reader->text, EVENTS_BEAT, reader->text_len);
	return true;
}

/* With the lock. */
static bool events_reader_is_over(const struct events_reader *reader)
{
	return reader->events->closed || reader->next < reader->events->first;
}

ssize_t events_reader_read(struct events_reader *reader, char *buf, size_t max)
{
	struct events *events = reader->events;
	size_t put = 0;

	pthread_mutex_lock(&events->lock);
	while (put < max) {
		if (reader->text_at == reader->text_len &&
		        (events_reader_is_over(reader) || !events_reader_fill(reader)))
			break;
		size_t len = reader->text_len - reader->text_at;
		len = len < max - put ? len : max - put;
		memcpy(buf + put, reader->text + reader->text_at, len);
		reader->text_at += len;
		put += len;
		reader->beat = false;
	}
	bool over = !put && events_reader_is_over(reader);
	if (over && !events->closed)
		metrics_add(METRICS_events_readers_cut, 1);
	if (put)
		reader->sent_ns = clk_mono_ns();
	pthread_mutex_unlock(&events->lock);
	return over ? -1 : (ssize_t)put;
}
