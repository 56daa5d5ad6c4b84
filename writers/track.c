/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "writers/track_state.h"

#define CLOCK_RATE_MAX 1000000
#define LINK_EVERY_NS  (100 * CLK_NS_PER_MS)

static int check_cfg(const struct track_cfg *cfg)
{
	if ((unsigned)cfg->codec >= CODECS || !cfg->clock_rate || cfg->clock_rate > CLOCK_RATE_MAX)
		return -EINVAL;
	if (codec_info(cfg->codec)->video)
		return cfg->layers <= TRACK_LAYERS ? 0 : -EINVAL;
	if (cfg->layers > 1)
		return -EINVAL;
	/* What fills gaps, and what the containers say, goes by these. */
	return cfg->clock_rate == codec_info(cfg->codec)->clock_rate && cfg->channels &&
	                       cfg->channels <= codec_channels(cfg->codec)
	               ? 0
	               : -EINVAL;
}

/* The size at which a file ends: the wished one, or the container's own bound; 0: none. */
static uint64_t max_bytes(const struct track_cfg *cfg, const struct mux_ops *ops)
{
	uint64_t wish = (uint64_t)cfg->conf->record_max_size_mb << 20;

	return wish && (!ops->max_bytes || wish < ops->max_bytes) ? wish : ops->max_bytes;
}

int track_create(struct track **ret_track, const struct track_cfg *cfg)
{
	struct track *track;
	uint64_t reorder_ms = cfg->reorder_ms ? cfg->reorder_ms : (uint64_t)cfg->conf->record_reorder_ms;

	if (check_cfg(cfg))
		return -EINVAL;
	track = calloc(1, sizeof(*track));
	if (!track)
		return -ENOMEM;
	track->cfg = *cfg;
	track->depay = depay_of(cfg->codec);
	track->next_unit = depay_unit_of(cfg->codec);
	track->ops = mux_of(cfg->codec);
	track->slot = cfg->slot;
	track->is_video = codec_info(cfg->codec)->video;
	track->streams[0] = &track->stream;
	track->stream_count = 1;
	track->epoch.rate = track->pause.rate = track->clock.fit.rate = cfg->clock_rate;
	track->reorder_ns = reorder_ms * CLK_NS_PER_MS;
	track->page_ns = segment_flush_ns(cfg->conf);
	track->max_bytes = max_bytes(cfg, track->ops);
	track_stream_init(&track->stream, cfg, 0);
	if ((track_is_video(track) && track_video_init(track)) ||
	        (cfg->layers > 1 && track_layer_init(track))) {
		track_free(track);
		return -ENOMEM;
	}
	*ret_track = track;
	return 0;
}

void track_free(struct track *track)
{
	if (!track)
		return;
	reorder_free(&track->stream.reorder);
	if (track->layers)
		track_layer_free(track);
	jsonw_reset(&track->ended.end);
	free(track->head);
	free(track->times);
	free(track);
}

const struct track_cfg *track_cfg(const struct track *track)
{
	return &track->cfg;
}

void track_attach(struct track *track, struct storage *storage, struct packet_bin *bin)
{
	track->storage = storage;
	track->bin = bin;
	for (unsigned i = 0; i < STAT_TRACK_COUNT; i++)
		track->file.before[i] = stat_get(track->slot, i);
	stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_WAITING);
}

void track_fail(struct track *track, int err)
{
	if (track->failed)
		return;
	track->failed = true;
	snprintf(track->failure, sizeof(track->failure), "%s: %s", err == -ENOSPC ? "disk full" : "disk",
	        strerror(-err));
	stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_FAILED);
}

/* The media time of a packet that has no relation to those before: where its sender's clock says, else where
 * it came.
 */
static uint64_t begin_epoch(struct track *track, const struct packet *packet)
{
	int64_t sender_ns;
	bool began;

	if (!track_clock_when(track, packet, &sender_ns) || !track_clock_place(track, packet, sender_ns)) {
		epoch_time(&track->epoch, packet->rtp_time, packet->arrival_mono_ns, true, &began);
		track_clock_loosen(track);
	}
	return track->epoch.last_time;
}

static void tell_epoch(struct track *track, const struct packet *packet, uint64_t time, const char *cause)
{
	note_epoch(&track->note, packet, cause, track->file.segment ? time - track->file.base : 0);
}

static uint64_t time_of(struct track *track, struct track_stream *stream, const struct packet *packet)
{
	uint64_t time;
	bool began;

	if (stream->restart) {
		stream->restart = false;
		time = begin_epoch(track, packet);
		tell_epoch(track, packet, time, NOTE_CAUSE_RESTART);
		return time;
	}
	time = epoch_time(&track->epoch, packet->rtp_time, packet->arrival_mono_ns, false, &began);
	if (began) {
		pause_restart(&track->pause);
		track_clock_loosen(track);
		tell_epoch(track, packet, time, NOTE_CAUSE_TIME_JUMP);
	}
	return time;
}

/* What some packets tell beside their payload, and all of them now and again: when they came. */
static void look_beside(struct track *track, const struct packet *packet, uint64_t time)
{
	if (track->now_ns >= track->sample_ns || packet->flags & PACKET_CAPTURED)
		track_clock_sample(track, packet, time);
	if (packet->flags & PACKET_ORIENTATION)
		track_orientation_packet(track, packet, time);
}

void track_deliver(struct track *track, struct track_stream *stream, struct packet *packet)
{
	if (track->layers && !track_layer_take(track, stream, packet)) {
		track_drop(track, packet, STAT_TRACK_layer_pkts);
		return;
	}
	if (track->failed || !packet->payload_bytes) {
		track_drop(
		        track, packet, packet->payload_bytes ? STAT_TRACK_cut_pkts : STAT_TRACK_padding_pkts);
		return;
	}
	if (!track_pause_take(track, stream, packet))
		track_take(track, stream, packet);
}

void track_take(struct track *track, struct track_stream *stream, struct packet *packet)
{
	uint64_t time = track_pause_pass(track, packet, time_of(track, stream, packet));

	if (track->ssrc_known && packet->ssrc != track->ssrc) {
		note_ssrc(&track->note, packet);
		if (track_is_video(track))
			track_video_restart(track);
	}
	track->ssrc = packet->ssrc;
	track->ssrc_known = true;
	if (track->now_ns >= track->sample_ns || packet->flags & (PACKET_CAPTURED | PACKET_ORIENTATION))
		look_beside(track, packet, time);
	if (track_is_video(track))
		track_video_packet(track, packet, time);
	else
		track_audio_packet(track, packet, time);
}

static void hear_report(struct track *track, struct track_stream *stream, const struct packet *report)
{
	if (!report->ntp) /* RFC 3550 section 6.4.1: the sender has no clock */
		return;
	if (track->layers)
		track_layer_report(stream, report);
	if (!track_stream_recorded(track, stream))
		return;
	note_clock(&track->note, report);
	track_clock_report(track, report);
}

/* The stream's sender began anew with @packet. */
static void restart(struct track *track, struct track_stream *stream, const struct packet *packet)
{
	track_stream_empty(track, stream);
	track_pause_end(track);
	if (track_stream_recorded(track, stream) && track_is_video(track) && !track->failed)
		track_video_gap(track, packet, NOTE_CAUSE_RESTART);
	reorder_restart(&stream->reorder);
	stream->restart = track->epoch.started;
	if (track->layers)
		track_layer_restart(stream, packet);
}

/* A packet of a layer that the track does not have, or that there is no memory for. */
static void refuse(struct track *track, struct packet *packet)
{
	if (packet->kind == PACKET_MEDIA)
		track_drop(track, packet, STAT_TRACK_layer_pkts);
	else
		track_release(track, packet);
}

void track_packet(struct track *track, struct packet *packet, uint64_t now_mono_ns)
{
	struct track_stream *stream = &track->stream;

	track->now_ns = now_mono_ns;
	if (track->layers && !(stream = track_layer_enter(track, packet))) {
		refuse(track, packet);
		return;
	}
	stream->shed_pkts += packet->shed_pkts;
	if (packet->kind == PACKET_SENDER_REPORT) {
		hear_report(track, stream, packet);
		track_release(track, packet);
		return;
	}
	if (packet->flags & PACKET_RESTART)
		restart(track, stream, packet);
	track_stream_put(track, stream, packet);
	if (stream->reorder.held)
		track_stream_tick(track, stream);
	if (track->ended.segment)
		track_file_link(track, false);
}

static uint64_t layers_deadline(const struct track *track)
{
	uint64_t deadline = UINT64_MAX, other;
	const struct track_stream *stream;
	unsigned at = 0;

	while ((stream = track_stream_next(track, &at))) {
		other = track_stream_deadline(track, stream);
		deadline = other < deadline ? other : deadline;
	}
	return deadline;
}

uint64_t track_deadline(const struct track *track)
{
	uint64_t deadline = UINT64_MAX, other;

	if (!track_is_video(track)) {
		deadline = track_audio_deadline(track);
		other = track_pause_deadline(track);
		deadline = other < deadline ? other : deadline;
	}
	other = track->layers ? layers_deadline(track) : track_stream_deadline(track, &track->stream);
	deadline = other < deadline ? other : deadline;
	other = track->ended.segment ? track->now_ns + LINK_EVERY_NS : UINT64_MAX;
	return other < deadline ? other : deadline;
}

void track_tick(struct track *track, uint64_t now_mono_ns)
{
	struct track_stream *stream;
	unsigned at = 0;

	track->now_ns = now_mono_ns;
	while ((stream = track_stream_next(track, &at)))
		track_stream_tick(track, stream);
	if (!track_is_video(track)) {
		track_pause_tick(track);
		track_audio_tick(track);
	}
	track_file_link(track, false);
}

void track_finish(struct track *track, const char *reason)
{
	struct track_stream *stream;
	unsigned at = 0;

	while ((stream = track_stream_next(track, &at)))
		track_stream_empty(track, stream);
	track_pause_end(track);
	if (track_is_video(track) && !track->failed)
		track_video_gap(track, NULL, NOTE_CAUSE_END);
	track_file_end(track, reason, false);
	track_file_link(track, true);
	if (!track->failed)
		stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_FINALISING);
}

uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return layer < TRACK_LAYERS ? __atomic_load_n(&track->key_frames_wanted[layer], __ATOMIC_RELAXED) : 0;
}

const char *track_failure(const struct track *track)
{
	return track->failed ? track->failure : NULL;
}
