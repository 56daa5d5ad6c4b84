/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulcast layers from within: what writers/track_layer.c, which knows them, and writers/track_aim.c, which
 * chooses among them, share. All on the writer's thread. */
#ifndef WRITERS_TRACK_LAYER_H
#define WRITERS_TRACK_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clk.h"
#include "writers/clock_fit.h"
#include "writers/track_state.h"

#define TRACK_LAYER_NONE    TRACK_LAYERS
#define TRACK_LAYER_HOLD_NS (500 * CLK_NS_PER_MS) /* a layer is usable when it has been for so long */

/* Why another layer is wanted. */
enum track_layer_why { TRACK_LAYER_NOT, TRACK_LAYER_BETTER, TRACK_LAYER_SILENT, TRACK_LAYER_BROKEN };

struct track_layer {
	struct track_stream stream; /* first: found by it */
	bool seen;
	bool ssrc_known, has_media; /* of this SSRC, not only reports */
	uint32_t ssrc;
	uint32_t pixels;           /* of its last key frame while it was not the recorded one; 0: not known */
	uint64_t seen_ns, good_ns; /* its last packet; since when it is usable */
	uint64_t taken_ns;         /* when it became the recorded one */
	uint64_t hold_ns;          /* how long it has to be usable before it is climbed to */
	uint64_t wished_ns;        /* 0: never */
	uint64_t window_ns;
	uint32_t window_pkts, window_missing;
	uint32_t picture_rtp; /* of its last packet */
	uint32_t pictures;    /* begun since the recorded layer's last packet */
	uint32_t missed;      /* begun by the recorded layer since its own last packet */
	uint64_t rtp;         /* unwrapped, of its last packet or report */
	struct clock_fit fit; /* of RTP time */
};

struct track_layers {
	struct track_layer *of[TRACK_LAYERS];
	bool begun;             /* one is the recorded one */
	uint64_t frames_before; /* of the counter, when it began */
	unsigned target;        /* whose key frame is awaited; NONE */
	enum track_layer_why why;
	uint64_t target_ns; /* since when */
};

static inline struct track_layer *track_layer_of(struct track_stream *stream)
{
	return (struct track_layer *)stream;
}

/* Whether no frame has been recorded yet. */
static inline bool track_layer_nothing_yet(const struct track *track)
{
	return stat_get(track->slot, STAT_TRACK_frames) == track->layers->frames_before;
}

/* @layer is the recorded one from here on. */
void track_layer_begin(struct track *track, struct track_layer *layer);

/* track_aim.c. A packet of the layer has come. */
void track_aim_see(struct track *track, struct track_layer *layer, const struct packet *packet);
/* Whether @a is the better one of two layers: the larger picture; the place in the offer where sizes are not
 * known, or the same. */
bool track_aim_better(const struct track *track, const struct track_layer *a, const struct track_layer *b);
/* Whether a key frame of the layer, which is not the recorded one, is to be taken over. */
bool track_aim_wants(const struct track *track, const struct track_layer *layer);
/* The layer @old is left for a worse one: it has to hold out before it is climbed to again. */
void track_aim_leave(struct track *track, struct track_layer *old);

#endif
