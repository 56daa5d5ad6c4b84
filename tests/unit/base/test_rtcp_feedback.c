/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/rtcp.h"

static uint8_t out[256];

static void a_pli_names_both_ssrcs(void **state)
{
	const uint8_t want[] = { 0x81, 206, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8 };

	assert_int_equal(rtcp_build_pli(out, sizeof(out), 0, 0x01020304, 0x05060708), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

/* RFC 5104 section 4.3.1.1 */
static void a_fir_names_its_stream_in_the_entry(void **state)
{
	const uint8_t want[] = { 0x84, 206, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 9, 0, 0, 0 };

	assert_int_equal(rtcp_build_fir(out, sizeof(out), 0, 0x01020304, 0x05060708, 9), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

/* RFC 4585 section 6.2.1: bit 0 of the mask is the number after the first. */
static void a_nack_packs_what_lies_together(void **state)
{
	const uint16_t seqs[] = { 65534, 65535, 0, 14, 15, 40 };
	const uint8_t want[] = { 0x81, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFE, 0x80, 0x03, 0, 15, 0, 0,
		0, 40, 0, 0 };
	unsigned taken;

	assert_int_equal(rtcp_build_nack(out, sizeof(out), 0, 1, 2, seqs, 6, &taken), sizeof(want));
	assert_int_equal(taken, 6);
	assert_memory_equal(out, want, sizeof(want));
}

static void a_nack_takes_what_there_is_room_for(void **state)
{
	uint16_t seqs[40];
	unsigned taken;

	for (unsigned i = 0; i < 40; i++)
		seqs[i] = (uint16_t)(100 * i);
	assert_int_equal(rtcp_build_nack(out, 100, 20, 1, 2, seqs, 40, &taken), 100);
	assert_int_equal(taken, 17);
	assert_int_equal(out[20 + 3], 19);
	assert_int_equal(rtcp_build_nack(out, 15, 0, 1, 2, seqs, 40, &taken), 0);
	assert_int_equal(taken, 0);
	assert_int_equal(rtcp_build_nack(out, sizeof(out), 0, 1, 2, seqs, 0, &taken), 0);
}

/* draft-alvestrand-rmcat-remb-03 section 2.2 */
static void a_remb_tells_rates_of_any_size(void **state)
{
	const uint32_t ssrcs[] = { 0xA0000001, 0xA0000002 };
	const uint8_t want[] = { 0x8F, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 2, 3 << 2 | 3,
		0xD0, 0x90, 0xA0, 0, 0, 1, 0xA0, 0, 0, 2 };

	assert_int_equal(rtcp_build_remb(out, sizeof(out), 0, 1, 2000000, ssrcs, 2), sizeof(want));
	assert_memory_equal(out, want, sizeof(want)); /* 250000 << 3 */
	rtcp_build_remb(out, sizeof(out), 0, 1, 262143, ssrcs, 1);
	assert_int_equal(out[17] << 16 | out[18] << 8 | out[19], 262143);
	assert_int_equal(rtcp_build_remb(out, 27, 0, 1, 1000, ssrcs, 2), 0);
}

/* RFC 3611 section 4.4 */
static void a_reference_time_is_our_clock(void **state)
{
	const uint8_t want[] = { 0x80, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8 };

	assert_int_equal(rtcp_build_reference_time(out, sizeof(out), 0, 1, 0x0102030405060708), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	assert_int_equal(rtcp_build_reference_time(out, 19, 0, 1, 0), 0);
}

static unsigned told;
static uint32_t told_ssrc, told_rr, told_delay;

static void on_delay(void *arg, uint32_t ssrc, uint32_t last_rr, uint32_t delay)
{
	told++;
	told_ssrc = ssrc;
	told_rr = last_rr;
	told_delay = delay;
}

static int parse(const uint8_t *data, size_t len)
{
	const struct rtcp_handlers handlers = { .delay_since_reference = on_delay };

	told = 0;
	return rtcp_parse(data, len, &handlers);
}

/* RFC 3611 section 4.5, beside a block of another type */
static void the_answer_to_a_reference_time_is_told(void **state)
{
	uint8_t data[] = { 0x80, 207, 0, 9, 0, 0, 0, 9, 6, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 6, 0, 0, 0, 1, 0, 0,
		0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5 };

	data[3] = sizeof(data) / 4 - 1;
	assert_int_equal(sizeof(data), 40);
	/* six words are announced, five are there */
	assert_true(parse(data, sizeof(data)) < 0);
	assert_int_equal(told, 0);
	data[19] = 5; /* one whole entry, and a rest that is none */
	assert_int_equal(parse(data, sizeof(data)), 0);
	assert_int_equal(told, 1);
	assert_int_equal(told_ssrc, 1);
	assert_int_equal(told_rr, 2);
	assert_int_equal(told_delay, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pli_names_both_ssrcs),
		cmocka_unit_test(a_fir_names_its_stream_in_the_entry),
		cmocka_unit_test(a_nack_packs_what_lies_together),
		cmocka_unit_test(a_nack_takes_what_there_is_room_for),
		cmocka_unit_test(a_remb_tells_rates_of_any_size),
		cmocka_unit_test(a_reference_time_is_our_clock),
		cmocka_unit_test(the_answer_to_a_reference_time_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
