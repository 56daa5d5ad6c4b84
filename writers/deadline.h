/* SPDX-License-Identifier: BSD-3-Clause */
/* Which track is due next: a binary heap over the tracks of one writer thread. Keys may be early, never late:
 * whoever takes the first one looks at its real deadline and puts it back. One thread; no allocation after
 * creation. */
#ifndef WRITERS_DEADLINE_H
#define WRITERS_DEADLINE_H

#include <stdint.h>

#define DEADLINE_NEVER UINT64_MAX

/* A member of a heap; zero but for due_ns DEADLINE_NEVER while outside. */
struct deadline {
	uint64_t due_ns;
	uint32_t place; /* in the heap, counted from 1; 0: outside */
};

struct deadline_heap {
	struct deadline **members; /* members[0] is not used */
	uint32_t count, size;
};

/* Room for @size members. 0 or -ENOMEM. */
int deadline_init(struct deadline_heap *heap, uint32_t size);
void deadline_free(struct deadline_heap *heap);

/* Put @member in, or move it to where @due_ns belongs; DEADLINE_NEVER takes it out. */
void deadline_set(struct deadline_heap *heap, struct deadline *member, uint64_t due_ns);

/* The earliest, NULL: none. */
static inline struct deadline *deadline_first(const struct deadline_heap *heap)
{
	return heap->count ? heap->members[1] : 0;
}

#endif
