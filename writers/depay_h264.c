/* SPDX-License-Identifier: BSD-3-Clause */
/* H264 in RTP, packetization modes 0 and 1 of RFC 6184. The first byte is a NAL unit's header (ITU-T H.264
 * section 7.3.1), or of that form:
 *
 *    0 1 2 3 4 5 6 7
 *   |F|NRI|  type   |   1..23  the payload is the NAL unit               section 5.6
 *                       24     STAP-A: | size:16 | NAL unit | …          section 5.7.1
 *                       28     FU-A:   |S|E|R| type | fragment           section 5.8
 *
 * Other types belong to the interleaved mode, or to none. Each NAL unit is written behind a start code (Annex
 * B); what an access unit is, the track tells by RTP time and marker.
 */
#include "writers/depay.h"

#include <errno.h>
#include <string.h>
#include "base/cur.h"

#define TYPE       0x1F
#define STAP_A     24
#define FU_A       28
#define FU_START   0x80
#define FU_END     0x40
#define START_CODE 4

enum nal {
	NAL_SLICE = 1,
	NAL_PARTITION_A = 2,
	NAL_IDR = 5,
	NAL_SEI = 6,
	NAL_SPS = 7,
	NAL_PPS = 8,
	NAL_DELIMITER = 9,
	NAL_END_OF_STREAM = 11,
	NAL_FILLER = 12,
	NAL_AUXILIARY = 19,
	NAL_EXTENSION = 20,
	NAL_DEPTH_EXTENSION = 21,
	NAL_LAST = 23,
};

static enum depay_unit_kind kind_of(unsigned type)
{
	switch (type) {
	case NAL_SLICE ... NAL_IDR:
	case NAL_AUXILIARY ... NAL_DEPTH_EXTENSION:
		return DEPAY_UNIT_SLICE;
	case NAL_SPS:
	case NAL_PPS:
		return DEPAY_UNIT_SET;
	case NAL_DELIMITER:     /* the file has its own */
	case NAL_END_OF_STREAM: /* it goes on */
	case NAL_FILLER:
		return DEPAY_UNIT_DROP;
	default:
		return DEPAY_UNIT_OTHER;
	}
}

static void set_whole(struct depay_unit *unit, const uint8_t *nal, uint32_t len)
{
	*unit = (struct depay_unit){
		.kind = kind_of(nal[0] & TYPE),
		.start = true,
		.end = true,
		.head = { 0, 0, 0, 1 },
		.head_bytes = START_CODE,
		.data = nal,
		.len = len,
	};
}

static void set_fragment(struct depay_unit *unit, const uint8_t *payload, uint32_t len)
{
	*unit = (struct depay_unit){
		.kind = kind_of(payload[1] & TYPE),
		.start = payload[1] & FU_START,
		.end = payload[1] & FU_END,
		.data = payload + 2,
		.len = len - 2,
	};
	if (!unit->start)
		return;
	memcpy(unit->head, "\0\0\0\1", START_CODE);
	unit->head[START_CODE] = (payload[0] & ~TYPE) | (payload[1] & TYPE);
	unit->head_bytes = START_CODE + 1;
}

/* The payload of any type; walk->at is where in it the next unit begins. */
static bool next(const uint8_t *payload, uint32_t len, struct depay_walk *walk, struct depay_unit *ret_unit)
{
	const uint8_t *at;
	uint32_t size;

	if ((payload[0] & TYPE) != STAP_A) {
		if (walk->units++)
			return false;
		if ((payload[0] & TYPE) == FU_A)
			set_fragment(ret_unit, payload, len);
		else
			set_whole(ret_unit, payload, len);
		return true;
	}
	if (!walk->units++)
		walk->at = 1;
	if (walk->at == len)
		return false;
	at = payload + walk->at;
	size = (uint32_t)at[0] << 8 | at[1];
	set_whole(ret_unit, at + 2, size);
	walk->at += 2 + size;
	return true;
}

bool depay_h264_unit(const struct depay_piece *piece, struct depay_walk *walk, struct depay_unit *ret_unit)
{
	return next(piece->data, piece->payload_bytes, walk, ret_unit);
}

static bool is_nal(unsigned type)
{
	return type >= NAL_SLICE && type <= NAL_LAST;
}

/* The lengths, and that only NAL units are in it. */
static bool is_good(const uint8_t *payload, uint32_t len)
{
	struct cur c = cur_of(payload, len);
	unsigned type = cur_u8(&c) & TYPE, fragment;

	if (type == FU_A) {
		fragment = cur_u8(&c);
		return cur_left(&c) && is_nal(fragment & TYPE) &&
		       (fragment & (FU_START | FU_END)) != (FU_START | FU_END);
	}
	if (type != STAP_A)
		return is_nal(type);
	do {
		uint32_t size = cur_u16(&c);
		const uint8_t *nal = cur_bytes(&c, size);

		if (!nal || !size || !is_nal(nal[0] & TYPE))
			return false;
	} while (cur_left(&c));
	return true;
}

static unsigned type_of(const struct depay_unit *unit)
{
	return (unit->head_bytes > START_CODE ? unit->head[START_CODE] : unit->data[0]) & TYPE;
}

/* Whether a picture can begin with the unit: a delimiter, what comes before its slices (section 7.4.1.2.3),
 * or the slice with its first macroblock: first_mb_in_slice is the one bit 1 (section 7.3.3). */
static bool starts_picture(const struct depay_unit *unit)
{
	unsigned type = type_of(unit), header = unit->head_bytes > START_CODE ? 0 : 1;

	if (type >= NAL_SEI && type <= NAL_DELIMITER)
		return true;
	return (type == NAL_SLICE || type == NAL_PARTITION_A || type == NAL_IDR) && unit->len > header &&
	       unit->data[header] & 0x80;
}

static void look_at(struct depay_piece *piece, const struct depay_unit *unit, bool first)
{
	if (first) {
		piece->frame_start = unit->start;
		piece->picture_start = unit->start && starts_picture(unit);
	}
	piece->len += unit->head_bytes + unit->len;
	piece->prelude &= unit->kind != DEPAY_UNIT_SLICE;
	piece->sets |= unit->kind == DEPAY_UNIT_SET && unit->start && unit->end;
}

/* Slices tell whether the picture is a key frame; where there are none, a sequence parameter set announces
 * one. */
static bool tells_key(const struct depay_piece *piece)
{
	const unsigned wanted = piece->prelude ? NAL_SPS : NAL_IDR;
	struct depay_walk walk = { 0 };
	struct depay_unit unit;

	while (depay_h264_unit(piece, &walk, &unit))
		if (unit.start && type_of(&unit) == wanted)
			return true;
	return false;
}

int depay_h264(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	struct depay_piece piece = depay_units_piece(payload, len, marker);
	struct depay_walk walk = { 0 };
	struct depay_unit unit;

	if (!len || !is_good(payload, len))
		return -EBADMSG;
	for (bool first = true; next(payload, len, &walk, &unit); first = false)
		look_at(&piece, &unit, first);
	piece.key = tells_key(&piece);
	*ret_piece = piece;
	return 0;
}
