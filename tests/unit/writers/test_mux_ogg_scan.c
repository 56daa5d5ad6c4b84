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
#include "tests/unit/writers/memory_segment.h"
#include "writers/mux.h"
#include "writers/mux_ogg_page.h"
#include "writers/mux_ogg_scan.h"

#define PAGES    6 /* with two headers */
#define PER_PAGE 10

static uint8_t file[65536];
static size_t file_bytes, ends[PAGES]; /* where pages end */
static struct mux_scan scan;

/* A file of six pages, the last one with the end of stream. */
static int set_up(void **state)
{
	const struct segment_cfg segment_cfg = { .meta = "{}", .meta_bytes = 2, .name = { .ext = "ogg" } };
	struct mux_cfg cfg = { .codec = CODEC_OPUS, .clock_rate = 48000, .channels = 1, .room = "demo" };
	static const uint8_t packet[200] = { 0xF8 };
	uint8_t head[64];
	size_t head_bytes, at = 0;
	struct mux *mux;

	memory_segment_reset();
	if (segment_begin(&cfg.segment, NULL, &segment_cfg) || mux_ogg.begin(&mux, &cfg))
		return -1;
	for (unsigned i = 0; i < 4 * PER_PAGE; i++) {
		if (i % PER_PAGE == 1 && i > 1)
			mux_ogg.flush(mux);
		mux_ogg.frame_begin(mux, 0);
		mux_ogg.frame_append(mux, packet, 10 + i);
		mux_ogg.frame_end(mux, 960);
	}
	mux_ogg.finish(mux, head, &head_bytes);
	file_bytes = cfg.segment->committed;
	memcpy(file, cfg.segment->bytes, file_bytes);
	for (unsigned i = 0; i < PAGES; i++)
		ends[i] = at += mux_ogg_page_bytes(file + at, file_bytes - at);
	memory_segment_reset();
	return at == file_bytes ? 0 : -1;
}

static int scan_bytes(const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/test_mux_ogg_scan.XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, bytes, len), len);
	err = mux_ogg_scan(fd, len, &scan);
	close(fd);
	return err;
}

static void whole_file_is_whole(void **state)
{
	assert_int_equal(scan_bytes(file, file_bytes), 0);
	assert_int_equal(scan.valid_bytes, file_bytes);
	assert_int_equal(scan.frames, 4 * PER_PAGE);
	assert_int_equal(scan.first_pts, 0);
	assert_int_equal(scan.last_pts, 4 * PER_PAGE * 960);
	assert_int_equal(scan.head_bytes, 0);
	assert_false(scan.tail_rewrite);
}

static void file_cut_anywhere_ends_with_its_last_whole_page(void **state)
{
	for (size_t len = 0; len < file_bytes; len += len < ends[2] + 50 ? 1 : 7) {
		unsigned pages = 0;
		struct mux_ogg_page page;

		while (ends[pages] <= len)
			pages++;
		assert_int_equal(scan_bytes(file, len), pages > 2 ? 0 : -EBADMSG);
		if (pages <= 2)
			continue;
		assert_int_equal(scan.valid_bytes, ends[pages - 1]);
		assert_int_equal(scan.frames, (pages - 2) * PER_PAGE);
		assert_int_equal(scan.last_pts, (pages - 2) * PER_PAGE * 960);
		assert_true(scan.tail_rewrite);
		assert_int_equal(scan.tail_offset, ends[pages - 2]);
		assert_int_equal(scan.tail_bytes, ends[pages - 1] - ends[pages - 2]);
		assert_int_equal(mux_ogg_page_parse(&page, scan.tail, scan.tail_bytes), 0);
		assert_true(page.flags & MUX_OGG_PAGE_LAST);
		assert_int_equal(page.granule, scan.last_pts);
	}
}

static void damaged_page_ends_the_file(void **state)
{
	for (unsigned page = 0; page < PAGES; page++) {
		size_t at = page ? ends[page - 1] : 0;

		file[at + 40] ^= 1;
		assert_int_equal(scan_bytes(file, file_bytes), page > 2 ? 0 : -EBADMSG);
		if (page > 2)
			assert_int_equal(scan.valid_bytes, at);
		file[at + 40] ^= 1;
	}
}

/* Change the page before last, and make its checksum good again. */
static void scan_changed(size_t at, uint8_t value, uint64_t valid)
{
	uint8_t *page = file + ends[3], was = page[at];

	page[at] = value;
	mux_ogg_page_mark(page, ends[4] - ends[3], 0);
	assert_int_equal(scan_bytes(file, file_bytes), 0);
	assert_int_equal(scan.valid_bytes, valid);
	page[at] = was;
	mux_ogg_page_mark(page, ends[4] - ends[3], 0);
}

static void page_that_does_not_follow_ends_the_file(void **state)
{
	scan_changed(14, (uint8_t)(file[14] + 1), ends[3]); /* serial number */
	scan_changed(18, 9, ends[3]);                       /* page sequence */
	scan_changed(7, 1, ends[3]);                        /* granule position goes back */
	scan_changed(27, 255, ends[3]);                     /* lacing: another length */
	scan_changed(27 + PER_PAGE, 0x03, ends[3]);         /* packets that are no Opus: no frame */
	scan_changed(5, MUX_OGG_PAGE_LAST, ends[4]);        /* end of stream: nothing may follow */
}

static void rest_of_the_disk_block_is_cut_off(void **state)
{
	memset(file + file_bytes, 0, 4096);
	assert_int_equal(scan_bytes(file, file_bytes + 4096), 0);
	assert_int_equal(scan.valid_bytes, file_bytes);
	assert_int_equal(scan_bytes(file + ends[0], file_bytes - ends[0]), -EBADMSG); /* no identification */
}

static void unreadable_file_is_an_error(void **state)
{
	assert_int_equal(mux_ogg_scan(-1, 100, &scan), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_file_is_whole, set_up),
		cmocka_unit_test_setup(file_cut_anywhere_ends_with_its_last_whole_page, set_up),
		cmocka_unit_test_setup(damaged_page_ends_the_file, set_up),
		cmocka_unit_test_setup(page_that_does_not_follow_ends_the_file, set_up),
		cmocka_unit_test_setup(rest_of_the_disk_block_is_cut_off, set_up),
		cmocka_unit_test_setup(unreadable_file_is_an_error, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
