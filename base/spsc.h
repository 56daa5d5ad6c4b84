/* SPDX-License-Identifier: BSD-3-Clause */
/* A lock-free ring of pointers between one producer thread and one consumer thread.
 *
 * Carries packets from a poll-mode lcore to a writer, and commands between the command thread and both.
 * Neither side ever blocks, allocates or makes a system call after creation. The two cursors live on cache
 * lines of their own, and each side keeps a private copy of the other's, so that a shared line moves once a
 * burst, not once an item.
 */
#ifndef BASE_SPSC_H
#define BASE_SPSC_H

#include <stdatomic.h>
#include <stdint.h>
#include <stddef.h>

#define SPSC_LINE 64

struct spsc {
	/* read-mostly */
	_Alignas(SPSC_LINE) void **slots;
	uint32_t mask;
	/* written by the producer */
	_Alignas(SPSC_LINE) _Atomic uint32_t head; /* next slot to fill */
	uint32_t tail_seen;
	/* written by the consumer */
	_Alignas(SPSC_LINE) _Atomic uint32_t tail; /* next slot to take */
	uint32_t head_seen;
};

/* Make a ring that holds up to @size pointers; @size is rounded up to a power of two, at most 2^30.
 * Returns 0, -EINVAL (size 0 or too large) or -ENOMEM. Any thread; *ret_ring is freed with spsc_free. */
int spsc_create(struct spsc **ret_ring, uint32_t size);

/* Frees the ring, not what its slots point to. NULL is allowed. Neither side may be using it. */
void spsc_free(struct spsc *ring);

/* Put up to @n pointers; returns how many went in (all or fewer: the ring is full). Producer thread only. */
static inline uint32_t spsc_put(struct spsc *ring, void *const *items, uint32_t n)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint32_t room = ring->mask + 1 - (head - ring->tail_seen);

	if (room < n) {
		/* acquire: pairs with the release in spsc_take, the slots up to tail have been read */
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		room = ring->mask + 1 - (head - ring->tail_seen);
		if (n > room)
			n = room;
	}
	for (uint32_t i = 0; i < n; i++)
		ring->slots[(head + i) & ring->mask] = items[i];
	/* release: pairs with the acquire in spsc_take, the slots up to head are filled */
	atomic_store_explicit(&ring->head, head + n, memory_order_release);
	return n;
}

/* Take up to @n pointers into @items; returns how many. Consumer thread only. */
static inline uint32_t spsc_take(struct spsc *ring, void **items, uint32_t n)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t there = ring->head_seen - tail;

	if (there < n) {
		/* acquire: pairs with the release in spsc_put */
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
		there = ring->head_seen - tail;
		if (n > there)
			n = there;
	}
	for (uint32_t i = 0; i < n; i++)
		items[i] = ring->slots[(tail + i) & ring->mask];
	/* release: pairs with the acquire in spsc_put, these slots may be filled again */
	atomic_store_explicit(&ring->tail, tail + n, memory_order_release);
	return n;
}

/* How many pointers are in the ring; exact for neither side while the other runs. Any thread. */
static inline uint32_t spsc_count(struct spsc *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_acquire) -
	       atomic_load_explicit(&ring->tail, memory_order_acquire);
}

#endif
