/* SPDX-License-Identifier: BSD-3-Clause */
/* Pictures: a VP8 frame, all layer frames of VP9 or the temporal unit of AV1 or the access unit of H264 that
 * share an RTP time. A picture goes into the file while it comes:
 *
 *           key frame, or not waiting           last packet
 *   NONE ──────────────────────────────▶ OPEN ─────────────▶ NONE   written
 *     │  ── waiting for a key frame ───▶ SKIP ─────────────▶ NONE   left out
 *     │  ── its start is missing ──┐      │
 *     │                            ▼      ▼ loss, malformed packet, no block
 *     └─────────────────────────▶ BROKEN ◀── OPEN   cut; of VP9 the whole lower layers stay
 *
 * H264 and AV1 may stay in HEAD first, until a slice or frame header tells whether it is a key frame.
 */
#include "writers/track_state.h"

#include <errno.h>

static bool is_vp9(const struct track *track)
{
	return track->cfg.codec == CODEC_VP9;
}

/* The open picture is whole: seal it. False when there was no room for that. */
static bool write_picture(struct track *track)
{
	struct track_video *v = &track->video;
	uint8_t index[SUPERFRAME_INDEX_BYTES];
	int err = 0;

	if (v->layers.frames > 1)
		err = track->ops->frame_append(track->file.mux, index, superframe_index(&v->layers, index));
	if (!err)
		err = track->ops->frame_end(track->file.mux, 0);
	if (err) {
		track->ops->frame_cut(track->file.mux);
		track_count(track, STAT_TRACK_cut_pkts, v->pkts);
		track_count(track, STAT_TRACK_dropped_frames, 1);
		track_wish_key(track);
		return false;
	}
	track->file.end_rtp = v->time - track->file.base;
	track_count(track, STAT_TRACK_pkts, v->pkts);
	track_count(track, STAT_TRACK_bytes, v->bytes);
	track_count(track, STAT_TRACK_frames, 1);
	if (track->times)
		times_add(track->times, v->rtp, v->time, track->file.base, track->cfg.clock_rate,
		        track->now_ns);
	if (!v->key)
		return true;
	track_count(track, STAT_TRACK_key_frames, 1);
	v->waiting = v->key_needed = v->wish_waits = false;
	v->broken_ns = 0;
	return true;
}

/* Take back what of the picture is not whole: all of it, or the layer that is open. Returns how many layers
 * stay. */
static unsigned take_back(struct track *track)
{
	struct track_video *v = &track->video;

	if (!v->layers.frames) {
		track->ops->frame_cut(track->file.mux);
		track_count(track, STAT_TRACK_cut_pkts, v->pkts);
		return 0;
	}
	if (v->layer_open) {
		segment_rewind(track->file.segment, v->layer_at);
		track_count(track, STAT_TRACK_cut_pkts, v->layer_pkts);
		v->pkts -= v->layer_pkts;
		v->bytes -= v->layer_bytes;
		v->layer_open = false;
	}
	return write_picture(track) ? v->layers.frames : 0;
}

/* The picture under way is broken; what still comes of it is dropped. */
void track_picture_break(struct track *track, const struct packet *packet, const char *cause)
{
	if (track->video.picture == TRACK_PICTURE_BROKEN)
		return;
	track_picture_cut(track, packet, cause);
	track_wish_key(track);
}

void track_picture_cut(struct track *track, const struct packet *packet, const char *cause)
{
	struct track_video *v = &track->video;
	unsigned kept = 0;

	if (v->picture == TRACK_PICTURE_OPEN)
		kept = take_back(track);
	else if (v->picture == TRACK_PICTURE_HEAD)
		track_count(track, STAT_TRACK_cut_pkts, v->pkts);
	v->picture = TRACK_PICTURE_BROKEN;
	track_count(track, STAT_TRACK_broken_frames, 1);
	note_broken_frame(&track->note, packet, v->rtp, cause, kept);
}

/* There is no room for the picture, or the file has failed. */
static void drop_picture(struct track *track, const struct packet *packet, int err)
{
	struct track_video *v = &track->video;

	if (track->file.mux)
		track->ops->frame_cut(track->file.mux);
	track_count(track, STAT_TRACK_cut_pkts, v->pkts);
	v->picture = TRACK_PICTURE_BROKEN;
	track_count(track, STAT_TRACK_dropped_frames, 1);
	note_broken_frame(&track->note, packet, v->rtp, NOTE_CAUSE_NO_BLOCK, 0);
	track_wish_key(track);
	if (err == -EIO)
		track_fail(track, track->file.segment ? segment_status(track->file.segment) : err);
}

/* The picture ends here, and all of it was seen. */
void track_picture_end(struct track *track)
{
	struct track_video *v = &track->video;

	if (v->picture == TRACK_PICTURE_OPEN) {
		write_picture(track);
	} else if (v->picture == TRACK_PICTURE_SKIP) {
		track_count(track, STAT_TRACK_skipped_frames, 1);
		v->skipped++;
	} else if (v->picture == TRACK_PICTURE_HEAD) {
		track_count(track, STAT_TRACK_cut_pkts, v->pkts); /* there was no picture */
	}
	v->picture = TRACK_PICTURE_NONE;
}

static void tell_skipped(struct track *track, const struct packet *packet)
{
	if (track->video.skipped)
		note_skipped_frames(&track->note, packet, track->video.skipped);
	track->video.skipped = 0;
}

/* The first packet of a picture. */
void track_picture_begin(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	int err = 0;

	v->key = piece->key;
	v->bytes = 0;
	if (v->picture != TRACK_PICTURE_HEAD)
		v->pkts = 0;
	v->layers.frames = 0;
	v->layer_open = false;
	v->layered &= !piece->key;
	if (!piece->key && (v->waiting || track_file_empty(track))) {
		track_count(track, STAT_TRACK_cut_pkts, v->pkts);
		v->picture = TRACK_PICTURE_SKIP;
		v->key_needed = true;
		track_wish_repeat(track);
		return;
	}
	if (piece->key)
		err = track_size_ready(track, packet, piece);
	if (!err)
		err = track->ops->frame_begin(track->file.mux, v->time - track->file.base);
	if (!err && track->head)
		err = track_head_write(track, piece->key);
	if (err) {
		drop_picture(track, packet, err);
		return;
	}
	v->picture = TRACK_PICTURE_OPEN;
	if (piece->key) {
		tell_skipped(track, packet);
		track->file.key_width = piece->width;
		track->file.key_height = piece->height;
		track->file.sequence = track_head_sequence(track);
		if (piece->layers)
			track->file.layers = piece->layers;
	} else {
		v->key_needed |= track_file_full(track); /* the next file begins with one */
		track_wish_repeat(track);
	}
}

/* A layer frame begins. False when the picture is broken by it. */
static bool begin_layer(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;

	if (v->layer_open || v->layers.frames == SUPERFRAME_FRAMES_MAX ||
	        (v->layers.frames && superframe_marker(v->last_byte))) {
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
		return false;
	}
	track_size_watch(track, packet, piece);
	v->layer_open = true;
	v->layered |= piece->spatial_id > 0 || piece->layers > 1;
	v->layer_at = segment_end(track->file.segment);
	v->layer_pkts = v->layer_bytes = 0;
	return true;
}

/* A layer frame is whole. */
static void end_layer(struct track *track, const struct packet *packet)
{
	struct track_video *v = &track->video;

	if (v->layers.frames && superframe_marker(v->last_byte)) {
		/* One superframe cannot hold another. */
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
		return;
	}
	superframe_add(&v->layers, (uint32_t)v->layer_bytes);
	v->layer_open = false;
}

/* The piece's bytes into the open picture. */
void track_picture_add(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	int err;

	if (is_vp9(track) && piece->frame_start && !begin_layer(track, packet, piece)) {
		track_count(track, STAT_TRACK_cut_pkts, 1);
		return;
	}
	if (is_vp9(track) && !v->layer_open) {
		/* It goes on with a layer that has ended. */
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
		track_count(track, STAT_TRACK_cut_pkts, 1);
		return;
	}
	v->pkts++;
	v->layer_pkts++;
	if (v->bytes + piece->len + SUPERFRAME_INDEX_BYTES > LIMIT_FRAME_BYTES) {
		track_picture_break(track, packet, NOTE_CAUSE_OVERSIZE);
		return;
	}
	if (track->head)
		err = track_unit_write(track, piece);
	else
		err = track->ops->frame_append(track->file.mux, piece->data, piece->len);
	if (err == -EBADMSG) {
		track_picture_break(track, packet, NOTE_CAUSE_MALFORMED);
		return;
	}
	if (err) {
		drop_picture(track, packet, err);
		return;
	}
	track_file_packet(track, packet);
	v->bytes += piece->len;
	if (!is_vp9(track))
		return;
	v->layer_bytes += piece->len;
	v->last_byte = piece->data[piece->len - 1];
	if (piece->frame_end || piece->picture_end)
		end_layer(track, packet);
}
