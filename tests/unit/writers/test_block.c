/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "writers/block.h"

#define CHUNKS 32 /* of the pool of 8 MiB that most cases make */
#define SMALLS (BLOCK_LARGE_BYTES / BLOCK_SMALL_BYTES)

static struct block_pool *make(void)
{
	struct block_pool *pool;

	assert_int_equal(block_pool_create(&pool, CHUNKS * BLOCK_LARGE_BYTES, CONF_HUGEPAGES_OFF), 0);
	return pool;
}

static void blocks_are_aligned_and_do_not_overlap(void **state)
{
	struct block_pool *pool = make();
	struct block *blocks[CHUNKS * SMALLS];
	unsigned n = 0;

	for (struct block *block; (block = block_get(pool, n % 3 ? BLOCK_SMALL : BLOCK_LARGE)) ||
	                          (block = block_get(pool, BLOCK_COPY));
	        n++) {
		assert_int_equal((uintptr_t)block->data % block->bytes, 0);
		assert_int_equal(block->refs, 1);
		memset(block->data, (int)n, block->bytes);
		blocks[n] = block;
	}
	assert_int_equal(block_in_use(pool), n);
	for (unsigned i = 0; i < n; i++) {
		for (uint32_t at = 0; at < blocks[i]->bytes; at += 511)
			assert_int_equal(blocks[i]->data[at], (uint8_t)i);
		block_put(pool, blocks[i]);
	}
	assert_int_equal(block_in_use(pool), 0);
	block_pool_free(pool);
}

static void last_sixteenth_is_kept_for_small_blocks_and_copies(void **state)
{
	struct block_pool *pool = make();
	struct block *block;
	unsigned large = 0, small = 0, copies = 0;

	while ((block = block_get(pool, BLOCK_LARGE)))
		large++;
	while ((block = block_get(pool, BLOCK_SMALL)))
		small++;
	while ((block = block_get(pool, BLOCK_COPY)))
		copies++;
	assert_int_equal(large, CHUNKS - CHUNKS / 16);
	assert_int_equal(small + copies, CHUNKS / 16 * SMALLS);
	assert_int_equal(copies, CHUNKS * SMALLS / 64);
	block_pool_free(pool);
}

static void small_blocks_join_to_large_ones_again(void **state)
{
	struct block_pool *pool = make();
	struct block *blocks[CHUNKS * SMALLS];
	unsigned large = 0;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < CHUNKS * SMALLS; i++)
			assert_non_null(blocks[i] = block_get(pool, BLOCK_COPY));
		assert_null(block_get(pool, BLOCK_COPY));
		assert_null(block_get(pool, BLOCK_LARGE));
		for (unsigned i = 0; i < CHUNKS * SMALLS;
		        i++) /* 7 is prime to the count: a scattered order */
			block_put(pool, blocks[i * 7 % (CHUNKS * SMALLS)]);
	}
	while (block_get(pool, BLOCK_LARGE))
		large++;
	assert_int_equal(large, CHUNKS - CHUNKS / 16);
	block_pool_free(pool);
}

static void block_given_back_is_had_again(void **state)
{
	struct block_pool *pool = make();
	struct block *block, *last = NULL;

	while ((block = block_get(pool, BLOCK_LARGE)))
		last = block;
	block_put(pool, last);
	assert_ptr_equal(block_get(pool, BLOCK_LARGE), last);
	assert_null(block_get(pool, BLOCK_LARGE));
	block_pool_free(pool);
}

static void buffers_cover_the_pool(void **state)
{
	struct block_pool *pool;
	struct iovec buffers[4];
	struct block *block;

	assert_int_equal(block_pool_create(&pool, (2ull << 30) + 1, CONF_HUGEPAGES_OFF), 0);
	assert_int_equal(block_buffers(pool, buffers, 4), 3);
	assert_int_equal(buffers[0].iov_len, 1 << 30);
	assert_int_equal(buffers[2].iov_len, 2 << 20);
	while ((block = block_get(pool, BLOCK_LARGE))) {
		const uint8_t *start = buffers[block->buffer].iov_base;
		assert_true(block->data >= start &&
		            block->data + block->bytes <= start + buffers[block->buffer].iov_len);
	}
	assert_int_equal(block_buffers(pool, buffers, 1), 1);
	block_pool_free(pool);
}

static void huge_pages_are_used_or_missed_as_wished(void **state)
{
	struct block_pool *pool;

	assert_int_equal(block_pool_create(&pool, 2 << 20, CONF_HUGEPAGES_AUTO), 0);
	block_pool_free(pool);
	assert_int_equal(block_pool_create(&pool, 2 << 20, CONF_HUGEPAGES_OFF), 0);
	assert_false(block_in_hugepages(pool));
	block_pool_free(pool);
	assert_int_equal(block_pool_create(&pool, 1ull << 40, CONF_HUGEPAGES_ON), -ENOMEM);
	assert_int_equal(block_pool_create(&pool, 0, CONF_HUGEPAGES_OFF), -EINVAL);
	block_pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_aligned_and_do_not_overlap),
		cmocka_unit_test(last_sixteenth_is_kept_for_small_blocks_and_copies),
		cmocka_unit_test(small_blocks_join_to_large_ones_again),
		cmocka_unit_test(block_given_back_is_had_again),
		cmocka_unit_test(buffers_cover_the_pool),
		cmocka_unit_test(huge_pages_are_used_or_missed_as_wished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
