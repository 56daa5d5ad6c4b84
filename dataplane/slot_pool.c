/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/slot_pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct slot_pool {
	unsigned count, first, left;
	uint32_t free[]; /* a queue: @left from @first on, around the end */
};

int slot_pool_create(struct slot_pool **ret_pool, unsigned count)
{
	struct slot_pool *pool = malloc(sizeof(*pool) + count * sizeof(pool->free[0]));

	if (!pool)
		return -ENOMEM;
	pool->count = pool->left = count;
	pool->first = 0;
	for (unsigned i = 0; i < count; i++)
		pool->free[i] = i;
	*ret_pool = pool;
	return 0;
}

void slot_pool_free(struct slot_pool *pool)
{
	free(pool);
}

unsigned slot_pool_left(const struct slot_pool *pool)
{
	return pool->left;
}

uint32_t slot_pool_take(struct slot_pool *pool)
{
	uint32_t index = pool->free[pool->first];

	assert(pool->left > 0);
	pool->first = (pool->first + 1) % pool->count;
	pool->left--;
	return index;
}

void slot_pool_put(struct slot_pool *pool, uint32_t index)
{
	assert(pool->left < pool->count && index < pool->count);
	pool->free[(pool->first + pool->left) % pool->count] = index;
	pool->left++;
}
