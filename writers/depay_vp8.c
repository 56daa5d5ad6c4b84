/* SPDX-License-Identifier: BSD-3-Clause */
/* VP8 in RTP.
 *
 *   RFC 7741 section 4.2, the descriptor:      RFC 6386 section 9.1, the frame's first bytes:
 *
 *    0 1 2 3 4 5 6 7                            byte 0..2  P (bit 0: 0 key frame) | version:3 | show:1 |
 *   |X|R|N|S|R| PID |                                      size:19, LE; of a key frame only:
 *   |I|L|T|K| RSV   |  X                        byte 3..5  9D 01 2A
 *   |M| PictureID   |  I, with M 15 bits        byte 6..7  width:14 | scale:2, LE
 *   | TL0PICIDX     |  L                        byte 8..9  height:14 | scale:2, LE
 *   |TID|Y| KEYIDX  |  T or K
 */
#include "writers/depay.h"

#include <errno.h>
#include "base/cur.h"

#define X_EXTENDED  0x80
#define S_START     0x10
#define PID_MASK    0x07
#define I_PICTURE   0x80
#define L_TL0PICIDX 0x40
#define T_TID       0x20
#define K_KEYIDX    0x10
#define M_LONG      0x80

#define KEY_HEADER_BYTES 10
#define SIZE_MASK        0x3FFF

static void read_extension(struct cur *c, struct depay_piece *piece)
{
	uint8_t bits = cur_u8(c);

	if (bits & I_PICTURE) {
		uint8_t id = cur_u8(c);

		piece->picture_id_bits = id & M_LONG ? 15 : 7;
		piece->picture_id = id & M_LONG ? (id & 0x7F) << 8 | cur_u8(c) : id;
	}
	if (bits & L_TL0PICIDX)
		cur_u8(c);
	if (bits & (T_TID | K_KEYIDX)) {
		uint8_t tid = cur_u8(c);

		if (bits & T_TID)
			piece->temporal_id = tid >> 6;
	}
}

/* The start of a frame: is it a key frame, and of what size. */
static int read_frame_header(struct depay_piece *piece)
{
	const uint8_t *p = piece->data;

	piece->key = !(p[0] & 1);
	if (!piece->key)
		return 0;
	if (piece->len < KEY_HEADER_BYTES || p[3] != 0x9D || p[4] != 0x01 || p[5] != 0x2A)
		return -EBADMSG;
	piece->width = (uint16_t)cur_get_le(p + 6, 2) & SIZE_MASK;
	piece->height = (uint16_t)cur_get_le(p + 8, 2) & SIZE_MASK;
	return piece->width && piece->height ? 0 : -EBADMSG;
}

int depay_vp8(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	struct depay_piece piece = { .picture_id = -1, .frame_end = marker, .picture_end = marker };
	struct cur c = cur_of(payload, len);
	uint8_t first = cur_u8(&c);

	if (first & X_EXTENDED)
		read_extension(&c, &piece);
	if (c.overrun || !cur_left(&c))
		return -EBADMSG;
	piece.data = c.at;
	piece.len = (uint32_t)cur_left(&c);
	piece.frame_start = piece.picture_start = (first & S_START) && !(first & PID_MASK);
	if (piece.frame_start && read_frame_header(&piece))
		return -EBADMSG;
	*ret_piece = piece;
	return 0;
}
