/* SPDX-License-Identifier: BSD-3-Clause */
/* Base 64 (RFC 4648 section 4), as keys come and go in it. Strict: no white space, no stray bits; the padding
 * may be left out, for some senders do. Any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Characters, with padding and terminator, for @n bytes. */
#define BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1)

/* Decode @len characters. Returns how many bytes that makes; @buf gets the first @size of them. -EINVAL: not
 * base 64. */
ssize_t base64_decode(const char *text, size_t len, uint8_t *buf, size_t size);

/* Encode; @text holds BASE64_BYTES(len). Returns @text. */
char *base64_encode(char *text, const uint8_t *bytes, size_t len);

#endif
