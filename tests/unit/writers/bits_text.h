/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits as text, for headers that are written by hand. Header only: each test is one source file. */
#ifndef TESTS_UNIT_WRITERS_BITS_TEXT_H
#define TESTS_UNIT_WRITERS_BITS_TEXT_H

#include <stdint.h>

/* Put the zeros and ones of @text into @out, which is all zeros; blanks part fields. How many bytes it takes.
 */
static inline uint32_t bits_text(uint8_t *out, const char *text)
{
	uint32_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		out[n / 8] |= (uint8_t)((*text - '0') << (7 - n % 8));
		n++;
	}
	return (n + 7) / 8;
}

#endif
