/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of control/events.h, for events.c (what happens) and events_reader.c (who reads). */
#ifndef CONTROL_EVENTS_RING_H
#define CONTROL_EVENTS_RING_H

#include <pthread.h>
#include <sys/queue.h>
#include "base/limits.h"
#include "control/events.h"

struct events_entry {
	enum events_type type;
	char *room; /* NULL: none */
	char *data; /* JSON, one line */
};

struct events_reader {
	struct events *events;
	LIST_ENTRY(events_reader) link;
	void (*wake)(void *arg);
	void *wake_arg;

	char *room, **rooms; /* of the filter; rooms ends with NULL */
	uint64_t types;
	uint64_t next;    /* the id of the event that is looked at next */
	uint64_t sent_ns; /* when something was last taken out */
	bool beat;        /* a sign of life is due */

	char text[LIMIT_EVENT_BYTES]; /* what is going out, from text_at on */
	size_t text_at, text_len;
};

LIST_HEAD(events_readers, events_reader);

struct events {
	pthread_mutex_t lock; /* of all that follows, readers included but for their text */
	bool closed;
	uint64_t first, next; /* ids: of the oldest that is kept, and of the one to come */
	struct events_readers readers;
	unsigned reader_count;
	struct events_entry entries[LIMIT_EVENTS]; /* id modulo LIMIT_EVENTS */
};

/* Whether @reader is to see @entry. With the lock. */
bool events_reader_wants(const struct events_reader *reader, const struct events_entry *entry);

/* {"time":…,"type":…} and so on; NULL: no memory. */
json_t *events_json(const char *type);

#endif
