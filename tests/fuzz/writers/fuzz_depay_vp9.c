/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!depay_bytes(depay_vp9, data, size, &piece))
		return 0;
	if (piece.key && (!piece.frame_start || !piece.width || !piece.height))
		abort();
	if (piece.width > LIMIT_SIDE_PIXELS || piece.layers_height > LIMIT_SIDE_PIXELS || piece.layers > 8)
		abort();
	return 0;
}
