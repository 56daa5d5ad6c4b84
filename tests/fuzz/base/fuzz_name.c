/* SPDX-License-Identifier: BSD-3-Clause */
/* Names from templates and ids that a client chose, and directory entries that anybody made. The input is up
 * to six texts that end with a NUL each: template, room, participant, track, session, directory entry; then
 * the copy number. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEMPLATE, ROOM, PARTICIPANT, TRACK, SESSION, ENTRY, TEXTS };

/* The next text as a heap copy of its own; what is left after its NUL. */
static char *take_text(const uint8_t **data, size_t *size)
{
	size_t len = strnlen((const char *)*data, *size);
	char *text = malloc(len + 1);

	memcpy(text, *data, len);
	text[len] = '\0';
	len += len < *size;
	*data += len;
	*size -= len;
	return text;
}

/* What belongs to a recording is found to belong to it. */
static void check_files(const char *name)
{
	for (enum name_kind kind = NAME_FINAL; kind <= NAME_LEDGER; kind++) {
		char file[NAME_FILE_BYTES], back[NAME_BYTES];
		enum name_kind found;

		name_file(file, name, kind);
		assert(strlen(file) < NAME_FILE_BYTES && !strchr(file, '/'));
		assert(name_parse(file, back, &found) && found == kind && strcmp(back, name) == 0);
	}
}

static void check_entry(const char *entry)
{
	char name[NAME_BYTES], file[NAME_FILE_BYTES];
	enum name_kind kind;

	if (!name_parse(entry, name, &kind)) {
		assert(!name_valid(entry));
		return;
	}
	assert(name_valid(name));
	name_file(file, name, kind);
	assert(strcmp(file, entry) == 0);
	check_files(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *texts[TEXTS], name[NAME_BYTES];
	const char *why = NULL;
	unsigned copy = 0;
	int checked, made;

	for (int i = 0; i < TEXTS; i++)
		texts[i] = take_text(&data, &size);
	memcpy(&copy, data, size < sizeof(copy) ? size : sizeof(copy));
	struct name_parts parts = { .room = texts[ROOM],
		.participant = texts[PARTICIPANT],
		.track_id = texts[TRACK],
		.session_id = texts[SESSION],
		.ext = copy & 1 ? "ogg" : "ivf",
		.unix_s = (uint64_t)copy << 32 };

	checked = name_check_template(texts[TEMPLATE], &why);
	made = name_make(name, texts[TEMPLATE], &parts, copy);
	assert(checked < 0 || made == 0);
	assert((checked < 0) == (why != NULL));
	if (made == 0) {
		assert(name_valid(name));
		check_files(name);
	}
	check_entry(texts[ENTRY]);
	for (int i = 0; i < TEXTS; i++)
		free(texts[i]);
	return 0;
}
