/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks: aligned pieces of memory that file bytes are put together in and written from.
 *
 * One pool a writer thread, made once: no allocation and no lock after. Sizes are 4, 16, 64 and 256 KiB: a
 * free block is split in four when none of the wished size is there, and joined again when all four are back.
 * When none is free the caller gives up a frame, never waits. The last sixteenth of the pool is kept for
 * audio, so that video cannot starve it, and a quarter of that for copies, so that what is held can be
 * flushed.
 *
 *   region  |  256  |  64 |  64 |16|16|16|4 4 4 4|  64 |  256  | …
 *
 * The region is mapped in huge pages where that is allowed, and registered with io_uring.
 */
#ifndef WRITERS_BLOCK_H
#define WRITERS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include "base/conf.h"

#define BLOCK_PAGE_BYTES  4096 /* what O_DIRECT wants offsets, lengths and addresses aligned to */
#define BLOCK_SMALL_BYTES BLOCK_PAGE_BYTES
#define BLOCK_COPY_BYTES  (16 << 10) /* the largest copy */
#define BLOCK_LARGE_BYTES (256 << 10)

struct block_pool;

struct block {
	uint8_t *data;      /* aligned to its size */
	uint32_t bytes;     /* BLOCK_SMALL_BYTES, times four, …, BLOCK_LARGE_BYTES */
	uint16_t buffer;    /* index of the registered buffer it lies in */
	uint16_t refs;      /* the taker's, 1 when taken */
	uint64_t offset;    /* the taker's: place of its first byte in the file */
	struct block *next; /* the taker's; of a free one the pool's */
	struct block *prev; /* the pool's */
};

/* Map @bytes (rounded up to whole huge pages) of memory. @hugepages ON: huge pages or -ENOMEM; AUTO: huge
 * pages if there are any; OFF: plain pages. 0, -ENOMEM, -EINVAL (0 bytes). */
int block_pool_create(struct block_pool **ret_pool, uint64_t bytes, enum conf_hugepages hugepages);

/* NULL is allowed. No block may be under way to a disk. */
void block_pool_free(struct block_pool *pool);

enum block_use {
	BLOCK_VIDEO, /* of a video file */
	BLOCK_AUDIO, /* of an audio file */
	BLOCK_COPY,  /* for the time of one write */
};

/* A block of @bytes, one of the sizes; or a smaller one, but not of BLOCK_COPY, when none so large is free
 * for that use; or NULL. Its bytes are whatever was there before. */
struct block *block_get(struct block_pool *pool, enum block_use use, uint32_t bytes);
void block_put(struct block_pool *pool, struct block *block);

/* The largest size that is at most @bytes, and the smallest if there is none. */
uint32_t block_fit(uint64_t bytes);

/* Blocks taken; their bytes; bytes of the pool in all. */
unsigned block_in_use(const struct block_pool *pool);
uint64_t block_bytes_in_use(const struct block_pool *pool);
uint64_t block_pool_bytes(const struct block_pool *pool);

/* Whether the pool lies in huge pages. */
bool block_in_hugepages(const struct block_pool *pool);

/* The memory as buffers to register with io_uring (at most 1 GiB each, a limit of the kernel), in the order
 * that block.buffer counts; returns how many, at most @max. */
unsigned block_buffers(const struct block_pool *pool, struct iovec *ret_buffers, unsigned max);

#endif
