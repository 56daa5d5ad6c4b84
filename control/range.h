/* SPDX-License-Identifier: BSD-3-Clause */
/* The Range header (RFC 9110 section 14.1.2, 14.2): "bytes=0-99, 200-, -50". Any thread. */
#ifndef CONTROL_RANGE_H
#define CONTROL_RANGE_H

#include <stdint.h>

#define RANGE_MAX 16 /* more in one header are not served: the whole file is sent */

struct range {
	uint64_t first, last; /* both included */
};

/* The ranges of @header that exist in @bytes of file, in their order; those that overlap or touch are joined.
 * Returns their number; -ERANGE: well-formed, and none exists (416); -EINVAL: no byte ranges, malformed, or
 * more than RANGE_MAX: the header is to be ignored. */
int range_parse(const char *header, uint64_t bytes, struct range ret_ranges[RANGE_MAX]);

#endif
