/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/query.h"

#include <errno.h>
#include <string.h>

static int query_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int query_decode(char *text, bool plus_is_space)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '+' && plus_is_space) {
			*to++ = ' ';
			continue;
		}
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		int high = query_hex(from[1]);
		int low = high < 0 ? -1 : query_hex(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

void query_encode(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		             strchr("-._~", c);
		fprintf(out, plain ? "%c" : "%%%02X", c);
	}
}

int query_parse(char *text, struct query_pair *ret_pairs, size_t max)
{
	size_t count = 0;
	char *rest = text;

	for (char *pair; (pair = strsep(&rest, "&"));) {
		if (!*pair)
			continue;
		if (count == max)
			return -E2BIG;
		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		else
			value = pair + strlen(pair);
		if (query_decode(pair, true) || query_decode(value, true))
			return -EINVAL;
		ret_pairs[count++] = (struct query_pair){ .key = pair, .value = value };
	}
	return (int)count;
}

const char *query_get(const struct query_pair *pairs, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}
