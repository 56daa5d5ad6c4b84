/* SPDX-License-Identifier: BSD-3-Clause */
/* FNV-1a, 64 bit (Fowler, Noll, Vo): the hash by which a frame that was sent is told among those recorded. */
#ifndef TOOLS_GEN_FNV_H
#define TOOLS_GEN_FNV_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t fnv_1a(const uint8_t *data, size_t len)
{
	uint64_t hash = 0xCBF29CE484222325ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 0x100000001B3ull;
	return hash;
}

#endif
