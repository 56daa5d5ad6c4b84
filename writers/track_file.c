/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clk.h"

#define META_VERSION 1

/* What the sidecar knows from the start. */
static void write_meta(struct track *track, struct jsonw *w, const struct packet *packet)
{
	const struct track_cfg *cfg = &track->cfg;
	char at[CLK_RFC3339_BYTES], orientation[NOTE_ORIENTATION_BYTES];

	jsonw_object(w, NULL);
	jsonw_u64(w, "version", META_VERSION);
	jsonw_string(w, "session", cfg->session);
	jsonw_string(w, "room", cfg->room);
	jsonw_string(w, "participant", cfg->participant);
	jsonw_string(w, "track", cfg->id);
	jsonw_string(w, "codec", codec_info(cfg->codec)->name);
	jsonw_u64(w, "clock_rate", cfg->clock_rate);
	if (cfg->channels)
		jsonw_u64(w, "channels", cfg->channels);
	if (*cfg->promised)
		jsonw_string(w, "promised", cfg->promised);
	jsonw_string(w, "started", clk_rfc3339(at, packet->arrival_unix_ns, 6));
	jsonw_u64(w, "started_unix_ns", packet->arrival_unix_ns);
	jsonw_u64(w, "ssrc", packet->ssrc);
	jsonw_u64(w, "first_rtp", packet->rtp_time);
	if (track->layers) {
		jsonw_u64(w, "layer", track->layer);
		jsonw_string(w, "rid", cfg->rids[track->layer]);
	}
	if (track->orientation) {
		note_orientation_object(orientation, track->orientation);
		jsonw_raw(w, "orientation", orientation, strlen(orientation));
	}
	jsonw_end_object(w);
}

static int begin_segment(struct track *track, const struct packet *packet)
{
	const struct track_cfg *cfg = &track->cfg;
	struct jsonw meta = { 0 };
	struct segment_cfg segment = {
		.filename = cfg->conf->record_filename,
		.name = {
			.room = cfg->room,
			.participant = cfg->participant,
			.track_id = cfg->id,
			.session_id = cfg->session,
			.ext = track->ops->ext,
			.unix_s = packet->arrival_unix_ns / CLK_NS_PER_S,
		},
		.session = cfg->session,
		.track = cfg->id,
		.stat_index = cfg->stat_index,
		.slot = track->slot,
		.promised = cfg->promised,
		.started_unix_ns = packet->arrival_unix_ns,
		.preallocate_bytes = codec_info(cfg->codec)->video ? (uint64_t)cfg->conf->record_preallocate_mb << 20 : 0,
		.audio = !codec_info(cfg->codec)->video,
		.untimed = track->ops->untimed,
		.track_arg = track,
	};
	int err;

	write_meta(track, &meta, packet);
	segment.meta = meta.text;
	segment.meta_bytes = meta.len;
	err = meta.error ? meta.error : segment_begin(&track->file.segment, track->storage, &segment);
	jsonw_reset(&meta);
	return err;
}

static int begin_mux(struct track *track, const struct packet *packet, uint16_t width, uint16_t height)
{
	const struct mux_cfg mux = {
		.segment = track->file.segment,
		.codec = track->cfg.codec,
		.clock_rate = track->cfg.clock_rate,
		.width = width,
		.height = height,
		.channels = track->cfg.channels,
		.room = track->cfg.room,
		.participant = track->cfg.participant,
		.track = track->cfg.id,
		.started_unix_ns = packet->arrival_unix_ns,
	};
	return track->ops->begin(&track->file.mux, &mux);
}

int track_file_begin(
        struct track *track, const struct packet *packet, uint64_t time, uint16_t width, uint16_t height)
{
	struct track_file *file = &track->file;
	int err;

	if (!file->segment) {
		err = begin_segment(track, packet);
		if (err)
			return err;
		file->started_unix_ns = file->ended_unix_ns = packet->arrival_unix_ns;
		track_count(track, STAT_TRACK_files, 1);
		stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_RECORDING);
		note_open(&track->note, file->segment);
		if (track->times)
			times_open(track->times, file->segment);
		track->clock.note_ns = 0;
	}
	if (!file->mux) {
		err = begin_mux(track, packet, width, height);
		if (err)
			return err;
	}
	file->base = file->started = time;
	file->wall_ns = (int64_t)(packet->arrival_unix_ns - packet->arrival_mono_ns);
	file->end_rtp = 0;
	file->first_rtp = file->last_rtp = packet->rtp_time;
	file->width = width;
	file->height = height;
	if (track->ops->set_size)
		track->ops->set_size(file->mux, width, height);
	stat_set(track->slot, STAT_TRACK_width, width);
	stat_set(track->slot, STAT_TRACK_height, height);
	return 0;
}

void track_file_packet(struct track *track, const struct packet *packet)
{
	struct track_file *file = &track->file;

	file->last_rtp = packet->rtp_time;
	/* A clock that is set meanwhile moves no end before its beginning. */
	file->ended_unix_ns =
	        file->mux ? (uint64_t)file->wall_ns + packet->arrival_mono_ns : packet->arrival_unix_ns;
	file->repaired_pkts += (packet->flags & PACKET_REPAIRED) != 0;
	if (file->ssrc_count && file->ssrcs[file->ssrc_count - 1] == packet->ssrc)
		return;
	for (unsigned i = 0; i < file->ssrc_count; i++)
		if (file->ssrcs[i] == packet->ssrc)
			return;
	if (file->ssrc_count < TRACK_SSRCS)
		file->ssrcs[file->ssrc_count++] = packet->ssrc;
}

bool track_file_empty(const struct track *track)
{
	return !track->file.mux ||
	       stat_get(track->slot, STAT_TRACK_frames) == track->file.before[STAT_TRACK_frames];
}

bool track_file_full(const struct track *track)
{
	return track->max_bytes && track->file.mux && segment_end(track->file.segment) >= track->max_bytes;
}

/* A counter, as far as it is this file's. */
static void write_count(const struct track *track, struct jsonw *w, const char *key, enum stat_track id)
{
	jsonw_u64(w, key, stat_get(track->slot, id) - track->file.before[id]);
}

/* The final figures; the object stays open. */
static void write_end(const struct track *track, struct jsonw *w, const char *reason)
{
	static const struct {
		const char *key;
		enum stat_track id;
	} figures[] = {
		{ "frames", STAT_TRACK_frames },
		{ "key_frames", STAT_TRACK_key_frames },
		{ "packets", STAT_TRACK_pkts },
		{ "media_bytes", STAT_TRACK_bytes },
		{ "gap_count", STAT_TRACK_gaps },
		{ "gap_packets", STAT_TRACK_gap_pkts },
		{ "late_packets", STAT_TRACK_late_pkts },
		{ "malformed_packets", STAT_TRACK_malformed_pkts },
		{ "cut_packets", STAT_TRACK_cut_pkts },
		{ "broken_frames", STAT_TRACK_broken_frames },
		{ "skipped_frames", STAT_TRACK_skipped_frames },
		{ "dropped_frames", STAT_TRACK_dropped_frames },
	};
	const struct track_file *file = &track->file;
	char at[CLK_RFC3339_BYTES];

	jsonw_object(w, NULL);
	jsonw_string(w, "reason", reason);
	jsonw_string(w, "started", clk_rfc3339(at, file->started_unix_ns, 6));
	jsonw_string(w, "ended", clk_rfc3339(at, file->ended_unix_ns, 6));
	jsonw_double(w, "duration_s", (double)file->end_rtp / track->cfg.clock_rate);
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		write_count(track, w, figures[i].key, figures[i].id);
	if (track->layers) {
		write_count(track, w, "layer_packets", STAT_TRACK_layer_pkts);
		write_count(track, w, "layer_switches", STAT_TRACK_layer_switches);
	}
	jsonw_u64(w, "repaired_packets", file->repaired_pkts);
	track_clock_write(track, w);
	if (codec_info(track->cfg.codec)->video) {
		jsonw_u64(w, "width", file->width);
		jsonw_u64(w, "height", file->height);
	} else {
		jsonw_double(w, "filled_s", (double)file->filled_rtp / track->cfg.clock_rate);
	}
	jsonw_u64(w, "first_rtp", file->first_rtp);
	jsonw_u64(w, "last_rtp", file->last_rtp);
	jsonw_array(w, "ssrcs");
	for (unsigned i = 0; i < file->ssrc_count; i++)
		jsonw_u64(w, NULL, file->ssrcs[i]);
	jsonw_end_array(w);
	if (track->note.left_out)
		jsonw_u64(w, "events_left_out", track->note.left_out);
}

/* Hand the ended file to the filer, with the name of its successor if there is one. The way back, "previous",
 * is the filer's own. */
static void finish_ended(struct track *track, const char *next)
{
	struct track_ended *ended = &track->ended;

	if (next)
		jsonw_string(&ended->end, "next", next);
	jsonw_end_object(&ended->end);
	segment_finish(ended->segment, ended->head, ended->head_bytes,
	        ended->end.error ? "{}" : ended->end.text, ended->end.error ? 2 : ended->end.len);
	jsonw_reset(&ended->end);
	ended->segment = NULL;
}

void track_file_link(struct track *track, bool give_up)
{
	const char *next;

	if (!track->ended.segment)
		return;
	next = track_file_empty(track) ? NULL : segment_name(track->file.segment);
	if (next || give_up)
		finish_ended(track, next);
}

static void forget_file(struct track *track)
{
	track->file = (struct track_file){ 0 };
	for (unsigned i = 0; i < STAT_TRACK_COUNT; i++)
		track->file.before[i] = stat_get(track->slot, i);
}

void track_file_end(struct track *track, const char *reason, bool next)
{
	struct track_file *file = &track->file;
	struct track_ended *ended = &track->ended;
	bool empty = track_file_empty(track);

	track_file_link(track, true);
	if (!file->segment)
		return;
	note_close(&track->note);
	if (track->times)
		times_close(track->times);
	ended->head_bytes = 0;
	if (file->mux)
		track->ops->finish(file->mux, ended->head, &ended->head_bytes);
	if (empty) {
		segment_discard(file->segment); /* no player takes a header alone */
		forget_file(track);
		return;
	}
	write_end(track, &ended->end, reason);
	track_count(track, STAT_TRACK_filed_pkts,
	        stat_get(track->slot, STAT_TRACK_pkts) - file->before[STAT_TRACK_pkts]);
	ended->segment = file->segment;
	forget_file(track);
	if (!next)
		track_file_link(track, true);
}
