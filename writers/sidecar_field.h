/* SPDX-License-Identifier: BSD-3-Clause */
/* The top-level fields of a sidecar: gathered from the journal's lines of the kinds META and END, then from
 * what the file itself says. The last to give a field has its way. Internal to writers/sidecar.c. */
#ifndef WRITERS_SIDECAR_FIELD_H
#define WRITERS_SIDECAR_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include "writers/journal.h"
#include "writers/sidecar.h"

#define SIDECAR_FIELDS     80
#define SIDECAR_TEXT_BYTES (4 * JOURNAL_LINE_BYTES)
/* Of these kept back from the journal for the facts. */
#define SIDECAR_FACT_FIELDS     16
#define SIDECAR_FACT_TEXT_BYTES 2048

struct sidecar_field {
	const char *key;   /* with its quotes */
	const char *value; /* JSON */
	char *room_at;     /* where it lies, and how long it may be there; 0: nowhere */
	size_t room;
	bool used;
};

struct sidecar_fields {
	struct sidecar_field fields[SIDECAR_FIELDS];
	unsigned count, max;
	size_t text_bytes, text_max;
	char text[SIDECAR_TEXT_BYTES]; /* what keys and values point to; what does not fit is left out */
};

/* Gather all fields of the recording. */
void sidecar_field_collect(struct sidecar_fields *fields, int journal_fd, const struct sidecar_facts *facts);

/* The field of @key (without quotes), or NULL. */
struct sidecar_field *sidecar_field_find(struct sidecar_fields *fields, const char *key);

#endif
