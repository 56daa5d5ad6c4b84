/* SPDX-License-Identifier: BSD-3-Clause */
/* Packetizers: a clip's frame becomes RTP payloads, each filled to the brim but the last.
 *
 *   VP8   RFC 7741 section 4.2: X with a 15-bit picture id, S on the first payload of a frame, PID 0
 * throughout VP9   RFC 9628 section 4.2: a 15-bit picture id; flexible mode with one P_DIFF or non-flexible
 * mode; layer indices when there are several spatial layers; the scalability structure on key pictures Opus
 * RFC 7587 section 4.2: one packet a payload, the marker begins a talk spurt
 *
 * Pure; one thread an object.
 */
#ifndef TOOLS_GEN_PAY_H
#define TOOLS_GEN_PAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tools/gen/clip.h"

#define PAY_DESCRIPTOR_MAX 32 /* the longest payload descriptor that is written */

struct pay {
	const struct clip *clip;
	size_t max_bytes; /* of a payload, more than PAY_DESCRIPTOR_MAX; an Opus packet is never split */
	bool flexible;    /* VP9 */
	uint16_t picture_id;
	uint8_t tl0_index;
	bool begun, silent; /* has sent a frame; the last was silence */
	/* The frame under way. */
	const struct clip_frame *frame;
	bool marker;
	unsigned layer;
	uint32_t offset, layer_start;
};

/* @picture_id: the first one. */
void pay_init(struct pay *pay, const struct clip *clip, size_t max_bytes, bool flexible, uint16_t picture_id);

/* Begin @frame, which stays the clip's, and stop what was under way. */
void pay_begin(struct pay *pay, const struct clip_frame *frame);

/* How many payloads @frame will take. */
unsigned pay_count(const struct pay *pay, const struct clip_frame *frame);

/* Write the next payload to @out (room for max_bytes, or a whole Opus packet). Its length; 0 when the frame
 * is done. */
size_t pay_next(struct pay *pay, uint8_t *out, bool *ret_marker);

#endif
