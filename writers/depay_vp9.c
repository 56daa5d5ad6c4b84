/* SPDX-License-Identifier: BSD-3-Clause */
/* VP9 in RTP.
 *
 *   RFC 9628 section 4.2, the descriptor:            section 4.2.1, the scalability structure (V):
 *
 *    0 1 2 3 4 5 6 7                                  | N_S |Y|G|-|-|-|
 *   |I|P|L|F|B|E|V|Z|                                 | width 16 | height 16 |   Y: N_S + 1 times
 *   |M| picture id  |  I, with M 15 bits              | N_G 8         |          G
 *   | TID |U| SID |D|  L                              | TID |U| R |-|-|          N_G times
 *   | TL0PICIDX     |  L and not F                    | P_DIFF        |          R times
 *   | P_DIFF      |N|  F and P, up to three
 *   | SS ...        |  V
 *
 * Whether a frame is a key frame, and its size, is taken from the frame's own uncompressed header (VP9
 * bitstream specification section 6.2): some senders leave the descriptor's P clear on every packet.
 */
#include "writers/depay.h"

#include <errno.h>
#include "base/cur.h"
#include "writers/bits.h"

#define I_PICTURE 0x80
#define P_INTER   0x40
#define L_LAYER   0x20
#define F_FLEX    0x10
#define B_START   0x08
#define E_END     0x04
#define V_SS      0x02
#define M_LONG    0x80
#define N_MORE    0x01

#define P_DIFFS_MAX 3
#define SYNC_CODE   0x498342

/* color_config (section 6.2.2): only what lies before the size. */
static void skip_color(struct bits *b, unsigned profile)
{
	if (profile >= 2)
		bits_take(b, 1);
	if (bits_take(b, 3) != 7) { /* not CS_RGB */
		bits_take(b, 1);
		if (profile == 1 || profile == 3)
			bits_take(b, 3);
	} else if (profile == 1 || profile == 3) {
		bits_take(b, 1);
	}
}

static void read_size(struct bits *b, struct depay_piece *piece)
{
	uint32_t width = bits_take(b, 16) + 1, height = bits_take(b, 16) + 1;

	if (b->overrun || width > LIMIT_SIDE_PIXELS || height > LIMIT_SIDE_PIXELS)
		return;
	piece->width = (uint16_t)width;
	piece->height = (uint16_t)height;
}

/* An inter frame tells its size only when it takes it from none of its three references (section 6.2:
 * frame_size_with_refs). */
static void read_inter_size(struct bits *b, struct depay_piece *piece)
{
	bits_take(b, 8);  /* refresh_frame_flags */
	bits_take(b, 12); /* ref_frame_idx and sign bias, three times */
	for (unsigned i = 0; i < 3; i++)
		if (bits_take(b, 1) || b->overrun)
			return;
	read_size(b, piece);
}

/* The uncompressed header as far as it tells key frame and size. -EBADMSG when it is none. */
static int read_frame_header(struct depay_piece *piece)
{
	struct bits b = { .data = piece->data, .len = piece->len };
	unsigned profile;
	bool show, resilient;

	if (bits_take(&b, 2) != 2)
		return -EBADMSG;
	profile = bits_take(&b, 1);
	profile |= bits_take(&b, 1) << 1;
	if (profile == 3 && bits_take(&b, 1))
		return -EBADMSG;
	if (bits_take(&b, 1)) /* show_existing_frame */
		return 0;
	piece->key = !bits_take(&b, 1);
	show = bits_take(&b, 1);
	resilient = bits_take(&b, 1);
	if (piece->key) {
		if (bits_take(&b, 24) != SYNC_CODE)
			return -EBADMSG;
		skip_color(&b, profile);
		read_size(&b, piece);
		return piece->width ? 0 : -EBADMSG;
	}
	bool intra_only = show ? false : bits_take(&b, 1);
	if (!resilient)
		bits_take(&b, 2); /* reset_frame_context */
	if (!intra_only) {
		read_inter_size(&b, piece);
		return 0;
	}
	if (bits_take(&b, 24) != SYNC_CODE)
		return -EBADMSG;
	if (profile > 0)
		skip_color(&b, profile);
	bits_take(&b, 8); /* refresh_frame_flags */
	read_size(&b, piece);
	return b.overrun ? -EBADMSG : 0;
}

/* The scalability structure: the highest layer's size is kept, the picture group is walked over. */
static void read_structure(struct cur *c, struct depay_piece *piece)
{
	uint8_t head = cur_u8(c);
	unsigned layers = (head >> 5) + 1u;

	if (head & 0x10) {
		for (unsigned i = 0; i < layers; i++) {
			uint16_t width = cur_u16(c), height = cur_u16(c);

			if (width <= LIMIT_SIDE_PIXELS && height <= LIMIT_SIDE_PIXELS &&
			        width >= piece->layers_width && height >= piece->layers_height) {
				piece->layers_width = width;
				piece->layers_height = height;
			}
		}
	}
	piece->layers = (uint8_t)layers;
	if (head & 0x08) {
		unsigned pictures = cur_u8(c);

		for (unsigned i = 0; i < pictures && !c->overrun; i++)
			cur_bytes(c, cur_u8(c) >> 2 & 3);
	}
}

static int read_descriptor(struct cur *c, uint8_t first, struct depay_piece *piece)
{
	if (first & I_PICTURE) {
		uint8_t id = cur_u8(c);

		piece->picture_id_bits = id & M_LONG ? 15 : 7;
		piece->picture_id = id & M_LONG ? (id & 0x7F) << 8 | cur_u8(c) : id;
	}
	if (first & L_LAYER) {
		uint8_t layer = cur_u8(c);

		piece->temporal_id = layer >> 5;
		piece->spatial_id = layer >> 1 & 7;
		if (!(first & F_FLEX))
			cur_u8(c); /* TL0PICIDX */
	}
	if ((first & F_FLEX) && (first & P_INTER)) {
		unsigned n = 0;
		uint8_t diff;

		do {
			diff = cur_u8(c);
			n++;
		} while ((diff & N_MORE) && n < P_DIFFS_MAX);
		if (diff & N_MORE)
			return -EBADMSG; /* a fourth reference: RFC 9628 allows three */
	}
	if (first & V_SS)
		read_structure(c, piece);
	return c->overrun || !cur_left(c) ? -EBADMSG : 0;
}

int depay_vp9(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	struct depay_piece piece = { .picture_id = -1, .picture_end = marker };
	struct cur c = cur_of(payload, len);
	uint8_t first = cur_u8(&c);

	if (read_descriptor(&c, first, &piece))
		return -EBADMSG;
	piece.data = c.at;
	piece.len = (uint32_t)cur_left(&c);
	piece.frame_start = first & B_START;
	piece.frame_end = first & E_END;
	if (piece.frame_start && read_frame_header(&piece))
		return -EBADMSG;
	piece.layer_start = piece.frame_start && piece.spatial_id > 0;
	piece.picture_start = piece.frame_start && !piece.layer_start;
	*ret_piece = piece;
	return 0;
}
