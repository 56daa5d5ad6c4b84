/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands for audio that was lost or never sent. Of Opus: packets with frames of zero length, for which a
 * decoder conceals (RFC 7845 section 4.1, RFC 6716 sections 3.1 and 3.2). Of G.711: samples of silence.
 *
 * Of Opus, mode, bandwidth, channels and frame size of the packet before are kept as long as they fit; what
 * is left is filled with shorter frames, down to 2.5 ms. Pure; any thread.
 */
#ifndef WRITERS_FILL_H
#define WRITERS_FILL_H

#include <stdint.h>
#include "base/codec.h"

#define FILL_STEP_RTP 120 /* 2.5 ms: less cannot be filled */

struct fill {
	uint8_t bytes[2];
	uint8_t len;
	uint32_t duration_rtp; /* 0: nothing fits */
};

/* The next packet that fills @gap_rtp ticks of 48 kHz after a packet with the TOC byte @toc. */
struct fill fill_next(uint8_t toc, uint64_t gap_rtp);

/* The next samples of CODEC_PCMU or CODEC_PCMA that fill @gap_rtp. Returns how many; *ret_bytes are static.
 */
uint32_t fill_samples(enum codec codec, uint64_t gap_rtp, const uint8_t **ret_bytes);

#endif
