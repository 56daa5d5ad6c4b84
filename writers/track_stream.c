/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track_state.h"

#include "base/clk.h"

#define AUDIO_SLOTS_DIVISOR 8
#define START_NS            (50 * CLK_NS_PER_MS)

/* How many packets may wait: more where they wait longer than usual, for repairs. */
static unsigned reorder_slots(const struct track_cfg *cfg)
{
	bool patient = cfg->reorder_ms > (uint64_t)cfg->conf->record_reorder_ms;
	unsigned slots = patient ? LIMIT_REORDER_PATIENT_PKTS : LIMIT_REORDER_PKTS;

	return codec_info(cfg->codec)->video ? slots : slots / AUDIO_SLOTS_DIVISOR;
}

void track_stream_init(struct track_stream *stream, const struct track_cfg *cfg, unsigned layer)
{
	stream->layer = (uint8_t)layer;
	reorder_init(&stream->reorder, reorder_slots(cfg));
}

/* @missing sequence numbers before that of @next will not come. */
static void declare_gap(
        struct track *track, struct track_stream *stream, const struct packet *next, uint64_t missing)
{
	struct note_gap gap = {
		.unix_ns = next->arrival_unix_ns,
		.rtp = next->rtp_time,
		.seq = next->ext_seq - missing,
		.packets = missing,
		.shed = missing < stream->shed_pkts ? missing : stream->shed_pkts,
	};

	if (!missing)
		return;
	stream->shed_pkts -= gap.shed;
	if (!track_stream_recorded(track, stream)) {
		track_layer_gap(stream, missing);
		return;
	}
	track_count(track, STAT_TRACK_gaps, 1);
	track_count(track, STAT_TRACK_gap_pkts, missing);
	note_gap(&track->note, &gap);
	if (track_is_video(track) && !track->failed)
		track_video_gap(track, next, gap.shed == missing ? NOTE_CAUSE_RING_FULL : NOTE_CAUSE_LOSS);
}

static void deliver_held(struct track *track, struct track_stream *stream)
{
	struct packet *packet;

	while (stream->reorder.held && (packet = reorder_take(&stream->reorder)))
		track_deliver(track, stream, packet);
}

/* Stop waiting for what is missing before the first held packet, and deliver what follows it. */
static void give_up(struct track *track, struct track_stream *stream)
{
	uint64_t missing = reorder_give_up(&stream->reorder);
	struct packet *first = reorder_take(&stream->reorder);

	declare_gap(track, stream, first, missing);
	track_deliver(track, stream, first);
	deliver_held(track, stream);
}

void track_stream_empty(struct track *track, struct track_stream *stream)
{
	while (stream->reorder.held)
		give_up(track, stream);
}

/* @packet is ahead of the window: move the window to it. */
static void make_room(struct track *track, struct track_stream *stream, const struct packet *packet)
{
	if (stream->reorder.held)
		give_up(track, stream);
	else
		declare_gap(track, stream, packet, reorder_skip_to(&stream->reorder, packet->ext_seq));
}

void track_stream_put(struct track *track, struct track_stream *stream, struct packet *packet)
{
	enum reorder_verdict verdict;

	while ((verdict = reorder_put(&stream->reorder, packet, track->now_ns)) == REORDER_FULL)
		make_room(track, stream, packet);
	switch (verdict) {
	case REORDER_NEXT:
		track_deliver(track, stream, packet);
		deliver_held(track, stream);
		break;
	case REORDER_LATE:
		track_drop(track, packet,
		        track_stream_recorded(track, stream) ? STAT_TRACK_late_pkts : STAT_TRACK_layer_pkts);
		break;
	default:
		break;
	}
}

/* How long what is missing is waited for; less at the start, where mostly nothing is. */
static uint64_t patience_ns(const struct track *track, const struct track_stream *stream)
{
	return stream->reorder.settling && track->reorder_ns > START_NS ? START_NS : track->reorder_ns;
}

/* When what the stream waits for, while packets are held, is given up. */
static uint64_t gap_deadline(const struct track *track, const struct track_stream *stream)
{
	return stream->reorder.gap_since_ns + patience_ns(track, stream);
}

void track_stream_tick(struct track *track, struct track_stream *stream)
{
	while (stream->reorder.held && track->now_ns >= gap_deadline(track, stream))
		give_up(track, stream);
}

uint64_t track_stream_deadline(const struct track *track, const struct track_stream *stream)
{
	return stream->reorder.held ? gap_deadline(track, stream) : UINT64_MAX;
}

struct track_stream *track_stream_next(const struct track *track, unsigned *at)
{
	while (*at < track->stream_count) {
		struct track_stream *stream = track->streams[(*at)++];

		if (stream)
			return stream;
	}
	return NULL;
}
