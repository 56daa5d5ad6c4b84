/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/block.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_BYTES   (2ull << 20)
#define BUFFER_BYTES (1ull << 30)
#define LEVELS       4 /* sizes; each is four of the one below */
#define TOP          (LEVELS - 1)

/* One struct block a page of the region; the first page's stands for all larger blocks that begin there. */
struct block_pool {
	uint8_t *data;
	uint64_t bytes, free_bytes, kept_bytes; /* the last: for audio; a quarter of it for copies */
	struct block *blocks;
	struct block *free[LEVELS];
	uint8_t *free_below[LEVELS]; /* of a split block of that level: how many of its four are free */
	unsigned in_use;
	bool huge;
};

static uint32_t bytes_of(unsigned level)
{
	return (uint32_t)BLOCK_SMALL_BYTES << 2 * level;
}

static unsigned level_of(uint32_t bytes)
{
	return ((unsigned)__builtin_ctz(bytes) - (unsigned)__builtin_ctz(BLOCK_SMALL_BYTES)) / 2;
}

static size_t index_of(const struct block_pool *pool, const struct block *block)
{
	return (size_t)(block - pool->blocks);
}

static void list_push(struct block **list, struct block *block)
{
	block->prev = NULL;
	block->next = *list;
	if (*list)
		(*list)->prev = block;
	*list = block;
}

static void list_remove(struct block **list, struct block *block)
{
	if (block->prev)
		block->prev->next = block->next;
	else
		*list = block->next;
	if (block->next)
		block->next->prev = block->prev;
}

static void *map(uint64_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Plain pages, aligned as huge ones are, so that the kernel may join them, which it is asked to. */
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
	madvise(at + before, bytes, MADV_HUGEPAGE);
	return at + before;
}

/* All of the region as free blocks of the largest size. */
static void fill(struct block_pool *pool)
{
	size_t pages = pool->bytes / BLOCK_PAGE_BYTES;

	for (size_t i = 0; i < pages; i++) {
		pool->blocks[i].data = pool->data + i * BLOCK_PAGE_BYTES;
		pool->blocks[i].buffer = (uint16_t)(i * BLOCK_PAGE_BYTES / BUFFER_BYTES);
	}
	for (size_t i = pages; i > 0; i -= bytes_of(TOP) / BLOCK_PAGE_BYTES)
		list_push(&pool->free[TOP], &pool->blocks[i - bytes_of(TOP) / BLOCK_PAGE_BYTES]);
	pool->free_bytes = pool->bytes;
	pool->kept_bytes = pool->bytes / 16;
}

static int make_tables(struct block_pool *pool)
{
	pool->blocks = calloc(pool->bytes / BLOCK_PAGE_BYTES, sizeof(*pool->blocks));
	if (!pool->blocks)
		return -ENOMEM;
	for (unsigned level = 1; level < LEVELS; level++) {
		pool->free_below[level] = calloc(pool->bytes / bytes_of(level), 1);
		if (!pool->free_below[level])
			return -ENOMEM;
	}
	return 0;
}

int block_pool_create(struct block_pool **ret_pool, uint64_t bytes, enum conf_hugepages hugepages)
{
	struct block_pool *pool;

	if (bytes == 0)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->bytes = (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	/* The pool itself first: what describes it is a hundredth of it, and in vain if it is not to be had.
	 */
	if (hugepages != CONF_HUGEPAGES_OFF)
		pool->data = map(pool->bytes, MAP_HUGETLB);
	pool->huge = pool->data;
	if (!pool->data && hugepages != CONF_HUGEPAGES_ON)
		pool->data = map_plain(pool->bytes);
	if (!pool->data || make_tables(pool)) {
		block_pool_free(pool);
		return -ENOMEM;
	}
	fill(pool);
	*ret_pool = pool;
	return 0;
}

void block_pool_free(struct block_pool *pool)
{
	if (!pool)
		return;
	if (pool->data)
		munmap(pool->data, pool->bytes);
	for (unsigned level = 1; level < LEVELS; level++)
		free(pool->free_below[level]);
	free(pool->blocks);
	free(pool);
}

/* How many of the block's three neighbours and itself are free, as parts of one that is split. */
static uint8_t *siblings(struct block_pool *pool, const struct block *block, unsigned level)
{
	return &pool->free_below[level + 1][index_of(pool, block) >> 2 * (level + 1)];
}

/* A free block of that level, out of its list; a larger one is split for it. */
static struct block *take(struct block_pool *pool, unsigned level)
{
	unsigned from = level;
	struct block *block;

	while (from < LEVELS && !pool->free[from])
		from++;
	if (from == LEVELS)
		return NULL;
	block = pool->free[from];
	list_remove(&pool->free[from], block);
	if (from < TOP)
		--*siblings(pool, block, from);
	while (from > level) {
		from--;
		for (unsigned i = 3; i > 0; i--)
			list_push(&pool->free[from], block + ((size_t)i << 2 * from));
		*siblings(pool, block, from) = 3;
	}
	return block;
}

/* Back to its list, or joined with its neighbours to a larger one. */
static void give(struct block_pool *pool, struct block *block, unsigned level)
{
	while (level < TOP && *siblings(pool, block, level) == 3) {
		size_t first = index_of(pool, block) >> 2 * (level + 1) << 2 * (level + 1);

		*siblings(pool, block, level) = 0;
		for (unsigned i = 0; i < 4; i++) {
			struct block *part = &pool->blocks[first + ((size_t)i << 2 * level)];

			if (part != block)
				list_remove(&pool->free[level], part);
		}
		block = &pool->blocks[first];
		level++;
	}
	list_push(&pool->free[level], block);
	if (level < TOP)
		++*siblings(pool, block, level);
}

/* What has to stay free when a block is taken for that use. */
static uint64_t kept(const struct block_pool *pool, enum block_use use)
{
	return use == BLOCK_VIDEO ? pool->kept_bytes : use == BLOCK_AUDIO ? pool->kept_bytes / 4 : 0;
}

struct block *block_get(struct block_pool *pool, enum block_use use, uint32_t bytes)
{
	unsigned least = use == BLOCK_COPY ? level_of(bytes) : 0;

	for (unsigned level = level_of(bytes) + 1; level-- > least;) {
		struct block *block;

		if (pool->free_bytes < kept(pool, use) + bytes_of(level))
			continue;
		block = take(pool, level);
		if (!block)
			continue;
		block->bytes = bytes_of(level);
		block->refs = 1;
		block->next = NULL;
		pool->free_bytes -= block->bytes;
		pool->in_use++;
		return block;
	}
	return NULL;
}

void block_put(struct block_pool *pool, struct block *block)
{
	assert(pool->in_use > 0);
	pool->in_use--;
	pool->free_bytes += block->bytes;
	give(pool, block, level_of(block->bytes));
}

uint32_t block_fit(uint64_t bytes)
{
	unsigned level = TOP;

	while (level > 0 && bytes_of(level) > bytes)
		level--;
	return bytes_of(level);
}

unsigned block_in_use(const struct block_pool *pool)
{
	return pool->in_use;
}

uint64_t block_bytes_in_use(const struct block_pool *pool)
{
	return pool->bytes - pool->free_bytes;
}

uint64_t block_pool_bytes(const struct block_pool *pool)
{
	return pool->bytes;
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
