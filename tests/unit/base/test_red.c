/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/red.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include "base/limits.h"

/* RFC 2198 section 7: 84 bytes of DVI4 (payload type 5), and 14 bytes of LPC (7) of the packet 20 ms before
 * it. */
static size_t example(uint8_t *payload)
{
	static const uint8_t headers[] = { 0x87, 160 << 2 >> 8, (160 << 2 & 0xFF) | 14 >> 8, 14, 0x05 };

	memcpy(payload, headers, sizeof(headers));
	memset(payload + 5, 0x77, 14);
	memset(payload + 19, 0x55, 84);
	return 103;
}

static void the_example_of_rfc_2198_section_7_is_two_blocks(void **state)
{
	struct red_block blocks[4];
	uint8_t payload[128];
	size_t len = example(payload);

	assert_int_equal(red_parse(blocks, 4, payload, len), 2);
	assert_int_equal(blocks[0].payload_type, 7);
	assert_int_equal(blocks[0].timestamp_offset, 160);
	assert_int_equal(blocks[0].bytes, 14);
	assert_ptr_equal(blocks[0].data, payload + 5);
	assert_int_equal(blocks[1].payload_type, 5);
	assert_int_equal(blocks[1].timestamp_offset, 0);
	assert_int_equal(blocks[1].bytes, 84);
	assert_ptr_equal(blocks[1].data, payload + 19);
}

static void a_primary_alone_is_one_block(void **state)
{
	const uint8_t payload[] = { 111, 1, 2, 3 };
	struct red_block block;

	assert_int_equal(red_parse(&block, 1, payload, 4), 1);
	assert_int_equal(block.payload_type, 111);
	assert_int_equal(block.bytes, 3);
	assert_int_equal(red_parse(&block, 1, payload, 1), 1);
	assert_int_equal(block.bytes, 0);
}

static void the_largest_offset_and_length_are_read(void **state)
{
	uint8_t payload[5 + RED_BLOCK_MAX] = { 0x80 | 127, 0xFF, 0xFF, 0xFF, 127 };
	struct red_block blocks[2];

	assert_int_equal(red_parse(blocks, 2, payload, sizeof(payload)), 2);
	assert_int_equal(blocks[0].timestamp_offset, RED_OFFSET_MAX);
	assert_int_equal(blocks[0].bytes, RED_BLOCK_MAX);
	assert_int_equal(blocks[1].bytes, 0);
}

static void what_lies_about_its_blocks_is_bad(void **state)
{
	uint8_t payload[128 + 4 * LIMIT_RED_BLOCKS];
	struct red_block blocks[LIMIT_RED_BLOCKS];
	size_t len = example(payload);

	/* Cut before the primary's first byte nothing fits. */
	for (size_t cut = 0; cut < 19; cut++)
		assert_int_equal(red_parse(blocks, 2, payload, cut), -EBADMSG);
	assert_int_equal(red_parse(blocks, 2, payload, 19), 2);
	assert_int_equal(red_parse(blocks, 1, payload, len), -EBADMSG);
	memset(payload, 0x80, sizeof(payload)); /* headers without end */
	assert_int_equal(red_parse(blocks, LIMIT_RED_BLOCKS, payload, sizeof(payload)), -EBADMSG);
	assert_int_equal(red_parse(blocks, LIMIT_RED_BLOCKS, payload, 8), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_2198_section_7_is_two_blocks),
		cmocka_unit_test(a_primary_alone_is_one_block),
		cmocka_unit_test(the_largest_offset_and_length_are_read),
		cmocka_unit_test(what_lies_about_its_blocks_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
