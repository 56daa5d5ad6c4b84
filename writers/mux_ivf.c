/* SPDX-License-Identifier: BSD-3-Clause */
/* IVF: VP8, VP9 and AV1. All numbers are little-endian.
 *
 *   file header, 32 bytes                     frame header, 12 bytes
 *    0  "DKIF"        16  time base: rate      0  length of the frame, 4 bytes
 *    4  version, 0    20  time base: scale     4  time, 8 bytes, in scale / rate seconds
 *    6  32            24  frames               12 the frame
 *    8  "VP80"        28  unused
 *   12  width, height (2 bytes each)
 *
 * A frame of AV1 is a temporal unit, and begins with its delimiter: 12 00.
 *
 * An open frame's length stays 0 until its end, so a reader of what a crash left sees where to stop.
 */
#include "writers/mux_direct.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/cur.h"
#include "base/limits.h"

#define HEADER_BYTES       32
#define FRAME_HEADER_BYTES 12
#define SCAN_BYTES         4096
#define DELIMITER          "\x12\x00"
#define DELIMITER_BYTES    2

struct ivf {
	struct mux mux;
	bool delimited;
	uint64_t frame_at; /* offset of the open frame's header */
	uint32_t frames;
};

static const char *fourcc(enum codec codec)
{
	return codec == CODEC_VP8 ? "VP80" : codec == CODEC_VP9 ? "VP90" : "AV01";
}

static void build_header(uint8_t *p, const struct mux_cfg *cfg)
{
	memcpy(p, "DKIF", 4);
	cur_put_le(p + 4, 0, 2);
	cur_put_le(p + 6, HEADER_BYTES, 2);
	memcpy(p + 8, fourcc(cfg->codec), 4);
	cur_put_le(p + 12, cfg->width, 2);
	cur_put_le(p + 14, cfg->height, 2);
	cur_put_le(p + 16, cfg->clock_rate, 4);
	cur_put_le(p + 20, 1, 4);
	cur_put_le(p + 24, 0, 8);
}

static int begin(struct mux **ret_mux, const struct mux_cfg *cfg)
{
	uint8_t header[HEADER_BYTES];
	int err;

	build_header(header, cfg);
	err = mux_direct_begin(ret_mux, sizeof(struct ivf), cfg->segment, header, HEADER_BYTES);
	if (!err)
		((struct ivf *)*ret_mux)->delimited = cfg->codec == CODEC_AV1;
	return err;
}

static int frame_begin(struct mux *mux, uint64_t pts)
{
	struct ivf *ivf = (struct ivf *)mux;
	uint8_t header[FRAME_HEADER_BYTES + DELIMITER_BYTES];

	memcpy(header + FRAME_HEADER_BYTES, DELIMITER, DELIMITER_BYTES);
	cur_put_le(header, 0, 4);
	cur_put_le(header + 4, pts, 8);
	ivf->frame_at = segment_end(mux->segment);
	return segment_append(
	        mux->segment, header, FRAME_HEADER_BYTES + (ivf->delimited ? DELIMITER_BYTES : 0));
}

static int frame_end(struct mux *mux, uint32_t duration)
{
	struct ivf *ivf = (struct ivf *)mux;
	uint64_t len = segment_end(mux->segment) - ivf->frame_at - FRAME_HEADER_BYTES;
	uint8_t field[4];

	cur_put_le(field, len, 4);
	segment_patch(mux->segment, ivf->frame_at, field, sizeof(field));
	ivf->frames++;
	return mux_direct_frame_end(mux, duration);
}

static void set_size(struct mux *mux, uint16_t width, uint16_t height)
{
	cur_put_le(mux->head + 12, width, 2);
	cur_put_le(mux->head + 14, height, 2);
}

static void finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	cur_put_le(mux->head + 24, ((struct ivf *)mux)->frames, 4);
	mux_direct_finish(mux, ret_head, ret_head_bytes);
}

/* A window over the file: most frames are smaller than it, and cost no read of their own. */
struct window {
	int fd;
	uint64_t at;
	size_t len;
	uint8_t bytes[SCAN_BYTES];
};

/* @len bytes at @at; NULL at the end of the file, with *ret_err set when the read failed. */
static const uint8_t *peek(struct window *w, uint64_t at, size_t len, int *ret_err)
{
	ssize_t n;

	if (at >= w->at && at + len <= w->at + w->len)
		return w->bytes + (at - w->at);
	n = pread(w->fd, w->bytes, SCAN_BYTES, (off_t)at);
	if (n < 0)
		*ret_err = -errno;
	w->at = at;
	w->len = n > 0 ? (size_t)n : 0;
	return w->len >= len ? w->bytes : NULL;
}

static size_t header_bytes(const uint8_t *bytes, size_t len)
{
	return len < HEADER_BYTES ? len : HEADER_BYTES;
}

static bool header_good(const uint8_t *p)
{
	return p && !memcmp(p, "DKIF", 4) && cur_get_le(p + 4, 2) == 0 &&
	       cur_get_le(p + 6, 2) == HEADER_BYTES &&
	       (!memcmp(p + 8, "VP80", 4) || !memcmp(p + 8, "VP90", 4) || !memcmp(p + 8, "AV01", 4)) &&
	       cur_get_le(p + 16, 4) && cur_get_le(p + 20, 4);
}

static int scan(int fd, uint64_t size, struct mux_scan *ret_scan)
{
	struct window w = { .fd = fd };
	uint64_t at = HEADER_BYTES, frames = 0, first = 0, last = 0;
	int err = 0;
	const uint8_t *p = size >= HEADER_BYTES ? peek(&w, 0, HEADER_BYTES, &err) : NULL;

	if (!header_good(p))
		return err ? err : -EBADMSG;
	memcpy(ret_scan->head, p, HEADER_BYTES);
	while (size - at >= FRAME_HEADER_BYTES && (p = peek(&w, at, FRAME_HEADER_BYTES, &err))) {
		uint64_t len = cur_get_le(p, 4), pts = cur_get_le(p + 4, 8);

		if (!len || len > LIMIT_FRAME_BYTES || len > size - at - FRAME_HEADER_BYTES ||
		        (frames && pts < last))
			break;
		first = frames ? first : pts;
		last = pts;
		frames++;
		at += FRAME_HEADER_BYTES + len;
	}
	if (err)
		return err;
	if (!frames)
		return -EBADMSG;
	cur_put_le(ret_scan->head + 24, frames, 4);
	ret_scan->head_bytes = HEADER_BYTES;
	ret_scan->valid_bytes = at;
	ret_scan->frames = frames;
	ret_scan->first_pts = first;
	ret_scan->last_pts = last;
	ret_scan->tail_rewrite = false;
	ret_scan->tail_offset = ret_scan->tail_bytes = 0;
	return 0;
}

const struct mux_ops mux_ivf = {
	.ext = "ivf",
	.begin = begin,
	.frame_begin = frame_begin,
	.frame_append = mux_direct_frame_append,
	.frame_end = frame_end,
	.frame_cut = mux_direct_frame_cut,
	.prefetch = mux_direct_prefetch,
	.set_size = set_size,
	.flush = mux_direct_flush,
	.holds = mux_direct_holds,
	.finish = finish,
	.header_bytes = header_bytes,
	.scan = scan,
};
