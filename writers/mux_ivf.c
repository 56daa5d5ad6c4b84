/* SPDX-License-Identifier: BSD-3-Clause */
/* IVF: VP8 and VP9. All numbers are little-endian.
 *
 *   file header, 32 bytes                     frame header, 12 bytes
 *    0  "DKIF"        16  time base: rate      0  length of the frame, 4 bytes
 *    4  version, 0    20  time base: scale     4  time, 8 bytes, in scale / rate seconds
 *    6  32            24  frames               12 the frame
 *    8  "VP80"        28  unused
 *   12  width, height (2 bytes each)
 *
 * An open frame's length stays 0 until its end, so a reader of what a crash left sees where to stop.
 */
#include "writers/mux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cur.h"
#include "base/limits.h"

#define HEADER_BYTES       32
#define FRAME_HEADER_BYTES 12
#define SCAN_BYTES         4096

struct mux {
	struct segment *segment;
	uint8_t header[HEADER_BYTES];
	uint64_t frame_at; /* offset of the open frame's header */
	uint32_t frames;
};

static void build_header(uint8_t *p, const struct mux_cfg *cfg)
{
	memcpy(p, "DKIF", 4);
	cur_put_le(p + 4, 0, 2);
	cur_put_le(p + 6, HEADER_BYTES, 2);
	memcpy(p + 8, cfg->codec == CODEC_VP8 ? "VP80" : "VP90", 4);
	cur_put_le(p + 12, cfg->width, 2);
	cur_put_le(p + 14, cfg->height, 2);
	cur_put_le(p + 16, cfg->clock_rate, 4);
	cur_put_le(p + 20, 1, 4);
	cur_put_le(p + 24, 0, 8);
}

static int begin(struct mux **ret_mux, const struct mux_cfg *cfg)
{
	struct mux *mux = calloc(1, sizeof(*mux));
	int err;

	if (!mux)
		return -ENOMEM;
	mux->segment = cfg->segment;
	build_header(mux->header, cfg);
	err = segment_append(mux->segment, mux->header, HEADER_BYTES);
	if (err) {
		segment_cut(mux->segment);
		free(mux);
		return err;
	}
	segment_commit(mux->segment);
	*ret_mux = mux;
	return 0;
}

static int frame_begin(struct mux *mux, uint64_t pts)
{
	uint8_t header[FRAME_HEADER_BYTES];

	cur_put_le(header, 0, 4);
	cur_put_le(header + 4, pts, 8);
	mux->frame_at = segment_end(mux->segment);
	return segment_append(mux->segment, header, sizeof(header));
}

static int frame_append(struct mux *mux, const void *bytes, size_t len)
{
	return segment_append(mux->segment, bytes, len);
}

static int frame_end(struct mux *mux, uint32_t duration)
{
	uint64_t len = segment_end(mux->segment) - mux->frame_at - FRAME_HEADER_BYTES;
	uint8_t field[4];

	cur_put_le(field, len, 4);
	segment_patch(mux->segment, mux->frame_at, field, sizeof(field));
	segment_commit(mux->segment);
	mux->frames++;
	return 0;
}

static void frame_cut(struct mux *mux)
{
	segment_cut(mux->segment);
}

static void set_size(struct mux *mux, uint16_t width, uint16_t height)
{
	cur_put_le(mux->header + 12, width, 2);
	cur_put_le(mux->header + 14, height, 2);
}

static int flush(struct mux *mux)
{
	return 0;
}

static bool holds(const struct mux *mux)
{
	return false;
}

static void finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	cur_put_le(mux->header + 24, mux->frames, 4);
	memcpy(ret_head, mux->header, HEADER_BYTES);
	*ret_head_bytes = HEADER_BYTES;
	free(mux);
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

static bool header_good(const uint8_t *p)
{
	return p && !memcmp(p, "DKIF", 4) && cur_get_le(p + 4, 2) == 0 &&
	       cur_get_le(p + 6, 2) == HEADER_BYTES &&
	       (!memcmp(p + 8, "VP80", 4) || !memcmp(p + 8, "VP90", 4)) && cur_get_le(p + 16, 4) &&
	       cur_get_le(p + 20, 4);
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
	.frame_append = frame_append,
	.frame_end = frame_end,
	.frame_cut = frame_cut,
	.set_size = set_size,
	.flush = flush,
	.holds = holds,
	.finish = finish,
	.scan = scan,
};
