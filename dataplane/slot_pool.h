/* SPDX-License-Identifier: BSD-3-Clause */
/* The indices of FLOW and TRACK counters: which are free. The one that has been free longest goes out first,
 * so that the last figures of a track stay readable for as long as can be. Command thread. */
#ifndef DATAPLANE_SLOT_POOL_H
#define DATAPLANE_SLOT_POOL_H

#include <stdint.h>

struct slot_pool;

/* @count indices, from 0. 0, -ENOMEM. */
int slot_pool_create(struct slot_pool **ret_pool, unsigned count);
void slot_pool_free(struct slot_pool *pool);

/* How many are free. */
unsigned slot_pool_left(const struct slot_pool *pool);

/* Take one, of which there must be one left; give one back. */
uint32_t slot_pool_take(struct slot_pool *pool);
void slot_pool_put(struct slot_pool *pool, uint32_t index);

#endif
