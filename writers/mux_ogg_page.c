/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/mux_ogg_page.h"

#include <errno.h>
#include <string.h>
#include <ogg/ogg.h>
#include "base/cur.h"

#define FLAGS_AT    5
#define GRANULE_AT  6
#define SERIAL_AT   14
#define SEQUENCE_AT 18
#define CRC_AT      22
#define SEGMENTS_AT 26

/* libogg computes the checksum; it takes pointers to what it only reads. */
static void set_checksum(uint8_t *head, size_t head_bytes, const uint8_t *body, size_t body_bytes)
{
	ogg_page page = {
		.header = head,
		.header_len = (long)head_bytes,
		.body = (unsigned char *)body,
		.body_len = (long)body_bytes,
	};
	ogg_page_checksum_set(&page);
}

size_t mux_ogg_page_head(uint8_t *head, const struct mux_ogg_page *page)
{
	size_t head_bytes = MUX_OGG_PAGE_HEAD_BYTES + page->segments;

	memcpy(head, "OggS", 4);
	head[4] = 0;
	head[FLAGS_AT] = page->flags;
	cur_put_le(head + GRANULE_AT, page->granule, 8);
	cur_put_le(head + SERIAL_AT, page->serial, 4);
	cur_put_le(head + SEQUENCE_AT, page->sequence, 4);
	head[SEGMENTS_AT] = (uint8_t)page->segments;
	memcpy(head + MUX_OGG_PAGE_HEAD_BYTES, page->lacing, page->segments);
	set_checksum(head, head_bytes, page->body, page->body_bytes);
	return head_bytes;
}

size_t mux_ogg_page_bytes(const uint8_t *bytes, size_t len)
{
	size_t total;

	if (len < MUX_OGG_PAGE_HEAD_BYTES || memcmp(bytes, "OggS", 4) || bytes[4])
		return 0;
	total = MUX_OGG_PAGE_HEAD_BYTES + (size_t)bytes[SEGMENTS_AT];
	if (len < total)
		return 0;
	for (unsigned i = 0; i < bytes[SEGMENTS_AT]; i++)
		total += bytes[MUX_OGG_PAGE_HEAD_BYTES + i];
	return total;
}

int mux_ogg_page_parse(struct mux_ogg_page *ret_page, const uint8_t *bytes, size_t len)
{
	uint8_t head[MUX_OGG_PAGE_HEAD_BYTES + MUX_OGG_PAGE_SEGMENTS];
	size_t head_bytes;

	if (!len || mux_ogg_page_bytes(bytes, len) != len)
		return -EBADMSG;
	head_bytes = MUX_OGG_PAGE_HEAD_BYTES + (size_t)bytes[SEGMENTS_AT];
	memcpy(head, bytes, head_bytes);
	set_checksum(head, head_bytes, bytes + head_bytes, len - head_bytes);
	if (memcmp(head + CRC_AT, bytes + CRC_AT, 4))
		return -EBADMSG;
	*ret_page = (struct mux_ogg_page){
		.flags = bytes[FLAGS_AT],
		.granule = cur_get_le(bytes + GRANULE_AT, 8),
		.serial = (uint32_t)cur_get_le(bytes + SERIAL_AT, 4),
		.sequence = (uint32_t)cur_get_le(bytes + SEQUENCE_AT, 4),
		.segments = bytes[SEGMENTS_AT],
		.lacing = bytes + MUX_OGG_PAGE_HEAD_BYTES,
		.body = bytes + head_bytes,
		.body_bytes = len - head_bytes,
	};
	return 0;
}

void mux_ogg_page_mark(uint8_t *bytes, size_t len, uint8_t flags)
{
	size_t head_bytes = MUX_OGG_PAGE_HEAD_BYTES + (size_t)bytes[SEGMENTS_AT];

	bytes[FLAGS_AT] |= flags;
	set_checksum(bytes, head_bytes, bytes + head_bytes, len - head_bytes);
}
