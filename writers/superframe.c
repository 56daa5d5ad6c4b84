/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/superframe.h"

#include "base/cur.h"

bool superframe_add(struct superframe *superframe, uint32_t size)
{
	if (superframe->frames == SUPERFRAME_FRAMES_MAX)
		return false;
	superframe->sizes[superframe->frames++] = size;
	return true;
}

/* Bytes that every size fits into. A size of all ones takes one byte more, as libvpx has it, so that what an
 * encoder made and this made of its layers are the same bytes. */
static unsigned size_bytes(const struct superframe *superframe)
{
	uint32_t all = 0;
	unsigned bytes = 1;

	for (unsigned i = 0; i < superframe->frames; i++)
		all |= superframe->sizes[i];
	while (bytes < 4 && all >= (1u << 8 * bytes) - 1)
		bytes++;
	return bytes;
}

size_t superframe_index(const struct superframe *superframe, uint8_t *out)
{
	unsigned bytes = size_bytes(superframe);
	uint8_t marker = (uint8_t)(0xC0 | (bytes - 1) << 3 | (superframe->frames - 1));
	size_t at = 0;

	out[at++] = marker;
	for (unsigned i = 0; i < superframe->frames; i++, at += bytes)
		cur_put_le(out + at, superframe->sizes[i], bytes);
	out[at++] = marker;
	return at;
}
