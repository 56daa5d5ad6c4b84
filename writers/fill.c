/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/fill.h"

#include "writers/depay.h"

#define PACKET_RTP_MAX 5760 /* 120 ms */
#define STEREO         0x04
#define SAMPLES        960  /* at once */
#define MULAW_SILENCE  0xFF /* ITU-T G.711: the smallest values that are there */
#define ALAW_SILENCE   0xD5

/* The CELT configuration of 2.5 ms with the bandwidth of @config, or the next wider one (RFC 6716 table 2).
 */
static uint8_t celt_of(uint8_t config)
{
	static const uint8_t of[8] = { 16, 20, 20, 24, 16, 20, 24, 28 }; /* by config / 4 */

	return config == 14 || config == 15 ? 28 : of[config / 4];
}

/* The configuration whose frames fit into @gap_rtp and are nearest to those of @config. */
static uint8_t fit(uint8_t config, uint64_t gap_rtp)
{
	uint8_t shorter;

	if (gap_rtp >= depay_opus_frame_rtp((uint8_t)(config << 3)))
		return config;
	if (config < 16 && gap_rtp >= 480)
		return config < 12 ? config & ~3 : config & ~1; /* the same mode, 10 ms */
	shorter = celt_of(config) + 3;
	while (depay_opus_frame_rtp((uint8_t)(shorter << 3)) > gap_rtp)
		shorter--;
	return shorter;
}

struct fill fill_next(uint8_t toc, uint64_t gap_rtp)
{
	struct fill fill = { .len = 1 };
	uint32_t frame_rtp;
	uint64_t frames;

	if (gap_rtp < FILL_STEP_RTP)
		return fill;
	fill.bytes[0] = (uint8_t)(fit(toc >> 3, gap_rtp) << 3) | (toc & STEREO);
	frame_rtp = depay_opus_frame_rtp(fill.bytes[0]);
	frames = gap_rtp / frame_rtp;
	if (frames > PACKET_RTP_MAX / frame_rtp)
		frames = PACKET_RTP_MAX / frame_rtp;
	fill.duration_rtp = (uint32_t)frames * frame_rtp;
	if (frames == 2) {
		fill.bytes[0] |= 1;
	} else if (frames > 2) {
		fill.bytes[0] |= 3;
		fill.bytes[1] = (uint8_t)frames;
		fill.len = 2;
	}
	return fill;
}

uint32_t fill_samples(enum codec codec, uint64_t gap_rtp, const uint8_t **ret_bytes)
{
	static const uint8_t mulaw[SAMPLES] = { [0 ... SAMPLES - 1] = MULAW_SILENCE };
	static const uint8_t alaw[SAMPLES] = { [0 ... SAMPLES - 1] = ALAW_SILENCE };

	*ret_bytes = codec == CODEC_PCMA ? alaw : mulaw;
	return gap_rtp < SAMPLES ? (uint32_t)gap_rtp : SAMPLES;
}
