/* SPDX-License-Identifier: BSD-3-Clause */
/* RIFF WAVE with G.711 in it, 8 bits a sample. All numbers are little-endian.
 *
 *    0  "RIFF"   4  bytes that follow            38  "fact"  42  4   46  samples
 *    8  "WAVE"                                   50  "data"  54  bytes of the samples
 *   12  "fmt "  16  18                           58  the samples, and a zero when they are odd
 *   20  format: 6 A-law, 7 mu-law   22  channels
 *   24  samples a second            28  bytes a second
 *   32  bytes of all channels       34  bits of one   36  0
 *
 * While the file is open its lengths are the largest there are, which readers take for "to the end"; so it
 * plays while it grows. It ends before they run over, and before readers that take them for signed numbers
 * do.
 */
#include "writers/mux_direct.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/cur.h"
#include "writers/torn.h"

#define HEADER_BYTES 58
#define RIFF_LENGTH  4
#define SAMPLES      46
#define DATA_LENGTH  54
#define CHUNK_BYTES  8
#define FORMAT_ALAW  6
#define FORMAT_MULAW 7
#define LENGTH_OPEN  UINT32_MAX
#define FILE_MAX     (2000u << 20)

static void build_header(uint8_t *p, const struct mux_cfg *cfg)
{
	memcpy(p, "RIFF....WAVEfmt ", 16);
	cur_put_le(p + RIFF_LENGTH, LENGTH_OPEN, 4);
	cur_put_le(p + 16, 18, 4);
	cur_put_le(p + 20, cfg->codec == CODEC_PCMA ? FORMAT_ALAW : FORMAT_MULAW, 2);
	cur_put_le(p + 22, cfg->channels, 2);
	cur_put_le(p + 24, cfg->clock_rate, 4);
	cur_put_le(p + 28, (uint64_t)cfg->clock_rate * cfg->channels, 4);
	cur_put_le(p + 32, cfg->channels, 2);
	cur_put_le(p + 34, 8, 2);
	cur_put_le(p + 36, 0, 2);
	memcpy(p + 38, "fact\4\0\0\0", 8);
	cur_put_le(p + SAMPLES, LENGTH_OPEN, 4);
	memcpy(p + 50, "data", 4);
	cur_put_le(p + DATA_LENGTH, LENGTH_OPEN, 4);
}

/* The lengths of a file whose samples end at @end. */
static void set_lengths(uint8_t *p, uint64_t end)
{
	uint64_t bytes = end - HEADER_BYTES;

	cur_put_le(p + RIFF_LENGTH, end + bytes % 2 - CHUNK_BYTES, 4);
	cur_put_le(p + SAMPLES, bytes / cur_get_le(p + 32, 2), 4);
	cur_put_le(p + DATA_LENGTH, bytes, 4);
}

static int begin(struct mux **ret_mux, const struct mux_cfg *cfg)
{
	uint8_t header[HEADER_BYTES];

	build_header(header, cfg);
	return mux_direct_begin(ret_mux, sizeof(struct mux), cfg->segment, header, HEADER_BYTES);
}

static int frame_begin(struct mux *mux, uint64_t pts)
{
	return 0;
}

static void finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	uint64_t end;

	segment_cut(mux->segment);
	end = segment_end(mux->segment);
	set_lengths(mux->head, end);
	/* Without a block for the last zero the file is a byte short, and readers do without it. */
	if (end % 2 && !segment_append(mux->segment, "", 1))
		segment_commit(mux->segment);
	mux_direct_finish(mux, ret_head, ret_head_bytes);
}

static size_t header_bytes(const uint8_t *bytes, size_t len)
{
	return len < HEADER_BYTES ? len : HEADER_BYTES;
}

static bool header_good(const uint8_t *p)
{
	uint64_t format = cur_get_le(p + 20, 2), channels = cur_get_le(p + 22, 2);

	return !memcmp(p, "RIFF", 4) && !memcmp(p + 8, "WAVEfmt \x12\0\0\0", 12) &&
	       (format == FORMAT_ALAW || format == FORMAT_MULAW) && channels && channels <= 2 &&
	       cur_get_le(p + 24, 4) && cur_get_le(p + 32, 2) == channels &&
	       !memcmp(p + 38, "fact\4\0\0\0", 8) && !memcmp(p + 50, "data", 4);
}

/* Where the samples end. A file whose lengths fit each other and its size was closed, and is as it should be.
 */
static int find_end(int fd, const uint8_t *head, uint64_t size, uint64_t *ret_end)
{
	uint8_t closed[HEADER_BYTES];
	uint64_t end = HEADER_BYTES + cur_get_le(head + DATA_LENGTH, 4);
	int err;

	memcpy(closed, head, HEADER_BYTES);
	set_lengths(closed, end);
	*ret_end = end;
	if (!memcmp(closed, head, HEADER_BYTES) && size == end + end % 2)
		return 0;
	err = torn_end(fd, HEADER_BYTES, size, ret_end);
	if (!err)
		*ret_end -= (*ret_end - HEADER_BYTES) % cur_get_le(head + 32, 2);
	return err;
}

static int scan(int fd, uint64_t size, struct mux_scan *ret_scan)
{
	ssize_t n = pread(fd, ret_scan->head, HEADER_BYTES, 0);
	uint64_t end;
	int err;

	if (n < 0)
		return -errno;
	if (n < HEADER_BYTES || !header_good(ret_scan->head))
		return -EBADMSG;
	err = find_end(fd, ret_scan->head, size, &end);
	if (err)
		return err;
	if (end == HEADER_BYTES || end > FILE_MAX * 2ull)
		return -EBADMSG;
	set_lengths(ret_scan->head, end);
	ret_scan->head_bytes = HEADER_BYTES;
	ret_scan->valid_bytes = end + end % 2;
	ret_scan->frames = 0; /* samples have no bounds of packets */
	ret_scan->first_pts = 0;
	ret_scan->last_pts = cur_get_le(ret_scan->head + SAMPLES, 4);
	ret_scan->tail_rewrite = false;
	ret_scan->tail_offset = ret_scan->tail_bytes = 0;
	return 0;
}

const struct mux_ops mux_wav = {
	.ext = "wav",
	.max_bytes = FILE_MAX,
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
