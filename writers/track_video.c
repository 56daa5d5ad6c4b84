/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track_state.h"

#include <errno.h>
#include <stdlib.h>

static int init_units(struct track *track)
{
	if (!track->next_unit)
		return 0;
	if (track->ops->untimed) {
		track->times = calloc(1, sizeof(*track->times));
		if (!track->times)
			return -ENOMEM;
	}
	return track_head_init(track);
}

int track_video_init(struct track *track)
{
	track->video.waiting = true;
	track->video.lost = true; /* what was before the first packet */
	track->video.lost_cause = NOTE_CAUSE_LOSS;
	return init_units(track);
}

/* Nothing more comes of the picture under way. @cause: why, if it is not whole. */
static void end_picture(struct track *track, const struct packet *packet, const char *cause,
        void (*give_up)(struct track *track, const struct packet *packet, const char *cause))
{
	struct track_video *v = &track->video;
	/* An end mark that was lost is no loss when one layer is all there is, and it is whole. */
	bool whole = v->picture == TRACK_PICTURE_OPEN && v->layers.frames && !v->layer_open && !v->layered;

	if (whole)
		track_picture_end(track);
	if (v->picture == TRACK_PICTURE_OPEN || v->picture == TRACK_PICTURE_SKIP ||
	        v->picture == TRACK_PICTURE_HEAD)
		give_up(track, packet, cause);
}

void track_video_gap(struct track *track, const struct packet *next, const char *cause)
{
	const struct packet last = { .arrival_unix_ns = track->file.ended_unix_ns };
	struct track_video *v = &track->video;

	end_picture(track, next ? next : &last, cause, track_picture_break);
	if (!next)
		return;
	v->lost = true;
	v->lost_cause = cause;
	track_wish_key(track);
}

void track_video_restart(struct track *track)
{
	track->video.waiting = true;
	track_head_forget(track);
	track_wish_key(track);
}

void track_video_leave(struct track *track, const struct packet *next)
{
	struct track_video *v = &track->video;

	end_picture(track, next, NOTE_CAUSE_LAYER, track_picture_cut);
	v->picture = TRACK_PICTURE_NONE;
	track_head_forget(track);
	v->waiting = true; /* until the key frame that begins is written */
	v->lost = v->key_needed = v->wish_waits = v->wished = false;
	v->broken_ns = 0;
}

/* Whether the piece can be the first of a picture. An upper layer is the first one when the lower ones are
 * not sent, which shows as long as nothing was lost. */
static bool starts_picture(const struct track_video *v, const struct depay_piece *piece)
{
	return piece->picture_start || (piece->frame_start && !v->lost);
}

/* A packet of another picture has come, and the last one of the picture under way was not marked: with
 * nothing missing in between, what came of it is all. */
static void leave_picture(struct track *track, const struct packet *packet)
{
	struct track_video *v = &track->video;

	if (v->picture == TRACK_PICTURE_OPEN && (v->layer_open || v->unit != TRACK_UNIT_NONE))
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
	track_picture_end(track);
}

/* A picture begins with the packet: held, as long as it does not tell what it is. */
static void begin_picture(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;

	if (!piece->prelude) {
		track_picture_begin(track, packet, piece);
		return;
	}
	v->picture = TRACK_PICTURE_HEAD;
	v->pkts = 0;
}

/* What the packet means for the picture under way: end it, begin another. */
static void turn_to(
        struct track *track, const struct packet *packet, struct depay_piece *piece, uint64_t time)
{
	struct track_video *v = &track->video;
	bool same = v->picture != TRACK_PICTURE_NONE && packet->rtp_time == v->rtp;

	if (same && track->cfg.codec == CODEC_VP8 && piece->frame_start && v->picture != TRACK_PICTURE_BROKEN)
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED); /* begins twice */
	if (same) {
		track_head_read(track, piece);
		return;
	}
	leave_picture(track, packet);
	v->rtp = packet->rtp_time;
	v->time = time;
	v->unit = TRACK_UNIT_NONE;
	track_head_begin(track);
	track_head_read(track, piece);
	if (starts_picture(v, piece))
		begin_picture(track, packet, piece);
	else
		track_picture_break(track, packet, v->lost ? v->lost_cause : NOTE_CAUSE_MALFORMED);
	v->lost = false;
}

/* A payload that lies about itself: its picture is broken, whatever else comes of it. */
static void take_malformed(struct track *track, const struct packet *packet, uint64_t time)
{
	struct track_video *v = &track->video;

	track_count(track, STAT_TRACK_malformed_pkts, 1);
	note_malformed(&track->note, packet);
	if (packet->rtp_time != v->rtp)
		leave_picture(track, packet);
	v->rtp = packet->rtp_time;
	v->time = time;
	track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
	v->lost = false;
	if (packet->flags & PACKET_MARKER)
		track_picture_end(track);
}

static void hold_piece(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	track->video.pkts++;
	if (!track_head_hold(track, piece))
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
}

static void take_piece(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;

	if (v->picture == TRACK_PICTURE_HEAD && !piece->prelude)
		track_picture_begin(track, packet, piece);
	if (v->picture == TRACK_PICTURE_OPEN)
		track_picture_add(track, packet, piece);
	else if (v->picture == TRACK_PICTURE_HEAD)
		hold_piece(track, packet, piece);
	else
		track_count(track, STAT_TRACK_cut_pkts, 1);
	if (piece->picture_end)
		leave_picture(track, packet);
}

void track_video_packet(struct track *track, struct packet *packet, uint64_t time)
{
	bool marker = packet->flags & PACKET_MARKER;
	struct depay_piece piece;

	if (track->depay(packet->payload, packet->payload_bytes, marker, &piece)) {
		take_malformed(track, packet, time);
	} else {
		turn_to(track, packet, &piece, time);
		take_piece(track, packet, &piece);
	}
	track_release(track, packet);
}
