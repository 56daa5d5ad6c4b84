/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, in its order, also when the clock is set back: events of control's feed, and changes that
 * wirespool-top itself saw between two refreshes. A ring: the oldest go. One thread. */
#ifndef APPLIANCE_TOP_EVENTLOG_H
#define APPLIANCE_TOP_EVENTLOG_H

#include <stdbool.h>
#include <stdint.h>

#define EVENTLOG_ROWS       500
#define EVENTLOG_TEXT_BYTES 256

struct eventlog_row {
	uint64_t unix_ns;
	bool is_seen; /* seen in the counters, not told by the feed */
	bool is_bad;  /* somebody should look at it */
	char type[40], text[EVENTLOG_TEXT_BYTES];
};

struct eventlog {
	struct eventlog_row rows[EVENTLOG_ROWS];
	unsigned count, next; /* next: where the next one goes */
	unsigned added;       /* ever, modulo 2^32 */
};

/* Add a change that was seen. */
void eventlog_see(struct eventlog *log, uint64_t unix_ns, bool is_bad, const char *type, const char *format,
        ...) __attribute__((format(printf, 5, 6)));

/* Add an event of the feed: @data is JSON, an object whose "time" and "type" are taken where they are there
 * and whose other plain fields are shown as they are, of lists how long they are. What is no object is shown
 * as text; @unix_ns stands for a missing time. @is_kept: it may be of some time ago, for the feed begins with
 * what control has kept; then it goes behind later changes that were seen, but not behind what the feed told
 * before it. */
void eventlog_take(struct eventlog *log, bool is_kept, uint64_t unix_ns, const char *type, const char *data);

/* The @back-th row before the newest, 0 the newest itself; NULL beyond the oldest. */
const struct eventlog_row *eventlog_get(const struct eventlog *log, unsigned back);

#endif
