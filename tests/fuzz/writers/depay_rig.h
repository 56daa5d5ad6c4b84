/* SPDX-License-Identifier: BSD-3-Clause */
/* A depacketizer under a fuzzer: the first byte is the marker, the rest the payload. Header only: each target
 * is one source file. */
#ifndef TESTS_FUZZ_WRITERS_DEPAY_RIG_H
#define TESTS_FUZZ_WRITERS_DEPAY_RIG_H

#include <stdint.h>
#include <stdlib.h>
#include "writers/depay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken lies inside the payload, up to its end. False: the payload was refused. */
static inline bool depay_bytes(
        depay_fn *depay, const uint8_t *data, size_t size, struct depay_piece *ret_piece)
{
	if (!size || depay(data + 1, (uint32_t)size - 1, data[0] & 1, ret_piece))
		return false;
	if (!ret_piece->len || ret_piece->data <= data || ret_piece->data + ret_piece->len != data + size)
		abort();
	return true;
}

/* Units lie inside the payload, one behind the other, and come to no more than was said. */
static inline void depay_units(depay_fn *depay, depay_unit_fn *next, const uint8_t *data, size_t size)
{
	struct depay_walk walk = { 0 };
	struct depay_unit unit;
	struct depay_piece piece;
	const uint8_t *at = data + 1;
	size_t len = 0;
	bool slices = false;

	if (!size || depay(data + 1, (uint32_t)size - 1, data[0] & 1, &piece))
		return;
	while (next(&piece, &walk, &unit)) {
		if (unit.data < at || unit.data + unit.len > data + size)
			abort();
		if (unit.head_bytes > DEPAY_UNIT_HEAD_BYTES || (!unit.start && unit.head_bytes))
			abort();
		at = unit.data + unit.len;
		len += unit.head_bytes + unit.len;
		slices |= unit.kind == DEPAY_UNIT_SLICE;
	}
	if (!walk.units || len > piece.len || slices == piece.prelude)
		abort();
	if (piece.picture_start && !piece.frame_start)
		abort();
}

#endif
