/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/base64.h"

#include <errno.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *ret_text, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
		                (left > 2 ? data[i + 2] : 0);

		*ret_text++ = alphabet[bits >> 18];
		*ret_text++ = alphabet[bits >> 12 & 63];
		*ret_text++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*ret_text++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	*ret_text = '\0';
}

int base64_decode(uint8_t *ret_data, size_t size, const char *text)
{
	size_t chars = strcspn(text, "="), padding = strlen(text + chars), len = 0;
	uint32_t bits = 0;
	unsigned count = 0;

	if (strspn(text + chars, "=") != padding || padding > 2 || (padding && (chars + padding) % 4) ||
	        chars % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < chars; i++) {
		const char *at = strchr(alphabet, text[i]);

		if (!at)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		count += 6;
		if (count < 8)
			continue;
		if (len == size)
			return -EINVAL;
		count -= 8;
		ret_data[len++] = (uint8_t)(bits >> count);
		bits &= (1u << count) - 1;
	}
	return bits ? -EINVAL : (int)len;
}
