/* SPDX-License-Identifier: BSD-3-Clause */
/* A clip: encoded frames, made once and shared by all flows, which play it in a loop. It begins with a key
 * frame, so that going back to its start is always right. Read-only once made: any thread may read. */
#ifndef TOOLS_GEN_CLIP_H
#define TOOLS_GEN_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define CLIP_LAYERS_MAX 3

struct clip_frame {
	uint8_t *data;
	uint32_t len;
	uint32_t ticks; /* of the codec's clock, from this frame to the next */
	uint64_t hash;  /* FNV-1a of data */
	bool key;       /* decodable by itself; every Opus packet is */
	bool droppable; /* no other frame refers to it */
	bool silent;    /* DTX: time passes and nothing is sent */
	uint8_t layers; /* VP9: layer frames in data, before a superframe's index; else 1 */
	uint32_t layer_bytes[CLIP_LAYERS_MAX];
};

struct clip {
	enum codec codec;
	uint32_t clock_rate;
	unsigned layers; /* spatial layers, 1 to CLIP_LAYERS_MAX */
	struct {
		uint16_t width, height;
	} layer[CLIP_LAYERS_MAX];
	bool one_reference; /* each picture refers to the one before it and no other */
	struct clip_frame *frames;
	size_t count, room;
	size_t keys;
};

struct clip_cfg {
	enum codec codec;
	const char *ivf; /* video: read this file instead of encoding; NULL: encode */
	unsigned width, height, fps, kbps, gop, seconds, layers;
	unsigned frame_us, audio_kbps, channels; /* Opus */
	bool dtx;                                /* Opus: half of the time is silence, which is not sent */
};

/* Make a clip: encodes it, or reads it from a file. 0, -ENOMEM, -EINVAL (what libvpx, libopus or the clip's
 * rules refuse), -EBADMSG (not an IVF file of this codec) or the errno of reading it; logged. */
int clip_create(struct clip **ret_clip, const struct clip_cfg *cfg);
void clip_free(struct clip *clip);

/* Append a copy of a frame, for those that fill a clip. 0 or -ENOMEM. */
int clip_append(struct clip *clip, const uint8_t *data, size_t len, uint32_t ticks, bool key);

/* Index of the first key frame at or after @index, going round. */
size_t clip_key_from(const struct clip *clip, size_t index);
/* Index of the @n-th key frame, going round. */
size_t clip_key(const struct clip *clip, size_t n);

/* The three ways to fill an empty clip of cfg->codec. */
int clip_encode_video(struct clip *clip, const struct clip_cfg *cfg);
int clip_encode_audio(struct clip *clip, const struct clip_cfg *cfg);
int clip_read_ivf(struct clip *clip, const char *path);

#endif
