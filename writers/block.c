/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/block.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_BYTES   (2ull << 20)
#define BUFFER_BYTES (1ull << 30)
#define SMALLS       (BLOCK_LARGE_BYTES / BLOCK_SMALL_BYTES)
#define ALL_FREE     ((1u << SMALLS) - 1)

/* A chunk is free, one large block, or split. Free ones and split ones with room are in lists. */
struct chunk {
	struct chunk *next, *prev;
	uint32_t free_smalls; /* bit i: small block i of a split chunk is free */
};

struct block_pool {
	uint8_t *data;
	uint64_t bytes;
	struct chunk *chunks;
	struct block *blocks; /* SMALLS a chunk; the first of them stands for the large one, too */
	struct chunk *free, *partial;
	unsigned chunks_free, chunks_kept, in_use;
	uint32_t smalls_free, smalls_kept; /* small blocks that could be had */
	bool huge;
};

static void list_push(struct chunk **list, struct chunk *chunk)
{
	chunk->prev = NULL;
	chunk->next = *list;
	if (*list)
		(*list)->prev = chunk;
	*list = chunk;
}

static void list_remove(struct chunk **list, struct chunk *chunk)
{
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		*list = chunk->next;
	if (chunk->next)
		chunk->next->prev = chunk->prev;
}

static void *map(uint64_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Plain pages, aligned as huge ones are, so that the kernel may join them. */
static void *map_plain(uint64_t bytes)
{
	uint8_t *at = map(bytes + HUGE_BYTES, 0);
	uint64_t before;

	if (!at)
		return NULL;
	before = -(uintptr_t)at & (HUGE_BYTES - 1);
	if (before)
		munmap(at, before);
	if (before < HUGE_BYTES)
		munmap(at + before + bytes, HUGE_BYTES - before);
	return at + before;
}

int block_pool_create(struct block_pool **ret_pool, uint64_t bytes, enum conf_hugepages hugepages)
{
	struct block_pool *pool;
	unsigned count;

	if (bytes == 0)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->bytes = (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	count = (unsigned)(pool->bytes / BLOCK_LARGE_BYTES);
	pool->chunks = calloc(count, sizeof(*pool->chunks));
	pool->blocks = calloc((size_t)count * SMALLS, sizeof(*pool->blocks));
	if (hugepages != CONF_HUGEPAGES_OFF)
		pool->data = map(pool->bytes, MAP_HUGETLB);
	pool->huge = pool->data;
	if (!pool->data && hugepages != CONF_HUGEPAGES_ON)
		pool->data = map_plain(pool->bytes);
	if (!pool->chunks || !pool->blocks || !pool->data) {
		block_pool_free(pool);
		return -ENOMEM;
	}
	for (unsigned i = count; i-- > 0;)
		list_push(&pool->free, &pool->chunks[i]);
	for (unsigned i = 0; i < count * SMALLS; i++) {
		uint64_t offset = (uint64_t)i * BLOCK_SMALL_BYTES;
		pool->blocks[i].data = pool->data + offset;
		pool->blocks[i].buffer = (uint16_t)(offset / BUFFER_BYTES);
	}
	pool->chunks_free = count;
	pool->chunks_kept = count / 16;
	pool->smalls_free = count * SMALLS;
	pool->smalls_kept = count * SMALLS / 64;
	*ret_pool = pool;
	return 0;
}

void block_pool_free(struct block_pool *pool)
{
	if (!pool)
		return;
	if (pool->data)
		munmap(pool->data, pool->bytes);
	free(pool->blocks);
	free(pool->chunks);
	free(pool);
}

static struct chunk *take_chunk(struct block_pool *pool)
{
	struct chunk *chunk = pool->free;

	if (chunk) {
		list_remove(&pool->free, chunk);
		pool->chunks_free--;
	}
	return chunk;
}

static void give_chunk(struct block_pool *pool, struct chunk *chunk)
{
	list_push(&pool->free, chunk);
	pool->chunks_free++;
}

static struct block *take(struct block_pool *pool, struct chunk *chunk, unsigned small, uint32_t bytes)
{
	struct block *block = &pool->blocks[(size_t)(chunk - pool->chunks) * SMALLS + small];

	block->bytes = bytes;
	block->refs = 1;
	block->next = NULL;
	pool->in_use++;
	pool->smalls_free -= bytes / BLOCK_SMALL_BYTES;
	return block;
}

static struct block *get_small(struct block_pool *pool)
{
	struct chunk *chunk = pool->partial;
	unsigned small;

	if (!chunk) {
		chunk = take_chunk(pool);
		if (!chunk)
			return NULL;
		chunk->free_smalls = ALL_FREE;
		list_push(&pool->partial, chunk);
	}
	small = (unsigned)__builtin_ctz(chunk->free_smalls);
	chunk->free_smalls &= ~(1u << small);
	if (!chunk->free_smalls)
		list_remove(&pool->partial, chunk);
	return take(pool, chunk, small, BLOCK_SMALL_BYTES);
}

struct block *block_get(struct block_pool *pool, enum block_use use)
{
	if (use == BLOCK_COPY)
		return get_small(pool);
	if (use == BLOCK_SMALL)
		return pool->smalls_free > pool->smalls_kept ? get_small(pool) : NULL;
	if (pool->chunks_free <= pool->chunks_kept)
		return NULL;
	return take(pool, take_chunk(pool), 0, BLOCK_LARGE_BYTES);
}

void block_put(struct block_pool *pool, struct block *block)
{
	size_t index = (size_t)(block - pool->blocks);
	struct chunk *chunk = &pool->chunks[index / SMALLS];
	unsigned small = (unsigned)(index % SMALLS);

	pool->in_use--;
	pool->smalls_free += block->bytes / BLOCK_SMALL_BYTES;
	if (block->bytes == BLOCK_LARGE_BYTES) {
		give_chunk(pool, chunk);
		return;
	}
	assert(!(chunk->free_smalls & 1u << small));
	if (!chunk->free_smalls)
		list_push(&pool->partial, chunk);
	chunk->free_smalls |= 1u << small;
	if (chunk->free_smalls == ALL_FREE) {
		list_remove(&pool->partial, chunk);
		give_chunk(pool, chunk);
	}
}

unsigned block_in_use(const struct block_pool *pool)
{
	return pool->in_use;
}

bool block_in_hugepages(const struct block_pool *pool)
{
	return pool->huge;
}

unsigned block_buffers(const struct block_pool *pool, struct iovec *ret_buffers, unsigned max)
{
	unsigned n = 0;

	for (uint64_t at = 0; at < pool->bytes && n < max; at += BUFFER_BYTES, n++) {
		uint64_t left = pool->bytes - at;
		ret_buffers[n] = (struct iovec){ pool->data + at, left < BUFFER_BYTES ? left : BUFFER_BYTES };
	}
	return n;
}
