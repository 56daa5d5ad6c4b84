/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "writers/depay.h"
#include "writers/fill.h"

#define TOC(config) ((uint8_t)((config) << 3 | 4)) /* stereo, code 0 */

/* Fill @gap after a packet of @config; every packet is a good one of what it says. Returns what is left. */
static uint64_t fill_all(unsigned config, uint64_t gap, unsigned *ret_packets, unsigned *ret_bytes)
{
	*ret_packets = *ret_bytes = 0;
	for (;;) {
		struct fill fill = fill_next(TOC(config), gap);
		struct depay_piece piece;

		if (!fill.duration_rtp)
			return gap;
		assert_int_equal(depay_opus(fill.bytes, fill.len, false, &piece), 0);
		assert_int_equal(piece.duration_rtp, fill.duration_rtp);
		assert_true(fill.duration_rtp <= gap);
		assert_int_equal(fill.bytes[0] & 4, 4);
		gap -= fill.duration_rtp;
		++*ret_packets;
		*ret_bytes += fill.len;
	}
}

static void every_gap_is_filled_to_the_step(void **state)
{
	unsigned packets, bytes;

	for (unsigned config = 0; config < 32; config++)
		for (uint64_t gap = 0; gap < 12000; gap += 40)
			assert_int_equal(fill_all(config, gap, &packets, &bytes), gap % FILL_STEP_RTP);
}

static void one_lost_packet_is_one_byte(void **state)
{
	struct fill fill = fill_next(TOC(31), 960);

	assert_int_equal(fill.len, 1);
	assert_int_equal(fill.bytes[0], TOC(31));
	assert_int_equal(fill.duration_rtp, 960);
}

static void long_gaps_take_packets_of_120_ms(void **state)
{
	struct fill fill = fill_next(TOC(31), 48000);
	unsigned packets, bytes;

	assert_int_equal(fill.duration_rtp, 5760);
	assert_int_equal(fill.len, 2);
	assert_int_equal(fill.bytes[0], TOC(31) | 3);
	assert_int_equal(fill.bytes[1], 6);
	assert_int_equal(fill_all(31, 3600ull * 48000, &packets, &bytes), 0);
	assert_int_equal(packets, 30000);
	assert_int_equal(bytes, 60000);
}

static void two_frames_are_a_packet_of_code_1(void **state)
{
	struct fill fill = fill_next(TOC(31), 1920);

	assert_int_equal(fill.len, 1);
	assert_int_equal(fill.bytes[0], TOC(31) | 1);
}

/* RFC 7845 section 4.1: 95 ms after a SILK frame of 20 ms: four of these, one of 10 ms, one of CELT of 5 ms.
 */
static void mode_is_kept_as_long_as_it_fits(void **state)
{
	struct fill fill = fill_next(TOC(1), 4560);

	assert_int_equal(fill.bytes[0], TOC(1) | 3);
	assert_int_equal(fill.bytes[1], 4);
	fill = fill_next(TOC(1), 4560 - 3840);
	assert_int_equal(fill.bytes[0], TOC(0));
	assert_int_equal(fill.duration_rtp, 480);
	fill = fill_next(TOC(1), 240);
	assert_int_equal(fill.bytes[0], TOC(17)); /* CELT, narrow band, 5 ms */
	assert_int_equal(fill.duration_rtp, 240);
	assert_int_equal(fill_next(TOC(5), 120).bytes[0], TOC(20)); /* CELT has no medium band: wide */
	assert_int_equal(fill_next(TOC(9), 120).bytes[0], TOC(20));
	assert_int_equal(fill_next(TOC(13), 120).bytes[0], TOC(24));
	assert_int_equal(fill_next(TOC(15), 120).bytes[0], TOC(28));
	assert_int_equal(fill_next(TOC(13), 480).bytes[0], TOC(12)); /* hybrid, 10 ms */
	assert_int_equal(fill_next(TOC(27), 480).bytes[0], TOC(26));
}

static void samples_of_silence_fill_any_gap(void **state)
{
	const uint8_t *bytes;

	assert_int_equal(fill_samples(CODEC_PCMU, 1, &bytes), 1);
	assert_int_equal(bytes[0], 0xFF);
	assert_int_equal(fill_samples(CODEC_PCMA, 100000, &bytes), 960);
	for (unsigned i = 0; i < 960; i++)
		assert_int_equal(bytes[i], 0xD5);
	assert_int_equal(fill_samples(CODEC_PCMA, 0, &bytes), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_gap_is_filled_to_the_step),
		cmocka_unit_test(one_lost_packet_is_one_byte),
		cmocka_unit_test(long_gaps_take_packets_of_120_ms),
		cmocka_unit_test(two_frames_are_a_packet_of_code_1),
		cmocka_unit_test(mode_is_kept_as_long_as_it_fits),
		cmocka_unit_test(samples_of_silence_fill_any_gap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
