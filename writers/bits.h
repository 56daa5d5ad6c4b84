/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits of a codec's header, most significant first: past the end they are zeros, and a flag is set, so that a
 * parser checks once at its end. Hot-path safe. */
#ifndef WRITERS_BITS_H
#define WRITERS_BITS_H

#include <stdbool.h>
#include <stdint.h>

struct bits {
	const uint8_t *data;
	uint32_t len, at; /* bytes; the next bit */
	bool overrun;
};

/* The next @n bits, at most 32. */
static inline uint32_t bits_take(struct bits *b, unsigned n)
{
	uint32_t v = 0;

	for (; n; n--, b->at++) {
		if (b->at / 8 >= b->len) {
			b->overrun = true;
			return 0;
		}
		v = v << 1 | (b->data[b->at / 8] >> (7 - b->at % 8) & 1);
	}
	return v;
}

/* How many zeros stand before the next one, which is passed too; 32 and overrun when there are more. */
static inline unsigned bits_zeros(struct bits *b)
{
	unsigned zeros = 0;

	while (!bits_take(b, 1)) {
		if (b->overrun || ++zeros > 31) {
			b->overrun = true;
			return 32;
		}
	}
	return zeros;
}

/* An unsigned number of variable length: Exp-Golomb, ue(v) of H.264 section 9.1, uvlc() of AV1 section
 * 4.10.3. */
static inline uint32_t bits_ue(struct bits *b)
{
	unsigned zeros = bits_zeros(b);

	return zeros > 31 ? UINT32_MAX : (uint32_t)((1ull << zeros) - 1 + bits_take(b, zeros));
}

/* A signed one: se(v) of H.264 section 9.1.1. */
static inline int32_t bits_se(struct bits *b)
{
	uint32_t v = bits_ue(b);

	return v & 1 ? (int32_t)(v / 2 + 1) : -(int32_t)(v / 2);
}

#endif
