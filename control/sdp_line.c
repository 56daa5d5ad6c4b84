/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD_TYPE_MAX 127

void sdp_line_begin(struct sdp_lines *lines, const char *text, size_t len)
{
	lines->at = text;
	lines->end = text + len;
	lines->number = lines->passed_over = 0;
	lines->text[0] = '\0';
}

int sdp_line_next(struct sdp_lines *lines, char ret_why[LIMIT_REASON_BYTES + 1])
{
	const char *newline;
	size_t n;

	if (lines->at >= lines->end)
		return 0;
	newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
	n = (size_t)((newline ? newline : lines->end) - lines->at);
	lines->number++;
	if (lines->number > LIMIT_SDP_LINES + lines->passed_over)
		return sdp_line_refuse(lines, ret_why, "more than %u lines", LIMIT_SDP_LINES);
	if (n >= sizeof(lines->text) || memchr(lines->at, '\0', n))
		return sdp_line_refuse(lines, ret_why, "too long, or holds a NUL");
	memcpy(lines->text, lines->at, n);
	lines->at = newline ? newline + 1 : lines->end;
	if (n && lines->text[n - 1] == '\r')
		n--;
	lines->text[n] = '\0';
	return n || lines->at < lines->end;
}

bool sdp_line_is_sound(const char *line)
{
	return *line >= 'a' && *line <= 'z' && line[1] == '=';
}

int sdp_line_refuse(
        const struct sdp_lines *lines, char ret_why[LIMIT_REASON_BYTES + 1], const char *format, ...)
{
	va_list args;
	int n = snprintf(ret_why, LIMIT_REASON_BYTES + 1, "line %u: ", lines->number);

	va_start(args, format);
	vsnprintf(ret_why + n, LIMIT_REASON_BYTES + 1 - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

const char *sdp_line_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(text, name, len) && text[len] == ':' ? text + len + 1 : NULL;
}

/* Who loses the line ends has all of the offer behind it, and would wonder. */
const char *sdp_line_not_first(const char *line)
{
	if (strncmp(line, "v=0", 3))
		return "an offer begins with v=0";
	return line[3] ? "more stands behind v=0: were the line ends lost? (curl keeps them with "
	                 "--data-binary)"
	               : NULL;
}

size_t sdp_line_word(const char **text, const char **ret_word)
{
	size_t len = strcspn(*text, " ");

	*ret_word = *text;
	*text += len + ((*text)[len] == ' ');
	return len;
}

bool sdp_line_number(const char *text, const char *ends, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && number <= max; at++)
		number = number * 10 + (unsigned)(*at - '0');
	*ret_number = (uint32_t)number;
	return at != text && number <= max && (!*at || strchr(ends, *at));
}

bool sdp_line_payload_type(const char *text, uint8_t *ret_type)
{
	uint32_t number;
	bool ok = sdp_line_number(text, " ", PAYLOAD_TYPE_MAX, &number);

	*ret_type = (uint8_t)number;
	return ok;
}

bool sdp_line_token(char *ret_word, size_t size, const char *text, size_t len)
{
	if (!len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(ret_word, text, len);
	ret_word[len] = '\0';
	return true;
}

bool sdp_line_direction(const char *text, enum sdp_direction *ret_direction)
{
	static const char *const names[] = { "sendrecv", "sendonly", "recvonly", "inactive" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(text, names[i])) {
			*ret_direction = (enum sdp_direction)i;
			return true;
		}
	}
	return false;
}
