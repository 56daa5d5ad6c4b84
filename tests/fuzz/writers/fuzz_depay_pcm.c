/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!depay_bytes(depay_pcm, data, size, &piece))
		return 0;
	if (piece.duration_rtp != piece.len)
		abort();
	return 0;
}
