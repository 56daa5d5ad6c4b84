/* SPDX-License-Identifier: BSD-3-Clause */
/* Payloads of redundant blocks as a sender makes them (base/red.h). Header only: each test is one source
 * file. */
#ifndef TESTS_UNIT_BASE_RED_BUILD_H
#define TESTS_UNIT_BASE_RED_BUILD_H

#include <assert.h>
#include <string.h>
#include "base/cur.h"
#include "base/red.h"

/* Write a payload of @count blocks, the primary last, for which @out has room: its length. */
static inline size_t red_build(uint8_t *out, const struct red_block *blocks, unsigned count)
{
	uint8_t *at = out;

	for (unsigned i = 0; i + 1 < count; i++, at += 4) {
		assert(blocks[i].timestamp_offset <= RED_OFFSET_MAX && blocks[i].bytes <= RED_BLOCK_MAX);
		at[0] = 0x80 | blocks[i].payload_type;
		cur_put24(at + 1, (uint32_t)blocks[i].timestamp_offset << 10 | blocks[i].bytes);
	}
	*at++ = blocks[count - 1].payload_type;
	for (unsigned i = 0; i < count; at += blocks[i].bytes, i++)
		memcpy(at, blocks[i].data, blocks[i].bytes);
	return (size_t)(at - out);
}

#endif
