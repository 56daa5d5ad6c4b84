/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/scan_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mux_scan *found = scan_file(&mux_wav, data, size, 1);

	if (found && found->last_pts == 0)
		abort();
	return 0;
}
