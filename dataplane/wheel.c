/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   at      at + 1 … now      now + 1 … at + WHEEL_SLOTS
 *   done    left over         what is set goes here
 */
#include "dataplane/wheel.h"

#include <assert.h>

#define TICKS_PER_S (1000000 / WHEEL_TICK_US)

void wheel_init(struct wheel *wheel, uint64_t now_tsc, uint64_t tsc_hz)
{
	wheel->tick_tsc = tsc_hz > TICKS_PER_S ? tsc_hz / TICKS_PER_S : 1;
	wheel->at = wheel->now = now_tsc / wheel->tick_tsc;
	wheel->count = 0;
	for (unsigned i = 0; i < WHEEL_SLOTS; i++)
		wheel->slots[i].prev = wheel->slots[i].next = &wheel->slots[i];
}

static struct wheel_timer *slot_of(struct wheel *wheel, uint64_t tick)
{
	static_assert((WHEEL_SLOTS & (WHEEL_SLOTS - 1)) == 0, "a power of two");
	return &wheel->slots[tick & (WHEEL_SLOTS - 1)];
}

void wheel_clear(struct wheel *wheel, struct wheel_timer *timer)
{
	if (!timer->next)
		return;
	timer->prev->next = timer->next;
	timer->next->prev = timer->prev;
	timer->prev = timer->next = NULL;
	wheel->count--;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_tsc)
{
	uint64_t tick = due_tsc / wheel->tick_tsc + 1; /* the first that is not early */

	wheel_clear(wheel, timer);
	/* Not among what is left over: what sets itself to at once would keep that from getting done. */
	if (tick <= wheel->now)
		tick = wheel->now + 1;
	if (tick > wheel->at + WHEEL_SLOTS)
		tick = wheel->at + WHEEL_SLOTS;
	struct wheel_timer *head = slot_of(wheel, tick);
	timer->due_tsc = due_tsc;
	timer->next = head;
	timer->prev = head->prev;
	head->prev->next = timer;
	head->prev = timer;
	wheel->count++;
}

unsigned wheel_run(struct wheel *wheel, uint64_t now_tsc, unsigned max,
        void (*run)(void *arg, struct wheel_timer *timer), void *arg)
{
	unsigned ran = 0;
	uint64_t now = now_tsc / wheel->tick_tsc;

	if (now > wheel->now)
		wheel->now = now;
	if (!wheel->count)
		wheel->at = wheel->now;
	/* After a long pause one turn finds all. */
	if (wheel->now - wheel->at >= WHEEL_SLOTS)
		wheel->at = wheel->now - (WHEEL_SLOTS - 1);
	for (; wheel->at < wheel->now; wheel->at++) {
		struct wheel_timer *head = slot_of(wheel, wheel->at + 1);
		while (head->next != head) {
			struct wheel_timer *timer = head->next;
			if (!max--)
				return ran;
			if (timer->due_tsc > now_tsc) {
				wheel_set(wheel, timer, timer->due_tsc); /* of a later turn */
				continue;
			}
			wheel_clear(wheel, timer);
			run(arg, timer);
			ran++;
		}
	}
	return ran;
}
