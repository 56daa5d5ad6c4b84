/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/obu.h"

#include <errno.h>
#include "base/limits.h"
#include "writers/bits.h"

#define FORBIDDEN 0x80
#define EXTENSION 0x04
#define LEB_BYTES 8 /* the longest, section 4.10.5 */

uint32_t obu_leb128(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < LEB_BYTES; i++) {
		uint8_t byte = cur_u8(c);

		v |= (uint64_t)(byte & 0x7F) << 7 * i;
		if (!(byte & 0x80)) {
			c->overrun |= v > UINT32_MAX;
			return (uint32_t)v;
		}
	}
	c->overrun = true;
	return 0;
}

unsigned obu_put_size(uint8_t *p, uint32_t size, unsigned least)
{
	unsigned n = 0;

	do {
		p[n++] = (uint8_t)(size & 0x7F) | 0x80;
		size >>= 7;
	} while (size || n < least);
	p[n - 1] &= 0x7F;
	return n;
}

int obu_parse(struct obu *ret_obu, struct cur *c)
{
	uint8_t first = cur_u8(c), extension;
	struct obu obu = { .type = first >> 3 & 15, .has_size = first & OBU_HAS_SIZE };

	obu.header[obu.header_bytes++] = first | OBU_HAS_SIZE;
	if (first & EXTENSION) {
		extension = cur_u8(c);
		obu.header[obu.header_bytes++] = extension;
		obu.temporal_id = extension >> 5;
		obu.spatial_id = extension >> 3 & 3;
	}
	if (obu.has_size)
		obu.size = obu_leb128(c);
	if (c->overrun || first & FORBIDDEN)
		return -EBADMSG;
	*ret_obu = obu;
	return 0;
}

/* timing_info and decoder_model_info (sections 5.5.3, 5.5.4). Returns the bits of a buffer delay, 0: no
 * model. */
static unsigned skip_timing(struct bits *b)
{
	unsigned delay;

	bits_take(b, 32); /* num_units_in_display_tick */
	bits_take(b, 32); /* time_scale */
	if (bits_take(b, 1))
		bits_ue(b); /* num_ticks_per_picture_minus_1 */
	if (!bits_take(b, 1))
		return 0;
	delay = bits_take(b, 5) + 1;
	bits_take(b, 32); /* num_units_in_decoding_tick */
	bits_take(b, 10);
	return delay;
}

static void skip_operating_points(struct bits *b)
{
	unsigned delay = bits_take(b, 1) ? skip_timing(b) : 0;
	bool display = bits_take(b, 1);
	unsigned points = bits_take(b, 5) + 1;

	for (unsigned i = 0; i < points; i++) {
		bits_take(b, 12);
		if (bits_take(b, 5) > 7)
			bits_take(b, 1); /* seq_tier */
		if (delay && bits_take(b, 1)) {
			bits_take(b, delay);
			bits_take(b, delay);
			bits_take(b, 1);
		}
		if (display && bits_take(b, 1))
			bits_take(b, 4);
	}
}

int obu_sequence_size(const uint8_t *payload, uint32_t len, uint16_t *ret_width, uint16_t *ret_height)
{
	struct bits b = { .data = payload, .len = len };
	uint32_t width, height;
	unsigned width_bits, height_bits;

	bits_take(&b, 4);     /* seq_profile, still_picture */
	if (bits_take(&b, 1)) /* reduced_still_picture_header */
		bits_take(&b, 5);
	else
		skip_operating_points(&b);
	width_bits = bits_take(&b, 4) + 1;
	height_bits = bits_take(&b, 4) + 1;
	width = bits_take(&b, width_bits) + 1;
	height = bits_take(&b, height_bits) + 1;
	if (b.overrun || width > LIMIT_SIDE_PIXELS || height > LIMIT_SIDE_PIXELS)
		return -EBADMSG;
	*ret_width = (uint16_t)width;
	*ret_height = (uint16_t)height;
	return 0;
}
