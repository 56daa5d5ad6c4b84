/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/logbook.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"

#define NS_PER_US 1000u
#define INFO      6 /* LOG_INFO */

void logbook_reset(struct logbook *b)
{
	free(b->line);
	memset(b, 0, sizeof(*b));
}

/* A field is a string; an array of numbers, the bytes of what is no UTF-8; or null, when it is large. */
static void take_text(char text[LOGBOOK_TEXT_BYTES], const json_t *field)
{
	size_t len = 0;

	if (!json_is_array(field)) {
		snprintf(text, LOGBOOK_TEXT_BYTES, "%s",
		        json_is_string(field) ? json_string_value(field) : "(too long)");
		return;
	}
	for (size_t i = 0; i < json_array_size(field) && len + 1 < LOGBOOK_TEXT_BYTES; i++) {
		json_int_t byte = json_integer_value(json_array_get(field, i));

		text[len++] = byte > 0 && byte < 256 ? (char)byte : '?';
	}
	text[len] = '\0';
}

/* "2026-11-21T01:02:03.456Z wirespool-control warn: what happened": time and process are columns of the row.
 */
static void strip_head(char *text)
{
	static const char process[] = "Z wirespool-";
	char *at = strstr(text, process), *space = at ? strchr(at + strlen(process), ' ') : NULL;

	if (space && at - text < CLK_RFC3339_BYTES && text[0] >= '0' && text[0] <= '9')
		memmove(text, space + 1, strlen(space + 1) + 1);
}

static void take_unit(char *unit, size_t size, const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "_SYSTEMD_UNIT")), *prefix = "wirespool-";

	if (!name || !strncmp(name, "init.scope", 10))
		name = json_string_value(json_object_get(entry, "UNIT")); /* what systemd says of a unit */
	if (!name)
		name = json_string_value(json_object_get(entry, "SYSLOG_IDENTIFIER"));
	if (!name)
		name = "";
	if (!strncmp(name, prefix, strlen(prefix)))
		name += strlen(prefix);
	snprintf(unit, size, "%.*s", (int)strcspn(name, "."), name);
}

static void take_entry(struct logbook *b, const json_t *entry)
{
	const char *us = json_string_value(json_object_get(entry, "__REALTIME_TIMESTAMP")),
	           *priority = json_string_value(json_object_get(entry, "PRIORITY"));
	struct logbook_row *row = &b->rows[b->next];

	b->next = (b->next + 1) % LOGBOOK_ROWS;
	if (b->count < LOGBOOK_ROWS)
		b->count++;
	b->added++;
	row->unix_ns = us ? strtoull(us, NULL, 10) * NS_PER_US : 0;
	row->priority = priority && *priority >= '0' && *priority <= '7' ? (unsigned)(*priority - '0') : INFO;
	take_unit(row->unit, sizeof(row->unit), entry);
	take_text(row->text, json_object_get(entry, "MESSAGE"));
	strip_head(row->text);
}

/* How many rows came of the line. */
static unsigned take_line(struct logbook *b)
{
	json_t *entry;

	if (b->len > LOGBOOK_LINE_BYTES) {
		b->left_out++;
		return 0;
	}
	if (!b->len)
		return 0;
	entry = json_loadb(b->line, b->len, JSON_ALLOW_NUL, NULL);
	if (json_is_object(entry)) {
		take_entry(b, entry);
		json_decref(entry);
		return 1;
	}
	json_decref(entry);
	snprintf(b->said, sizeof(b->said), "%.*s", (int)(b->len < sizeof(b->said) ? b->len : sizeof(b->said)),
	        b->line);
	return 0;
}

unsigned logbook_push(struct logbook *b, const char *data, size_t len)
{
	unsigned count = 0;

	if (!b->line)
		b->line = malloc(LOGBOOK_LINE_BYTES);
	while (b->line && len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;

		if (b->len + part <= LOGBOOK_LINE_BYTES) {
			memcpy(b->line + b->len, data, part);
			b->len += part;
		} else {
			b->len = LOGBOOK_LINE_BYTES + 1;
		}
		if (end) {
			count += take_line(b);
			b->len = 0;
			part++;
		}
		data += part;
		len -= part;
	}
	return count;
}

const struct logbook_row *logbook_get(const struct logbook *b, unsigned back)
{
	if (back >= b->count)
		return NULL;
	return &b->rows[(b->next + LOGBOOK_ROWS - 1 - back) % LOGBOOK_ROWS];
}
