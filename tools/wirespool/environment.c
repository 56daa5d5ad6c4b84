/* SPDX-License-Identifier: BSD-3-Clause */
/* EnvironmentFile= of systemd.exec(5):
 *
 *   # comment, also with ;              the line behind a backslash at its end belongs to it
 *   NAME = plain \" text # no comment   a backslash keeps what follows; before a new line both go
 *   NAME = "quoted, \" and \\"          over lines; a backslash counts before " \ ` $ and a new line
 *   NAME = 'verbatim \'                 over lines
 *   NAME = 'it'"'"s                     quoted parts may follow each other; behind plain text quotes are text
 */
#include "tools/wirespool/environment.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

struct reader {
	const char *at, *end;
};

/* What a value becomes: never longer than it was. */
struct value {
	char *bytes;
	size_t len, solid; /* solid: without the white space at the end that nobody quoted */
};

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

static void put(struct value *value, char c, bool is_solid)
{
	value->bytes[value->len++] = c;
	if (is_solid)
		value->solid = value->len;
}

/* Behind the end of the line. */
static void skip_comment(struct reader *r)
{
	while (r->at < r->end) {
		char c = *r->at++;

		if (is_newline(c))
			return;
		if (c == '\\' && r->at < r->end)
			r->at++;
	}
}

/* Behind the '=', with what is before it; false: behind a line without one. */
static bool take_name(struct reader *r, const char **ret_name, size_t *ret_len)
{
	const char *name = r->at++; /* whatever it begins with, '=' too */
	size_t len;

	while (r->at < r->end && *r->at != '=' && !is_newline(*r->at))
		r->at++;
	len = (size_t)(r->at - name);
	while (len && is_space(name[len - 1]))
		len--;
	*ret_name = name;
	*ret_len = len;
	return r->at < r->end && *r->at++ == '=';
}

static void take_single(struct reader *r, struct value *value)
{
	while (r->at < r->end && *r->at != '\'')
		put(value, *r->at++, true);
	r->at += r->at < r->end;
}

static void take_double(struct reader *r, struct value *value)
{
	while (r->at < r->end) {
		char c = *r->at++;

		if (c == '"')
			return;
		if (c != '\\') {
			put(value, c, true);
			continue;
		}
		if (r->at == r->end)
			return;
		c = *r->at++;
		if (c == '\n')
			continue;
		if (!strchr("\"\\`$", c))
			put(value, '\\', true);
		put(value, c, true);
	}
}

static void take_plain(struct reader *r, struct value *value)
{
	while (r->at < r->end) {
		char c = *r->at++;

		if (is_newline(c))
			return;
		if (c != '\\') {
			put(value, c, !is_space(c));
			continue;
		}
		value->solid = value->len;
		if (r->at < r->end && !is_newline(*r->at))
			put(value, *r->at, true);
		r->at += r->at < r->end;
	}
}

/* Behind the end of its line. */
static void take_value(struct reader *r, struct value *value)
{
	while (r->at < r->end) {
		char c = *r->at++;

		if (is_newline(c))
			return;
		if (c == '\'') {
			take_single(r, value);
		} else if (c == '"') {
			take_double(r, value);
		} else if (!is_space(c)) {
			r->at--;
			take_plain(r, value);
			return;
		}
	}
}

static bool is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isascii(name[i]) || !(isalnum((unsigned char)name[i]) || name[i] == '_'))
			return false;
	return len && !isdigit((unsigned char)*name);
}

static bool is_utf8(const char *text)
{
	size_t len;

	while ((len = utf8_bytes(text)))
		text += len;
	return !*text;
}

static char *take_assignment(struct reader *r, const char *name, size_t name_len)
{
	char *item = malloc(name_len + 1 + (size_t)(r->end - r->at) + 1);
	struct value value = { .bytes = item ? item + name_len + 1 : NULL };
	char *fitting;

	if (!item)
		return NULL;
	memcpy(item, name, name_len);
	item[name_len] = '=';
	take_value(r, &value);
	explicit_bzero(value.bytes + value.solid, value.len - value.solid);
	value.bytes[value.solid] = '\0';
	fitting = realloc(item, name_len + 1 + value.solid + 1);
	return fitting ? fitting : item;
}

static void drop(char *item)
{
	if (item)
		explicit_bzero(item, strlen(item));
	free(item);
}

/* Append @item, which is ours from now on. 0, or -1: no memory, or it is not UTF-8. */
static int append(char ***items, size_t *count, char *item)
{
	char **more = item && is_utf8(item) ? reallocarray(*items, *count + 2, sizeof(*more)) : NULL;

	if (!more) {
		drop(item);
		return -1;
	}
	*items = more;
	more[(*count)++] = item;
	more[*count] = NULL;
	return 0;
}

char **environment_parse(const char *text, size_t len)
{
	struct reader r = { text, text + len };
	char **items = calloc(1, sizeof(*items));
	size_t count = 0;

	if (!items || memchr(text, '\0', len))
		goto fail;
	while (r.at < r.end) {
		const char *name;
		size_t name_len;
		char *item;

		if (is_space(*r.at)) {
			r.at++;
		} else if (*r.at == '#' || *r.at == ';') {
			skip_comment(&r);
		} else if (take_name(&r, &name, &name_len)) {
			item = take_assignment(&r, name, name_len);
			if (item && is_utf8(item) && !is_name(name, name_len)) {
				drop(item);
			} else if (append(&items, &count, item)) {
				goto fail;
			}
		}
	}
	return items;
fail:
	environment_free(items);
	return NULL;
}

void environment_free(char **items)
{
	for (char **item = items; item && *item; item++)
		drop(*item);
	free(items);
}

/* From the last one on: what was set before, by whomever, stays. */
static void set(char **items)
{
	size_t count = 0;

	while (items[count])
		count++;
	while (count--) {
		char *value = strchr(items[count], '=');

		*value = '\0';
		setenv(items[count], value + 1, 0);
		*value = '=';
	}
}

void environment_load(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(ENVIRONMENT_BYTES + 1), **items;
	size_t len = 0;

	if (file && text)
		len = fread(text, 1, ENVIRONMENT_BYTES + 1, file);
	items = len && len <= ENVIRONMENT_BYTES ? environment_parse(text, len) : NULL;
	if (items)
		set(items);
	environment_free(items);
	if (text)
		explicit_bzero(text, len);
	free(text);
	if (file)
		fclose(file);
}
