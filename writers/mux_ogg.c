/* SPDX-License-Identifier: BSD-3-Clause */
/* Ogg Opus (RFC 7845). All numbers are little-endian.
 *
 *   page 0  OpusHead: "OpusHead" | version 1 | channels | pre-skip:16 | input rate:32 | gain:16 | mapping 0
 *   page 1  OpusTags: "OpusTags" | length:32, vendor | count:32 | count times length:32, NAME=value
 *   page 2… packets, never split between pages; granule position: end of the last packet, pre-skip included
 *
 * Pre-skip. The file begins with the stream's first packet that came, as its encoder made it, and nothing is
 * cropped, so the only samples to skip are the encoder's look-ahead. It is not in the stream; 312 is
 * libopus's at 48 kHz, which nearly every sender uses (browsers, ffmpeg, GStreamer). The 3840 that RFC 7845
 * section 5.1 recommends is for streams that are cropped: it would silence the first 80 ms of every call. The
 * first packet begins at granule position 0, so what was captured at its RTP time plays at 0.
 *
 * A page holds back its newest packet until another one follows, so that there is always one to put the
 * end-of-stream flag on. The granule position is the sum of the packets' durations (RFC 7845 section 4.1: a
 * MUST); who calls fills the gaps.
 */
#include "writers/mux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/cur.h"
#include "base/id.h"
#include "base/limits.h"
#include "writers/mux_ogg_page.h"
#include "writers/mux_ogg_scan.h"

#define PRE_SKIP     312
#define INPUT_RATE   48000
#define PAGE_TICKS   48000 /* a page ends after a second at the latest */
#define BODY_BYTES   8192
#define FIRST_BYTES  512
#define TAGS_BYTES   1024
#define HEADER_BYTES 19

struct mux {
	struct segment *segment;
	uint32_t serial, sequence;
	uint64_t granule;               /* end of the last packet in the buffer */
	uint64_t page_granule;          /* end of the last page */
	unsigned packets;               /* whole ones in the buffer */
	unsigned segments;              /* lacing values of these */
	size_t whole_bytes, body_bytes; /* of these; and of the open one too */
	uint32_t last_duration;
	unsigned last_segments;
	size_t last_bytes;
	uint8_t *body; /* grows with the page, up to BODY_BYTES */
	size_t size;
	uint8_t lacing[MUX_OGG_PAGE_SEGMENTS];
};

static int put_page(struct mux *mux, const struct mux_ogg_page *page)
{
	uint8_t head[MUX_OGG_PAGE_HEAD_BYTES + MUX_OGG_PAGE_SEGMENTS];
	size_t head_bytes = mux_ogg_page_head(head, page);
	int err = segment_append(mux->segment, head, head_bytes);

	if (!err)
		err = segment_append(mux->segment, page->body, page->body_bytes);
	if (err) {
		segment_cut(mux->segment);
		return err;
	}
	mux->sequence++;
	return 0;
}

/* A header packet on a page of its own. */
static int put_header(struct mux *mux, uint8_t flags, const uint8_t *packet, size_t len)
{
	uint8_t lacing[MUX_OGG_PAGE_SEGMENTS];
	unsigned segments = (unsigned)(len / 255) + 1;
	const struct mux_ogg_page page = {
		.flags = flags,
		.serial = mux->serial,
		.sequence = mux->sequence,
		.segments = segments,
		.lacing = lacing,
		.body = packet,
		.body_bytes = len,
	};

	memset(lacing, 255, segments);
	lacing[segments - 1] = (uint8_t)(len % 255);
	return put_page(mux, &page);
}

/* Write @packets whole packets of the buffer, from its start, as a page; the rest moves up. */
static int put_packets(struct mux *mux, uint8_t flags, bool keep_last)
{
	unsigned segments = mux->segments - (keep_last ? mux->last_segments : 0);
	size_t bytes = mux->whole_bytes - (keep_last ? mux->last_bytes : 0);
	const struct mux_ogg_page page = {
		.flags = flags,
		.granule = mux->granule - (keep_last ? mux->last_duration : 0),
		.serial = mux->serial,
		.sequence = mux->sequence,
		.segments = segments,
		.lacing = mux->lacing,
		.body = mux->body,
		.body_bytes = bytes,
	};
	int err = put_page(mux, &page);

	if (err)
		return err;
	segment_commit(mux->segment);
	mux->page_granule = page.granule;
	mux->packets = keep_last ? 1 : 0;
	mux->segments -= segments;
	memmove(mux->lacing, mux->lacing + segments, mux->segments);
	mux->whole_bytes -= bytes;
	mux->body_bytes -= bytes;
	if (mux->body_bytes)
		memmove(mux->body, mux->body + bytes, mux->body_bytes);
	return 0;
}

static size_t put_text(uint8_t *p, const char *name, const char *value)
{
	size_t name_bytes = strlen(name), value_bytes = strlen(value);

	cur_put_le(p, name_bytes + value_bytes, 4);
	memcpy(p + 4, name, name_bytes);
	memcpy(p + 4 + name_bytes, value, value_bytes);
	return 4 + name_bytes + value_bytes;
}

static size_t build_tags(uint8_t *p, const struct mux_cfg *cfg)
{
	char started[CLK_RFC3339_BYTES], date[11];
	const struct {
		const char *name, *value;
		size_t max;
	} tags[] = {
		{ "ROOM=", cfg->room, LIMIT_ROOM_BYTES },
		{ "PARTICIPANT=", cfg->participant, LIMIT_PARTICIPANT_BYTES },
		{ "TRACK=", cfg->track, LIMIT_TRACK_ID_BYTES },
		{ "DATE=", date, sizeof(date) },
		{ "WIRESPOOL_STARTED=", started, sizeof(started) },
	};
	uint32_t count = 0;
	size_t at = 8, count_at;

	clk_rfc3339(started, cfg->started_unix_ns, 6);
	snprintf(date, sizeof(date), "%.10s", started);
	memcpy(p, "OpusTags", 8);
	at += put_text(p + at, "wirespool ", WIRESPOOL_VERSION);
	count_at = at;
	at += 4;
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		if (!tags[i].value || !*tags[i].value || strlen(tags[i].value) > tags[i].max)
			continue;
		at += put_text(p + at, tags[i].name, tags[i].value);
		count++;
	}
	cur_put_le(p + count_at, count, 4);
	return at;
}

static int put_headers(struct mux *mux, const struct mux_cfg *cfg)
{
	uint8_t head[HEADER_BYTES] = "OpusHead", tags[TAGS_BYTES];
	int err;

	head[8] = 1;
	head[9] = cfg->channels;
	cur_put_le(head + 10, PRE_SKIP, 2);
	cur_put_le(head + 12, INPUT_RATE, 4);
	cur_put_le(head + 16, 0, 3);
	err = put_header(mux, MUX_OGG_PAGE_FIRST, head, sizeof(head));
	return err ? err : put_header(mux, 0, tags, build_tags(tags, cfg));
}

static int begin(struct mux **ret_mux, const struct mux_cfg *cfg)
{
	struct mux *mux = calloc(1, sizeof(*mux));
	int err;

	if (!mux)
		return -ENOMEM;
	mux->segment = cfg->segment;
	id_random(&mux->serial, sizeof(mux->serial));
	err = put_headers(mux, cfg);
	if (err) {
		free(mux);
		return err;
	}
	segment_commit(mux->segment);
	*ret_mux = mux;
	return 0;
}

/* Make room by ending the page: for @segments lacing values and @bytes. */
static int make_room(struct mux *mux, unsigned segments, size_t bytes)
{
	if (mux->segments + segments <= MUX_OGG_PAGE_SEGMENTS && mux->body_bytes + bytes <= BODY_BYTES)
		return 0;
	if (mux->packets < 2)
		return -EMSGSIZE;
	return put_packets(mux, 0, true);
}

/* The body holds @bytes. 0 or -ENOMEM. */
static int grow(struct mux *mux, size_t bytes)
{
	size_t size = mux->size ? mux->size : FIRST_BYTES;
	uint8_t *body;

	if (bytes <= mux->size)
		return 0;
	while (size < bytes)
		size *= 2;
	body = realloc(mux->body, size);
	if (!body)
		return -ENOMEM;
	mux->body = body;
	mux->size = size;
	return 0;
}

static void free_mux(struct mux *mux)
{
	free(mux->body);
	free(mux);
}

static int frame_begin(struct mux *mux, uint64_t pts)
{
	mux->body_bytes = mux->whole_bytes;
	return 0;
}

static int frame_append(struct mux *mux, const void *bytes, size_t len)
{
	size_t open = mux->body_bytes - mux->whole_bytes;
	int err = -EMSGSIZE;

	if (len <= BODY_BYTES / 2 && open + len <= BODY_BYTES / 2)
		err = make_room(mux, (unsigned)((open + len) / 255) + 1, len);
	if (!err)
		err = grow(mux, mux->body_bytes + len);
	if (err)
		return err;
	memcpy(mux->body + mux->body_bytes, bytes, len);
	mux->body_bytes += len;
	return 0;
}

static int frame_end(struct mux *mux, uint32_t duration)
{
	size_t len = mux->body_bytes - mux->whole_bytes;
	unsigned segments = (unsigned)(len / 255) + 1;

	memset(mux->lacing + mux->segments, 255, segments);
	mux->lacing[mux->segments + segments - 1] = (uint8_t)(len % 255);
	mux->segments += segments;
	mux->whole_bytes = mux->body_bytes;
	mux->last_duration = duration;
	mux->last_segments = segments;
	mux->last_bytes = len;
	mux->granule += duration;
	mux->packets++;
	/* Without a block now, the page grows a little longer. */
	if (mux->granule - mux->page_granule >= PAGE_TICKS && mux->packets > 1)
		(void)put_packets(mux, 0, true);
	return 0;
}

static void frame_cut(struct mux *mux)
{
	mux->body_bytes = mux->whole_bytes;
}

static void prefetch(const struct mux *mux, size_t len)
{
	for (size_t at = 0; mux->body && at < len; at += 64)
		__builtin_prefetch(mux->body + mux->whole_bytes + at, 1);
	__builtin_prefetch(mux->lacing + mux->segments, 1);
}

static bool holds(const struct mux *mux)
{
	return mux->packets > 1;
}

static int flush(struct mux *mux)
{
	return holds(mux) ? put_packets(mux, 0, true) : 0;
}

static void finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	mux->body_bytes = mux->whole_bytes;
	if (mux->packets)
		(void)put_packets(mux, MUX_OGG_PAGE_LAST,
		        false); /* no block for it: the page is lost, repair has no part in it */
	*ret_head_bytes = 0;
	free_mux(mux);
}

static size_t header_bytes(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	for (unsigned i = 0; i < 2; i++) {
		size_t page = mux_ogg_page_bytes(bytes + at, len - at);

		if (page == 0 || page > len - at)
			break;
		at += page;
	}
	return at;
}

const struct mux_ops mux_ogg = {
	.ext = "ogg",
	.begin = begin,
	.frame_begin = frame_begin,
	.frame_append = frame_append,
	.frame_end = frame_end,
	.frame_cut = frame_cut,
	.prefetch = prefetch,
	.flush = flush,
	.holds = holds,
	.finish = finish,
	.header_bytes = header_bytes,
	.scan = mux_ogg_scan,
};
