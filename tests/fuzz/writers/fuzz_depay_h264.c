/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	depay_units(depay_h264, depay_h264_unit, data, size);
	return 0;
}
