/* SPDX-License-Identifier: BSD-3-Clause */
/* Dates of HTTP (RFC 9110 section 5.6.7). Any thread. */
#ifndef CONTROL_HTTP_DATE_H
#define CONTROL_HTTP_DATE_H

#include <stdint.h>

#define HTTP_DATE_BYTES 30

/* "Sun, 06 Nov 1994 08:49:37 GMT"; returns buf. */
char *http_date_print(char buf[HTTP_DATE_BYTES], uint64_t unix_s);

/* That form, RFC 850's and asctime's; 0 or -EINVAL. */
int http_date_parse(const char *text, uint64_t *ret_unix_s);

#endif
