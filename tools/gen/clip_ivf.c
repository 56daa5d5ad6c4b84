/* SPDX-License-Identifier: BSD-3-Clause */
/* Clips from IVF files. All numbers are little-endian, times in scale / rate seconds.
 *
 *   file    "DKIF" | version 16 | header bytes 16 | fourcc | width 16 | height 16 | rate 32 | scale 32
 *           | frames 32 | 0
 *   frame   bytes 32 | time 64 | the frame
 */
#include "tools/gen/clip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"
#include "base/log.h"

#define FILE_BYTES  32
#define FRAME_BYTES 12

struct ivf {
	struct cur at;
	uint32_t rate, scale;
};

static int read_head(struct clip *clip, struct ivf *ivf)
{
	const char *fourcc = clip->codec == CODEC_VP9 ? "VP90" : "VP80";
	const uint8_t *p = cur_bytes(&ivf->at, FILE_BYTES);

	if (!p || memcmp(p, "DKIF", 4) || memcmp(p + 8, fourcc, 4) || cur_get_le(p + 6, 2) < FILE_BYTES)
		return -EBADMSG;
	cur_bytes(&ivf->at, cur_get_le(p + 6, 2) - FILE_BYTES);
	clip->layer[0].width = (uint16_t)cur_get_le(p + 12, 2);
	clip->layer[0].height = (uint16_t)cur_get_le(p + 14, 2);
	ivf->rate = (uint32_t)cur_get_le(p + 16, 4);
	ivf->scale = (uint32_t)cur_get_le(p + 20, 4);
	return ivf->rate && ivf->scale && !ivf->at.overrun ? 0 : -EBADMSG;
}

/* VP8: RFC 6386 section 9.1. VP9: bitstream section 6.2, marker 10, profile 2 bits (a reserved one after
 * profile 3), then show_existing_frame and frame_type, both 0. */
static bool is_key(enum codec codec, const uint8_t *data)
{
	if (codec == CODEC_VP8)
		return !(data[0] & 1);
	return data[0] >> 6 == 2 && !(data[0] & ((data[0] & 0x30) == 0x30 ? 0x06 : 0x0C));
}

static int read_frames(struct clip *clip, struct ivf *ivf)
{
	uint64_t time = 0, first = 0, ticks = 0;

	while (cur_left(&ivf->at) >= FRAME_BYTES) {
		const uint8_t *head = cur_bytes(&ivf->at, FRAME_BYTES);
		size_t len = cur_get_le(head, 4);
		const uint8_t *data = cur_bytes(&ivf->at, len);

		time = cur_get_le(head + 4, 8);
		if (!clip->count)
			first = time;
		if (!data || !len || len > LIMIT_FRAME_BYTES || time < first || time - first > UINT32_MAX)
			return -EBADMSG;
		/* The time of a frame, not its distance, is rounded: no error adds up. */
		uint64_t at = (time - first) * ivf->scale * clip->clock_rate / ivf->rate;
		if (clip->count && (at <= ticks || at - ticks > UINT32_MAX))
			return -EBADMSG;
		if (clip->count)
			clip->frames[clip->count - 1].ticks = (uint32_t)(at - ticks);
		uint32_t step = clip->count ? clip->frames[clip->count - 1].ticks : clip->clock_rate / 30;
		if (clip_append(clip, data, len, step, is_key(clip->codec, data)))
			return -ENOMEM;
		ticks = at;
	}
	return clip->count ? 0 : -EBADMSG;
}

static int read_all(const char *path, uint8_t **ret_data, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0, size = 0;

	if (!f)
		return -errno;
	for (size_t got = 1; got;) {
		if (len == size) {
			uint8_t *more = realloc(data, size = size ? 2 * size : 1 << 20);
			if (!more) {
				free(data);
				fclose(f);
				return -ENOMEM;
			}
			data = more;
		}
		len += got = fread(data + len, 1, size - len, f);
	}
	int status = ferror(f) ? -EIO : 0;
	fclose(f);
	if (status)
		free(data);
	else
		*ret_data = data, *ret_len = len;
	return status;
}

int clip_read_ivf(struct clip *clip, const char *path)
{
	uint8_t *data = NULL;
	size_t len = 0;
	int status = read_all(path, &data, &len);

	if (!status) {
		struct ivf ivf = { .at = cur_of(data, len) };

		status = read_head(clip, &ivf);
		if (!status)
			status = read_frames(clip, &ivf);
	}
	free(data);
	if (status)
		log_error("%s: %s", path,
		        status == -EBADMSG ? "not a whole IVF file of that codec with rising times"
		                           : strerror(-status));
	return status;
}
