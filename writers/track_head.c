/* SPDX-License-Identifier: BSD-3-Clause */
/* The head of an H264 or AV1 picture: what comes before its first slice or frame header, which alone tells
 * whether it is a key frame, and so whether a file can or has to begin with it. Until then it is held.
 *
 * And what pictures are decoded by: the last parameter sets, or sequence header, that came or were told at
 * the opening. A key frame whose own head lacks them gets them, so each file begins with them. */
#include "writers/track_state.h"

#include <errno.h>
#include <stdlib.h>
#include "writers/obu.h"
#include "writers/sps.h"

#define SETS       8
#define SET_BYTES  256
#define HELD_BYTES 4096 /* what does not fit only decorates, and is left out */
#define NAL_TYPE   0x1F
#define START_CODE 4

enum set_type { SET_SPS, SET_PPS, SET_SEQUENCE, SET_TYPES };

struct set {
	enum set_type type;
	uint32_t id;
	uint32_t len;
	uint8_t bytes[SET_BYTES]; /* as they are written */
};

struct track_head {
	uint16_t width, height; /* by the last set that tells */
	uint32_t sequence;      /* AV1: which sequence header; others are other numbers */
	bool has[SET_TYPES];    /* those in the picture's own head */
	unsigned count;
	struct set sets[SETS];        /* the oldest first */
	uint32_t held_bytes, unit_at; /* the second: where the last unit begins */
	uint8_t held[HELD_BYTES];
};

static struct set *find(struct track_head *head, enum set_type type, uint32_t id)
{
	for (unsigned i = 0; i < head->count; i++)
		if (head->sets[i].type == type && head->sets[i].id == id)
			return &head->sets[i];
	return NULL;
}

static bool has_any(const struct track_head *head, enum set_type type)
{
	for (unsigned i = 0; i < head->count; i++)
		if (head->sets[i].type == type)
			return true;
	return false;
}

/* Where a set goes that may be new: the oldest one makes room. */
static struct set *place(struct track_head *head, enum set_type type, uint32_t id)
{
	struct set *set = find(head, type, id);

	if (set)
		return set;
	if (head->count == SETS) {
		memmove(head->sets, head->sets + 1, (SETS - 1) * sizeof(*head->sets));
		head->count--;
	}
	set = &head->sets[head->count++];
	*set = (struct set){ .type = type, .id = id };
	return set;
}

/* FNV-1a: which sequence header it is. */
static uint32_t hash(const uint8_t *bytes, uint32_t len)
{
	uint32_t v = 2166136261u;

	for (uint32_t i = 0; i < len; i++)
		v = (v ^ bytes[i]) * 16777619u;
	return v;
}

/* The unit with its head and size, as it is written. Returns its length, 0: it does not fit. */
static uint32_t put_unit(uint8_t *out, size_t size, const struct depay_unit *unit)
{
	uint32_t len = unit->head_bytes;

	if (unit->head_bytes + OBU_SIZE_BYTES + (size_t)unit->len > size)
		return 0;
	memcpy(out, unit->head, len);
	if (unit->sized)
		len += obu_put_size(out + len, unit->len, 1);
	memcpy(out + len, unit->data, unit->len);
	return len + unit->len;
}

static void keep(struct track_head *head, enum set_type type, uint32_t id, const struct depay_unit *unit)
{
	struct set *set = place(head, type, id);

	set->len = put_unit(set->bytes, SET_BYTES, unit);
	head->has[type] = true;
}

static bool fits(const struct depay_unit *unit)
{
	return unit->head_bytes + OBU_SIZE_BYTES + unit->len <= SET_BYTES;
}

static void keep_sequence(struct track_head *head, const struct depay_unit *unit)
{
	uint16_t width, height;

	if (obu_sequence_size(unit->data, unit->len, &width, &height))
		return;
	head->width = width;
	head->height = height;
	head->sequence = hash(unit->data, unit->len);
	keep(head, SET_SEQUENCE, 0, unit);
}

static void keep_nal(struct track_head *head, const struct depay_unit *unit)
{
	struct sps sps;
	uint32_t id;

	if ((unit->data[0] & NAL_TYPE) == 8) {
		if (!sps_pps_id(&id, unit->data, unit->len))
			keep(head, SET_PPS, id, unit);
		return;
	}
	if (sps_parse(&sps, unit->data, unit->len))
		return;
	head->width = sps.width;
	head->height = sps.height;
	keep(head, SET_SPS, sps.id, unit);
}

static void keep_sets(struct track *track, const struct depay_piece *piece)
{
	struct depay_walk walk = { 0 };
	struct depay_unit unit;

	while (track->next_unit(piece, &walk, &unit)) {
		if (unit.kind != DEPAY_UNIT_SET || !unit.start || !unit.end || !fits(&unit))
			continue;
		if (unit.sized)
			keep_sequence(track->head, &unit);
		else
			keep_nal(track->head, &unit);
	}
}

/* The sets told at the opening: NAL units, each behind a start code of four bytes. */
static void keep_told(struct track *track)
{
	const uint8_t *at = track->cfg.parameter_sets, *end = at + track->cfg.parameter_set_bytes;

	while (end - at > START_CODE) {
		const uint8_t *next =
		        memmem(at + START_CODE, (size_t)(end - at) - START_CODE, "\0\0\0\1", START_CODE);
		struct depay_piece piece;

		next = next ? next : end;
		if (!track->depay(at + START_CODE, (uint32_t)(next - at) - START_CODE, false, &piece))
			keep_sets(track, &piece);
		at = next;
	}
}

int track_head_init(struct track *track)
{
	track->head = calloc(1, sizeof(*track->head));
	if (!track->head)
		return -ENOMEM;
	track_head_forget(track);
	return 0;
}

void track_head_forget(struct track *track)
{
	struct track_head *head = track->head;

	if (!head)
		return;
	head->width = head->height = 0;
	head->sequence = head->count = 0;
	if (track->cfg.parameter_set_bytes <= sizeof(track->cfg.parameter_sets))
		keep_told(track);
	track_head_begin(track);
}

void track_head_begin(struct track *track)
{
	if (!track->head)
		return;
	memset(track->head->has, 0, sizeof(track->head->has));
	track->head->held_bytes = 0;
}

/* Whether all is there that a key frame is decoded by. */
static bool is_complete(const struct track *track)
{
	if (track->cfg.codec == CODEC_AV1)
		return has_any(track->head, SET_SEQUENCE);
	return has_any(track->head, SET_SPS) && has_any(track->head, SET_PPS);
}

void track_head_read(struct track *track, struct depay_piece *piece)
{
	if (!track->head)
		return;
	if (piece->sets)
		keep_sets(track, piece);
	piece->key &= is_complete(track);
	piece->width = piece->key ? track->head->width : 0;
	piece->height = piece->key ? track->head->height : 0;
}

/* Take back the unit that does not fit. */
static void give_up(struct track_head *head, struct track_video *v, const struct depay_unit *unit)
{
	head->held_bytes = head->unit_at;
	v->unit = TRACK_UNIT_DROP;
	if (unit->kind == DEPAY_UNIT_SET)
		memset(head->has, 0, sizeof(head->has)); /* then those that are kept go in its place */
}

/* A unit, or a fragment of one that has no size to be told. */
static void hold(struct track_head *head, struct track_video *v, const struct depay_unit *unit)
{
	uint32_t len;

	if (unit->start)
		head->unit_at = head->held_bytes;
	len = put_unit(head->held + head->held_bytes, HELD_BYTES - head->held_bytes, unit);
	head->held_bytes += len;
	if (!len)
		give_up(head, v, unit);
}

bool track_head_hold(struct track *track, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	struct depay_walk walk = { 0 };
	struct depay_unit unit;

	while (track->next_unit(piece, &walk, &unit)) {
		bool drop = unit.kind == DEPAY_UNIT_DROP || (unit.sized && !unit.end);

		if (!track_unit_turn(v, &unit, drop))
			return false;
		if (v->unit == TRACK_UNIT_OPEN)
			hold(track->head, v, &unit);
		if (unit.end)
			v->unit = TRACK_UNIT_NONE;
	}
	return true;
}

static int append(struct track *track, const uint8_t *bytes, uint32_t len)
{
	track->video.bytes += len;
	return len ? track->ops->frame_append(track->file.mux, bytes, len) : 0;
}

int track_head_write(struct track *track, bool key)
{
	struct track_head *head = track->head;
	int err = 0;

	for (unsigned type = 0; key && type < SET_TYPES; type++)
		for (unsigned i = 0; !err && !head->has[type] && i < head->count; i++)
			if (head->sets[i].type == type)
				err = append(track, head->sets[i].bytes, head->sets[i].len);
	return err ? err : append(track, head->held, head->held_bytes);
}

uint32_t track_head_sequence(const struct track *track)
{
	return track->head ? track->head->sequence : 0;
}
