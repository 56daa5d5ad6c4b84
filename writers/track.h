/* SPDX-License-Identifier: BSD-3-Clause */
/* A track: one codec's stream of packets becoming files.
 *
 *   packet → reorder → depay → mux → segment
 *
 * It decides what a gap, a jump, a size change and a broken frame mean: when a frame is cut, when a key frame
 * is asked for, when a new file begins. Runs on its writer's thread, but for track_create and
 * track_key_frames_wanted.
 */
#ifndef WRITERS_TRACK_H
#define WRITERS_TRACK_H

#include <stdint.h>
#include "base/codec.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/name.h"
#include "writers/packet.h"

struct track;
struct storage; /* writers/segment.h */

#define TRACK_LAYERS 4

struct track_cfg {
	const struct conf *conf;
	enum codec codec;
	uint32_t clock_rate;
	uint8_t channels; /* audio */
	uint8_t layers;   /* simulcast layers that make up this track: packet.layer is below it; 0 is 1 */
	char rids[TRACK_LAYERS][LIMIT_RID_BYTES + 1]; /* their names, for the sidecar; may be empty */
	uint32_t reorder_ms; /* how long a missing packet is waited for; 0: record.reorder_ms */
	uint8_t parameter_sets[LIMIT_PARAMETER_SET_BYTES]; /* H264: Annex B, written before the first frame */
	uint16_t parameter_set_bytes;
	uint32_t stat_index;
	uint64_t *slot; /* the TRACK counters of stat_index */
	void *cookie;   /* the caller's, comes back in events */
	char session[LIMIT_SESSION_ID_BYTES + 1], room[LIMIT_ROOM_BYTES + 1],
	        participant[LIMIT_PARTICIPANT_BYTES + 1], id[LIMIT_TRACK_ID_BYTES + 1];
	char promised[NAME_BYTES];
};

/* 0, -ENOMEM, -EINVAL (clock rate 0, channels). Any thread; the config is copied. */
int track_create(struct track **ret_track, const struct track_cfg *cfg);
void track_free(struct track *track);

const struct track_cfg *track_cfg(const struct track *track);

/* The thread's storage and bin, before the first packet. */
void track_attach(struct track *track, struct storage *storage, struct packet_bin *bin);

/* One packet, owned by the track from here on: it goes to the bin when its bytes are copied or given up. */
void track_packet(struct track *track, struct packet *packet, uint64_t now_mono_ns);

/* When track_tick is due next (CLOCK_MONOTONIC), UINT64_MAX: not at all. */
uint64_t track_deadline(const struct track *track);

/* Time has come: give up waiting for missing packets; push out the audio page that is due. */
void track_tick(struct track *track, uint64_t now_mono_ns);

/* The stream has ended: take what is held, end the file with @reason. No packet may follow; track_free after.
 */
void track_finish(struct track *track, const char *reason);

/* How often this track has wished for a key frame of its simulcast layer @layer so far: the lcore sends a PLI
 * when it has grown. Any thread. */
uint32_t track_key_frames_wanted(const struct track *track, unsigned layer);

/* Why the track cannot go on ("disk full: …"), NULL while it can. */
const char *track_failure(const struct track *track);

#endif
