/* SPDX-License-Identifier: BSD-3-Clause */
/* The session keys of one direction's SRTP or SRTCP, in the form in which the ciphers take them: derived from
 * the master key (RFC 3711 section 4.3 with a key derivation rate of 0, RFC 7714 section 11), expanded once.
 * Laid out for who does the ciphers (crypto_cpu.h). Made by the command thread; afterwards read only, by the
 * lcore that has the flow. */
#ifndef DATAPLANE_CRYPTO_KEY_H
#define DATAPLANE_CRYPTO_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <intel-ipsec-mb.h>
#include "base/codec.h"

#define CRYPTO_KEY_AUTH_BYTES 20
#define CRYPTO_KEY_MASTER_MAX 46 /* AEAD_AES_256_GCM: 32 and 12; and as much as a message has */

/* The first of the three labels of RFC 3711 section 4.3.2. */
enum crypto_key_use { CRYPTO_KEY_RTP = 0, CRYPTO_KEY_RTCP = 3 };

struct crypto_key {
	uint8_t salt[16]; /* behind the salt's end zero */
	union {
		struct {
			_Alignas(16) uint8_t cipher[11 * 16]; /* AES-128's round keys */
			/* HMAC-SHA1 after the first block of either hash */
			uint8_t inner[CRYPTO_KEY_AUTH_BYTES], outer[CRYPTO_KEY_AUTH_BYTES];
		} cm;
		struct gcm_key_data gcm;
		uint8_t raw[32]; /* where OpenSSL does the ciphers: the key itself, of any profile; and
		                    cm's states */
	};
};

/* Bytes of memory that a key of @profile takes: less than a struct crypto_key if it is no AEAD one. A
 * multiple of 64. */
size_t crypto_key_bytes(enum profile profile);

/* Fill @key from the session keys themselves: cipher and salt have the profile's lengths, @auth
 * CRYPTO_KEY_AUTH_BYTES; NULL for AEAD. 0; -ENOKEY: no ciphers, as without memory. Command thread. */
int crypto_key_set(struct crypto_key *key, enum profile profile, const uint8_t *cipher, const uint8_t *salt,
        const uint8_t *auth);

/* Fill @key from the master key and salt, one behind the other. As crypto_key_set. */
int crypto_key_derive(
        struct crypto_key *key, enum profile profile, const uint8_t *master, enum crypto_key_use use);

/* The two states of HMAC-SHA1 (RFC 2104) behind the first block of either hash, CRYPTO_KEY_AUTH_BYTES each:
 * for a key of at most 64 bytes. As crypto_key_set. */
int crypto_key_hmac(uint8_t *ret_inner, uint8_t *ret_outer, const uint8_t *key, size_t bytes);

/* One session key: the first @len bytes, at most 32, of the pseudo-random function's output for @label. As
 * crypto_key_set. */
int crypto_key_session(
        uint8_t *ret_bytes, size_t len, enum profile profile, const uint8_t *master, uint8_t label);

#endif
