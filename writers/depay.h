/* SPDX-License-Identifier: BSD-3-Clause */
/* Depacketizers: from an RTP payload to the piece of a frame it carries. One set of operations a codec,
 * chosen when the track is made. They look at one payload at a time and keep no frame: the track decides what
 * a missing piece means.
 *
 * Pure over the payload's bytes, which are hostile: every length is checked. Hot-path safe.
 */
#ifndef WRITERS_DEPAY_H
#define WRITERS_DEPAY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/codec.h"
#include "base/limits.h"

/* What one payload holds. */
struct depay_piece {
	const uint8_t *data; /* codec bytes, inside the payload */
	uint32_t len;
	bool frame_start;   /* first piece of a frame (of a layer frame for VP9) */
	bool frame_end;     /* last piece of a frame; for codecs whose end is the RTP marker alone, set by the
	                       marker */
	bool picture_start; /* first piece of all that shares this RTP time */
	bool picture_end;   /* last piece of it */
	bool key;           /* frame_start of a key frame: decodable by itself */
	bool layer_start;   /* VP9: a further spatial layer's frame begins, picture goes on */
	uint8_t spatial_id, temporal_id;
	int32_t picture_id; /* 7 or 15 bits, -1: none */
	uint8_t picture_id_bits;
	uint16_t width, height; /* of the frame that starts, when its bytes tell, else 0 */
	uint16_t layers_width,
	        layers_height; /* VP9: of the highest spatial layer by the scalability structure, else 0 */
	uint8_t layers;        /* VP9: spatial layers by the scalability structure, 0: none here */
	uint32_t duration_rtp; /* audio: duration in ticks of the clock rate; 0: unknown */
};

/* Take the payload apart. 0, or -EBADMSG when the descriptor lies about its length or breaks its RFC. */
typedef int depay_fn(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece);

depay_fn depay_vp8;  /* RFC 7741 section 4.2 */
depay_fn depay_vp9;  /* RFC 9628 section 4.2 */
depay_fn depay_opus; /* RFC 7587 section 4.2, RFC 6716 section 3.1 */

/* Duration of one frame of an Opus packet with this TOC byte, in ticks of 48 kHz (RFC 6716 table 2). */
uint32_t depay_opus_frame_rtp(uint8_t toc);

/* The depacketizer of a codec. */
depay_fn *depay_of(enum codec codec);

#endif
