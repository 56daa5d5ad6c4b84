/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256 (FIPS 180-4), for the digest in a sidecar. Uses the CPU's SHA extensions where it has them. Any
 * thread, one a state; pure. */
#ifndef WRITERS_SHA256_H
#define WRITERS_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES       32
#define SHA256_BLOCK_BYTES 64

typedef void sha256_blocks_fn(uint32_t state[8], const uint8_t *blocks, size_t count);

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	sha256_blocks_fn *blocks;
	uint8_t partial[SHA256_BLOCK_BYTES];
};

void sha256_begin(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t len);
void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_BYTES]);

/* The compression function in portable C, and the CPU's own: NULL where it has none. */
sha256_blocks_fn sha256_blocks_portable;
sha256_blocks_fn *sha256_blocks_native(void);

#endif
