/* SPDX-License-Identifier: BSD-3-Clause */
/* What lists take in common: limit, cursor, times; and the Link header that leads to the next page (RFC
 * 8288). A function that finds a wrong value has answered 400 bad_parameter, naming it, and returns false. On
 * the request's thread. */
#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "control/http.h"

/* "limit": 1 to LIMIT_LIST_ROWS, which is also the default. */
bool page_limit(struct http_request *req, unsigned *ret_limit);
/* An RFC 3339 time as Unix ns; 0 when absent. */
bool page_time(struct http_request *req, const char *key, uint64_t *ret_unix_ns);
/* Text of at most @max bytes of UTF-8 without control characters; NULL when absent. */
bool page_text(struct http_request *req, const char *key, size_t max, const char **ret_text);

/* Link: the same call with the same parameters and @cursor. @keys: NULL-terminated names of the parameters to
 * keep. */
void page_set_next(struct http_request *req, const char *const *keys, const char *cursor);

#endif
