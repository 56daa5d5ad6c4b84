/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct depay_piece piece;

	if (!depay_bytes(depay_opus, data, size, &piece))
		return 0;
	if (!piece.duration_rtp || piece.duration_rtp > 5760 || piece.duration_rtp % 120)
		abort();
	return 0;
}
