/* SPDX-License-Identifier: BSD-3-Clause */
/* H264 as a byte stream (ITU-T H.264 Annex B): NAL units behind start codes, without lengths or times.
 *
 *   00 00 00 01 09 F0   access unit delimiter (section 7.3.2.4): each frame begins with one of ours
 *   00 00 00 01 …       the frame's NAL units, as they came
 *   …
 *   00 00 00 01 0B      end of stream (section 7.3.2.6): the file was closed
 *
 * The delimiters are what repair finds frames by: what follows the last one may be cut, unless the end is
 * there.
 */
#include "writers/mux_direct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "writers/torn.h"

#define START_BYTES 5 /* start code and header */
#define DELIMITER   "\0\0\0\1\x09\xF0"
#define END         "\0\0\0\1\x0B"
#define READ_BYTES  (64 << 10)

static int begin(struct mux **ret_mux, const struct mux_cfg *cfg)
{
	return mux_direct_begin(ret_mux, sizeof(struct mux), cfg->segment, NULL, 0);
}

static int frame_begin(struct mux *mux, uint64_t pts)
{
	return segment_append(mux->segment, DELIMITER, sizeof(DELIMITER) - 1);
}

static void finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	segment_cut(mux->segment);
	/* Without a block for it the file plays as well; repair would leave out its last frame. */
	if (segment_end(mux->segment) && !segment_append(mux->segment, END, START_BYTES))
		segment_commit(mux->segment);
	mux_direct_finish(mux, ret_head, ret_head_bytes);
}

static size_t header_bytes(const uint8_t *bytes, size_t len)
{
	return 0;
}

/* The delimiters before @end: how many, and where the last one is. */
struct delimiters {
	uint64_t count, last;
};

static int find_delimiters(int fd, uint64_t end, struct delimiters *ret_found)
{
	uint8_t *buf = malloc(READ_BYTES);
	uint64_t at = 0;
	ssize_t n = 0;
	int err = buf ? 0 : -ENOMEM;

	*ret_found = (struct delimiters){ 0 };
	while (!err && end - at >= START_BYTES) {
		const uint8_t *p = buf;

		n = pread(fd, buf, end - at < READ_BYTES ? (size_t)(end - at) : READ_BYTES, (off_t)at);
		if (n < START_BYTES) {
			err = n < 0 ? -errno : 0;
			break;
		}
		while ((p = memmem(p, (size_t)(buf + n - p), DELIMITER, START_BYTES))) {
			ret_found->count++;
			ret_found->last = at + (uint64_t)(p - buf);
			p += START_BYTES;
		}
		at += (uint64_t)n - (START_BYTES - 1); /* one may lie across */
	}
	free(buf);
	return err;
}

/* Whether the unit @start, without what follows its header, lies at @at. */
static bool has_unit(int fd, uint64_t at, const char *start)
{
	char bytes[START_BYTES];

	return pread(fd, bytes, START_BYTES, (off_t)at) == START_BYTES && !memcmp(bytes, start, START_BYTES);
}

static int scan(int fd, uint64_t size, struct mux_scan *ret_scan)
{
	bool closed = size >= START_BYTES && has_unit(fd, size - START_BYTES, END);
	struct delimiters found;
	uint64_t end = size;
	int err;

	if (size < START_BYTES || !has_unit(fd, 0, DELIMITER))
		return -EBADMSG;
	err = closed ? 0 : torn_end(fd, START_BYTES, size, &end);
	if (!err && !closed)
		closed = end > 2 * START_BYTES && has_unit(fd, end - START_BYTES, END);
	if (!err)
		err = find_delimiters(fd, end, &found);
	if (err)
		return err;
	if (end <= sizeof(DELIMITER) - 1)
		return -EBADMSG;
	/* The last frame may be a part of one. There is nothing but that: better a part than nothing. */
	if (!closed && found.count > 1) {
		end = found.last;
		found.count--;
	}
	ret_scan->frames = found.count;
	ret_scan->first_pts = ret_scan->last_pts = 0;
	ret_scan->head_bytes = 0;
	ret_scan->tail_rewrite = !closed;
	ret_scan->tail_offset = end;
	ret_scan->tail_bytes = closed ? 0 : START_BYTES;
	memcpy(ret_scan->tail, END, START_BYTES);
	ret_scan->valid_bytes = end + ret_scan->tail_bytes;
	return 0;
}

const struct mux_ops mux_annexb = {
	.ext = "h264",
	.untimed = true,
	.begin = begin,
	.frame_begin = frame_begin,
	.frame_append = mux_direct_frame_append,
	.frame_end = mux_direct_frame_end,
	.frame_cut = mux_direct_frame_cut,
	.prefetch = mux_direct_prefetch,
	.flush = mux_direct_flush,
	.holds = mux_direct_holds,
	.finish = finish,
	.header_bytes = header_bytes,
	.scan = scan,
};
