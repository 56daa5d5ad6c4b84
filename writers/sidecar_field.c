/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/sidecar_field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"

#define VPX_CLOCK_RATE  90000 /* RFC 7741 section 6.1, RFC 9628 section 6.1: where the journal is lost */
#define OPUS_CLOCK_RATE 48000 /* RFC 7587 section 4.1 */

static const char *keep(struct sidecar_fields *fields, const char *text, size_t len)
{
	char *at = fields->text + fields->text_bytes;

	if (fields->text_bytes + len >= fields->text_max)
		return NULL;
	memcpy(at, text, len);
	at[len] = '\0';
	fields->text_bytes += len + 1;
	return at;
}

static struct sidecar_field *find(struct sidecar_fields *fields, const char *key, size_t len)
{
	for (unsigned i = 0; i < fields->count; i++) {
		const char *have = fields->fields[i].key;
		if (strlen(have) == len + 2 && memcmp(have + 1, key, len) == 0)
			return &fields->fields[i];
	}
	return NULL;
}

struct sidecar_field *sidecar_field_find(struct sidecar_fields *fields, const char *key)
{
	return find(fields, key, strlen(key));
}

static void set(
        struct sidecar_fields *fields, const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct sidecar_field *field = find(fields, key, key_len);
	char quoted[JOURNAL_LINE_BYTES + 2];
	const char *kept;

	if (!field) {
		if (fields->count >= fields->max || key_len > JOURNAL_LINE_BYTES)
			return;
		quoted[0] = quoted[key_len + 1] = '"';
		memcpy(quoted + 1, key, key_len);
		kept = keep(fields, quoted, key_len + 2);
		if (!kept)
			return;
		field = &fields->fields[fields->count++];
		*field = (struct sidecar_field){ .key = kept, .value = "null" };
	}
	kept = keep(fields, value, value_len);
	if (kept)
		field->value = kept;
}

__attribute__((format(printf, 3, 4))) static void set_format(
        struct sidecar_fields *fields, const char *key, const char *format, ...)
{
	char value[LIMIT_FILE_NAME_BYTES + 100];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof(value))
		set(fields, key, strlen(key), value, (size_t)len);
}

static void unset(struct sidecar_fields *fields, const char *key)
{
	struct sidecar_field *field = sidecar_field_find(fields, key);

	if (field)
		*field = fields->fields[--fields->count];
}

/* What the passes over the journal have seen. */
struct seen {
	bool end;
	uint64_t gap_packets;
};

static void set_object(struct sidecar_fields *fields, const char *json)
{
	struct journal_field field;

	while (journal_next_field(&json, &field))
		set(fields, field.key, field.key_len, field.value, field.value_len);
}

static void collect_journal(struct sidecar_fields *fields, int journal_fd, struct seen *seen)
{
	struct journal_reader reader;
	struct journal_line line;
	uint64_t packets;

	journal_read(&reader, journal_fd);
	while (journal_next(&reader, &line)) {
		if (line.kind == JOURNAL_GAP && journal_u64(line.json, "packets", &packets))
			seen->gap_packets += packets;
		if (line.kind != JOURNAL_META && line.kind != JOURNAL_END)
			continue;
		seen->end |= line.kind == JOURNAL_END;
		set_object(fields, line.json);
	}
}

static uint64_t clock_rate(struct sidecar_fields *fields, const char *name)
{
	struct sidecar_field *field = sidecar_field_find(fields, "clock_rate");
	uint64_t rate = field ? strtoull(field->value, NULL, 10) : 0;
	const char *dot = strrchr(name, '.');

	if (rate > 0 && rate <= UINT32_MAX)
		return rate;
	return dot && strcmp(dot, ".ogg") == 0 ? OPUS_CLOCK_RATE : VPX_CLOCK_RATE;
}

static bool started_at(struct sidecar_fields *fields, uint64_t *ret_unix_ns)
{
	struct sidecar_field *field = sidecar_field_find(fields, "started");
	char text[CLK_RFC3339_BYTES];
	size_t len = field ? strlen(field->value) : 0;

	if (len < 3 || len - 2 >= sizeof(text))
		return false;
	memcpy(text, field->value + 1, len - 2);
	text[len - 2] = '\0';
	return clk_parse_rfc3339(text, ret_unix_ns) == 0;
}

/* Figures of a file that its track did not end, or ended with frames that never reached the disk. */
static void set_scanned(
        struct sidecar_fields *fields, const struct sidecar_facts *facts, const struct seen *seen)
{
	struct sidecar_field *frames = sidecar_field_find(fields, "frames");
	uint64_t rate = clock_rate(fields, facts->name), ticks = facts->last_pts - facts->first_pts, ns,
	         started;
	char text[CLK_RFC3339_BYTES];

	if (seen->end && frames && strtoull(frames->value, NULL, 10) == facts->frames)
		return;
	ns = (uint64_t)((double)ticks / (double)rate * CLK_NS_PER_S);
	set_format(fields, "frames", "%" PRIu64, facts->frames);
	set_format(fields, "duration_s", "%.6f", (double)ticks / (double)rate);
	set_format(fields, "gap_packets", "%" PRIu64, seen->gap_packets);
	if (!started_at(fields, &started)) {
		started = facts->modified_unix_ns > ns ? facts->modified_unix_ns - ns : 0;
		set_format(fields, "started", "\"%s\"", clk_rfc3339(text, started, 6));
	}
	set_format(fields, "ended", "\"%s\"", clk_rfc3339(text, started + ns, 6));
	if (!seen->end)
		set_format(fields, "reason", "\"crash\"");
	/* Counted by the track beyond what was written. */
	unset(fields, "key_frames");
	unset(fields, "packets");
	unset(fields, "media_bytes");
	unset(fields, "last_rtp");
}

void sidecar_field_collect(struct sidecar_fields *fields, int journal_fd, const struct sidecar_facts *facts)
{
	char digest[2 * SHA256_BYTES + 1];
	struct seen seen = { 0 };

	fields->count = 0;
	fields->text_bytes = 0;
	fields->max = SIDECAR_FIELDS - SIDECAR_FACT_FIELDS;
	fields->text_max = SIDECAR_TEXT_BYTES - SIDECAR_FACT_TEXT_BYTES;
	if (journal_fd >= 0)
		collect_journal(fields, journal_fd, &seen);
	if (facts->end && journal_is_object(facts->end, strlen(facts->end))) {
		set_object(fields, facts->end);
		seen.end = true;
	}
	fields->max = SIDECAR_FIELDS;
	fields->text_max = SIDECAR_TEXT_BYTES;
	if (facts->scanned)
		set_scanned(fields, facts, &seen);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(digest + 2 * i, 3, "%02x", facts->sha256[i]);
	unset(fields, "clock");
	unset(fields, "gaps");
	unset(fields, "events");
	unset(fields, "sizes");
	set_format(fields, "version", "%d", SIDECAR_VERSION);
	set_format(fields, "name", "\"%s\"", facts->name);
	set_format(fields, "state", "\"finished\"");
	set_format(fields, "size", "%" PRIu64, facts->size);
	set_format(fields, "sha256", "\"%s\"", digest);
	set_format(fields, "repaired", facts->repaired ? "true" : "false");
}
