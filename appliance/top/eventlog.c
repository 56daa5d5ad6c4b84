/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/eventlog.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/clk.h"

static struct eventlog_row *add(
        struct eventlog *log, uint64_t unix_ns, bool is_seen, bool is_bad, const char *type)
{
	struct eventlog_row *row = &log->rows[log->next];

	log->next = (log->next + 1) % EVENTLOG_ROWS;
	if (log->count < EVENTLOG_ROWS)
		log->count++;
	log->added++;
	row->unix_ns = unix_ns;
	row->is_seen = is_seen;
	row->is_bad = is_bad;
	snprintf(row->type, sizeof(row->type), "%s", type);
	row->text[0] = '\0';
	return row;
}

void eventlog_see(
        struct eventlog *log, uint64_t unix_ns, bool is_bad, const char *type, const char *format, ...)
{
	struct eventlog_row *row = add(log, unix_ns, true, is_bad, type);
	va_list args;

	va_start(args, format);
	vsnprintf(row->text, sizeof(row->text), format, args);
	va_end(args);
}

/* "key=value", behind a space when something is there; what does not fit is cut. */
static void append(char text[EVENTLOG_TEXT_BYTES], const char *key, const json_t *value)
{
	size_t at = strlen(text);
	const char *gap = at ? " " : "";

	if (json_is_string(value))
		snprintf(text + at, EVENTLOG_TEXT_BYTES - at, "%s%s=%s", gap, key, json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text + at, EVENTLOG_TEXT_BYTES - at, "%s%s=%" JSON_INTEGER_FORMAT, gap, key,
		        json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text + at, EVENTLOG_TEXT_BYTES - at, "%s%s=%g", gap, key, json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(text + at, EVENTLOG_TEXT_BYTES - at, "%s%s=%s", gap, key,
		        json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		snprintf(text + at, EVENTLOG_TEXT_BYTES - at, "%s%s=%zu", gap, key, json_array_size(value));
}

/* Of control's types (control/events.h) those that end so, and "missed", are of what went wrong. */
static bool tells_bad(const char *type)
{
	static const char *const endings[] = { ".failed", ".lost", ".full", ".raised" };
	const char *dot = strrchr(type, '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++)
		if (!strcmp(dot, endings[i]))
			return true;
	return !strcmp(type, "missed");
}

/* What the feed tells of the time before we came goes behind what we saw meanwhile. The feed's own order is
 * that in which things happened: times may go back. */
static void put_behind_seen(struct eventlog *log)
{
	for (unsigned back = 0; back + 1 < log->count; back++) {
		struct eventlog_row
		        *newer = &log->rows[(log->next + EVENTLOG_ROWS - 1 - back) % EVENTLOG_ROWS],
		        *older = &log->rows[(log->next + EVENTLOG_ROWS - 2 - back) % EVENTLOG_ROWS], swap;

		if (!older->is_seen || older->unix_ns <= newer->unix_ns)
			return;
		swap = *older;
		*older = *newer;
		*newer = swap;
	}
}

void eventlog_take(struct eventlog *log, bool is_kept, uint64_t unix_ns, const char *type, const char *data)
{
	json_t *event = json_loads(data, 0, NULL), *value;
	const char *time = json_string_value(json_object_get(event, "time")),
	           *told = json_string_value(json_object_get(event, "type")), *key;
	struct eventlog_row *row =
	        add(log, unix_ns, false, tells_bad(told ? told : type), told ? told : type);

	if (time && clk_parse_rfc3339(time, &row->unix_ns))
		row->unix_ns = unix_ns;
	if (!json_is_object(event))
		snprintf(row->text, sizeof(row->text), "%s", data);
	json_object_foreach(event, key, value)
	{
		if (strcmp(key, "time") != 0 && strcmp(key, "type") != 0 && strcmp(key, "session") != 0)
			append(row->text, key, value);
	}
	append(row->text, "session",
	        json_object_get(event, "session")); /* long, and seldom what is looked for */
	json_decref(event);
	if (is_kept)
		put_behind_seen(log);
}

const struct eventlog_row *eventlog_get(const struct eventlog *log, unsigned back)
{
	if (back >= log->count)
		return NULL;
	return &log->rows[(log->next + EVENTLOG_ROWS - 1 - back) % EVENTLOG_ROWS];
}
