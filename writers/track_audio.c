/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track_state.h"

#include <errno.h>
#include "writers/fill.h"

#define OVERLAP_MAX_S 1 /* durations that run ahead of RTP time by more are set back */

/* Append one packet to the file. 0 or the mux's error. */
static int write_packet(struct track *track, const uint8_t *bytes, uint32_t len, uint32_t duration)
{
	struct track_file *file = &track->file;
	int err = track->ops->frame_begin(file->mux, file->end_rtp);

	if (!err)
		err = track->ops->frame_append(file->mux, bytes, len);
	if (!err)
		err = track->ops->frame_end(file->mux, duration);
	if (err) {
		track->ops->frame_cut(file->mux);
		return err;
	}
	file->end_rtp += duration;
	return 0;
}

/* Write what fills @gap_rtp or a part of it. 0 or the mux's error. */
static int write_fill(struct track *track, uint64_t gap_rtp)
{
	const uint8_t *samples;
	struct fill fill;
	uint32_t n;

	if (track->cfg.codec == CODEC_OPUS) {
		fill = fill_next(track->audio.toc, gap_rtp);
		return write_packet(track, fill.bytes, fill.len, fill.duration_rtp);
	}
	n = fill_samples(track->cfg.codec, gap_rtp, &samples);
	return write_packet(track, samples, n, n);
}

/* Fill the file up to @until, as far as that can be done. 0 or the mux's error. */
static int write_silence(struct track *track, uint64_t until)
{
	const uint64_t step = track->cfg.codec == CODEC_OPUS ? FILL_STEP_RTP : 1;
	struct track_file *file = &track->file;
	int err = 0;

	while (!err && until - file->end_rtp >= step) {
		uint64_t from = file->end_rtp;

		err = write_fill(track, until - from);
		file->filled_rtp += file->end_rtp - from;
	}
	return err;
}

/* A file for a packet at @time: the open one, or a new one when that is full, or the pause too long to fill.
 */
static int ready_file(struct track *track, const struct packet *packet, uint64_t time)
{
	const uint64_t most = (uint64_t)LIMIT_AUDIO_FILL_S * track->cfg.clock_rate;
	struct track_file *file = &track->file;
	const char *reason = NULL;

	if (file->mux && track_file_full(track))
		reason = "max_size";
	else if (file->mux && time > file->base + file->end_rtp && time - file->base - file->end_rtp > most)
		reason = "pause";
	if (reason)
		track_file_end(track, reason, true);
	if (!file->mux)
		track->audio.excess_rtp = 0;
	return file->mux ? 0 : track_file_begin(track, packet, time, 0, 0);
}

/* Bring the file's end to where the packet belongs. */
static int keep_time(struct track *track, const struct packet *packet, uint64_t time)
{
	struct track_file *file = &track->file;
	uint64_t at = time - file->base, ahead = file->end_rtp - at;

	if ((int64_t)ahead <= 0) {
		track->audio.excess_rtp = 0;
		return write_silence(track, at);
	}
	if (ahead > (uint64_t)OVERLAP_MAX_S * track->cfg.clock_rate + track->audio.excess_rtp) {
		file->base -= ahead; /* modulo 2^64: only differences count */
		note_epoch(&track->note, packet, NOTE_CAUSE_OVERLAP, file->end_rtp);
	}
	return 0;
}

static int store(
        struct track *track, const struct packet *packet, const struct depay_piece *piece, uint64_t time)
{
	int err = ready_file(track, packet, time);

	if (!err)
		err = keep_time(track, packet, time);
	if (!err)
		err = write_packet(track, piece->data, piece->len, piece->duration_rtp);
	return err;
}

static void take(struct track *track, const struct packet *packet, uint64_t time)
{
	struct depay_piece piece;
	int err;

	if (track->depay(packet->payload, packet->payload_bytes, packet->flags & PACKET_MARKER, &piece)) {
		track_count(track, STAT_TRACK_malformed_pkts, 1);
		note_malformed(&track->note, packet);
		return;
	}
	err = store(track, packet, &piece, time);
	if (err) {
		track_count(track, STAT_TRACK_cut_pkts, 1);
		track_count(track, STAT_TRACK_dropped_frames, 1);
		note_broken_frame(&track->note, packet, packet->rtp_time,
		        err == -EMSGSIZE ? NOTE_CAUSE_OVERSIZE : NOTE_CAUSE_NO_BLOCK, 0);
		if (err == -EIO)
			track_fail(track, track->file.segment ? segment_status(track->file.segment) : err);
		return;
	}
	track->audio.toc = *piece.data;
	track_file_packet(track, packet);
	track_count(track, STAT_TRACK_pkts, 1);
	track_count(track, STAT_TRACK_frames, 1);
	track_count(track, STAT_TRACK_bytes, piece.len);
	if (!track->audio.page_since_ns && track->ops->holds(track->file.mux))
		track->audio.page_since_ns = track->now_ns;
}

void track_audio_packet(struct track *track, struct packet *packet, uint64_t time)
{
	take(track, packet, time);
	track_release(track, packet);
}

uint64_t track_audio_deadline(const struct track *track)
{
	return track->audio.page_since_ns ? track->audio.page_since_ns + track->page_ns : UINT64_MAX;
}

void track_audio_tick(struct track *track)
{
	if (track->now_ns < track_audio_deadline(track))
		return;
	track->audio.page_since_ns = 0;
	if (!track->file.mux)
		return;
	/* Without a block the page stays: it is tried again a page later. */
	if (track->ops->flush(track->file.mux) && !track->failed)
		track->audio.page_since_ns = track->now_ns;
	/* The page has used up its time in memory: no second wait. */
	segment_flush(track->file.segment);
}
