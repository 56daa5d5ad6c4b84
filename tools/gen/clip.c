/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/clip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fnv.h"
#include "base/log.h"

int clip_append(struct clip *clip, const uint8_t *data, size_t len, uint32_t ticks, bool key)
{
	if (clip->count == clip->room) {
		size_t room = clip->room ? 2 * clip->room : 64;
		struct clip_frame *frames = realloc(clip->frames, room * sizeof(*frames));

		if (!frames)
			return -ENOMEM;
		clip->frames = frames;
		clip->room = room;
	}
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, len);
	clip->frames[clip->count++] = (struct clip_frame){
		.data = copy,
		.len = (uint32_t)len,
		.ticks = ticks,
		.hash = fnv_1a(FNV_BASIS, data, len),
		.key = key,
		.layers = 1,
		.layer_bytes = { (uint32_t)len },
	};
	clip->keys += key;
	return 0;
}

static int fill(struct clip *clip, const struct clip_cfg *cfg)
{
	if (!codec_info(cfg->codec)->video)
		return clip_encode_audio(clip, cfg);
	return cfg->ivf ? clip_read_ivf(clip, cfg->ivf) : clip_encode_video(clip, cfg);
}

int clip_create(struct clip **ret_clip, const struct clip_cfg *cfg)
{
	struct clip *clip = calloc(1, sizeof(*clip));
	int status;

	if (!clip)
		return -ENOMEM;
	clip->codec = cfg->codec;
	clip->clock_rate = codec_info(cfg->codec)->video ? 90000 : 48000;
	clip->layers = 1;
	status = fill(clip, cfg);
	if (!status && (!clip->count || !clip->frames[0].key || clip->frames[0].silent)) {
		log_error("the %s clip does not begin with a key frame", codec_info(cfg->codec)->name);
		status = -EINVAL;
	}
	if (status) {
		clip_free(clip);
		return status;
	}
	*ret_clip = clip;
	return 0;
}

void clip_free(struct clip *clip)
{
	if (!clip)
		return;
	for (size_t i = 0; i < clip->count; i++)
		free(clip->frames[i].data);
	free(clip->frames);
	free(clip);
}

size_t clip_key_from(const struct clip *clip, size_t index)
{
	while (index < clip->count && !clip->frames[index].key)
		index++;
	return index < clip->count ? index : 0;
}

size_t clip_key(const struct clip *clip, size_t n)
{
	size_t index = 0;

	for (n %= clip->keys; n > 0; n--)
		index = clip_key_from(clip, index + 1);
	return index;
}
