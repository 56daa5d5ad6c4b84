/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/codec.h"
#include "base/utf8.h"

#define EXT_END ".{ext}" /* what every template ends with */

static const struct {
	const char *before, *after;
} kinds[] = {
	[NAME_FINAL] = { "", "" },
	[NAME_SIDECAR] = { "", ".json" },
	[NAME_PART] = { ".", ".part" },
	[NAME_JOURNAL] = { ".", ".journal" },
	[NAME_LEDGER] = { ".", ".upload" },
};

/* A name under construction; what does not fit is cut. */
struct draft {
	char *text;
	size_t len, max;
};

static bool is_safe(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '_' || c == '-';
}

static void put_char(struct draft *d, char c)
{
	if (d->len < d->max)
		d->text[d->len++] = c;
}

/* One '-' for a character that is not safe, or for a byte that is no character. Stops when @d is full. */
static void put_safe(struct draft *d, const char *text)
{
	if (!text || !*text)
		text = "-";
	while (*text && d->len < d->max) {
		size_t bytes = utf8_bytes(text);

		put_char(d, is_safe(*text) ? *text : '-');
		text += bytes ? bytes : 1;
	}
}

/* The placeholders. The value of one goes to *ret_value (@buf, of 24 bytes, may hold it); false when there is
 * none of that name. */
static bool look_up(
        const char *name, size_t len, const struct name_parts *parts, char *buf, const char **ret_value)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "room", parts->room },
		{ "participant", parts->participant },
		{ "trackID", parts->track_id },
		{ "session", parts->session_id },
		{ "ext", parts->ext },
		{ "timestamp", buf },
	};

	snprintf(buf, 24, "%" PRIu64, parts->unix_s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
			*ret_value = rows[i].value;
			return true;
		}
	}
	return false;
}

/* Put the first @len bytes of a template. */
static int put_template(struct draft *d, const char *template, size_t len, const struct name_parts *parts)
{
	const char *end = template + len;

	while (template <end) {
		const char *value;
		char buf[24];

		if (*template == '{') {
			const char *close = memchr(template, '}', (size_t)(end - template));
			if (!close ||
			        !look_up(template + 1, (size_t)(close - template - 1), parts, buf, &value))
				return -EINVAL;
			put_safe(d, value);
			template = close + 1;
			continue;
		}
		size_t bytes = utf8_bytes(template);
		put_char(d, is_safe(*template) ? *template : '-');
		template += bytes ? bytes : 1;
	}
	return 0;
}

/* Bytes of @template before its ".{ext}"; -EINVAL when it does not end so. */
static int stem_bytes(const char *template)
{
	size_t len = strlen(template), end = strlen(EXT_END);

	if (len < end || strcmp(template + len - end, EXT_END) != 0)
		return -EINVAL;
	return (int)(len - end);
}

int name_make(char ret_name[NAME_BYTES], const char *template, const struct name_parts *parts, unsigned copy)
{
	char stem[NAME_BYTES], ext[NAME_BYTES], tail[2 * NAME_BYTES];
	struct draft d = { stem, 0, LIMIT_FILE_NAME_BYTES }, e = { ext, 0, LIMIT_FILE_NAME_BYTES };
	int stem_len = stem_bytes(template);
	size_t tail_len;

	if (stem_len < 0 || put_template(&d, template, (size_t)stem_len, parts) < 0)
		return -EINVAL;
	if (d.len == 0)
		put_char(&d, '-');
	for (size_t i = 0; i < d.len && stem[i] == '.'; i++)
		stem[i] = '-';

	put_safe(&e, parts->ext);
	ext[e.len] = '\0';
	if (copy > 1)
		snprintf(tail, sizeof(tail), "-%u.%s", copy, ext);
	else
		snprintf(tail, sizeof(tail), ".%s", ext);
	tail_len = strlen(tail);
	if (tail_len >= LIMIT_FILE_NAME_BYTES)
		return -EINVAL;
	if (d.len > LIMIT_FILE_NAME_BYTES - tail_len)
		d.len = LIMIT_FILE_NAME_BYTES - tail_len;
	memcpy(ret_name, stem, d.len);
	memcpy(ret_name + d.len, tail, tail_len + 1);
	return 0;
}

int name_check_template(const char *template, const char **ret_why)
{
	static const struct name_parts any = { .ext = "ext" };
	char name[NAME_BYTES];

	if (stem_bytes(template) < 0)
		*ret_why = "must end with .{ext}";
	else if (name_make(name, template, &any, 0) < 0)
		*ret_why = "has a placeholder other than {room} {participant} {trackID} {session} "
		           "{timestamp} {ext}";
	else if (!strstr(template, "{trackID}"))
		*ret_why = "needs {trackID}, or the tracks of a session would share a name";
	else if (!strstr(template, "{timestamp}") && !strstr(template, "{session}"))
		*ret_why = "needs {timestamp} or {session}, or every recording of a track would have the "
		           "same name";
	else
		return 0;
	return -EINVAL;
}

void name_file(char ret_file[NAME_FILE_BYTES], const char *name, enum name_kind kind)
{
	snprintf(ret_file, NAME_FILE_BYTES, "%s%.*s%s", kinds[kind].before, LIMIT_FILE_NAME_BYTES, name,
	        kinds[kind].after);
}

/* Whether @entry is a valid name between what goes before and after it in files of @kind. */
static bool match(const char *entry, enum name_kind kind, char ret_name[NAME_BYTES])
{
	size_t before = strlen(kinds[kind].before), after = strlen(kinds[kind].after), len = strlen(entry);
	char name[NAME_BYTES];

	if (len <= before + after || len - before - after > LIMIT_FILE_NAME_BYTES ||
	        memcmp(entry, kinds[kind].before, before) != 0 ||
	        strcmp(entry + len - after, kinds[kind].after) != 0)
		return false;
	len -= before + after;
	memcpy(name, entry + before, len);
	name[len] = '\0';
	if (!name_valid(name))
		return false;
	memcpy(ret_name, name, len + 1);
	return true;
}

bool name_parse(const char *entry, char ret_name[NAME_BYTES], enum name_kind *ret_kind)
{
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		if (match(entry, kind, ret_name)) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

bool name_valid(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = strlen(name);

	if (len > LIMIT_FILE_NAME_BYTES || !dot || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_safe(name[i]))
			return false;
	for (unsigned codec = 0; codec < CODECS; codec++)
		if (strcmp(dot + 1, codec_info(codec)->ext) == 0)
			return true;
	return false;
}

const char *name_content_type(const char *name)
{
	static const char *const types[][2] = { { "ivf", "video/x-ivf" }, { "ogg", "audio/ogg" },
		{ "h264", "video/h264" }, { "wav", "audio/wav" } };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}
