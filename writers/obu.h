/* SPDX-License-Identifier: BSD-3-Clause */
/* AV1's open bitstream units: headers, sizes, and what a recording needs of their beginnings (AV1 bitstream
 * specification sections 5.3, 5.5, 5.9 and 4.10.5).
 *
 *    0 1 2 3 4 5 6 7
 *   |F| type  |X|S|-|     S: a size follows, LEB128
 *   | TID |SID|- - -|     X
 *
 * Pure; the bytes are hostile. */
#ifndef WRITERS_OBU_H
#define WRITERS_OBU_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cur.h"

enum obu_type {
	OBU_SEQUENCE_HEADER = 1,
	OBU_TEMPORAL_DELIMITER = 2,
	OBU_FRAME_HEADER = 3,
	OBU_TILE_GROUP = 4,
	OBU_METADATA = 5,
	OBU_FRAME = 6,
	OBU_REDUNDANT_FRAME_HEADER = 7,
	OBU_TILE_LIST = 8,
	OBU_PADDING = 15,
};

#define OBU_HAS_SIZE   0x02 /* of the header's first byte */
#define OBU_SIZE_BYTES 4    /* of a size that is reserved before it is known */
#define OBU_SIZE_MAX   ((1u << 7 * OBU_SIZE_BYTES) - 1)

struct obu {
	enum obu_type type;
	uint8_t temporal_id, spatial_id;
	uint8_t header[2]; /* as it was, but that it has a size */
	uint8_t header_bytes;
	bool has_size;
	uint32_t size; /* when it has */
};

/* Read an OBU's header and size. 0; -EBADMSG: cut, the forbidden bit, or a size beyond 32 bits. */
int obu_parse(struct obu *ret_obu, struct cur *c);

/* A LEB128 number; c->overrun is set when it is cut, or beyond 32 bits. */
uint32_t obu_leb128(struct cur *c);

/* Write @size with the fewest bytes that hold it, but @least. Returns how many; @p holds 5. */
unsigned obu_put_size(uint8_t *p, uint32_t size, unsigned least);

/* The largest frame of a sequence, from the payload of its header OBU. 0 or -EBADMSG. */
int obu_sequence_size(const uint8_t *payload, uint32_t len, uint16_t *ret_width, uint16_t *ret_height);

/* Whether the frame whose header begins with this byte is a key frame that is shown. */
static inline bool obu_shows_key(uint8_t first)
{
	/* show_existing_frame, frame_type (0: key), show_frame */
	return (first & 0xF0) == 0x10;
}

#endif
