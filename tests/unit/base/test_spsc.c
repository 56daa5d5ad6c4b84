/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/spsc.h"

#define THREAD_ITEMS 4000000u
#define MAX_BURST    61 /* no power of two: bursts straddle the ring's end */

static void *item(uintptr_t n)
{
	return (void *)n; /* never followed */
}

static void sizes_are_rounded_up_and_bounded(void **state)
{
	struct spsc *ring = NULL;
	static const uint32_t sizes[][2] = { { 1, 1 }, { 2, 2 }, { 3, 4 }, { 1000, 1024 }, { 1024, 1024 } };

	assert_int_equal(spsc_create(&ring, 0), -EINVAL);
	assert_int_equal(spsc_create(&ring, (1u << 30) + 1), -EINVAL);
	assert_null(ring);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(spsc_create(&ring, sizes[i][0]), 0);
		assert_int_equal(ring->mask + 1, sizes[i][1]);
		assert_int_equal(spsc_count(ring), 0);
		spsc_free(ring);
	}
	spsc_free(NULL);
}

static void cursors_have_cache_lines_of_their_own(void **state)
{
	struct spsc *ring;

	assert_int_equal(spsc_create(&ring, 8), 0);
	assert_int_equal((uintptr_t)ring % SPSC_LINE, 0);
	assert_int_equal((uintptr_t)ring->slots % SPSC_LINE, 0);
	assert_int_equal(offsetof(struct spsc, head), SPSC_LINE);
	assert_int_equal(offsetof(struct spsc, tail), 2 * SPSC_LINE);
	spsc_free(ring);
}

static void a_full_ring_takes_what_fits(void **state)
{
	void *in[6], *out[6] = { 0 };
	struct spsc *ring;

	for (uintptr_t i = 0; i < 6; i++)
		in[i] = item(i + 1);
	assert_int_equal(spsc_create(&ring, 4), 0);
	assert_int_equal(spsc_take(ring, out, 6), 0);
	assert_int_equal(spsc_put(ring, in, 6), 4);
	assert_int_equal(spsc_put(ring, in, 1), 0);
	assert_int_equal(spsc_count(ring), 4);
	assert_int_equal(spsc_take(ring, out, 3), 3);
	assert_ptr_equal(out[0], in[0]);
	assert_ptr_equal(out[2], in[2]);
	assert_int_equal(spsc_put(ring, in + 4, 2), 2);
	assert_int_equal(spsc_take(ring, out, 6), 3);
	assert_ptr_equal(out[0], in[3]);
	assert_ptr_equal(out[1], in[4]);
	assert_ptr_equal(out[2], in[5]);
	assert_int_equal(spsc_count(ring), 0);
	spsc_free(ring);
}

static void cursors_wrap_past_32_bits(void **state)
{
	uintptr_t next_in = 0, next_out = 0;
	void *items[3];
	struct spsc *ring;

	assert_int_equal(spsc_create(&ring, 4), 0);
	ring->head = ring->tail = UINT32_MAX - 5;
	ring->head_seen = ring->tail_seen = UINT32_MAX - 5;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 3; i++)
			items[i] = item(next_in++);
		assert_int_equal(spsc_put(ring, items, 3), 3);
		assert_int_equal(spsc_count(ring), 3);
		assert_int_equal(spsc_take(ring, items, 3), 3);
		for (int i = 0; i < 3; i++)
			assert_ptr_equal(items[i], item(next_out++));
	}
	spsc_free(ring);
}

/* Puts 1..THREAD_ITEMS in bursts of changing size. Each points to a word that is written before: under TSan a
 * missing release or acquire is a race on it. */
static uint32_t words[1 << 16];

static void *produce(void *arg)
{
	struct spsc *ring = arg;
	void *burst[MAX_BURST];
	uint32_t next = 0, size = 0;

	while (next < THREAD_ITEMS) {
		uint32_t n, done = 0;

		size = size % MAX_BURST + 1;
		for (n = 0; n < size && next < THREAD_ITEMS; n++, next++) {
			words[next % (1 << 16)] = next;
			burst[n] = &words[next % (1 << 16)];
		}
		while (done < n) {
			uint32_t put = spsc_put(ring, burst + done, n - done);
			if (put == 0)
				sched_yield();
			done += put;
		}
	}
	return NULL;
}

/* The ring is far smaller than the array of words, so no word is written again before it was taken and read.
 */
static void two_threads_see_all_in_order(void **state)
{
	void *burst[MAX_BURST + 3];
	uint32_t next = 0, bad = 0;
	pthread_t producer;
	struct spsc *ring;

	assert_int_equal(spsc_create(&ring, 256), 0);
	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	while (next < THREAD_ITEMS) {
		uint32_t n = spsc_take(ring, burst, 1 + next % (MAX_BURST + 3));
		if (n == 0)
			sched_yield();
		for (uint32_t i = 0; i < n; i++, next++)
			bad += burst[i] != &words[next % (1 << 16)] || *(uint32_t *)burst[i] != next;
	}
	pthread_join(producer, NULL);
	assert_int_equal(bad, 0);
	assert_int_equal(next, THREAD_ITEMS);
	assert_int_equal(spsc_count(ring), 0);
	spsc_free(ring);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_rounded_up_and_bounded),
		cmocka_unit_test(cursors_have_cache_lines_of_their_own),
		cmocka_unit_test(a_full_ring_takes_what_fits),
		cmocka_unit_test(cursors_wrap_past_32_bits),
		cmocka_unit_test(two_threads_see_all_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
