/* SPDX-License-Identifier: BSD-3-Clause */
/* Base64 (RFC 4648 section 4) of SRTP keys. Any thread. */
#ifndef TOOLS_GEN_BASE64_H
#define TOOLS_GEN_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define BASE64_TEXT_BYTES(n) (((n) + 2) / 3 * 4 + 1)

/* Write the text of @len bytes and its NUL to @ret_text of BASE64_TEXT_BYTES(len). */
void base64_encode(char *ret_text, const uint8_t *data, size_t len);

/* The bytes of @text, padded or not, to @ret_data of @size. Their number, or -EINVAL: another character, an
 * impossible length, more than @size, bits set that no byte takes. */
int base64_decode(uint8_t *ret_data, size_t size, const char *text);

#endif
