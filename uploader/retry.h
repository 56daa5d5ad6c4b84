/* SPDX-License-Identifier: BSD-3-Clause */
/* When to try again: growing, jittered waits, and the gate that keeps a troubled store from being asked by
 * every recording in the queue. The uploader's thread only. Times are CLOCK_MONOTONIC ns, passed in. */
#ifndef UPLOADER_RETRY_H
#define UPLOADER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry_bounds {
	uint64_t min_ns, max_ns;
};

/* The wait before the try that follows @tries (1 and more) failed ones: uniformly random in the upper half of
 * min x 2^(tries - 1), within the bounds. */
uint64_t retry_wait_ns(const struct retry_bounds *bounds, uint32_t tries);

/* Closed by a failure that is the store's (not answering, 5xx, 429, no access), with waits that grow as
 * failures follow one another; while it is closed one request at a time goes out, when the wait is over, and
 * the first that succeeds opens it. A recording that fails on its own account does not touch it, so it does
 * not hold up the others. */
struct retry_gate {
	uint32_t failures; /* in a row; 0: open */
	uint64_t next_ns;
	uint64_t epoch; /* counts failures; a request remembers the one it was begun in */
	bool probing;
};

/* Whether a request may begin now; when it does, call retry_gate_begin and keep what it returns for
 * retry_gate_end. */
bool retry_gate_open(const struct retry_gate *gate, uint64_t now_ns);
uint64_t retry_gate_begin(struct retry_gate *gate);

enum retry_end { RETRY_GOOD, RETRY_BAD, RETRY_UNKNOWN };

/* The request ended. Results of requests begun before the last failure change nothing: a store that sheds
 * load fails many at once, and answers some that were under way. Whether the gate has opened (+1) or closed
 * (-1) by it, or 0. */
int retry_gate_end(struct retry_gate *gate, uint64_t epoch, enum retry_end end,
        const struct retry_bounds *bounds, uint64_t now_ns);

#endif
