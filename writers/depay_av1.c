/* SPDX-License-Identifier: BSD-3-Clause */
/* AV1 in RTP (AOM: RTP Payload Format For AV1, version 1.0, sections 4.4 and 4.5). The aggregation header,
 * then elements:
 *
 *    0 1 2 3 4 5 6 7
 *   |Z|Y| W |N|- - -|   Z: the first element goes on from the packet before, Y: the last one in the next
 *                       W: elements, of which the last has no length; 0: each has one
 *                       N: the first packet of a coded video sequence
 *   | length, LEB128 | OBU or fragment | …
 *
 * In the file each OBU has its size (AV1 section 5.3.1, low overhead format). Temporal delimiters, tile lists
 * and padding are left out (section 5: a receiver ignores them): the container makes its own delimiter.
 */
#include "writers/depay.h"

#include <errno.h>
#include <string.h>
#include "writers/obu.h"

#define Z_CONTINUES 0x80
#define Y_GOES_ON   0x40
#define W_SHIFT     4
#define W_MASK      3
#define N_SEQUENCE  0x08

static enum depay_unit_kind kind_of(enum obu_type type)
{
	switch (type) {
	case OBU_FRAME_HEADER:
	case OBU_TILE_GROUP:
	case OBU_FRAME:
	case OBU_REDUNDANT_FRAME_HEADER:
		return DEPAY_UNIT_SLICE;
	case OBU_SEQUENCE_HEADER:
		return DEPAY_UNIT_SET;
	case OBU_TEMPORAL_DELIMITER:
	case OBU_TILE_LIST:
	case OBU_PADDING:
		return DEPAY_UNIT_DROP;
	default:
		return DEPAY_UNIT_OTHER;
	}
}

/* The next element. False: there is none, or (*ret_err) the lengths lie. */
static bool next_element(const uint8_t *payload, uint32_t len, struct depay_walk *walk,
        struct depay_unit *ret_unit, int *ret_err)
{
	unsigned count = payload[0] >> W_SHIFT & W_MASK;
	struct cur c = cur_of(payload, len);
	size_t size;

	cur_bytes(&c, walk->units ? walk->at : 1);
	if (count ? walk->units == count : !cur_left(&c)) {
		*ret_err = cur_left(&c) ? -EBADMSG : 0;
		return false;
	}
	size = count && walk->units == count - 1 ? cur_left(&c) : obu_leb128(&c);
	*ret_unit = (struct depay_unit){
		.start = walk->units || !(payload[0] & Z_CONTINUES),
		.data = cur_bytes(&c, size),
		.len = (uint32_t)size,
	};
	if (c.overrun || !size) {
		*ret_err = -EBADMSG;
		return false;
	}
	walk->units++;
	walk->at = len - (uint32_t)cur_left(&c);
	ret_unit->end = !(payload[0] & Y_GOES_ON) || (count ? walk->units < count : cur_left(&c) > 0);
	return true;
}

/* From an element to its OBU: the header goes, a size that was sent too. */
static int open_obu(struct depay_unit *unit, struct obu *ret_obu)
{
	struct cur c = cur_of(unit->data, unit->len);

	if (obu_parse(ret_obu, &c))
		return -EBADMSG;
	if (ret_obu->has_size && unit->end && ret_obu->size != cur_left(&c))
		return -EBADMSG;
	unit->kind = kind_of(ret_obu->type);
	unit->data = c.at;
	unit->len = (uint32_t)cur_left(&c);
	unit->sized = true;
	memcpy(unit->head, ret_obu->header, ret_obu->header_bytes);
	unit->head_bytes = ret_obu->header_bytes;
	return 0;
}

bool depay_av1_unit(const struct depay_piece *piece, struct depay_walk *walk, struct depay_unit *ret_unit)
{
	struct obu obu;
	int err;

	if (!next_element(piece->data, piece->payload_bytes, walk, ret_unit, &err))
		return false;
	ret_unit->kind = DEPAY_UNIT_REST;
	return !ret_unit->start || !open_obu(ret_unit, &obu);
}

/* Whether a temporal unit begins with the OBU: where something was lost before, an upper layer's may not be
 * the first. */
static bool starts_picture(const struct obu *obu)
{
	return obu->spatial_id == 0 && obu->type != OBU_TILE_GROUP && obu->type != OBU_REDUNDANT_FRAME_HEADER;
}

static void look_at(struct depay_piece *piece, const struct depay_unit *unit, const struct obu *obu)
{
	piece->len += unit->head_bytes + OBU_SIZE_BYTES + unit->len;
	piece->sets |= unit->kind == DEPAY_UNIT_SET && unit->end;
	if (unit->kind == DEPAY_UNIT_SLICE) {
		if (piece->prelude) /* the first one: its frame is the picture's, or the lowest layer's */
			piece->key = (obu->type == OBU_FRAME || obu->type == OBU_FRAME_HEADER) && unit->len &&
			             obu_shows_key(unit->data[0]);
		piece->prelude = false;
	} else if (piece->prelude) {
		piece->key |= unit->kind == DEPAY_UNIT_SET;
	}
}

static int look_at_all(struct depay_piece *piece)
{
	struct depay_walk walk = { 0 };
	struct depay_unit unit;
	int err = 0;

	while (next_element(piece->data, piece->payload_bytes, &walk, &unit, &err)) {
		struct obu obu;

		if (!unit.start) {
			piece->len += unit.len;
			continue;
		}
		if (open_obu(&unit, &obu))
			return -EBADMSG;
		if (walk.units == 1) {
			piece->frame_start = true;
			piece->picture_start = starts_picture(&obu);
		}
		if (obu.header_bytes > 1) {
			piece->spatial_id = obu.spatial_id;
			piece->temporal_id = obu.temporal_id;
		}
		look_at(piece, &unit, &obu);
	}
	return err;
}

int depay_av1(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	struct depay_piece piece = depay_units_piece(payload, len, marker);

	if (len < 2 || (payload[0] & N_SEQUENCE && payload[0] & Z_CONTINUES) || look_at_all(&piece))
		return -EBADMSG;
	piece.picture_start |= piece.frame_start && payload[0] & N_SEQUENCE;
	*ret_piece = piece;
	return 0;
}
