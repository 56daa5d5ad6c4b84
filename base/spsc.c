/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/spsc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPSC_MAX (1u << 30)

int spsc_create(struct spsc **ret_ring, uint32_t size)
{
	struct spsc *ring;
	size_t slots = 1;

	if (size == 0 || size > SPSC_MAX)
		return -EINVAL;
	while (slots < size)
		slots <<= 1;
	ring = aligned_alloc(SPSC_LINE, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	memset(ring, 0, sizeof(*ring));
	ring->mask = (uint32_t)slots - 1;
	/* In whole lines, so that the slots share none with other data. */
	ring->slots =
	        aligned_alloc(SPSC_LINE, (slots * sizeof(void *) + SPSC_LINE - 1) / SPSC_LINE * SPSC_LINE);
	if (!ring->slots) {
		spsc_free(ring);
		return -ENOMEM;
	}
	*ret_ring = ring;
	return 0;
}

void spsc_free(struct spsc *ring)
{
	if (!ring)
		return;
	free(ring->slots);
	free(ring);
}
