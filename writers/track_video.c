/* SPDX-License-Identifier: BSD-3-Clause */
/* Pictures: a VP8 frame, or all layer frames of VP9 that share an RTP time. A picture goes into the file
 * while it comes:
 *
 *            key frame, or not waiting           last packet
 *   NONE ───────────────────────────────▶ OPEN ──────────────▶ NONE   written
 *     │  ──── waiting for a key frame ───▶ SKIP ──────────────▶ NONE   left out
 *     │  ──── its start is missing ──┐      │
 *     │                              ▼      ▼ loss, malformed packet, no block
 *     └───────────────────────────▶ BROKEN ◀──────────────────── OPEN   cut; of VP9 the whole lower layers
 * stay
 */
#include "writers/track_state.h"

#include <errno.h>
#include "base/clk.h"

#define WISH_GAP_NS    (500 * CLK_NS_PER_MS) /* between two wishes for a key frame */
#define WISH_REPEAT_NS CLK_NS_PER_S          /* a wish that was not met is repeated */

void track_video_init(struct track *track)
{
	track->video.waiting = true;
	track->video.lost_cause = NOTE_CAUSE_LOSS;
}

static bool is_vp9(const struct track *track)
{
	return track->cfg.codec == CODEC_VP9;
}

/* Wish for a key frame when the last wish is @after_ns old. */
static void wish(struct track *track, uint64_t after_ns)
{
	struct track_video *v = &track->video;

	if (v->wished && track->now_ns - v->wished_ns < after_ns)
		return;
	v->wished = true;
	v->wish_waits = false;
	v->wished_ns = track->now_ns;
	__atomic_store_n(&track->key_frames_wanted, track->key_frames_wanted + 1, __ATOMIC_RELAXED);
}

/* Something is broken that only a key frame repairs. */
static void need_key(struct track *track)
{
	struct track_video *v = &track->video;

	v->key_needed = true;
	v->wish_waits = true;
	wish(track, WISH_GAP_NS);
	if (track->cfg.conf->record_on_loss == CONF_ON_LOSS_WAIT_KEY)
		v->waiting = true;
}

static void repeat_wish(struct track *track)
{
	if (track->video.key_needed)
		wish(track, track->video.wish_waits ? WISH_GAP_NS : WISH_REPEAT_NS);
}

static void count_cut(struct track *track, uint64_t pkts)
{
	track_count(track, STAT_TRACK_cut_pkts, pkts);
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
		count_cut(track, v->pkts);
		track_count(track, STAT_TRACK_dropped_frames, 1);
		need_key(track);
		return false;
	}
	track->file.end_rtp = v->time - track->file.base;
	track_count(track, STAT_TRACK_pkts, v->pkts);
	track_count(track, STAT_TRACK_bytes, v->bytes);
	track_count(track, STAT_TRACK_frames, 1);
	if (!v->key)
		return true;
	track_count(track, STAT_TRACK_key_frames, 1);
	v->waiting = v->key_needed = v->wish_waits = false;
	return true;
}

/* Take back what of the picture is not whole: all of it, or the layer that is open. Returns how many layers
 * stay. */
static unsigned take_back(struct track *track)
{
	struct track_video *v = &track->video;

	if (!v->layers.frames) {
		track->ops->frame_cut(track->file.mux);
		count_cut(track, v->pkts);
		return 0;
	}
	if (v->layer_open) {
		segment_rewind(track->file.segment, v->layer_at);
		count_cut(track, v->layer_pkts);
		v->pkts -= v->layer_pkts;
		v->bytes -= v->layer_bytes;
		v->layer_open = false;
	}
	return write_picture(track) ? v->layers.frames : 0;
}

/* The picture under way is broken; what still comes of it is dropped. */
static void break_picture(struct track *track, const struct packet *packet, const char *cause)
{
	struct track_video *v = &track->video;
	unsigned kept = 0;

	if (v->picture == TRACK_PICTURE_BROKEN)
		return;
	if (v->picture == TRACK_PICTURE_OPEN)
		kept = take_back(track);
	v->picture = TRACK_PICTURE_BROKEN;
	track_count(track, STAT_TRACK_broken_frames, 1);
	note_broken_frame(&track->note, packet, v->rtp, cause, kept);
	need_key(track);
}

/* There is no room for the picture, or the file has failed. */
static void drop_picture(struct track *track, const struct packet *packet, int err)
{
	struct track_video *v = &track->video;

	if (track->file.mux)
		track->ops->frame_cut(track->file.mux);
	count_cut(track, v->pkts);
	v->picture = TRACK_PICTURE_BROKEN;
	track_count(track, STAT_TRACK_dropped_frames, 1);
	note_broken_frame(&track->note, packet, v->rtp, NOTE_CAUSE_NO_BLOCK, 0);
	need_key(track);
	if (err == -EIO)
		track_fail(track, track->file.segment ? segment_status(track->file.segment) : err);
}

/* The picture ends here, and all of it was seen. */
static void end_picture(struct track *track)
{
	struct track_video *v = &track->video;

	if (v->picture == TRACK_PICTURE_OPEN) {
		write_picture(track);
	} else if (v->picture == TRACK_PICTURE_SKIP) {
		track_count(track, STAT_TRACK_skipped_frames, 1);
		v->skipped++;
	}
	v->picture = TRACK_PICTURE_NONE;
}

void track_video_gap(struct track *track, const struct packet *next, const char *cause)
{
	const struct packet last = { .arrival_unix_ns = track->file.ended_unix_ns };
	struct track_video *v = &track->video;
	/* An end mark that was lost is no loss when one layer is all there is, and it is whole. */
	bool whole = v->picture == TRACK_PICTURE_OPEN && v->layers.frames && !v->layer_open && !v->layered;

	if (whole)
		end_picture(track);
	if (v->picture == TRACK_PICTURE_OPEN || v->picture == TRACK_PICTURE_SKIP)
		break_picture(track, next ? next : &last, cause);
	if (!next)
		return;
	v->lost = true;
	v->lost_cause = cause;
	need_key(track);
}

void track_video_restart(struct track *track)
{
	track->video.waiting = true;
	need_key(track);
}

/* The size of a key picture: of its highest layer. */
static void picture_size(const struct depay_piece *piece, uint16_t *ret_width, uint16_t *ret_height)
{
	bool layers = piece->layers > 1 && piece->layers_width && piece->layers_height;

	*ret_width = layers ? piece->layers_width : piece->width;
	*ret_height = layers ? piece->layers_height : piece->height;
}

/* Whether the key frame's sizes are others than those of the open file. A key frame without a scalability
 * structure says nothing about the upper layers. */
static bool size_changed(
        const struct track_file *file, const struct depay_piece *piece, uint16_t width, uint16_t height)
{
	if (piece->width != file->key_width || piece->height != file->key_height)
		return true;
	return piece->layers &&
	       (piece->layers != file->layers ||
	               (piece->layers > 1 && (width != file->width || height != file->height)));
}

/* The file that a key frame goes into. */
static int ready_file(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	struct track_file *file = &track->file;
	uint16_t width, height;
	int err;

	picture_size(piece, &width, &height);
	if (!track_file_empty(track)) {
		const char *reason = NULL;

		if (size_changed(file, piece, width, height))
			reason = "size_change";
		else if (track_file_full(track))
			reason = "max_size";
		if (!reason)
			return 0;
		track_file_end(track, reason, true);
	}
	err = track_file_begin(track, packet, v->time, width, height);
	if (err)
		return err;
	note_size(&track->note, packet, 0, width, height);
	return 0;
}

/* A size that a frame tells which is no key frame: an upper layer's, or the encoder scales between key
 * frames. */
static void watch_size(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_file *file = &track->file;

	if (!piece->width || (piece->key && !track->video.layers.frames) ||
	        (piece->width <= file->width && piece->height <= file->height))
		return;
	file->width = piece->width > file->width ? piece->width : file->width;
	file->height = piece->height > file->height ? piece->height : file->height;
	track->ops->set_size(file->mux, file->width, file->height);
	stat_set(track->slot, STAT_TRACK_width, file->width);
	stat_set(track->slot, STAT_TRACK_height, file->height);
	note_size(&track->note, packet, track->video.time - file->base, file->width, file->height);
}

static void tell_skipped(struct track *track, const struct packet *packet)
{
	if (track->video.skipped)
		note_skipped_frames(&track->note, packet, track->video.skipped);
	track->video.skipped = 0;
}

/* The first packet of a picture. */
static void begin_picture(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	int err = 0;

	v->key = piece->key;
	v->pkts = v->bytes = 0;
	v->layers.frames = 0;
	v->layer_open = false;
	v->layered &= !piece->key;
	if (!piece->key && (v->waiting || track_file_empty(track))) {
		v->picture = TRACK_PICTURE_SKIP;
		v->key_needed = true;
		repeat_wish(track);
		return;
	}
	if (piece->key)
		err = ready_file(track, packet, piece);
	if (!err)
		err = track->ops->frame_begin(track->file.mux, v->time - track->file.base);
	if (err) {
		drop_picture(track, packet, err);
		return;
	}
	v->picture = TRACK_PICTURE_OPEN;
	if (piece->key) {
		tell_skipped(track, packet);
		track->file.key_width = piece->width;
		track->file.key_height = piece->height;
		if (piece->layers)
			track->file.layers = piece->layers;
	} else {
		repeat_wish(track);
	}
}

/* A layer frame begins. False when the picture is broken by it. */
static bool begin_layer(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;

	if (v->layer_open || v->layers.frames == SUPERFRAME_FRAMES_MAX ||
	        (v->layers.frames && superframe_marker(v->last_byte))) {
		break_picture(track, packet, NOTE_CAUSE_MALFORMED);
		return false;
	}
	watch_size(track, packet, piece);
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
		break_picture(track, packet, NOTE_CAUSE_MALFORMED); /* one superframe cannot hold another */
		return;
	}
	superframe_add(&v->layers, (uint32_t)v->layer_bytes);
	v->layer_open = false;
}

/* The piece's bytes into the open picture. */
static void add_piece(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	int err;

	if (is_vp9(track) && piece->frame_start && !begin_layer(track, packet, piece)) {
		count_cut(track, 1);
		return;
	}
	if (is_vp9(track) && !v->layer_open) {
		break_picture(track, packet, NOTE_CAUSE_MALFORMED); /* goes on with a layer that has ended */
		count_cut(track, 1);
		return;
	}
	v->pkts++;
	v->layer_pkts++;
	if (v->bytes + piece->len + SUPERFRAME_INDEX_BYTES > LIMIT_FRAME_BYTES) {
		break_picture(track, packet, NOTE_CAUSE_OVERSIZE);
		return;
	}
	err = track->ops->frame_append(track->file.mux, piece->data, piece->len);
	if (err) {
		drop_picture(track, packet, err);
		return;
	}
	track_file_packet(track, packet);
	v->bytes += piece->len;
	v->layer_bytes += piece->len;
	v->last_byte = piece->data[piece->len - 1];
	if (is_vp9(track) && (piece->frame_end || piece->picture_end))
		end_layer(track, packet);
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
	if (track->video.picture == TRACK_PICTURE_OPEN && track->video.layer_open)
		break_picture(track, packet, NOTE_CAUSE_MALFORMED);
	end_picture(track);
}

/* What the packet means for the picture under way: end it, begin another. */
static void turn_to(
        struct track *track, const struct packet *packet, const struct depay_piece *piece, uint64_t time)
{
	struct track_video *v = &track->video;
	bool same = v->picture != TRACK_PICTURE_NONE && packet->rtp_time == v->rtp;

	if (same && !is_vp9(track) && piece->frame_start && v->picture != TRACK_PICTURE_BROKEN)
		break_picture(track, packet, NOTE_CAUSE_MALFORMED); /* begins twice */
	if (same)
		return;
	leave_picture(track, packet);
	v->rtp = packet->rtp_time;
	v->time = time;
	if (starts_picture(v, piece))
		begin_picture(track, packet, piece);
	else
		break_picture(track, packet, v->lost_cause);
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
	break_picture(track, packet, NOTE_CAUSE_MALFORMED);
	v->lost = false;
	if (packet->flags & PACKET_MARKER)
		end_picture(track);
}

static void take_piece(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	if (track->video.picture == TRACK_PICTURE_OPEN)
		add_piece(track, packet, piece);
	else
		count_cut(track, 1);
	if (piece->picture_end)
		end_picture(track);
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
