/* SPDX-License-Identifier: BSD-3-Clause */
/* VP9 superframes: the layer frames of one picture as one frame, told apart by an index at the end.
 *
 *   frame 0 | frame 1 | … | marker | size 0 | size 1 | … | marker          VP9 bitstream specification, annex
 * B
 *
 *   marker: 110 | bytes of a size - 1, 2 bits | frames - 1, 3 bits; sizes are little-endian
 *
 * Pure; any thread.
 */
#ifndef WRITERS_SUPERFRAME_H
#define WRITERS_SUPERFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPERFRAME_FRAMES_MAX  8
#define SUPERFRAME_INDEX_BYTES (2 + 4 * SUPERFRAME_FRAMES_MAX)

struct superframe {
	unsigned frames;
	uint32_t sizes[SUPERFRAME_FRAMES_MAX];
};

/* Add a frame. False when it is full. */
bool superframe_add(struct superframe *superframe, uint32_t size);

/* Write the index of 1 to SUPERFRAME_FRAMES_MAX frames to @out of SUPERFRAME_INDEX_BYTES. Returns its length.
 */
size_t superframe_index(const struct superframe *superframe, uint8_t *out);

/* Whether a frame that ends in @last is a superframe: encoders see to it that no other frame ends so. */
static inline bool superframe_marker(uint8_t last)
{
	return (last & 0xE0) == 0xC0;
}

#endif
