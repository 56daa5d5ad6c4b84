/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include "writers/depay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the marker, the rest the payload. What is taken lies inside the payload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!size || depay_vp9(data + 1, (uint32_t)size - 1, data[0] & 1, &piece))
		return 0;
	if (!piece.len || piece.data <= data || piece.data + piece.len != data + size)
		abort();
	if (piece.key && (!piece.frame_start || !piece.width || !piece.height))
		abort();
	if (piece.width > LIMIT_VPX_SIDE_PIXELS || piece.layers_height > LIMIT_VPX_SIDE_PIXELS ||
	        piece.layers > 8)
		abort();
	return 0;
}
