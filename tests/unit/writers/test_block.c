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
	static const uint32_t sizes[] = { 16 << 10, 4 << 10, 256 << 10, 64 << 10 };
	struct block_pool *pool = make();
	struct block *blocks[CHUNKS * SMALLS];
	unsigned n = 0;

	for (struct block *block; (block = block_get(pool, BLOCK_COPY, sizes[n % 4])) ||
	                          (block = block_get(pool, BLOCK_COPY, BLOCK_SMALL_BYTES));
	        n++) {
		assert_int_equal((uintptr_t)block->data % block->bytes, 0);
		assert_int_equal(block->refs, 1);
		memset(block->data, (int)n, block->bytes);
		blocks[n] = block;
	}
	assert_int_equal(block_in_use(pool), n);
	assert_int_equal(block_bytes_in_use(pool), block_pool_bytes(pool));
	for (unsigned i = 0; i < n; i++) {
		for (uint32_t at = 0; at < blocks[i]->bytes; at += 511)
			assert_int_equal(blocks[i]->data[at], (uint8_t)i);
		block_put(pool, blocks[i]);
	}
	assert_int_equal(block_in_use(pool), 0);
	block_pool_free(pool);
}

static void last_sixteenth_is_kept_for_audio_and_copies(void **state)
{
	struct block_pool *pool = make();
	struct block *block;
	unsigned large = 0, small = 0, copies = 0;

	while ((block = block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES)))
		large++;
	while ((block = block_get(pool, BLOCK_AUDIO, BLOCK_SMALL_BYTES)))
		small++;
	while ((block = block_get(pool, BLOCK_COPY, BLOCK_SMALL_BYTES)))
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
			assert_non_null(blocks[i] = block_get(pool, BLOCK_COPY, BLOCK_SMALL_BYTES));
		assert_null(block_get(pool, BLOCK_COPY, BLOCK_SMALL_BYTES));
		assert_null(block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES));
		for (unsigned i = 0; i < CHUNKS * SMALLS;
		        i++) /* 7 is prime to the count: a scattered order */
			block_put(pool, blocks[i * 7 % (CHUNKS * SMALLS)]);
	}
	while (block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES))
		large++;
	assert_int_equal(large, CHUNKS - CHUNKS / 16);
	block_pool_free(pool);
}

static void without_a_large_block_a_smaller_one_is_had(void **state)
{
	struct block_pool *pool = make();
	struct block *small[CHUNKS], *block;

	/* A quarter of each 256 KiB is free. */
	for (unsigned i = 0; i < CHUNKS; i++) {
		assert_non_null(block_get(pool, BLOCK_COPY, 64 << 10));
		assert_non_null(small[i] = block_get(pool, BLOCK_COPY, 64 << 10));
		assert_non_null(block_get(pool, BLOCK_COPY, 64 << 10));
		assert_non_null(block_get(pool, BLOCK_COPY, 64 << 10));
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		block_put(pool, small[i]);
	assert_null(block_get(pool, BLOCK_COPY, BLOCK_LARGE_BYTES));
	assert_non_null(block = block_get(pool, BLOCK_AUDIO, BLOCK_LARGE_BYTES));
	assert_int_equal(block->bytes, 64 << 10);
	block_pool_free(pool);
}

static void sizes_fit(void **state)
{
	assert_int_equal(block_fit(0), BLOCK_SMALL_BYTES);
	assert_int_equal(block_fit((16 << 10) - 1), 4 << 10);
	assert_int_equal(block_fit(16 << 10), 16 << 10);
	assert_int_equal(block_fit(100000), 64 << 10);
	assert_int_equal(block_fit(UINT64_MAX), BLOCK_LARGE_BYTES);
}

static void block_given_back_is_had_again(void **state)
{
	struct block_pool *pool = make();
	struct block *block, *last = NULL;

	while ((block = block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES)))
		last = block;
	block_put(pool, last);
	assert_ptr_equal(block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES), last);
	assert_null(block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES));
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
	while ((block = block_get(pool, BLOCK_VIDEO, BLOCK_LARGE_BYTES))) {
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
		cmocka_unit_test(last_sixteenth_is_kept_for_audio_and_copies),
		cmocka_unit_test(small_blocks_join_to_large_ones_again),
		cmocka_unit_test(without_a_large_block_a_smaller_one_is_had),
		cmocka_unit_test(sizes_fit),
		cmocka_unit_test(block_given_back_is_had_again),
		cmocka_unit_test(buffers_cover_the_pool),
		cmocka_unit_test(huge_pages_are_used_or_missed_as_wished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
