/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP's ciphers by OpenSSL, which finds a way on every CPU: one packet at a time, the key expanded anew for
 * each. Keys are the bytes themselves. An object is used by one thread at a time. */
#ifndef DATAPLANE_CRYPTO_SOFT_H
#define DATAPLANE_CRYPTO_SOFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crypto_soft;

/* What AES-GCM works on (RFC 7714): 12 bytes of @iv, the text in place. key_bytes: 16 or 32. */
struct crypto_soft_gcm {
	const uint8_t *key, *iv, *aad;
	uint8_t *text;
	unsigned key_bytes, aad_bytes, text_bytes, tag_bytes;
};

/* 0; -ENOMEM, also where OpenSSL has not got the ciphers. */
int crypto_soft_create(struct crypto_soft **ret_soft);
void crypto_soft_free(struct crypto_soft *soft);

/* AES in counter mode: @len bytes of @in XOR the key stream from the block @iv (16 bytes) on. @in may be
 * @out. */
void crypto_soft_ctr(struct crypto_soft *soft, const uint8_t *key, unsigned key_bytes, const uint8_t *iv,
        const uint8_t *in, uint8_t *out, size_t len);

/* Encrypt, and write the tag to @ret_tag. */
void crypto_soft_seal(struct crypto_soft *soft, const struct crypto_soft_gcm *what, uint8_t *ret_tag);

/* Decrypt; whether @tag is right. Where it is not the text is of no use, and crypto_soft_seal takes back what
 * was done to it. */
bool crypto_soft_open(struct crypto_soft *soft, const struct crypto_soft_gcm *what, const uint8_t *tag);

/* SHA-1's state behind one block of 64 bytes: 20 bytes in the CPU's order, as intel-ipsec-mb has them. */
void crypto_soft_hash_block(const uint8_t *block, uint8_t *ret_state);

/* HMAC-SHA1 (RFC 2104) from the states behind the first block of either hash, 20 bytes to @ret_mac. */
void crypto_soft_hmac(
        const uint8_t *inner, const uint8_t *outer, const uint8_t *bytes, size_t len, uint8_t *ret_mac);

#endif
