/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include "writers/depay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the marker, the rest the payload. What is taken lies inside the payload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!size || depay_vp8(data + 1, (uint32_t)size - 1, data[0] & 1, &piece))
		return 0;
	if (!piece.len || piece.data <= data || piece.data + piece.len != data + size)
		abort();
	if (piece.key && (!piece.frame_start || !piece.width || piece.width > 16383 || !piece.height ||
	                         piece.height > 16383))
		abort();
	return 0;
}
