/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/red.h"

#include <errno.h>
#include "base/cur.h"

#define MORE 0x80u /* F: another header follows */

int red_parse(struct red_block *ret_blocks, unsigned max, const uint8_t *payload, size_t len)
{
	struct cur c = cur_of(payload, len);
	unsigned count = 0;
	uint8_t first;

	do {
		struct red_block *block = &ret_blocks[count];
		if (count == max)
			return -EBADMSG;
		first = cur_u8(&c);
		*block = (struct red_block){ .payload_type = first & 0x7F };
		if (first & MORE) {
			uint32_t rest = cur_u24(&c);
			block->timestamp_offset = (uint16_t)(rest >> 10);
			block->bytes = rest & RED_BLOCK_MAX;
		}
		count++;
	} while (first & MORE && !c.overrun);
	for (unsigned i = 0; i + 1 < count; i++)
		ret_blocks[i].data = cur_bytes(&c, ret_blocks[i].bytes);
	if (c.overrun || cur_left(&c) > UINT16_MAX)
		return -EBADMSG;
	ret_blocks[count - 1].bytes = (uint16_t)cur_left(&c);
	ret_blocks[count - 1].data = c.at;
	return (int)count;
}
