/* SPDX-License-Identifier: BSD-3-Clause */
/* FNV-1a, 64 bits (Fowler, Noll, Vo): a hash for tables, and to tell bytes apart that nobody forges. Tables
 * that strangers' names go into begin it with a random seed in place of FNV_BASIS. Pure; any thread. */
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

/* Go on from @hash, FNV_BASIS at first, over @len bytes. */
static inline uint64_t fnv_1a(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * FNV_PRIME;
	return hash;
}

/* Over @text and its terminator, so that one text after another is not the two joined. */
static inline uint64_t fnv_1a_text(uint64_t hash, const char *text)
{
	return fnv_1a(hash, text, strlen(text) + 1);
}

#endif
