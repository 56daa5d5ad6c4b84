/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <cmocka.h>
#include "base/id.h"
#include "base/limits.h"

static void an_id_is_prefix_and_20_characters_of_base32(void **state)
{
	char buf[2 + 20 + 1 + 1];

	memset(buf, '#', sizeof(buf));
	id_make(buf, sizeof(buf) - 1, "s_");
	assert_memory_equal(buf, "s_", 2);
	assert_int_equal(strlen(buf), 22);
	assert_int_equal(strspn(buf + 2, "abcdefghijklmnopqrstuvwxyz234567"), 20);
	assert_int_equal(buf[23], '#');
	assert_true(strlen(buf) <= LIMIT_SESSION_ID_BYTES);
}

static void ids_differ_in_every_character(void **state)
{
	uint32_t seen[20] = { 0 };
	char last[32] = "", buf[32];

	for (int i = 0; i < 2000; i++) {
		id_make(buf, sizeof(buf), "");
		assert_string_not_equal(buf, last);
		memcpy(last, buf, sizeof(last));
		for (int at = 0; at < 20; at++)
			seen[at] |= 1u << (buf[at] >= 'a' ? buf[at] - 'a' : buf[at] - '2' + 26);
	}
	/* That a letter stays out of 2000 draws of 32 has a chance of e^-63. */
	for (int at = 0; at < 20; at++)
		assert_int_equal(seen[at], UINT32_MAX);
}

static void randomness_fills_the_whole_buffer_and_no_more(void **state)
{
	uint8_t seen[18] = { 0 };

	for (int i = 0; i < 64; i++) {
		uint8_t buf[18] = { 0 };
		id_random(buf + 1, 16);
		assert_int_equal(buf[0] | buf[17], 0);
		for (int at = 0; at < 18; at++)
			seen[at] |= buf[at];
	}
	for (int at = 1; at < 17; at++)
		assert_int_not_equal(seen[at], 0);
	id_random(NULL, 0);
}

static void on_alarm(int signal)
{
}

/* getrandom(2): a signal cuts short what is longer than 256 bytes. */
static void signals_do_not_leave_a_hole(void **state)
{
	const struct itimerval often = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 },
	                       never = { 0 };
	const struct sigaction action = { .sa_handler = on_alarm };
	static uint64_t words[(16 << 20) / 8];
	const size_t count = sizeof(words) / sizeof(words[0]);

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	id_random(words, sizeof(words));
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	for (size_t i = 0; i < count; i += 64)
		assert_true(words[i] != 0);
	assert_true(words[count - 1] != 0);
}

/* SplitMix64's first number of the seed 0 is E220A8397B1DCDAF, of which a byte is taken. There is no way
 * back: the last of the cases. */
static void what_is_seeded_comes_again(void **state)
{
	char first[32], second[32], other[32];
	uint8_t byte;

	id_seed(0);
	id_random(&byte, 1);
	assert_int_equal(byte, 0xE2);
	id_seed(42);
	id_make(first, sizeof(first), "s_");
	id_make(other, sizeof(other), "s_");
	assert_string_not_equal(first, other);
	id_seed(42);
	id_make(second, sizeof(second), "s_");
	assert_string_equal(first, second);
	id_seed(43);
	id_make(second, sizeof(second), "s_");
	assert_string_not_equal(first, second);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_prefix_and_20_characters_of_base32),
		cmocka_unit_test(ids_differ_in_every_character),
		cmocka_unit_test(randomness_fills_the_whole_buffer_and_no_more),
		cmocka_unit_test(signals_do_not_leave_a_hole),
		cmocka_unit_test(what_is_seeded_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
