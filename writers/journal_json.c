/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON (RFC 8259) of journal lines: checked whole before a byte of it goes into a sidecar, then walked by
 * fields. Texts end with a NUL, which no rule of the grammar takes, so nothing reads past it. */
#include "writers/journal.h"

#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "base/utf8.h"

static void skip_space(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_escape(const char **at)
{
	const char *p = *at + 1;

	if (*p == 'u') {
		for (unsigned i = 1; i <= 4; i++)
			if (!is_hex(p[i]))
				return false;
		*at = p + 5;
		return true;
	}
	if (*p == '\0' || !strchr("\"\\/bfnrt", *p))
		return false;
	*at = p + 1;
	return true;
}

static bool skip_string(const char **at)
{
	if (**at != '"')
		return false;
	(*at)++;
	while (**at != '"') {
		size_t bytes = utf8_bytes(*at);

		if (bytes == 0 || (unsigned char)**at < 0x20 || **at == 0x7F)
			return false;
		if (**at == '\\') {
			if (!skip_escape(at))
				return false;
		} else {
			*at += bytes;
		}
	}
	(*at)++;
	return true;
}

static bool skip_digits(const char **at)
{
	if (!is_digit(**at))
		return false;
	while (is_digit(**at))
		(*at)++;
	return true;
}

static bool skip_number(const char **at)
{
	if (**at == '-')
		(*at)++;
	if (**at == '0')
		(*at)++;
	else if (!skip_digits(at))
		return false;
	if (**at == '.') {
		(*at)++;
		if (!skip_digits(at))
			return false;
	}
	if (**at == 'e' || **at == 'E') {
		(*at)++;
		if (**at == '+' || **at == '-')
			(*at)++;
		return skip_digits(at);
	}
	return true;
}

static bool skip_word(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

static bool skip_value(const char **at, unsigned depth);

/* An object or array, from its bracket on. */
static bool skip_members(const char **at, unsigned depth, char close)
{
	if (depth > LIMIT_JSON_DEPTH)
		return false;
	(*at)++;
	skip_space(at);
	if (**at == close) {
		(*at)++;
		return true;
	}
	for (;;) {
		skip_space(at);
		if (close == '}') {
			if (!skip_string(at))
				return false;
			skip_space(at);
			if (*(*at)++ != ':')
				return false;
			skip_space(at);
		}
		if (!skip_value(at, depth))
			return false;
		skip_space(at);
		if (**at == close) {
			(*at)++;
			return true;
		}
		if (*(*at)++ != ',')
			return false;
	}
}

static bool skip_value(const char **at, unsigned depth)
{
	switch (**at) {
	case '{':
		return skip_members(at, depth + 1, '}');
	case '[':
		return skip_members(at, depth + 1, ']');
	case '"':
		return skip_string(at);
	case 't':
		return skip_word(at, "true");
	case 'f':
		return skip_word(at, "false");
	case 'n':
		return skip_word(at, "null");
	default:
		return skip_number(at);
	}
}

bool journal_is_object(const char *json, size_t len)
{
	const char *at = json;

	skip_space(&at);
	if (*at != '{' || !skip_value(&at, 0))
		return false;
	skip_space(&at);
	return at == json + len;
}

bool journal_next_field(const char **at, struct journal_field *ret_field)
{
	const char *p = *at;

	skip_space(&p);
	if (*p != '{' && *p != ',')
		return false;
	p++;
	skip_space(&p);
	if (*p != '"')
		return false;
	ret_field->key = p + 1;
	skip_string(&p);
	ret_field->key_len = (size_t)(p - 1 - ret_field->key);
	skip_space(&p);
	p++;
	skip_space(&p);
	ret_field->value = p;
	skip_value(&p, 0);
	ret_field->value_len = (size_t)(p - ret_field->value);
	*at = p;
	return true;
}

static bool find(const char *json, const char *key, struct journal_field *ret_field)
{
	size_t len = strlen(key);
	bool found = false;

	for (struct journal_field field; journal_next_field(&json, &field);) {
		if (field.key_len == len && memcmp(field.key, key, len) == 0) {
			*ret_field = field;
			found = true;
		}
	}
	return found;
}

bool journal_u64(const char *json, const char *key, uint64_t *ret_value)
{
	struct journal_field field;
	uint64_t value = 0;

	if (!find(json, key, &field))
		return false;
	for (size_t i = 0; i < field.value_len; i++) {
		uint64_t digit = (uint64_t)(field.value[i] - '0');

		if (!is_digit(field.value[i]) || __builtin_mul_overflow(value, 10, &value) ||
		        __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool journal_string(const char *json, const char *key, char *ret_value, size_t size)
{
	struct journal_field field;

	if (!find(json, key, &field) || field.value[0] != '"' || field.value_len - 2 >= size ||
	        memchr(field.value, '\\', field.value_len))
		return false;
	memcpy(ret_value, field.value + 1, field.value_len - 2);
	ret_value[field.value_len - 2] = '\0';
	return true;
}
