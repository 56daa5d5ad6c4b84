/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_source.h"

#include <string.h>

#define HALF 0x8000u

void crypto_source_begin(struct crypto_source *source, uint32_t roc)
{
	*source = (struct crypto_source){ .roc = roc };
}

/* Appendix A; there is no turn before the first. */
uint64_t crypto_source_guess(const struct crypto_source *source, uint16_t seq)
{
	uint16_t last = (uint16_t)source->highest;
	uint64_t roc = source->highest >> 16;

	if (!source->begun)
		return (uint64_t)source->roc << 16 | seq;
	if (last < HALF) {
		if (seq > last + HALF && roc > 0)
			roc--;
	} else if (seq < last - HALF) {
		roc = (roc + 1) & UINT32_MAX;
	}
	return roc << 16 | seq;
}

static bool is_new(const uint64_t *window, unsigned bits, uint64_t highest, uint64_t index)
{
	if (index > highest)
		return true;
	return highest - index < bits && !(window[index % bits / 64] >> index % 64 & 1);
}

/* The bits of @from up to, not including, @to, by whole words where it can be. */
static void clear(uint64_t *window, unsigned bits, uint64_t from, uint64_t to)
{
	while (from < to) {
		unsigned step = from % 64 == 0 && to - from >= 64 ? 64 : 1;
		window[from % bits / 64] &= step == 64 ? 0 : ~(1ull << from % 64);
		from += step;
	}
}

/* Bits between the old and the new highest are of packets that have not been there. */
static void take(uint64_t *window, unsigned bits, uint64_t highest, uint64_t index)
{
	if (index > highest) {
		if (index - highest >= bits)
			memset(window, 0, bits / 8);
		else
			clear(window, bits, highest + 1, index);
	}
	window[index % bits / 64] |= 1ull << index % 64;
}

bool crypto_source_is_new(const struct crypto_source *source, uint64_t index)
{
	return !source->begun || is_new(source->window, CRYPTO_SOURCE_WINDOW, source->highest, index);
}

bool crypto_source_is_new_rtcp(const struct crypto_source *source, uint32_t index)
{
	return is_new(source->rtcp_window, CRYPTO_SOURCE_RTCP_WINDOW, source->rtcp_highest, index);
}

void crypto_source_take(struct crypto_source *source, uint64_t index)
{
	if (!source->begun)
		source->highest = index;
	source->begun = true;
	take(source->window, CRYPTO_SOURCE_WINDOW, source->highest, index);
	if (index > source->highest)
		source->highest = index;
}

void crypto_source_take_rtcp(struct crypto_source *source, uint32_t index)
{
	take(source->rtcp_window, CRYPTO_SOURCE_RTCP_WINDOW, source->rtcp_highest, index);
	if (index > source->rtcp_highest)
		source->rtcp_highest = index;
}
