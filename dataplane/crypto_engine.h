/* SPDX-License-Identifier: BSD-3-Clause */
/* The ciphers of one lcore: intel-ipsec-mb's managers, or OpenSSL's (crypto_cpu.h), and the room for a burst
 * of jobs. Packets of different flows go through it side by side, which is what makes HMAC-SHA1 cheap. It
 * knows keys and bytes, nothing of streams. Made by the command thread, used by one lcore; it never allocates
 * afterwards.
 *
 *   | aad: authenticated | text: authenticated and encrypted | tag |       by AES-GCM (RFC 7714)
 *   | mac: authenticated                | tag |    text lies within it     by HMAC-SHA1 and AES-CTR (RFC
 * 3711)
 */
#ifndef DATAPLANE_CRYPTO_ENGINE_H
#define DATAPLANE_CRYPTO_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "dataplane/crypto_key.h"

#define CRYPTO_ENGINE_BURST 32

struct crypto_engine;

/* One packet's ciphering. */
struct crypto_job {
	const struct crypto_key *key;
	const uint8_t *aad; /* AEAD: aad; else: mac */
	uint8_t *text;
	uint16_t aad_bytes, text_bytes, tag_bytes;
	uint16_t key_bytes; /* of an AEAD key: 16 or 32 */
	bool aead;
	bool authentic;
	_Alignas(16) uint8_t iv[16];
	uint8_t tag[20]; /* as it was received */
};

/* 0; -ENOMEM. Tries the CPU out for a millisecond. */
int crypto_engine_create(struct crypto_engine **ret_engine);
void crypto_engine_free(struct crypto_engine *engine);

/* Authenticate up to CRYPTO_ENGINE_BURST jobs: each has its "authentic" set. The text of an AEAD job that is
 * authentic has been decrypted, all other bytes are what they were. */
void crypto_engine_verify(struct crypto_engine *engine, struct crypto_job *const *jobs, unsigned count);

/* Encrypt or decrypt, which is one thing, the text of up to CRYPTO_ENGINE_BURST jobs. AEAD: takes back what
 * crypto_engine_verify did. */
void crypto_engine_cipher(struct crypto_engine *engine, struct crypto_job *const *jobs, unsigned count);

/* HMAC-SHA1 over @len bytes, at least one, with what crypto_key_hmac made of the key: CRYPTO_KEY_AUTH_BYTES
 * to
 * @ret_mac. */
void crypto_engine_hmac(struct crypto_engine *engine, const uint8_t *inner, const uint8_t *outer,
        const uint8_t *bytes, size_t len, uint8_t *ret_mac);

/* Encrypt the text of one job and write its tag of tag_bytes to @ret_tag. */
void crypto_engine_seal(struct crypto_engine *engine, struct crypto_job *job, uint8_t *ret_tag);

#endif
