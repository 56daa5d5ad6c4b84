/* SPDX-License-Identifier: BSD-3-Clause */
/* A journal as a crash, or anybody, may have left it: read, and made into a sidecar, which has to be one JSON
 * object. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "writers/journal.h"
#include "writers/sidecar_field.h"

#define FILE_BYTES (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct journal_line *line)
{
	struct journal_field field;
	const char *at = line->json;
	size_t fields = 0;
	uint64_t number;
	char text[16];

	while (journal_next_field(&at, &field)) {
		if (field.value + field.value_len > line->json + line->len || field.value_len == 0)
			abort();
		fields++;
	}
	journal_u64(line->json, "packets", &number);
	journal_string(line->json, "session", text, sizeof(text));
	if (fields > line->len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sidecar_facts facts = { .name = "demo_video0_1.ivf", .size = 1, .scanned = true };
	static struct sidecar_fields fields;
	static int fd = -1;
	struct journal_reader reader;
	struct journal_line line;

	if (fd < 0)
		fd = memfd_create("journal", MFD_CLOEXEC);
	if (size > FILE_BYTES || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	journal_read(&reader, fd);
	while (journal_next(&reader, &line))
		walk(&line);
	sidecar_field_collect(&fields, fd, &facts);
	if (!sidecar_field_find(&fields, "version") || !sidecar_field_find(&fields, "repaired"))
		abort();
	for (unsigned i = 0; i < fields.count; i++) {
		char *object = malloc(strlen(fields.fields[i].key) + strlen(fields.fields[i].value) + 4);
		int len = sprintf(object, "{%s:%s}", fields.fields[i].key, fields.fields[i].value);

		if (!journal_is_object(object, (size_t)len))
			abort();
		free(object);
	}
	return 0;
}
