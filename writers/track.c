/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "writers/track_state.h"

#define AUDIO_SLOTS_DIVISOR 8
#define CLOCK_RATE_MAX      1000000
#define OPUS_CLOCK_RATE     48000 /* RFC 7587 section 4.1 */
#define LINK_EVERY_NS       (100 * CLK_NS_PER_MS)
#define START_NS            (50 * CLK_NS_PER_MS)

static bool is_video(const struct track *track)
{
	return codec_info(track->cfg.codec)->video;
}

static int check_cfg(const struct track_cfg *cfg)
{
	if ((unsigned)cfg->codec >= CODECS || !cfg->clock_rate || cfg->clock_rate > CLOCK_RATE_MAX)
		return -EINVAL;
	if (codec_info(cfg->codec)->video)
		return 0;
	return cfg->clock_rate == OPUS_CLOCK_RATE && (cfg->channels == 1 || cfg->channels == 2) ? 0 : -EINVAL;
}

int track_create(struct track **ret_track, const struct track_cfg *cfg)
{
	struct track *track;
	bool video;

	if (check_cfg(cfg))
		return -EINVAL;
	track = calloc(1, sizeof(*track));
	if (!track)
		return -ENOMEM;
	video = codec_info(cfg->codec)->video;
	track->cfg = *cfg;
	track->depay = depay_of(cfg->codec);
	track->ops = mux_of(cfg->codec);
	track->slot = cfg->slot;
	track->epoch.rate = cfg->clock_rate;
	track->reorder_ns = (uint64_t)cfg->conf->record_reorder_ms * CLK_NS_PER_MS;
	track->page_ns = segment_flush_ns(cfg->conf);
	track->max_bytes = (uint64_t)cfg->conf->record_max_size_mb << 20;
	if (video)
		track_video_init(track);
	if (reorder_init(&track->reorder, LIMIT_REORDER_PKTS / (video ? 1 : AUDIO_SLOTS_DIVISOR))) {
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
	reorder_free(&track->reorder);
	jsonw_reset(&track->ended.end);
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
	if (*track->failure)
		return;
	snprintf(track->failure, sizeof(track->failure), "%s: %s", err == -ENOSPC ? "disk full" : "disk",
	        strerror(-err));
	stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_FAILED);
}

/* A packet whose turn it is. */
static void deliver(struct track *track, struct packet *packet)
{
	bool restart = track->restart, began;
	uint64_t time;

	if (*track->failure || !packet->payload_bytes) {
		track_count(track, packet->payload_bytes ? STAT_TRACK_cut_pkts : STAT_TRACK_padding_pkts, 1);
		track_release(track, packet);
		return;
	}
	track->restart = false;
	time = epoch_time(&track->epoch, packet->rtp_time, packet->arrival_mono_ns, restart, &began);
	if (began)
		note_epoch(&track->note, packet, restart ? NOTE_CAUSE_RESTART : NOTE_CAUSE_TIME_JUMP,
		        track->file.segment ? time - track->file.base : 0);
	if (track->ssrc_known && packet->ssrc != track->ssrc) {
		note_ssrc(&track->note, packet);
		if (is_video(track))
			track_video_restart(track);
	}
	track->ssrc = packet->ssrc;
	track->ssrc_known = true;
	if (is_video(track))
		track_video_packet(track, packet, time);
	else
		track_audio_packet(track, packet, time);
}

/* @missing sequence numbers before that of @next will not come. */
static void declare_gap(struct track *track, const struct packet *next, uint64_t missing)
{
	struct note_gap gap = {
		.unix_ns = next->arrival_unix_ns,
		.rtp = next->rtp_time,
		.seq = next->ext_seq - missing,
		.packets = missing,
		.shed = missing < track->shed_pkts ? missing : track->shed_pkts,
	};

	if (!missing)
		return;
	track->shed_pkts -= gap.shed;
	track_count(track, STAT_TRACK_gaps, 1);
	track_count(track, STAT_TRACK_gap_pkts, missing);
	note_gap(&track->note, &gap);
	if (is_video(track) && !*track->failure)
		track_video_gap(track, next, gap.shed == missing ? NOTE_CAUSE_RING_FULL : NOTE_CAUSE_LOSS);
}

static void deliver_held(struct track *track)
{
	struct packet *packet;

	while ((packet = reorder_take(&track->reorder)))
		deliver(track, packet);
}

/* Stop waiting for what is missing before the first held packet, and deliver what follows it. */
static void give_up(struct track *track)
{
	uint64_t missing = reorder_give_up(&track->reorder);
	struct packet *first = reorder_take(&track->reorder);

	declare_gap(track, first, missing);
	deliver(track, first);
	deliver_held(track);
}

static void give_up_all(struct track *track)
{
	while (track->reorder.held)
		give_up(track);
}

/* @packet is ahead of the window: move the window to it. */
static void make_room(struct track *track, const struct packet *packet)
{
	if (track->reorder.held)
		give_up(track);
	else
		declare_gap(track, packet, reorder_skip_to(&track->reorder, packet->ext_seq));
}

static void put_in_order(struct track *track, struct packet *packet)
{
	enum reorder_verdict verdict;

	while ((verdict = reorder_put(&track->reorder, packet, track->now_ns)) == REORDER_FULL)
		make_room(track, packet);
	switch (verdict) {
	case REORDER_NEXT:
		deliver(track, packet);
		deliver_held(track);
		break;
	case REORDER_LATE:
		track_count(track, STAT_TRACK_late_pkts, 1);
		track_release(track, packet);
		break;
	default:
		break;
	}
}

/* How long what is missing is waited for; less at the start, where mostly nothing is. */
static uint64_t patience_ns(const struct track *track)
{
	return track->reorder.settling && track->reorder_ns > START_NS ? START_NS : track->reorder_ns;
}

static bool gap_due(const struct track *track)
{
	return track->reorder.held && track->now_ns >= track->reorder.gap_since_ns + patience_ns(track);
}

void track_packet(struct track *track, struct packet *packet, uint64_t now_mono_ns)
{
	track->now_ns = now_mono_ns;
	track->shed_pkts += packet->shed_pkts;
	if (packet->kind == PACKET_SENDER_REPORT) {
		note_clock(&track->note, packet);
		track_release(track, packet);
		return;
	}
	if (packet->flags & PACKET_RESTART) {
		give_up_all(track);
		if (is_video(track) && !*track->failure)
			track_video_gap(track, packet, NOTE_CAUSE_RESTART);
		reorder_restart(&track->reorder);
		track->restart = track->epoch.started;
	}
	put_in_order(track, packet);
	while (gap_due(track))
		give_up(track);
	track_file_link(track, false);
}

uint64_t track_deadline(const struct track *track)
{
	uint64_t deadline =
	        track->reorder.held ? track->reorder.gap_since_ns + patience_ns(track) : UINT64_MAX;
	uint64_t other = is_video(track) ? UINT64_MAX : track_audio_deadline(track);

	if (other < deadline)
		deadline = other;
	other = track->ended.segment ? track->now_ns + LINK_EVERY_NS : UINT64_MAX;
	return other < deadline ? other : deadline;
}

void track_tick(struct track *track, uint64_t now_mono_ns)
{
	track->now_ns = now_mono_ns;
	while (gap_due(track))
		give_up(track);
	if (!is_video(track))
		track_audio_tick(track);
	track_file_link(track, false);
}

void track_finish(struct track *track, const char *reason)
{
	give_up_all(track);
	if (is_video(track) && !*track->failure)
		track_video_gap(track, NULL, NOTE_CAUSE_END);
	track_file_end(track, reason, false);
	track_file_link(track, true);
	if (!*track->failure)
		stat_set(track->slot, STAT_TRACK_state, TRACK_STATE_FINALISING);
}

uint32_t track_key_frames_wanted(const struct track *track)
{
	return __atomic_load_n(&track->key_frames_wanted, __ATOMIC_RELAXED);
}

const char *track_failure(const struct track *track)
{
	return *track->failure ? track->failure : NULL;
}
