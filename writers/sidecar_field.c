/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/sidecar_field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/codec.h"

#define VIDEO_CLOCK_RATE 90000
#define MS_MAX           1e12 /* what is read back may be anything */
#define SPARE_BYTES      32

/* Keep @text, and leave it @spare bytes to grow. */
static char *keep(struct sidecar_fields *fields, const char *text, size_t len, size_t spare)
{
	char *at = fields->text + fields->text_bytes;

	if (fields->text_bytes + len + spare >= fields->text_max)
		return NULL;
	memcpy(at, text, len);
	at[len] = '\0';
	fields->text_bytes += len + spare + 1;
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
	size_t spare = 0;
	char *kept;

	if (!field) {
		if (fields->count >= fields->max || key_len > JOURNAL_LINE_BYTES)
			return;
		quoted[0] = quoted[key_len + 1] = '"';
		memcpy(quoted + 1, key, key_len);
		kept = keep(fields, quoted, key_len + 2, 0);
		if (!kept)
			return;
		field = &fields->fields[fields->count++];
		*field = (struct sidecar_field){ .key = kept, .value = "null" };
	} else if (value_len <= field->room) {
		memcpy(field->room_at, value, value_len);
		field->room_at[value_len] = '\0';
		field->value = field->room_at;
		return;
	} else {
		spare = SPARE_BYTES; /* what is given anew may be so many times, and grow a little each time
		                      */
	}
	kept = keep(fields, value, value_len, spare);
	if (!kept)
		return;
	field->value = field->room_at = kept;
	field->room = value_len + spare;
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
	double last_ms; /* of frames whose container does not tell their times */
};

static void set_object(struct sidecar_fields *fields, const char *json)
{
	struct journal_field field;

	while (journal_next_field(&json, &field))
		set(fields, field.key, field.key_len, field.value, field.value_len);
}

/* A line of frames' times: the latest of those that are among the file's @frames. */
static void see_times(struct seen *seen, const char *json, uint64_t frames)
{
	const char *at = strstr(json, "\"ms\":[");
	uint64_t frame;

	if (!at || !journal_u64(json, "frame", &frame))
		return;
	for (at += strlen("\"ms\":"); *at == '[' || *at == ','; frame++) {
		char *end;
		double ms = strtod(++at, &end);

		if (end == at)
			return;
		if (frame < frames && ms > seen->last_ms && ms < MS_MAX)
			seen->last_ms = ms;
		at = end;
	}
}

static void collect_journal(struct sidecar_fields *fields, int journal_fd, uint64_t frames, struct seen *seen)
{
	struct journal_reader reader;
	struct journal_line line;
	uint64_t packets;

	journal_read(&reader, journal_fd);
	while (journal_next(&reader, &line)) {
		if (line.kind == JOURNAL_TIMES)
			see_times(seen, line.json, frames);
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
	/* The journal is lost: the codecs that share an extension share their clock rate too. */
	for (enum codec codec = 0; dot && codec < CODECS; codec++)
		if (strcmp(dot + 1, codec_info(codec)->ext) == 0)
			return codec_info(codec)->clock_rate;
	return VIDEO_CLOCK_RATE;
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

/* Whether the track's own figures are those of the bytes: it ended the file, and all of it reached the disk.
 */
static bool agrees(
        struct sidecar_fields *fields, const struct sidecar_facts *facts, double duration_s, double tick_s)
{
	struct sidecar_field *field = sidecar_field_find(fields, facts->frames ? "frames" : "duration_s");

	if (!field)
		return false;
	if (facts->frames)
		return strtoull(field->value, NULL, 10) == facts->frames;
	return strtod(field->value, NULL) - duration_s < tick_s &&
	       duration_s - strtod(field->value, NULL) < tick_s;
}

/* Figures of a file that its track did not end, or ended with frames that never reached the disk. */
static void set_scanned(
        struct sidecar_fields *fields, const struct sidecar_facts *facts, const struct seen *seen)
{
	uint64_t rate = clock_rate(fields, facts->name), ticks = facts->last_pts - facts->first_pts, ns,
	         started;
	double duration_s = seen->last_ms > 0 ? seen->last_ms / 1000 : (double)ticks / (double)rate;
	char text[CLK_RFC3339_BYTES];

	if (seen->end && agrees(fields, facts, duration_s, 1 / (double)rate))
		return;
	ns = (uint64_t)(duration_s * CLK_NS_PER_S);
	if (facts->frames)
		set_format(fields, "frames", "%" PRIu64, facts->frames);
	else
		unset(fields, "frames");
	set_format(fields, "duration_s", "%.6f", duration_s);
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
		collect_journal(fields, journal_fd, facts->frames, &seen);
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
	unset(fields, "sender_reports");
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
