/* SPDX-License-Identifier: BSD-3-Clause */
/* Percent-encoding and query strings (RFC 3986 sections 2.1 and 3.4, with '+' for a space as HTML forms have
 * it). Works in place on the caller's text. Any thread. */
#ifndef CONTROL_QUERY_H
#define CONTROL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define QUERY_PAIRS 32

struct query_pair {
	const char *key, *value; /* decoded, within the text; value "" when there was no '=' */
};

/* Decode @text in place. 0, or -EINVAL: a broken %xx, or a byte that would be NUL. */
int query_decode(char *text, bool plus_is_space);

/* Write @text with all but unreserved characters (RFC 3986 section 2.3) as %XX. */
void query_encode(FILE *out, const char *text);

/* Split and decode @text ("a=1&b=2"). Returns the number of pairs, -EINVAL (see above) or -E2BIG (beyond
 * @max). */
int query_parse(char *text, struct query_pair *ret_pairs, size_t max);

/* The first value of @key, or NULL. */
const char *query_get(const struct query_pair *pairs, size_t count, const char *key);

#endif
