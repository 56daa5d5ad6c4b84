/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/jsonw.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

#define FIRST_BYTES 256

void jsonw_reset(struct jsonw *w)
{
	free(w->text);
	*w = (struct jsonw){ .indent = w->indent };
}

/* Room for @more bytes and the NUL, or NULL with the error set. */
static char *grow(struct jsonw *w, size_t more)
{
	size_t size = w->size ? w->size : FIRST_BYTES;
	char *text;

	if (w->error)
		return NULL;
	if (more > SIZE_MAX / 4 - w->len) {
		w->error = -ENOMEM;
		return NULL;
	}
	while (size < w->len + more + 1)
		size *= 2;
	if (size != w->size) {
		text = realloc(w->text, size);
		if (!text) {
			w->error = -ENOMEM;
			return NULL;
		}
		w->text = text;
		w->size = size;
	}
	return w->text + w->len;
}

static void append(struct jsonw *w, const char *bytes, size_t len)
{
	char *at = grow(w, len);

	if (!at)
		return;
	memcpy(at, bytes, len);
	at[len] = '\0';
	w->len += len;
}

static void append_text(struct jsonw *w, const char *text)
{
	append(w, text, strlen(text));
}

static void append_line(struct jsonw *w)
{
	size_t len = (size_t)w->indent * w->depth;
	char *at;

	if (!w->indent)
		return;
	append(w, "\n", 1);
	at = grow(w, len);
	if (!at)
		return;
	memset(at, ' ', len);
	at[len] = '\0';
	w->len += len;
}

/* The escape of a byte of ASCII, NULL when it stands for itself (RFC 8259 section 7). */
static const char *escape(unsigned char c, char buf[8])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		if (c >= 0x20 && c != 0x7F)
			return NULL;
		snprintf(buf, 8, "\\u%04x", c);
		return buf;
	}
}

static void append_quoted(struct jsonw *w, const char *value)
{
	const char *from = value; /* of what stands for itself and has not been appended yet */
	const char *instead;
	char buf[8];

	append(w, "\"", 1);
	while (*value) {
		size_t len = utf8_bytes(value);

		instead = len == 0 ? "\xEF\xBF\xBD" : len == 1 ? escape((unsigned char)*value, buf) : NULL;
		if (!instead) {
			value += len;
			continue;
		}
		append(w, from, (size_t)(value - from));
		append_text(w, instead);
		from = ++value;
	}
	append(w, from, (size_t)(value - from));
	append(w, "\"", 1);
}

/* What goes before a value: the comma, the line and the key. */
static void begin(struct jsonw *w, const char *key)
{
	if (w->depth > 0) {
		if (w->separate)
			append(w, ",", 1);
		append_line(w);
	}
	if (key) {
		append_quoted(w, key);
		append_text(w, w->indent ? ": " : ":");
	}
	w->separate = true;
}

static void enter(struct jsonw *w, const char *key, const char *bracket)
{
	begin(w, key);
	append(w, bracket, 1);
	w->separate = false;
	w->depth++;
}

static void leave(struct jsonw *w, const char *bracket)
{
	if (w->depth > 0)
		w->depth--;
	if (w->separate)
		append_line(w);
	append(w, bracket, 1);
	w->separate = true;
}

void jsonw_object(struct jsonw *w, const char *key)
{
	enter(w, key, "{");
}

void jsonw_array(struct jsonw *w, const char *key)
{
	enter(w, key, "[");
}

void jsonw_end_object(struct jsonw *w)
{
	leave(w, "}");
}

void jsonw_end_array(struct jsonw *w)
{
	leave(w, "]");
}

void jsonw_string(struct jsonw *w, const char *key, const char *value)
{
	if (!value) {
		jsonw_null(w, key);
		return;
	}
	begin(w, key);
	append_quoted(w, value);
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, value);
	begin(w, key);
	append_text(w, buf);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRId64, value);
	begin(w, key);
	append_text(w, buf);
}

/* JSON has no infinities and no NaN: null. */
void jsonw_double(struct jsonw *w, const char *key, double value)
{
	char buf[40];

	if (!isfinite(value)) {
		jsonw_null(w, key);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, value);
		if (strtod(buf, NULL) == value)
			break;
	}
	begin(w, key);
	append_text(w, buf);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
	begin(w, key);
	append_text(w, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	begin(w, key);
	append_text(w, "null");
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len)
{
	begin(w, key);
	append(w, json, len);
}
