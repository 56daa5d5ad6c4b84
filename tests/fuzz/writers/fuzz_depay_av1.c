/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/writers/depay_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	depay_units(depay_av1, depay_av1_unit, data, size);
	return 0;
}
