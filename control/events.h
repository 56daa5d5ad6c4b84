/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to sessions, recordings, uploads, dataplane and disk, as a feed that many may read
 * (GET /api/v1/events). The latest LIMIT_EVENTS are kept in memory; each has an id that is larger than that
 * of all before it, also of those before a restart of the process (the first is made of the wall clock's
 * microseconds), so that a reader that comes back says what it saw last and misses nothing that is still
 * there.
 *
 * Any thread; one lock inside, which is taken last: events may be emitted with any other lock held.
 */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* clang-format off */
/* Every type there is, one row each: EVENT(id, "name", "fields beside time and type; [those] are not always there", sentence). Types are
 * named family.happening. */
#define EVENTS_TABLE(EVENT) \
	EVENT(control_started, "control.started", "version", "Control was started; what came before is not told again.") \
	EVENT(session_opened, "session.opened", "room, session, participant, transport, port, tracks", "A session was opened.") \
	EVENT(session_recording, "session.recording", "room, session", "Its first packets came, or it goes on after a restart of the dataplane.") \
	EVENT(session_finalising, "session.finalising", "room, session, [reason]", "It is ending: its files are being finished.") \
	EVENT(session_done, "session.done", "room, session, [reason], files", "It ended.") \
	EVENT(session_failed, "session.failed", "room, session, reason, files", "It ended with an error.") \
	EVENT(record_opened, "record.opened", "room, session, track, record", "A recording was begun.") \
	EVENT(record_finished, "record.finished", "room, session, track, record, bytes", "It is whole and durable.") \
	EVENT(record_repaired, "record.repaired", "room, session, track, record, bytes", "It was cut off by a crash and is whole again.") \
	EVENT(record_failed, "record.failed", "room, session, track, record, reason", "It could not be finished; its part is kept.") \
	EVENT(record_discarded, "record.discarded", "room, session, track, record", "Nothing came of it: there was no media to keep.") \
	EVENT(record_removed, "record.removed", "room, session, track, record, reason", "It is gone: deleted, by retention, moved after its upload, or from outside.") \
	EVENT(upload_queued, "upload.queued", "room, track, record", "A recording, growing or finished, is to be uploaded.") \
	EVENT(upload_started, "upload.started", "room, track, record", "Its first request is under way.") \
	EVENT(upload_finished, "upload.finished", "room, track, record, key, bytes", "The store has confirmed it.") \
	EVENT(upload_failed, "upload.failed", "room, track, record, reason, tries, [next_try]", "A try failed, for another reason than the one before; without next_try it waits to be asked for.") \
	EVENT(dataplane_lost, "dataplane.lost", "", "The dataplane is gone, or does not answer.") \
	EVENT(dataplane_back, "dataplane.back", "restarted", "It answers; restarted: it is another process than before.") \
	EVENT(disk_full, "disk.full", "reason", "record.dir takes no recordings: too little space, or an error.") \
	EVENT(disk_free, "disk.free", "free_bytes", "It takes recordings again.") \
	EVENT(alarm_raised, "alarm.raised", "alarm, account, [packets], [bytes], reason", "What must not be: alarm 'ledger', packets, or bytes of uploads, that are not accounted for.") \
	EVENT(alarm_cleared, "alarm.cleared", "alarm, account", "It is well again.")
/* clang-format on */

#define EVENTS_ENUM(id, ...) EVENTS_##id,
enum events_type { EVENTS_TABLE(EVENTS_ENUM) EVENTS_TYPES };

/* "session.opened" */
const char *events_type_name(enum events_type type);

/* One that happens. Strings may be NULL or empty: then the field is left out. One without room is not shown
 * to those whose token is good for some rooms only. */
struct event {
	enum events_type type;
	const char *room, *session, *track, *record, *reason;
	json_t *more; /* an object of further fields, taken over; NULL: none */
};

struct events;

/* 0 or -ENOMEM. */
int events_create(struct events **ret_events);
/* There are no readers any more. NULL is allowed. */
void events_free(struct events *events);

/* Tell all who read. @events NULL: nobody is told. One that there is no memory for, or which is longer than
 * LIMIT_EVENT_BYTES, is left out (logged). */
void events_emit(struct events *events, const struct event *event);

/* Send those who heard nothing for EVENTS_BEAT_S a sign of life. To be called each second or so. */
#define EVENTS_BEAT_S 15
void events_beat(struct events *events);

/* The end: who reads comes to an end, and nobody new is taken. */
void events_close(struct events *events);

/* What a reader wants; copied. */
struct events_filter {
	const char *room;         /* NULL: any */
	const char *const *rooms; /* its token's (auth_rooms); NULL: all, and what belongs to no room */
	uint64_t types;           /* 1 << type; 0: all */
	bool resumes;             /* from @since on: what came after that id */
	uint64_t since;           /* 0: all that is kept */
};

/* The types of @list, "session.done,record.*": bits in *ret_types. 0; -EINVAL with the one that is unknown in
 * @ret_unknown. */
#define EVENTS_NAME_BYTES 32
int events_parse_types(const char *list, uint64_t *ret_types, char ret_unknown[EVENTS_NAME_BYTES]);

/* A reader. It is woken (@wake, with the lock held) when there is something to read. 0, -EBUSY
 * (LIMIT_EVENT_READERS), -ESHUTDOWN, -ENOMEM. */
struct events_reader;
int events_reader_create(struct events_reader **ret_reader, struct events *events,
        const struct events_filter *filter, void (*wake)(void *arg), void *wake_arg);
void events_reader_free(struct events_reader *reader);

/* What comes next as text/event-stream (WHATWG HTML section 9.2), @max bytes at most: how many, 0: nothing
 * now, -1: the end: of the feed, or of patience with one who is LIMIT_EVENTS behind. One thread a reader.
 * When events that the filter's @since asked for are gone, the first is "missed", without an id, and "first"
 * in it is the id of the first that is not. */
ssize_t events_reader_read(struct events_reader *reader, char *buf, size_t max);

#endif
