/* SPDX-License-Identifier: BSD-3-Clause */
/* How long things took, as histograms in seconds: uploads, and HTTP requests by route. Any thread: plain
 * atomics of the process, like control/metrics.h. */
#ifndef CONTROL_TIMES_H
#define CONTROL_TIMES_H

#include <stdint.h>
#include <stdio.h>

/* An upload, from its recording's end to the store's confirmation. */
void times_add_upload(uint64_t ns);

/* A request that was answered whole, to the row @route of ROUTE_TABLE. */
void times_add_http(unsigned route, uint64_t ns);

/* Prometheus text exposition: wirespool_uploads_seconds,
 * wirespool_control_http_request_seconds{method,route}. */
void times_print_uploads(FILE *out);
void times_print_http(FILE *out);

#endif
