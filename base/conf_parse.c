/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"

#define CPUS 1024 /* CPU_SETSIZE */

void conf_parse_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Length of the variable's name at @text, which is followed by '}'; 0 when it is none. */
static size_t variable_len(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return text[len] == '}' && !isdigit((unsigned char)*text) ? len : 0;
}

/* Value of the variable named by @len bytes at @name, or NULL. */
static const char *variable(const char *name, size_t len)
{
	char *copy = strndup(name, len);
	const char *value = copy ? getenv(copy) : NULL;

	free(copy);
	return value;
}

/* The piece of the result that @text starts with: *ret_piece of *ret_len bytes, made from the returned number
 * of bytes of @text; or -EINVAL, -ENOENT. */
static int next_piece(const char *text, const char **ret_piece, size_t *ret_len)
{
	*ret_piece = text;
	if (!strncmp(text, "$${", 3)) {
		*ret_piece = text + 1;
		*ret_len = 2;
		return 3;
	}
	if (!strncmp(text, "${", 2)) {
		size_t name_len = variable_len(text + 2);

		if (!name_len)
			return -EINVAL;
		*ret_piece = variable(text + 2, name_len);
		if (!*ret_piece)
			return -ENOENT;
		*ret_len = strlen(*ret_piece);
		return (int)name_len + 3;
	}
	*ret_len = 1 + strcspn(text + 1, "$");
	return (int)*ret_len;
}

int conf_parse_expand(char **ret_text, const char *text, const char **ret_at, size_t *ret_len)
{
	size_t len = 0;
	char *out;
	int used;

	if (strlen(text) > CONF_PARSE_VALUE_BYTES)
		return -E2BIG;
	out = calloc(1, CONF_PARSE_VALUE_BYTES + 1);
	if (!out)
		return -ENOMEM;
	for (; *text; text += used) {
		const char *piece;
		size_t piece_len;

		used = next_piece(text, &piece, &piece_len);
		if (used < 0) {
			size_t to_brace = strcspn(text, "}");

			*ret_at = text;
			*ret_len = to_brace + (text[to_brace] == '}');
			conf_parse_wipe(out);
			return used;
		}
		if (piece_len > CONF_PARSE_VALUE_BYTES - len) {
			conf_parse_wipe(out);
			return -E2BIG;
		}
		memcpy(out + len, piece, piece_len);
		len += piece_len;
	}
	*ret_text = out;
	return 0;
}

void conf_parse_list_free(char **items)
{
	for (char **p = items; p && *p; p++)
		conf_parse_wipe(*p);
	free(items);
}

int conf_parse_list(char ***ret_items, const char *text, const char *separators)
{
	size_t count = 0;
	char **items = calloc(strlen(text) / 2 + 2, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		size_t len = strcspn(text, separators);

		items[count] = strndup(text, len);
		if (!items[count++]) {
			conf_parse_list_free(items);
			return -ENOMEM;
		}
		text += len;
	}
	*ret_items = items;
	return 0;
}

long conf_parse_number(const char **text, long max)
{
	long value = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); ++*text) {
		value = value * 10 + (**text - '0');
		if (value > max)
			return -EINVAL;
	}
	return value;
}

int conf_port_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	long first = conf_parse_number(&text, UINT16_MAX), last;

	if (first < 1 || *text++ != '-')
		return -EINVAL;
	last = conf_parse_number(&text, UINT16_MAX);
	if (last < first || *text)
		return -EINVAL;
	*ret_first = (uint16_t)first;
	*ret_last = (uint16_t)last;
	return 0;
}

/* "5" or "2-5" into the map. */
static int add_cpus(const char *text, bool *map)
{
	long first = conf_parse_number(&text, CPUS - 1), last = first;

	if (*text == '-') {
		text++;
		last = conf_parse_number(&text, CPUS - 1);
	}
	if (first < 0 || last < first || *text)
		return -EINVAL;
	for (long cpu = first; cpu <= last; cpu++)
		map[cpu] = true;
	return 0;
}

int conf_cpus(char *const *items, unsigned *ret_cpus, unsigned max)
{
	bool map[CPUS] = { false };
	unsigned count = 0;

	for (; *items; items++) {
		char **ranges = NULL;
		int err = conf_parse_list(&ranges, *items, CONF_PARSE_LIST);

		for (char **p = ranges; !err && *p; p++)
			err = add_cpus(*p, map);
		conf_parse_list_free(ranges);
		if (err)
			return err;
	}
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		count += map[cpu];
	if (count > max)
		return -E2BIG;
	for (unsigned cpu = 0, n = 0; cpu < CPUS; cpu++)
		if (map[cpu])
			ret_cpus[n++] = cpu;
	return (int)count;
}
