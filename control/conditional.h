/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditional requests (RFC 9110 section 13): whether what the client has, or expects, is what there is. Any
 * thread. */
#ifndef CONTROL_CONDITIONAL_H
#define CONTROL_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

/* The representation: what still changes has neither tag nor date. */
struct conditional_target {
	const char *etag;    /* strong, with its quotes; NULL: none */
	uint64_t modified_s; /* Unix time; 0: none */
};

/* The headers as they came; NULL: absent. */
struct conditional_headers {
	const char *if_match, *if_unmodified_since, *if_none_match, *if_modified_since, *if_range;
};

/* For GET and HEAD, in the order of section 13.2.2: 0 (go on), 304 or 412. */
int conditional_check(const struct conditional_target *target, const struct conditional_headers *headers);

/* Whether Range is to be obeyed (section 13.1.5): without If-Range, or when it names exactly this
 * representation. A date does so only when it is a second older than @now_s: within the same second there
 * could be another version. */
bool conditional_range_holds(const struct conditional_target *target, const char *if_range, uint64_t now_s);

#endif
