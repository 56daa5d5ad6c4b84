/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ogg/ogg.h>
#include "writers/mux_ogg_page.h"

static uint8_t bytes[1024];

static size_t build(void)
{
	static const uint8_t lacing[] = { 255, 45, 0, 3 };
	static uint8_t body[303];
	const struct mux_ogg_page page = {
		.flags = MUX_OGG_PAGE_FIRST,
		.granule = 0x123456789AB,
		.serial = 0xCAFEBABE,
		.sequence = 7,
		.segments = 4,
		.lacing = lacing,
		.body = body,
		.body_bytes = sizeof(body),
	};
	size_t head;

	memset(body, 'o', sizeof(body));
	head = mux_ogg_page_head(bytes, &page);
	assert_int_equal(head, 31);
	memcpy(bytes + head, body, sizeof(body));
	return head + sizeof(body);
}

static void page_is_one_that_libogg_reads(void **state)
{
	size_t len = build();
	ogg_sync_state sync;
	ogg_page page;

	ogg_sync_init(&sync);
	memcpy(ogg_sync_buffer(&sync, (long)len), bytes, len);
	ogg_sync_wrote(&sync, (long)len);
	assert_int_equal(ogg_sync_pageout(&sync, &page), 1);
	assert_true(ogg_page_bos(&page));
	assert_false(ogg_page_eos(&page));
	assert_int_equal(ogg_page_granulepos(&page), 0x123456789AB);
	assert_int_equal((uint32_t)ogg_page_serialno(&page), 0xCAFEBABE);
	assert_int_equal(ogg_page_pageno(&page), 7);
	assert_int_equal(ogg_page_packets(&page), 3);
	ogg_sync_clear(&sync);
}

static void parse_gives_back_what_was_built(void **state)
{
	size_t len = build();
	struct mux_ogg_page page;

	assert_int_equal(mux_ogg_page_bytes(bytes, len), len);
	assert_int_equal(mux_ogg_page_bytes(bytes, 31), len);
	assert_int_equal(mux_ogg_page_parse(&page, bytes, len), 0);
	assert_int_equal(page.flags, MUX_OGG_PAGE_FIRST);
	assert_int_equal(page.granule, 0x123456789AB);
	assert_int_equal(page.serial, 0xCAFEBABE);
	assert_int_equal(page.sequence, 7);
	assert_int_equal(page.segments, 4);
	assert_int_equal(page.body_bytes, 303);
	assert_ptr_equal(page.body, bytes + 31);
}

static void every_flipped_bit_is_seen(void **state)
{
	size_t len = build();
	struct mux_ogg_page page;

	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(mux_ogg_page_parse(&page, bytes, len), -EBADMSG);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void what_is_too_short_is_no_page(void **state)
{
	size_t len = build();
	struct mux_ogg_page page;

	for (size_t i = 0; i < 31; i++)
		assert_int_equal(mux_ogg_page_bytes(bytes, i), 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(mux_ogg_page_parse(&page, bytes, i), -EBADMSG);
}

static void marked_page_is_good_again(void **state)
{
	size_t len = build();
	struct mux_ogg_page page;

	mux_ogg_page_mark(bytes, len, MUX_OGG_PAGE_LAST);
	assert_int_equal(mux_ogg_page_parse(&page, bytes, len), 0);
	assert_int_equal(page.flags, MUX_OGG_PAGE_FIRST | MUX_OGG_PAGE_LAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_is_one_that_libogg_reads),
		cmocka_unit_test(parse_gives_back_what_was_built),
		cmocka_unit_test(every_flipped_bit_is_seen),
		cmocka_unit_test(what_is_too_short_is_no_page),
		cmocka_unit_test(marked_page_is_good_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
