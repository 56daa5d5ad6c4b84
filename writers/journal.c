/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES   1024
#define PENDING_BYTES (256u << 10) /* of lines that wait for a flush */
#define FRAME_BYTES   3            /* kind, space, line end */

static bool is_kind(char c)
{
	return c == JOURNAL_META || c == JOURNAL_GAP || c == JOURNAL_CLOCK || c == JOURNAL_EVENT ||
	       c == JOURNAL_SIZE || c == JOURNAL_TIMES || c == JOURNAL_END;
}

static bool make_room(struct journal *journal, size_t more)
{
	size_t size = journal->size ? journal->size : FIRST_BYTES;
	char *text;

	if (journal->len + more > PENDING_BYTES)
		return false;
	while (size < journal->len + more)
		size *= 2;
	if (size == journal->size)
		return true;
	text = realloc(journal->text, size);
	if (!text)
		return false;
	journal->text = text;
	journal->size = size;
	return true;
}

void journal_add(struct journal *journal, enum journal_kind kind, const char *json, size_t len)
{
	char *at;

	if (len + FRAME_BYTES > JOURNAL_LINE_BYTES || memchr(json, '\n', len) ||
	        !make_room(journal, len + FRAME_BYTES)) {
		journal->lost++;
		return;
	}
	at = journal->text + journal->len;
	at[0] = (char)kind;
	at[1] = ' ';
	memcpy(at + 2, json, len);
	at[2 + len] = '\n';
	journal->len += len + FRAME_BYTES;
}

size_t journal_take(struct journal *journal, char **ret_text)
{
	size_t len = journal->len;

	if (!len)
		return 0;
	*ret_text = journal->text;
	*journal = (struct journal){ .lost = journal->lost };
	return len;
}

void journal_free(struct journal *journal)
{
	free(journal->text);
	*journal = (struct journal){ 0 };
}

void journal_read(struct journal_reader *reader, int fd)
{
	reader->fd = fd;
	reader->offset = reader->foreign = 0;
	reader->at = reader->len = 0;
	reader->skipping = false;
}

/* Move what is left to the buffer's start, and fill it up. False when nothing came. */
static bool fill(struct journal_reader *reader)
{
	size_t left = reader->len - reader->at;
	ssize_t n;

	memmove(reader->buf, reader->buf + reader->at, left);
	reader->at = 0;
	reader->len = left;
	n = pread(reader->fd, reader->buf + left, sizeof(reader->buf) - 1 - left, (off_t)reader->offset);
	if (n <= 0)
		return false;
	reader->offset += (uint64_t)n;
	reader->len += (size_t)n;
	return true;
}

/* The next line without its end, or NULL; lines that are too long are left out. */
static char *next_line(struct journal_reader *reader, size_t *ret_len)
{
	for (;;) {
		char *line = reader->buf + reader->at;
		char *end = memchr(line, '\n', reader->len - reader->at);

		if (end) {
			bool skipped = reader->skipping;

			reader->at += (size_t)(end - line) + 1;
			reader->skipping = false;
			if (skipped)
				continue;
			*end = '\0';
			*ret_len = (size_t)(end - line);
			return line;
		}
		if (reader->len - reader->at >= JOURNAL_LINE_BYTES) {
			reader->at = reader->len;
			reader->foreign += !reader->skipping;
			reader->skipping = true;
		}
		if (!fill(reader))
			return NULL;
	}
}

bool journal_next(struct journal_reader *reader, struct journal_line *ret_line)
{
	size_t len;
	char *line;

	while ((line = next_line(reader, &len))) {
		if (len > 2 && len < JOURNAL_LINE_BYTES && is_kind(line[0]) && line[1] == ' ' &&
		        journal_is_object(line + 2, len - 2)) {
			*ret_line = (struct journal_line){ (enum journal_kind)line[0], line + 2, len - 2 };
			return true;
		}
		reader->foreign++;
	}
	return false;
}
