/* SPDX-License-Identifier: BSD-3-Clause */
/* A payload of RFC 2198: its blocks lie in it, one behind the other, and built again they are what they were.
 */
#include <assert.h>
#include "base/limits.h"
#include "tests/unit/base/red_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct red_block blocks[LIMIT_RED_BLOCKS];
	static uint8_t again[1 << 17];
	int count = red_parse(blocks, LIMIT_RED_BLOCKS, data, size);
	const uint8_t *at = data + 1;

	if (count < 0)
		return 0;
	assert(count >= 1 && count <= LIMIT_RED_BLOCKS);
	at += 4 * (count - 1);
	for (int i = 0; i < count; i++) {
		assert(blocks[i].data == at);
		at += blocks[i].bytes;
	}
	assert(at == data + size);
	assert(red_build(again, blocks, (unsigned)count) == size);
	assert(memcmp(again, data, size) == 0);
	return 0;
}
