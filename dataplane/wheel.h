/* SPDX-License-Identifier: BSD-3-Clause */
/* A timer wheel: what is due is found without a look at what is not. One an lcore, for its endpoints.
 *
 * Timers lie in their owners, so setting one cannot fail. A wheel has WHEEL_SLOTS slots of WHEEL_TICK_US; a
 * timer goes off up to one tick late, never early. What is due later than one turn is looked at once a turn.
 * Its heads point at themselves: a wheel stays where it was initialised. Poll loop only.
 */
#ifndef DATAPLANE_WHEEL_H
#define DATAPLANE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS   1024
#define WHEEL_TICK_US 1000

struct wheel_timer {
	struct wheel_timer *prev, *next; /* NULL: not set */
	uint64_t due_tsc;
};

struct wheel {
	uint64_t tick_tsc; /* cycles a tick */
	uint64_t at;       /* the tick up to which all have run */
	uint64_t now;      /* the tick up to which they shall, as of the last run: at, or later if it had more
	                      to do than it was allowed */
	unsigned count;
	struct wheel_timer slots[WHEEL_SLOTS]; /* heads of rings */
};

/* @now_tsc is where it begins; @tsc_hz cycles a second. */
void wheel_init(struct wheel *wheel, uint64_t now_tsc, uint64_t tsc_hz);

/* Set @timer, or set it anew, to @due_tsc: to the next run, if that is past. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_tsc);

/* Take it off, if it is set. */
void wheel_clear(struct wheel *wheel, struct wheel_timer *timer);

static inline bool wheel_is_set(const struct wheel_timer *timer)
{
	return timer->next != NULL;
}

/* Up to @max timers that are due at @now_tsc go off: each is off the wheel when @run is called with it, and
 * may be set anew there. Returns how many; what is left over goes off in the next call. */
unsigned wheel_run(struct wheel *wheel, uint64_t now_tsc, unsigned max,
        void (*run)(void *arg, struct wheel_timer *timer), void *arg);

#endif
