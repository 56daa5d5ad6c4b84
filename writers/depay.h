/* SPDX-License-Identifier: BSD-3-Clause */
/* Depacketizers: from an RTP payload to the piece of a frame it carries. One set of operations a codec,
 * chosen when the track is made. They look at one payload at a time and keep no frame: the track decides what
 * a missing piece means.
 *
 * The pieces of H264 and AV1 are not bytes of the frame as they are: they consist of units, NAL units or OBUs
 * or fragments of them, each of which is written with a head of its own.
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
	const uint8_t *data;    /* codec bytes, inside the payload; with units: all of the payload */
	uint32_t len;           /* with units: what they come to at most when they are written */
	uint32_t payload_bytes; /* with units: of the payload */
	bool frame_start;       /* first piece of a frame (of a layer frame for VP9) */
	bool frame_end;     /* last piece of a frame; for codecs whose end is the RTP marker alone, set by the
	                       marker */
	bool picture_start; /* first piece of all that shares this RTP time */
	bool picture_end;   /* last piece of it */
	bool key;     /* frame_start of a key frame: decodable by itself; of a prelude: that announces one */
	bool prelude; /* with units: none of a slice or frame; what stands before the first of a picture
	                 tells nothing of the picture itself */
	bool sets;    /* with units: whole parameter sets, or a sequence header, are among them */
	bool layer_start; /* VP9: a further spatial layer's frame begins, picture goes on */
	uint8_t spatial_id, temporal_id;
	int32_t picture_id; /* 7 or 15 bits, -1: none */
	uint8_t picture_id_bits;
	uint16_t width, height; /* of the frame that starts, when its bytes tell, else 0 */
	uint16_t layers_width,
	        layers_height; /* VP9: of the highest spatial layer by the scalability structure, else 0 */
	uint8_t layers;        /* VP9: spatial layers by the scalability structure, 0: none here */
	uint32_t duration_rtp; /* audio: duration in ticks of the clock rate; 0: unknown */
};

enum depay_unit_kind {
	DEPAY_UNIT_SLICE, /* of the picture itself */
	DEPAY_UNIT_SET,   /* a parameter set, or a sequence header: what all that follows is decoded by */
	DEPAY_UNIT_OTHER, /* metadata */
	DEPAY_UNIT_DROP,  /* not for a file */
	DEPAY_UNIT_REST,  /* a fragment that does not tell what it is a fragment of */
};

#define DEPAY_UNIT_HEAD_BYTES 5

/* A unit, or a fragment of one. */
struct depay_unit {
	enum depay_unit_kind kind;
	bool start, end; /* the first, the last fragment of it: both of a whole one */
	bool sized;      /* between head and data goes the size of all its data, as LEB128 (AV1) */
	uint8_t head_bytes;
	uint8_t head[DEPAY_UNIT_HEAD_BYTES]; /* of the first fragment: what goes before its data */
	const uint8_t *data;                 /* inside the payload */
	uint32_t len;
};

/* Where in a piece the next unit is; all zeros: at its start. */
struct depay_walk {
	uint32_t at, units;
};

/* The next unit of a piece that its depay_fn has found good; false: there is no further one. */
typedef bool depay_unit_fn(
        const struct depay_piece *piece, struct depay_walk *walk, struct depay_unit *ret_unit);

/* Take the payload apart. 0, or -EBADMSG when the descriptor lies about its length or breaks its RFC. */
typedef int depay_fn(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece);

depay_fn depay_vp8;  /* RFC 7741 section 4.2 */
depay_fn depay_vp9;  /* RFC 9628 section 4.2 */
depay_fn depay_opus; /* RFC 7587 section 4.2, RFC 6716 section 3.1 */
depay_fn depay_pcm;  /* RFC 3551 section 4.5.14 */
depay_fn depay_h264; /* RFC 6184 section 5, packetization modes 0 and 1 */
depay_fn depay_av1;  /* RTP Payload Format For AV1, version 1.0, section 4 */

depay_unit_fn depay_h264_unit;
depay_unit_fn depay_av1_unit;

/* The piece of a payload that is a packet of audio, whole and decodable by itself. */
struct depay_piece depay_audio_piece(const uint8_t *payload, uint32_t len, uint32_t duration_rtp);

/* The piece of a payload of units before these are looked at. */
struct depay_piece depay_units_piece(const uint8_t *payload, uint32_t len, bool marker);

/* Duration of one frame of an Opus packet with this TOC byte, in ticks of 48 kHz (RFC 6716 table 2). */
uint32_t depay_opus_frame_rtp(uint8_t toc);

/* The depacketizer of a codec, and what walks the units of its pieces (NULL: they have none). */
depay_fn *depay_of(enum codec codec);
depay_unit_fn *depay_unit_of(enum codec codec);

#endif
