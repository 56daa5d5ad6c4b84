/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/mux_ogg_scan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "writers/depay.h"
#include "writers/mux.h"
#include "writers/mux_ogg_page.h"

static_assert(MUX_OGG_PAGE_BYTES_MAX <= sizeof(((struct mux_scan *)0)->tail), "any page fits into the tail");

#define HEAD_BYTES_MAX (MUX_OGG_PAGE_HEAD_BYTES + MUX_OGG_PAGE_SEGMENTS)

/* Read @len bytes at @at, less at the end of the file. Returns the count or -errno. */
static ssize_t read_at(int fd, uint8_t *bytes, size_t len, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, bytes + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* Read the page at @at into @bytes and check it. Its length; 0: no whole page is there; or -errno. */
static ssize_t read_page(int fd, uint64_t at, uint8_t *bytes, struct mux_ogg_page *ret_page)
{
	ssize_t got = read_at(fd, bytes, HEAD_BYTES_MAX, at), more;
	size_t len;

	if (got < 0)
		return got;
	len = mux_ogg_page_bytes(bytes, (size_t)got);
	if (len > (size_t)got) {
		more = read_at(fd, bytes + got, len - (size_t)got, at + (size_t)got);
		if (more < 0)
			return more;
		got += more;
	}
	if (!len || (size_t)got < len || mux_ogg_page_parse(ret_page, bytes, len))
		return 0;
	return (ssize_t)len;
}

/* Packets on the page, with the ticks they last; -EBADMSG when one does not end here or is not Opus. */
static int count_packets(const struct mux_ogg_page *page, uint64_t *ret_packets, uint64_t *ret_ticks)
{
	const uint8_t *packet = page->body;
	struct depay_piece piece;
	uint64_t packets = 0, ticks = 0;
	uint32_t len = 0;

	for (unsigned i = 0; i < page->segments; i++) {
		len += page->lacing[i];
		if (page->lacing[i] == 255)
			continue;
		if (depay_opus(packet, len, false, &piece))
			return -EBADMSG;
		packets++;
		ticks += piece.duration_rtp;
		packet += len;
		len = 0;
	}
	if (len || !packets)
		return -EBADMSG;
	*ret_packets = packets;
	*ret_ticks = ticks;
	return 0;
}

/* Whether the page is header number @sequence: identification or comment (RFC 7845 section 3). */
static bool is_header(const struct mux_ogg_page *page, unsigned sequence)
{
	return page->body_bytes >= 8 && !memcmp(page->body, sequence ? "OpusTags" : "OpusHead", 8) &&
	       !(page->flags & MUX_OGG_PAGE_FIRST) == (sequence > 0);
}

int mux_ogg_scan(int fd, uint64_t size, struct mux_scan *ret_scan)
{
	struct mux_ogg_page page, last = { 0 };
	uint64_t at = 0, last_at = 0, frames = 0, first_pts = 0;
	size_t last_bytes = 0;

	for (unsigned sequence = 0; at < size; sequence++) {
		uint64_t packets, ticks;
		ssize_t len = read_page(fd, at, ret_scan->tail, &page);

		if (len < 0)
			return (int)len;
		if (!len || (uint64_t)len > size - at || page.sequence != sequence ||
		        (sequence && page.serial != last.serial))
			break;
		if (sequence < 2) {
			if (!is_header(&page, sequence))
				break;
		} else {
			if (count_packets(&page, &packets, &ticks) || page.granule < last.granule ||
			        page.granule < ticks)
				break;
			first_pts = frames ? first_pts : page.granule - ticks;
			frames += packets;
		}
		last = page;
		last_at = at;
		last_bytes = (size_t)len;
		at += (size_t)len;
		if (page.flags & MUX_OGG_PAGE_LAST)
			break;
	}
	if (!frames)
		return -EBADMSG;
	ret_scan->valid_bytes = at;
	ret_scan->frames = frames;
	ret_scan->first_pts = first_pts;
	ret_scan->last_pts = last.granule;
	ret_scan->head_bytes = 0;
	ret_scan->tail_rewrite = !(last.flags & MUX_OGG_PAGE_LAST);
	ret_scan->tail_offset = last_at;
	ret_scan->tail_bytes = ret_scan->tail_rewrite ? last_bytes : 0;
	if (!ret_scan->tail_rewrite)
		return 0;
	if (read_page(fd, last_at, ret_scan->tail, &page) != (ssize_t)last_bytes)
		return -EIO; /* it was there a moment ago */
	mux_ogg_page_mark(ret_scan->tail, last_bytes, MUX_OGG_PAGE_LAST);
	return 0;
}
