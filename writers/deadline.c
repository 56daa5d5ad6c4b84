/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int deadline_init(struct deadline_heap *heap, uint32_t size)
{
	*heap = (struct deadline_heap){ .size = size };
	heap->members = calloc((size_t)size + 1, sizeof(*heap->members));
	return heap->members ? 0 : -ENOMEM;
}

void deadline_free(struct deadline_heap *heap)
{
	free(heap->members);
	*heap = (struct deadline_heap){ 0 };
}

static void place(struct deadline_heap *heap, struct deadline *member, uint32_t at)
{
	heap->members[at] = member;
	member->place = at;
}

static void sift_up(struct deadline_heap *heap, struct deadline *member)
{
	uint32_t at = member->place;

	for (; at > 1 && heap->members[at / 2]->due_ns > member->due_ns; at /= 2)
		place(heap, heap->members[at / 2], at);
	place(heap, member, at);
}

static void sift_down(struct deadline_heap *heap, struct deadline *member)
{
	uint32_t at = member->place;

	for (;;) {
		uint32_t child = 2 * at;

		if (child < heap->count && heap->members[child + 1]->due_ns < heap->members[child]->due_ns)
			child++;
		if (child > heap->count || heap->members[child]->due_ns >= member->due_ns)
			break;
		place(heap, heap->members[child], at);
		at = child;
	}
	place(heap, member, at);
}

static void take_out(struct deadline_heap *heap, struct deadline *member)
{
	struct deadline *last = heap->members[heap->count--];

	if (last != member) {
		place(heap, last, member->place);
		sift_up(heap, last);
		sift_down(heap, last);
	}
	member->place = 0;
}

void deadline_set(struct deadline_heap *heap, struct deadline *member, uint64_t due_ns)
{
	member->due_ns = due_ns;
	if (due_ns == DEADLINE_NEVER) {
		if (member->place)
			take_out(heap, member);
		return;
	}
	if (!member->place) {
		assert(heap->count < heap->size);
		place(heap, member, ++heap->count);
	}
	sift_up(heap, member);
	sift_down(heap, member);
}
