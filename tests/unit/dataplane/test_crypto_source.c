/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* A source whose highest packet is @index. */
static struct crypto_source at(uint64_t index)
{
	struct crypto_source s;

	crypto_source_begin(&s, (uint32_t)(index >> 16));
	crypto_source_take(&s, index);
	return s;
}

static void the_first_packet_has_the_counter_that_was_told(void **state)
{
	struct crypto_source s;

	crypto_source_begin(&s, 7);
	assert_int_equal(crypto_source_guess(&s, 0), 7 << 16);
	assert_int_equal(crypto_source_guess(&s, 65535), (7 << 16) + 65535);
	assert_true(crypto_source_is_new(&s, 0));
	crypto_source_take(&s, (7 << 16) + 300);
	assert_int_equal(s.highest, (7 << 16) + 300);
	assert_true(s.begun);
}

/* RFC 3711 appendix A. */
static void the_index_is_the_nearest_to_the_highest(void **state)
{
	struct crypto_source low = at((3 << 16) + 100), high = at((3 << 16) + 60000);

	assert_int_equal(crypto_source_guess(&low, 101), (3 << 16) + 101);
	assert_int_equal(crypto_source_guess(&low, 99), (3 << 16) + 99);
	assert_int_equal(crypto_source_guess(&low, 100 + 0x8000), (3 << 16) + 100 + 0x8000);
	assert_int_equal(crypto_source_guess(&low, 101 + 0x8000), (2 << 16) + 101 + 0x8000);
	assert_int_equal(crypto_source_guess(&high, 60001), (3 << 16) + 60001);
	assert_int_equal(crypto_source_guess(&high, 60000 - 0x8000), (3 << 16) + 60000 - 0x8000);
	assert_int_equal(crypto_source_guess(&high, 59999 - 0x8000), (4 << 16) + 59999 - 0x8000);
}

static void there_is_no_turn_before_the_first(void **state)
{
	struct crypto_source s = at(100);

	assert_int_equal(crypto_source_guess(&s, 65000), 65000);
}

static void the_counter_wraps(void **state)
{
	struct crypto_source s = at((uint64_t)UINT32_MAX << 16 | 65535);

	assert_int_equal(crypto_source_guess(&s, 0), 0);
}

static void a_packet_is_new_once_and_within_the_window(void **state)
{
	struct crypto_source s = at(100000);

	assert_false(crypto_source_is_new(&s, 100000));
	assert_true(crypto_source_is_new(&s, 100001));
	assert_true(crypto_source_is_new(&s, 99999));
	assert_true(crypto_source_is_new(&s, 100001 - CRYPTO_SOURCE_WINDOW));
	assert_false(crypto_source_is_new(&s, 100000 - CRYPTO_SOURCE_WINDOW));
	crypto_source_take(&s, 99999);
	assert_false(crypto_source_is_new(&s, 99999));
	assert_int_equal(s.highest, 100000);
}

/* Every distance that the highest can jump, with a window that was full before. */
static void what_was_skipped_is_new(void **state)
{
	for (uint64_t jump = 1; jump < 2 * CRYPTO_SOURCE_WINDOW; jump++) {
		struct crypto_source s = at(5000);
		for (uint64_t i = 5001; i < 7000; i++)
			crypto_source_take(&s, i);
		crypto_source_take(&s, 6999 + jump);
		for (uint64_t i = 6999 + jump - CRYPTO_SOURCE_WINDOW + 1; i < 6999 + jump; i++)
			assert_int_equal(crypto_source_is_new(&s, i), i > 6999);
	}
}

static void reports_have_a_window_of_their_own(void **state)
{
	struct crypto_source s = at(500);

	assert_true(crypto_source_is_new_rtcp(&s, 0));
	crypto_source_take_rtcp(&s, 0);
	assert_false(crypto_source_is_new_rtcp(&s, 0));
	crypto_source_take_rtcp(&s, 500);
	assert_true(crypto_source_is_new_rtcp(&s, 499));
	assert_true(crypto_source_is_new_rtcp(&s, 501 - CRYPTO_SOURCE_RTCP_WINDOW));
	assert_false(crypto_source_is_new_rtcp(&s, 500 - CRYPTO_SOURCE_RTCP_WINDOW));
	crypto_source_take_rtcp(&s, 499);
	assert_false(crypto_source_is_new_rtcp(&s, 499));
	assert_int_equal(s.rtcp_highest, 500);
	assert_true(crypto_source_is_new(&s, 499));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_packet_has_the_counter_that_was_told),
		cmocka_unit_test(the_index_is_the_nearest_to_the_highest),
		cmocka_unit_test(there_is_no_turn_before_the_first),
		cmocka_unit_test(the_counter_wraps),
		cmocka_unit_test(a_packet_is_new_once_and_within_the_window),
		cmocka_unit_test(what_was_skipped_is_new),
		cmocka_unit_test(reports_have_a_window_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
