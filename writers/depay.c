/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/depay.h"

depay_fn *depay_of(enum codec codec)
{
	static depay_fn *const of[CODECS] = {
		[CODEC_VP8] = depay_vp8,
		[CODEC_VP9] = depay_vp9,
		[CODEC_OPUS] = depay_opus,
		[CODEC_AV1] = depay_av1,
		[CODEC_H264] = depay_h264,
		[CODEC_PCMU] = depay_pcm,
		[CODEC_PCMA] = depay_pcm,
	};
	return of[codec];
}

depay_unit_fn *depay_unit_of(enum codec codec)
{
	static depay_unit_fn *const of[CODECS] = {
		[CODEC_AV1] = depay_av1_unit,
		[CODEC_H264] = depay_h264_unit,
	};
	return of[codec];
}

struct depay_piece depay_audio_piece(const uint8_t *payload, uint32_t len, uint32_t duration_rtp)
{
	return (struct depay_piece){
		.data = payload,
		.len = len,
		.frame_start = true,
		.frame_end = true,
		.picture_start = true,
		.picture_end = true,
		.key = true,
		.picture_id = -1,
		.duration_rtp = duration_rtp,
	};
}

struct depay_piece depay_units_piece(const uint8_t *payload, uint32_t len, bool marker)
{
	return (struct depay_piece){
		.data = payload,
		.payload_bytes = len,
		.frame_end = marker,
		.picture_end = marker,
		.prelude = true,
		.picture_id = -1,
	};
}
