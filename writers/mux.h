/* SPDX-License-Identifier: BSD-3-Clause */
/* Containers: frames in, bytes of a playable file out. One set of operations a container, chosen when a file
 * begins.
 *
 * Bytes go straight from the packet to the segment's block. An open frame's header is reserved and patched at
 * its end; a cut frame leaves no trace. All on the writer's thread.
 */
#ifndef WRITERS_MUX_H
#define WRITERS_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"
#include "writers/segment.h"

struct mux; /* one file's state, its container's own */

struct mux_cfg {
	struct segment *segment;
	enum codec codec;
	uint32_t clock_rate;
	uint16_t width, height;                 /* video */
	uint8_t channels;                       /* audio */
	const char *room, *participant, *track; /* tags */
	uint64_t started_unix_ns;
};

/* What the repair of a file found. */
struct mux_scan {
	uint64_t valid_bytes;         /* all whole frames; what follows is cut off */
	uint64_t frames;              /* 0: the container does not tell */
	uint64_t first_pts, last_pts; /* of the first and the last frame; Ogg: where the first packet begins
	                                 and the last ends */
	size_t head_bytes;            /* bytes of @head to write at the start; 0: none */
	uint8_t head[64];
	bool tail_rewrite; /* the last page has to be written anew: @tail at @tail_offset */
	uint64_t tail_offset;
	size_t tail_bytes;
	uint8_t tail[65536];
};

struct mux_ops {
	const char *ext;
	uint64_t max_bytes; /* a file ends when it has so many; 0: no bound of the container's own */
	bool untimed;       /* it does not tell when frames are shown: the journal has to */
	/* Write the file's header. 0, -ENOMEM or segment_append's errors; then nothing of it is left in the
	 * segment. */
	int (*begin)(struct mux **ret_mux, const struct mux_cfg *cfg);
	/* A frame: begin, any number of appends, then end (committed) or cut (taken back). @pts in ticks
	 * since the file's first frame, never decreasing. Errors are segment_append's: then cut. */
	int (*frame_begin)(struct mux *mux, uint64_t pts);
	int (*frame_append)(struct mux *mux, const void *bytes, size_t len);
	int (*frame_end)(struct mux *mux, uint32_t duration);
	void (*frame_cut)(struct mux *mux);
	/* Begin to fetch what appending @len bytes to a frame touches. */
	void (*prefetch)(const struct mux *mux, size_t len);
	/* The size that the header of the file will tell. NULL: the container tells none. */
	void (*set_size)(struct mux *mux, uint16_t width, uint16_t height);
	/* Push out what the container holds back (an Ogg page). */
	int (*flush)(struct mux *mux);
	/* Whether anything is held back. */
	bool (*holds)(const struct mux *mux);
	/* Last bytes, and the head that closes the file (at most 64 bytes, *ret_head_bytes 0: none). Frees
	 * the mux. */
	void (*finish)(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes);
	/* Bytes of the container's headers at the start of @bytes; @len when they fill all of it. */
	size_t (*header_bytes)(const uint8_t *bytes, size_t len);
	/* Find what is whole in the file @fd of @size bytes left by a crash. 0, -EBADMSG (nothing playable),
	 * -errno. Any thread. */
	int (*scan)(int fd, uint64_t size, struct mux_scan *ret_scan);
};

extern const struct mux_ops mux_annexb; /* H264 */
extern const struct mux_ops mux_ivf;    /* VP8, VP9, AV1 */
extern const struct mux_ops mux_ogg;    /* Opus, RFC 7845 */
extern const struct mux_ops mux_wav;    /* PCMU, PCMA */

/* The container of a codec, or of a file name's extension (NULL: none). */
const struct mux_ops *mux_of(enum codec codec);
const struct mux_ops *mux_by_name(const char *name);

#endif
