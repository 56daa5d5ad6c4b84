/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "writers/sidecar_field.h"

#define RESERVED_BYTES 8192 /* a few dozen gaps */

void sidecar_temporary(char ret_file[NAME_FILE_BYTES], const char *name)
{
	snprintf(ret_file, NAME_FILE_BYTES, ".%.*s.json%s", LIMIT_FILE_NAME_BYTES, name, SIDECAR_TEMPORARY);
}

bool sidecar_is_temporary(const char *entry)
{
	static const char end[] = ".json" SIDECAR_TEMPORARY;
	size_t len = strlen(entry), tail = sizeof(end) - 1;
	char name[NAME_BYTES];

	if (entry[0] != '.' || len <= tail + 1 || len - tail - 1 > LIMIT_FILE_NAME_BYTES ||
	        strcmp(entry + len - tail, end) != 0)
		return false;
	memcpy(name, entry + 1, len - tail - 1);
	name[len - tail - 1] = '\0';
	return name_valid(name);
}

void sidecar_reserve(int dir_fd, const char *name)
{
	char file[NAME_FILE_BYTES];
	int fd;

	sidecar_temporary(file, name);
	fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return;
	(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED_BYTES);
	close(fd);
}

void sidecar_unreserve(int dir_fd, const char *name)
{
	char file[NAME_FILE_BYTES];

	sidecar_temporary(file, name);
	unlinkat(dir_fd, file, 0);
}

/* A sidecar that is being written. */
struct draft {
	int dir_fd;
	FILE *out;
	char temporary[NAME_FILE_BYTES];
};

static int draft_begin(struct draft *draft, int dir_fd, const char *name)
{
	int fd;

	draft->dir_fd = dir_fd;
	sidecar_temporary(draft->temporary, name);
	fd = openat(dir_fd, draft->temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	draft->out = fdopen(fd, "w");
	if (!draft->out) {
		close(fd);
		unlinkat(dir_fd, draft->temporary, 0);
		return -ENOMEM;
	}
	return 0;
}

static int draft_end(struct draft *draft, const char *name, int err)
{
	char sidecar[NAME_FILE_BYTES];

	name_file(sidecar, name, NAME_SIDECAR);
	errno = 0;
	/* Cut to its length: the reserved space, and what a crash left of an earlier try. */
	if (!err && (ferror(draft->out) || fflush(draft->out) ||
	                    ftruncate(fileno(draft->out), ftello(draft->out)) < 0 ||
	                    fsync(fileno(draft->out)) < 0))
		err = errno ? -errno : -EIO;
	if (fclose(draft->out) && !err)
		err = -errno;
	if (!err && renameat(draft->dir_fd, draft->temporary, draft->dir_fd, sidecar) < 0)
		err = -errno;
	if (err)
		unlinkat(draft->dir_fd, draft->temporary, 0);
	return err;
}

/* The lines of one kind as an array: one more pass over the journal, no memory. */
static void put_array(FILE *out, const char *key, int journal_fd, enum journal_kind kind, bool optional)
{
	struct journal_reader reader;
	struct journal_line line;
	unsigned n = 0;

	if (!optional)
		fprintf(out, ",\n  \"%s\": [", key);
	journal_read(&reader, journal_fd);
	while (journal_fd >= 0 && journal_next(&reader, &line)) {
		if (line.kind != kind)
			continue;
		if (optional && !n)
			fprintf(out, ",\n  \"%s\": [", key);
		fprintf(out, "%s\n    %.*s", n++ ? "," : "", (int)line.len, line.json);
	}
	fputs(n ? "\n  ]" : optional ? "" : "]", out);
}

/* The order of the fields; what has no value is left out, but for the links. */
static const struct {
	const char *key;
	enum journal_kind array; /* 0: none */
	bool or_null;
	bool optional; /* an array that is left out when it is empty */
} order[] = {
	{ "version" },
	{ "name" },
	{ "promised" },
	{ "session" },
	{ "room" },
	{ "participant" },
	{ "track" },
	{ "codec" },
	{ "state" },
	{ "reason" },
	{ "started" },
	{ "ended" },
	{ "duration_s" },
	{ "size" },
	{ "sha256" },
	{ "frames" },
	{ "key_frames" },
	{ "packets" },
	{ "media_bytes" },
	{ "width" },
	{ "height" },
	{ "clock_rate" },
	{ "channels" },
	{ "ssrc" },
	{ "first_rtp" },
	{ "last_rtp" },
	{ "clock" },
	{ "sender_reports", JOURNAL_CLOCK },
	{ "gaps", JOURNAL_GAP },
	{ "gap_packets" },
	{ "events", JOURNAL_EVENT },
	{ "sizes", JOURNAL_SIZE },
	{ "times", JOURNAL_TIMES, .optional = true },
	{ "previous", 0, true },
	{ "next", 0, true },
	{ "repaired" },
};

static void put_field(FILE *out, const struct sidecar_field *field)
{
	static const char first[] = "\"version\"";

	fprintf(out, "%s\n  %s: %s", strcmp(field->key, first) ? "," : "{", field->key, field->value);
}

static void put_all(FILE *out, struct sidecar_fields *fields, int journal_fd)
{
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct sidecar_field *field;

		if (order[i].array) {
			put_array(out, order[i].key, journal_fd, order[i].array, order[i].optional);
			continue;
		}
		field = sidecar_field_find(fields, order[i].key);
		if (field)
			put_field(out, field);
		else if (order[i].or_null)
			fprintf(out, ",\n  \"%s\": null", order[i].key);
		if (field)
			field->used = true;
	}
	for (unsigned i = 0; i < fields->count; i++)
		if (!fields->fields[i].used)
			put_field(out, &fields->fields[i]);
	fputs("\n}\n", out);
}

int sidecar_write(int dir_fd, int journal_fd, const struct sidecar_facts *facts)
{
	struct sidecar_fields *fields = malloc(sizeof(*fields));
	struct draft draft;
	int err;

	if (!fields)
		return -ENOMEM;
	sidecar_field_collect(fields, journal_fd, facts);
	err = draft_begin(&draft, dir_fd, facts->name);
	if (!err) {
		put_all(draft.out, fields, journal_fd);
		err = draft_end(&draft, facts->name, 0);
	}
	free(fields);
	return err;
}

/* Copy @in to @out with the line of "next" replaced; a piece of a long line is copied as it is. */
static int copy_linked(FILE *in, FILE *out, const char *next)
{
	static const char key[] = "  \"next\": ";
	bool line_begins = true, linked = false;
	char piece[1024];

	while (fgets(piece, sizeof(piece), in)) {
		size_t len = strlen(piece);

		if (line_begins && strncmp(piece, key, sizeof(key) - 1) == 0) {
			fprintf(out, "%s\"%s\",\n", key, next);
			linked = true;
		} else {
			fputs(piece, out);
		}
		line_begins = len > 0 && piece[len - 1] == '\n';
	}
	if (ferror(in))
		return -EIO;
	return linked ? 0 : -EBADMSG;
}

int sidecar_link(int dir_fd, const char *name, const char *next)
{
	char sidecar[NAME_FILE_BYTES];
	struct draft draft;
	FILE *in;
	int fd, err;

	name_file(sidecar, name, NAME_SIDECAR);
	fd = openat(dir_fd, sidecar, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	in = fdopen(fd, "r");
	if (!in) {
		close(fd);
		return -ENOMEM;
	}
	err = draft_begin(&draft, dir_fd, name);
	if (!err)
		err = draft_end(&draft, name, copy_linked(in, draft.out, next));
	fclose(in);
	return err;
}
