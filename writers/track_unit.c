/* SPDX-License-Identifier: BSD-3-Clause */
/* Units of a picture: NAL units and OBUs, which come whole or in fragments. A unit's head goes before its
 * first fragment; the size of one that is sized is reserved, and patched when its last fragment is there. */
#include "writers/track_state.h"

#include <errno.h>
#include "writers/obu.h"

static int append(struct track *track, const void *bytes, size_t len)
{
	return len ? track->ops->frame_append(track->file.mux, bytes, len) : 0;
}

static int write_head(struct track *track, const struct depay_unit *unit)
{
	uint8_t head[DEPAY_UNIT_HEAD_BYTES + OBU_SIZE_BYTES];
	size_t len = unit->head_bytes;

	memcpy(head, unit->head, len);
	track->video.unit_at = 0;
	if (unit->sized) {
		track->video.unit_at = segment_end(track->file.segment) + len;
		len += obu_put_size(head + len, unit->end ? unit->len : 0, unit->end ? 1 : OBU_SIZE_BYTES);
	}
	return append(track, head, len);
}

/* The last fragment of a unit whose size was reserved is there. */
static void patch_size(struct track *track)
{
	uint64_t at = track->video.unit_at;
	uint8_t size[OBU_SIZE_BYTES + 1];

	obu_put_size(
	        size, (uint32_t)(segment_end(track->file.segment) - at - OBU_SIZE_BYTES), OBU_SIZE_BYTES);
	segment_patch(track->file.segment, at, size, OBU_SIZE_BYTES);
}

bool track_unit_turn(struct track_video *v, const struct depay_unit *unit, bool drop)
{
	if (unit->start != (v->unit == TRACK_UNIT_NONE))
		return false;
	if (unit->start)
		v->unit = drop ? TRACK_UNIT_DROP : TRACK_UNIT_OPEN;
	return true;
}

int track_unit_write(struct track *track, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	struct depay_walk walk = { 0 };
	struct depay_unit unit;
	int err = 0;

	while (!err && track->next_unit(piece, &walk, &unit)) {
		if (!track_unit_turn(v, &unit, unit.kind == DEPAY_UNIT_DROP))
			return -EBADMSG;
		if (v->unit == TRACK_UNIT_OPEN) {
			if (unit.start)
				err = write_head(track, &unit);
			if (!err)
				err = append(track, unit.data, unit.len);
			if (!err && unit.end && !unit.start && v->unit_at)
				patch_size(track);
		}
		if (unit.end)
			v->unit = TRACK_UNIT_NONE;
	}
	return err;
}
