/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal: what happened to a recording, line by line, while it is open; the sidecar is made of it.
 *
 *   M {"version":1,"room":"demo",…}\n      first line: what the file is
 *   G {"at":"…","rtp":…,"seq":…,"packets":3,"cause":"network"}\n
 *   C {"unix_ns":…,"ntp_unix_ns":…,"rtp":…}\n
 *   Z {"reason":"idle","frames":…,…}\n     last line: the final figures
 *
 * A line counts when it is whole: one object, printable, ending in a newline. A torn last line is left out.
 * Memory does not grow with the number of lines. Of fields that several lines of the kinds M and Z give, the
 * last counts.
 *
 * A buffer of lines belongs to one thread; reading is pure but for pread. What is read back is as foreign as
 * any file.
 */
#ifndef WRITERS_JOURNAL_H
#define WRITERS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum journal_kind {
	JOURNAL_META = 'M',  /* fields of the sidecar's top level */
	JOURNAL_GAP = 'G',   /* sidecar: "gaps" */
	JOURNAL_CLOCK = 'C', /* sidecar: "sender_reports" */
	JOURNAL_EVENT = 'E', /* sidecar: "events": epoch, ssrc, broken frame, skipped frames, … */
	JOURNAL_SIZE = 'S',  /* sidecar: "sizes": picture sizes */
	JOURNAL_TIMES = 'T', /* sidecar: "times": of frames, where the container tells none */
	JOURNAL_END = 'Z',   /* fields of the sidecar's top level */
};

#define JOURNAL_LINE_BYTES 4096 /* the longest line */

/* Lines on their way to a file. */
struct journal {
	char *text; /* NULL until the first line */
	size_t len, size;
	uint64_t lost; /* lines given up: too long, too many between two flushes, no memory */
};

/* Add a line. One that is longer than JOURNAL_LINE_BYTES, holds a line end, or finds the buffer full (256
 * KiB, when the disk does not take them) is counted as lost. */
void journal_add(struct journal *journal, enum journal_kind kind, const char *json, size_t len);

/* Take the lines out: the caller frees *ret_text. Returns their length, 0: there are none. */
size_t journal_take(struct journal *journal, char **ret_text);

void journal_free(struct journal *journal);

/* Reads the lines of a file back: whole ones that are one JSON object of a known kind; others are counted and
 * left out. */
struct journal_reader {
	int fd;
	uint64_t offset;  /* in the file, of what comes after the buffer */
	size_t at, len;   /* of the buffer: read so far, filled */
	uint64_t foreign; /* lines left out */
	bool skipping;    /* inside a line that is too long */
	char buf[2 * JOURNAL_LINE_BYTES + 1];
};

struct journal_line {
	enum journal_kind kind;
	const char *json; /* in the reader's buffer, until the next call; NUL-terminated */
	size_t len;
};

/* Read @fd from its start. */
void journal_read(struct journal_reader *reader, int fd);

/* The next line; false at the end, or when the file cannot be read any further. */
bool journal_next(struct journal_reader *reader, struct journal_line *ret_line);

/* The fields of an object. */
struct journal_field {
	const char *key, *value; /* @key without its quotes; @value is any JSON value, as it was written */
	size_t key_len, value_len;
};

/* Whether @json is one JSON object (RFC 8259), printable, in UTF-8, nested at most LIMIT_JSON_DEPTH deep.
 * @json[len] is NUL. */
bool journal_is_object(const char *json, size_t len);

/* The field at *at, which begins as the object's start and is moved on; false: there is no further one. The
 * object is one that journal_is_object has found good. */
bool journal_next_field(const char **at, struct journal_field *ret_field);

/* The number, or string without escapes, of the object's field @key; false when there is none of that kind.
 */
bool journal_u64(const char *json, const char *key, uint64_t *ret_value);
bool journal_string(const char *json, const char *key, char *ret_value, size_t size);

#endif
