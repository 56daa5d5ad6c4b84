/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!depay_bytes(depay_vp8, data, size, &piece))
		return 0;
	if (piece.key && (!piece.frame_start || !piece.width || piece.width > 16383 || !piece.height ||
	                         piece.height > 16383))
		abort();
	return 0;
}
