/* SPDX-License-Identifier: BSD-3-Clause */
/* Which simulcast layer should be recorded: the largest picture that comes well. Offers do not tell which
 * that is: their order is the page's.
 *
 *   up    a better layer that has come for `hold`, nearly without loss, is wished a key frame
 *   down  the recorded one is silent while another lives, or has been broken for too long: that one is
 *
 * A layer that could not be held, or gave no key frame, has to hold out twice as long the next time: layers
 * that flap make few files. The first key frame of all is taken from whichever layer it comes. */
#include "writers/track_layer.h"

#define SILENT_NS     (500 * CLK_NS_PER_MS)
#define GONE_NS       (2 * CLK_NS_PER_S) /* it was not there in between */
#define BROKEN_NS     (2 * CLK_NS_PER_S)
#define HOLD_MAX_NS   (32 * CLK_NS_PER_S)
#define HELD_NS       (60 * CLK_NS_PER_S) /* who was recorded for so long begins anew */
#define WISH_NS       CLK_NS_PER_S
#define UNANSWERED_NS (3 * CLK_NS_PER_S) /* wishes of a better one */
#define ANY_NS        CLK_NS_PER_S       /* then any that lives will do */
#define WINDOW_NS     (500 * CLK_NS_PER_MS)
#define LOSS_DIVISOR  32 /* of its packets may be missing at most one in so many */
#define LIVE_PICTURES 3  /* since the recorded one's last packet: slow ones are no silence */
#define FORGET_NS     (3600 * CLK_NS_PER_S) /* RTP time may have wrapped */

/* It is usable from now on at the earliest. */
static void begin_good(const struct track *track, struct track_layer *layer)
{
	layer->good_ns = layer->window_ns = track->now_ns;
	layer->window_pkts = layer->window_missing = 0;
}

/* Whether it has been nearly without loss since good_ns. */
static void judge(const struct track *track, struct track_layer *layer)
{
	layer->window_pkts++;
	if (track->now_ns - layer->window_ns < WINDOW_NS)
		return;
	if (layer->window_missing > layer->window_pkts / LOSS_DIVISOR)
		layer->good_ns = track->now_ns;
	layer->window_ns = track->now_ns;
	layer->window_pkts = layer->window_missing = 0;
}

static bool lives(const struct track *track, const struct track_layer *layer)
{
	return layer->seen && track->now_ns - layer->seen_ns <= SILENT_NS;
}

/* Why the recorded layer is of no use; TRACK_LAYER_NOT: it is. */
static enum track_layer_why why_lost(const struct track *track, const struct track_layer *recorded)
{
	if (track->now_ns - recorded->seen_ns > SILENT_NS)
		return TRACK_LAYER_SILENT;
	if (track->video.broken_ns && track->now_ns - track->video.broken_ns > BROKEN_NS)
		return TRACK_LAYER_BROKEN;
	return TRACK_LAYER_NOT;
}

/* Whether @layer can stand in for the recorded one, which is lost for @why. */
static bool stands_in(const struct track *track, const struct track_layer *layer, enum track_layer_why why)
{
	if (track_stream_recorded(track, &layer->stream) || !lives(track, layer))
		return false;
	return why == TRACK_LAYER_SILENT ? layer->pictures >= LIVE_PICTURES
	                                 : track->now_ns - layer->good_ns >= TRACK_LAYER_HOLD_NS;
}

static uint32_t pixels_of(const struct track *track, const struct track_layer *layer)
{
	uint32_t recorded = (uint32_t)track->file.key_width * track->file.key_height;

	return recorded && track_stream_recorded(track, &layer->stream) ? recorded : layer->pixels;
}

bool track_aim_better(const struct track *track, const struct track_layer *a, const struct track_layer *b)
{
	uint32_t of_a = pixels_of(track, a), of_b = pixels_of(track, b);

	return of_a && of_b && of_a != of_b ? of_a > of_b : a->stream.layer < b->stream.layer;
}

/* Whether @layer can be climbed to. */
static bool is_ready(const struct track *track, const struct track_layer *layer)
{
	return lives(track, layer) && track->now_ns - layer->good_ns >= layer->hold_ns &&
	       track_aim_better(track, layer, track->layers->of[track->layer]);
}

/* The layer whose key frame is wanted; TRACK_LAYER_NONE: the recorded one is right. */
static unsigned choose(const struct track *track, enum track_layer_why *ret_why)
{
	const struct track_layers *layers = track->layers;
	enum track_layer_why why = why_lost(track, layers->of[track->layer]);
	const struct track_layer *better = NULL, *other = NULL;

	for (unsigned i = 0; i < TRACK_LAYERS; i++) {
		const struct track_layer *layer = layers->of[i];
		if (!layer)
			continue;
		if (is_ready(track, layer) && (!better || track_aim_better(track, layer, better)))
			better = layer;
		if (why != TRACK_LAYER_NOT && stands_in(track, layer, why) &&
		        (!other || track_aim_better(track, layer, other)))
			other = layer;
	}
	*ret_why = better ? TRACK_LAYER_BETTER : why;
	return better ? better->stream.layer : other ? other->stream.layer : TRACK_LAYER_NONE;
}

static void hold_longer(struct track_layer *layer)
{
	layer->hold_ns = layer->hold_ns * 2 > HOLD_MAX_NS ? HOLD_MAX_NS : layer->hold_ns * 2;
}

/* A better layer gives no key frame: it is left alone for a while. */
static bool gives_none(const struct track *track)
{
	const struct track_layers *layers = track->layers;

	return layers->why == TRACK_LAYER_BETTER && track->now_ns - layers->target_ns > UNANSWERED_NS;
}

static void wish(struct track *track, struct track_layer *layer)
{
	if (layer->wished_ns && track->now_ns - layer->wished_ns < WISH_NS)
		return;
	layer->wished_ns = track->now_ns;
	track_wish_layer(track, layer->stream.layer);
}

static void aim(struct track *track)
{
	struct track_layers *layers = track->layers;
	bool climbing = layers->target != TRACK_LAYER_NONE && layers->why == TRACK_LAYER_BETTER;
	unsigned target = choose(track, &layers->why);

	if (target != layers->target) {
		if (climbing && !lives(track, layers->of[layers->target]))
			hold_longer(layers->of[layers->target]); /* it did not wait for it */
		layers->target = target;
		layers->target_ns = track->now_ns;
	} else if (target != TRACK_LAYER_NONE && gives_none(track)) {
		hold_longer(layers->of[target]);
		begin_good(track, layers->of[target]);
		layers->target = TRACK_LAYER_NONE;
		return;
	}
	if (target != TRACK_LAYER_NONE)
		wish(track, layers->of[target]);
}

/* Whether a layer that is heard again had been away; a slow one had not. */
static void end_silence(struct track *track, struct track_layer *layer)
{
	uint64_t silence_ns = track->now_ns - layer->seen_ns;

	if (!layer->seen || silence_ns > GONE_NS ||
	        (silence_ns > SILENT_NS && layer->missed >= LIVE_PICTURES))
		begin_good(track, layer);
	if (layer->seen && silence_ns > FORGET_NS)
		clock_fit_forget(&layer->fit);
}

void track_aim_see(struct track *track, struct track_layer *layer, const struct packet *packet)
{
	struct track_layers *layers = track->layers;
	bool picture = !layer->seen || packet->rtp_time != layer->picture_rtp;

	if (!layers->begun)
		track_layer_begin(track, layer);
	end_silence(track, layer);
	layer->picture_rtp = packet->rtp_time;
	layer->seen = true;
	layer->seen_ns = track->now_ns;
	layer->missed = 0;
	judge(track, layer);
	if (!track_stream_recorded(track, &layer->stream)) {
		layer->pictures += picture;
		aim(track);
		return;
	}
	for (unsigned i = 0; i < TRACK_LAYERS; i++) {
		if (!layers->of[i])
			continue;
		layers->of[i]->pictures = 0;
		layers->of[i]->missed += picture;
	}
}

bool track_aim_wants(const struct track *track, const struct track_layer *layer)
{
	const struct track_layers *layers = track->layers;

	if (layer->stream.layer == layers->target)
		return true;
	if (track_layer_nothing_yet(track) && track->video.picture != TRACK_PICTURE_OPEN)
		return true;
	return layers->target != TRACK_LAYER_NONE && layers->why != TRACK_LAYER_BETTER &&
	       track->now_ns - layers->target_ns > ANY_NS && stands_in(track, layer, layers->why);
}

void track_aim_leave(struct track *track, struct track_layer *old)
{
	if (track->now_ns - old->taken_ns < HELD_NS)
		hold_longer(old);
	else
		old->hold_ns = TRACK_LAYER_HOLD_NS;
	begin_good(track, old);
}
