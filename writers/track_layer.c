/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulcast: a track that is sent in several layers, of which the best usable one is recorded
 * (writers/track_aim.c). Another is taken over where its key frame begins; time goes on by the sender reports
 * of both, else by arrival. */
#include "writers/track_layer.h"

#include <errno.h>
#include <stdlib.h>
#include "base/rtp.h"

#define ERA (1ull << 32) /* room below the first RTP time to go back to */

int track_layer_init(struct track *track)
{
	track->layers = calloc(1, sizeof(*track->layers));
	if (!track->layers)
		return -ENOMEM;
	track->layers->target = TRACK_LAYER_NONE;
	track->streams[0] = NULL;
	track->stream_count = track->cfg.layers;
	return 0;
}

void track_layer_free(struct track *track)
{
	for (unsigned i = 0; i < TRACK_LAYERS; i++) {
		if (track->streams[i])
			reorder_free(&track->streams[i]->reorder);
		free(track->layers->of[i]);
	}
	free(track->layers);
}

static struct track_stream *make_stream(struct track *track, unsigned i)
{
	struct track_layer *layer = calloc(1, sizeof(*layer));

	if (!layer)
		return NULL;
	track_stream_init(&layer->stream, &track->cfg, i);
	layer->fit.rate = track->cfg.clock_rate;
	layer->hold_ns = TRACK_LAYER_HOLD_NS;
	layer->rtp = ERA;
	track->layers->of[i] = layer;
	track->streams[i] = &layer->stream;
	return &layer->stream;
}

struct track_stream *track_layer_stream(struct track *track, unsigned layer)
{
	if (layer >= track->stream_count)
		return NULL;
	return track->streams[layer] ? track->streams[layer] : make_stream(track, layer);
}

void track_layer_begin(struct track *track, struct track_layer *layer)
{
	if (!track->layers->begun)
		track->layers->frames_before = stat_get(track->slot, STAT_TRACK_frames);
	track->layers->begun = true;
	track->layer = layer->stream.layer;
	layer->taken_ns = track->now_ns;
	stat_set(track->slot, STAT_TRACK_layer, track->layer);
}

struct track_stream *track_layer_enter(struct track *track, const struct packet *packet)
{
	struct track_stream *stream = track_layer_stream(track, packet->layer);

	if (stream && packet->kind == PACKET_MEDIA)
		track_aim_see(track, track_layer_of(stream), packet);
	return stream;
}

void track_layer_gap(struct track_stream *stream, uint64_t missing)
{
	struct track_layer *layer = track_layer_of(stream);

	layer->window_missing += missing < UINT16_MAX ? (uint32_t)missing : UINT16_MAX;
}

static void forget_clock(struct track_layer *layer)
{
	clock_fit_forget(&layer->fit);
	layer->ssrc_known = layer->has_media = false;
}

/* RTP time that goes on from what was last. */
static void follow(struct track_layer *layer, const struct packet *packet)
{
	if (layer->ssrc_known && layer->ssrc != packet->ssrc)
		forget_clock(layer);
	layer->ssrc = packet->ssrc;
	layer->ssrc_known = true;
	layer->has_media |= packet->kind == PACKET_MEDIA;
	layer->rtp = rtp_unwrap32(layer->rtp, packet->rtp_time);
}

void track_layer_report(struct track_stream *stream, const struct packet *report)
{
	struct track_layer *layer = track_layer_of(stream);

	follow(layer, report);
	clock_fit_add(&layer->fit, CLOCK_FIT_SENDER_REPORT, (int64_t)layer->rtp,
	        (int64_t)clk_ntp_to_unix_ns(report->ntp), (int64_t)report->arrival_mono_ns);
}

void track_layer_restart(struct track_stream *stream, const struct packet *packet)
{
	struct track_layer *layer = track_layer_of(stream);

	/* Its report may have come first. */
	if (layer->has_media || layer->ssrc != packet->ssrc)
		forget_clock(layer);
}

/* When the packet was captured, by its sender's clock, if that is known. */
static bool when(const struct track *track, const struct track_layer *layer, const struct packet *packet,
        int64_t *ret_sender_ns)
{
	struct clock_fit_line line;

	if (track_clock_when(track, packet, ret_sender_ns))
		return true;
	if (clock_fit_solve(&layer->fit, &line))
		return false;
	*ret_sender_ns = clock_fit_sender_ns(&line, (int64_t)layer->rtp);
	return true;
}

/* Put the layer's time where it belongs. True: exactly. */
static bool place(struct track *track, const struct track_layer *layer, const struct packet *packet)
{
	int64_t sender_ns;
	bool began;

	if (!track->epoch.started)
		return false;
	if (when(track, layer, packet, &sender_ns) && track_clock_place(track, packet, sender_ns))
		return true;
	epoch_time(&track->epoch, packet->rtp_time, packet->arrival_mono_ns, true, &began);
	track_clock_loosen(track);
	return false;
}

/* Record @layer from its key frame @packet on. */
static void turn_to(struct track *track, struct track_layer *layer, const struct packet *packet)
{
	static const char *const causes[] = { [TRACK_LAYER_BETTER] = NOTE_CAUSE_BETTER,
		[TRACK_LAYER_SILENT] = NOTE_CAUSE_SILENT,
		[TRACK_LAYER_BROKEN] = NOTE_CAUSE_BROKEN };
	struct track_layers *layers = track->layers;
	struct note_layer note = {
		.from = track->layer,
		.to = layer->stream.layer,
		.rid = track->cfg.rids[layer->stream.layer],
		.cause = causes[layers->target == TRACK_LAYER_NONE ? TRACK_LAYER_BETTER : layers->why],
	};
	bool first = track_layer_nothing_yet(track);

	layers->of[note.from]->pixels = (uint32_t)track->file.key_width * track->file.key_height;
	track_video_leave(track, packet);
	if (!first && track_aim_better(track, layers->of[note.from], layer))
		track_aim_leave(track, layers->of[note.from]);
	note.exact = place(track, layer, packet);
	if (!first) {
		note_layer(&track->note, packet, &note);
		track_count(track, STAT_TRACK_layer_switches, 1);
	}
	track_layer_begin(track, layer);
	layers->target = TRACK_LAYER_NONE;
	layer->stream.restart = false;
	track->ssrc = packet->ssrc;
	track->ssrc_known = true;
}

bool track_layer_take(struct track *track, struct track_stream *stream, const struct packet *packet)
{
	struct track_layer *layer = track_layer_of(stream);
	struct depay_piece piece;

	follow(layer, packet);
	if (track_stream_recorded(track, stream))
		return true;
	if (track->failed || !packet->payload_bytes ||
	        track->depay(packet->payload, packet->payload_bytes, packet->flags & PACKET_MARKER, &piece) ||
	        !piece.key || !piece.picture_start)
		return false;
	if (piece.width && piece.height)
		layer->pixels = (uint32_t)piece.width * piece.height;
	if (!track_aim_wants(track, layer))
		return false;
	turn_to(track, layer, packet);
	return true;
}
