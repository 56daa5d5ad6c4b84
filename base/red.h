/* SPDX-License-Identifier: BSD-3-Clause */
/* Redundant coding in RTP (RFC 2198 section 3): several blocks in one payload, each with the payload type
 * that it would have by itself; the last is the packet's own, those before it are of packets sent earlier.
 *
 *   |1| block PT 7 |  timestamp offset 14  | block length 10 |   one for each redundant block, oldest first
 *   |0| block PT 7 |                                             the primary: what is left
 *   block, block … primary
 *
 * Hot-path safe; any thread.
 */
#ifndef BASE_RED_H
#define BASE_RED_H

#include <stddef.h>
#include <stdint.h>

#define RED_OFFSET_MAX ((1u << 14) - 1)
#define RED_BLOCK_MAX  ((1u << 10) - 1)

struct red_block {
	uint8_t payload_type;
	uint16_t timestamp_offset; /* how much older than the packet; 0 for the primary */
	uint16_t bytes;
	const uint8_t *data;
};

/* List the blocks of a payload without padding, in their order: the primary is the last. Returns how many, 1
 * at least; -EBADMSG when headers or blocks do not fit in @len, or there are more than @max. */
int red_parse(struct red_block *ret_blocks, unsigned max, const uint8_t *payload, size_t len);

#endif
