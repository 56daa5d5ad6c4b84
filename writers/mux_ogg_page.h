/* SPDX-License-Identifier: BSD-3-Clause */
/* Ogg pages (RFC 3533 section 6) as this house writes them: whole packets only, one logical stream.
 *
 *    0  "OggS"          14  serial number, LE         26  segments n
 *    4  version, 0      18  page sequence, LE         27  n lacing values: 255 goes on, less ends a packet
 *    5  flags           22  CRC of all, field as 0    27 + n  body
 *    6  granule position, LE
 *
 * Pure; any thread.
 */
#ifndef WRITERS_MUX_OGG_PAGE_H
#define WRITERS_MUX_OGG_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUX_OGG_PAGE_HEAD_BYTES 27
#define MUX_OGG_PAGE_SEGMENTS   255
#define MUX_OGG_PAGE_BYTES_MAX  (MUX_OGG_PAGE_HEAD_BYTES + MUX_OGG_PAGE_SEGMENTS + MUX_OGG_PAGE_SEGMENTS * 255)

#define MUX_OGG_PAGE_CONTINUED 1
#define MUX_OGG_PAGE_FIRST     2
#define MUX_OGG_PAGE_LAST      4

struct mux_ogg_page {
	uint8_t flags;
	uint64_t granule;
	uint32_t serial, sequence;
	unsigned segments;
	const uint8_t *lacing;
	const uint8_t *body;
	size_t body_bytes;
};

/* Write the page's header, with lacing values and checksum, to @head of MUX_OGG_PAGE_HEAD_BYTES + segments
 * bytes. Returns its length. */
size_t mux_ogg_page_head(uint8_t *head, const struct mux_ogg_page *page);

/* Length of the page whose first @len bytes are at @bytes: 0 while too few to tell, or when it is no page. */
size_t mux_ogg_page_bytes(const uint8_t *bytes, size_t len);

/* Take a whole page of @len bytes apart. 0, or -EBADMSG: not a page, or a wrong checksum. */
int mux_ogg_page_parse(struct mux_ogg_page *ret_page, const uint8_t *bytes, size_t len);

/* Set flags in a whole page, and its checksum anew. */
void mux_ogg_page_mark(uint8_t *bytes, size_t len, uint8_t flags);

#endif
