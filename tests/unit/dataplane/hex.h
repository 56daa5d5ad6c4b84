/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes as RFCs print them. */
#ifndef TESTS_UNIT_DATAPLANE_HEX_H
#define TESTS_UNIT_DATAPLANE_HEX_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline unsigned hex_read(uint8_t *out, const char *hex)
{
	unsigned count = 0;

	for (; hex[0]; hex += 2) {
		unsigned byte = 0;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[count++] = (uint8_t)byte;
	}
	return count;
}

static inline void hex_assert(const uint8_t *bytes, const char *hex)
{
	uint8_t want[512];

	assert_memory_equal(bytes, want, hex_read(want, hex));
}

#endif
