/* SPDX-License-Identifier: BSD-3-Clause */
/*   stream = [ BOM ] *event        event = *( comment / field ) end-of-line
 *   field  = name [ ":" [ space ] value ] end-of-line      end-of-line = CR LF / LF / CR
 */
#include "base/sse.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MAX_MS 600000u

void sse_begin(struct sse *sse, void (*each)(void *arg, const struct sse_event *event), void *arg)
{
	memset(sse, 0, sizeof(*sse));
	sse->each = each;
	sse->arg = arg;
}

void sse_restart(struct sse *sse)
{
	sse->line_len = sse->data_len = 0;
	sse->line_cut = sse->data_cut = sse->has_data = sse->after_cr = sse->begun = false;
	sse->name[0] = '\0';
	strcpy(sse->next_id, sse->id);
}

static void add_data(struct sse *sse, const char *value, size_t len)
{
	if (sse->has_data && sse->data_len + 1 < sizeof(sse->data))
		sse->data[sse->data_len++] = '\n';
	sse->has_data = true;
	if (len >= sizeof(sse->data) - sse->data_len) {
		sse->data_cut = true;
		return;
	}
	memcpy(sse->data + sse->data_len, value, len);
	sse->data_len += len;
}

static void set_retry(struct sse *sse, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (!digits || value[digits])
		return;
	unsigned long ms = strtoul(value, NULL, 10);
	sse->retry_ms = ms < RETRY_MAX_MS ? (unsigned)ms : RETRY_MAX_MS;
}

static void take_field(struct sse *sse, const char *name, const char *value, size_t len)
{
	if (!strcmp(name, "data"))
		add_data(sse, value, len);
	else if (!strcmp(name, "event") && len < sizeof(sse->name))
		memcpy(sse->name, value, len + 1);
	else if (!strcmp(name, "id") && len < sizeof(sse->next_id) && strlen(value) == len)
		memcpy(sse->next_id, value, len + 1);
	else if (!strcmp(name, "retry"))
		set_retry(sse, value);
}

/* An empty line: the event is whole. */
static void dispatch(struct sse *sse)
{
	strcpy(sse->id, sse->next_id);
	sse->data[sse->data_len] = '\0';
	if (sse->has_data && !sse->data_cut) {
		const struct sse_event event = { sse->id, sse->name[0] ? sse->name : "message", sse->data };
		sse->each(sse->arg, &event);
	}
	sse->data_len = 0;
	sse->has_data = sse->data_cut = false;
	sse->name[0] = '\0';
}

static void end_line(struct sse *sse)
{
	char *line = sse->line, *colon;
	size_t len = sse->line_len;

	line[len] = '\0';
	if (sse->line_cut) {
		sse->data_cut = sse->has_data = true;
	} else if (!len) {
		dispatch(sse);
	} else if ((colon = memchr(line, ':', len)) != line) {
		char *value = colon ? colon + 1 : line + len;
		if (colon)
			*colon = '\0';
		value += *value == ' ';
		take_field(sse, line, value, (size_t)(line + len - value));
	}
	sse->line_len = 0;
	sse->line_cut = false;
}

static void skip_bom(struct sse *sse)
{
	if (!sse->begun && sse->line_len == 3) {
		sse->begun = true;
		if (!memcmp(sse->line, "\xEF\xBB\xBF", 3))
			sse->line_len = 0;
	}
}

void sse_push(struct sse *sse, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		bool second = sse->after_cr && c == '\n'; /* of CR LF */

		sse->after_cr = c == '\r';
		if (second)
			continue;
		if (c == '\n' || c == '\r') {
			end_line(sse);
			sse->begun = true;
		} else if (sse->line_len + 1 < sizeof(sse->line)) {
			sse->line[sse->line_len++] = c;
			skip_bom(sse);
		} else {
			sse->line_cut = true;
		}
	}
}
