/* SPDX-License-Identifier: BSD-3-Clause */
/* What control counts about itself, from one table: METRICS(id, KIND, sentence). The dataplane's counters are
 * base/stat.h's. Any thread: plain atomics of the process. The Prometheus name is
 * wirespool_control_<id>[_total]. */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include <stdint.h>
#include <stdio.h>

/* clang-format off */
#define METRICS_TABLE(METRIC)                                                                            \
	METRIC(http_requests_2xx, COUNTER, "HTTP requests answered with success.")                       \
	METRIC(http_requests_3xx, COUNTER, "HTTP requests answered with a redirection or 304.")          \
	METRIC(http_requests_4xx, COUNTER, "HTTP requests that were wrong.")                             \
	METRIC(http_requests_5xx, COUNTER, "HTTP requests that could not be served.")                    \
	METRIC(http_requests_aborted, COUNTER, "HTTP requests whose client went away.")                  \
	METRIC(http_requests_active, GAUGE, "HTTP requests under way.")                                  \
	METRIC(http_unauthorized, COUNTER, "HTTP requests without a token that is known.")               \
	METRIC(http_busy_ns, COUNTER, "Time spent on HTTP requests, downloads included, in ns.")         \
	METRIC(events_emitted, COUNTER, "Events put into the feed.")                                     \
	METRIC(events_readers, GAUGE, "Readers of the feed of events.")                                  \
	METRIC(events_readers_cut, COUNTER, "Readers that were too slow for the feed, and cut off.")     \
	METRIC(events_readers_refused, COUNTER, "Readers that there was no place for.")                  \
	METRIC(library_scans, COUNTER, "Comparisons of the whole directory with the catalogue.")         \
	METRIC(library_added, COUNTER, "Recordings taken into the catalogue.")                           \
	METRIC(library_vanished, COUNTER, "Recordings whose file had gone without being asked.")         \
	METRIC(library_deleted, COUNTER, "Recordings deleted through the API.")                          \
	METRIC(library_expired, COUNTER, "Recordings removed by retention.")                             \
	METRIC(library_moved, COUNTER, "Local copies removed after their upload.")                       \
	METRIC(library_bad_sidecars, COUNTER, "Sidecars that could not be read or made no sense.")       \
	METRIC(library_errors, COUNTER, "Failures of the disk while looking after recordings.")
/* clang-format on */

#define METRICS_ENUM(id, ...) METRICS_##id,
enum metrics_id { METRICS_TABLE(METRICS_ENUM) METRICS_COUNT };

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE };

struct metrics_row {
	const char *name, *sentence;
	enum metrics_kind kind;
};

const struct metrics_row *metrics_row(enum metrics_id id);

void metrics_add(enum metrics_id id, int64_t n);
uint64_t metrics_get(enum metrics_id id);

/* One family in Prometheus text exposition; @suffix without "wirespool_". */
void metrics_print_one(
        FILE *out, const char *suffix, enum metrics_kind kind, const char *sentence, uint64_t value);
/* All of the table. */
void metrics_print(FILE *out);

#endif
