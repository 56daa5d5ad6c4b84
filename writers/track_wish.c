/* SPDX-License-Identifier: BSD-3-Clause */
/* Wishes for key frames: at once when something breaks, not more than one in WISH_GAP_NS, and again as long
 * as none has come. The lcore sees the count grow, and sends a PLI. */
#include "writers/track_state.h"

#include "base/clk.h"

#define WISH_GAP_NS    (500 * CLK_NS_PER_MS) /* between two wishes for a key frame */
#define WISH_REPEAT_NS CLK_NS_PER_S          /* a wish that was not met is repeated */

/* Wish for a key frame when the last wish is @after_ns old. */
static void wish(struct track *track, uint64_t after_ns)
{
	struct track_video *v = &track->video;

	if (v->wished && track->now_ns - v->wished_ns < after_ns)
		return;
	v->wished = true;
	v->wish_waits = false;
	v->wished_ns = track->now_ns;
	track_wish_layer(track, track->layer);
}

void track_wish_layer(struct track *track, unsigned layer)
{
	uint32_t *wanted = &track->key_frames_wanted[layer];

	__atomic_store_n(wanted, *wanted + 1, __ATOMIC_RELAXED);
}

/* Something is broken that only a key frame repairs. */
void track_wish_key(struct track *track)
{
	struct track_video *v = &track->video;

	v->key_needed = true;
	v->wish_waits = true;
	if (!v->broken_ns)
		v->broken_ns = track->now_ns;
	wish(track, WISH_GAP_NS);
	if (track->cfg.conf->record_on_loss == CONF_ON_LOSS_WAIT_KEY)
		v->waiting = true;
}

void track_wish_repeat(struct track *track)
{
	if (track->video.key_needed)
		wish(track, track->video.wish_waits ? WISH_GAP_NS : WISH_REPEAT_NS);
}
