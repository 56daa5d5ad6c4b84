/* SPDX-License-Identifier: BSD-3-Clause */
/* Session keys of an SRTP sender (RFC 3711 section 4.3, without a key derivation rate; RFC 7714 section 11),
 * expanded for intel-ipsec-mb. Derived by OpenSSL, from the RFCs: what the dataplane derives is held against
 * it. Read-only once made. */
#ifndef TOOLS_GEN_PROTECT_KEY_H
#define TOOLS_GEN_PROTECT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <intel-ipsec-mb.h>
#include "base/codec.h"

#define PROTECT_KEY_AUTH_BYTES 20 /* RFC 3711 section 5.2 */
#define PROTECT_KEY_ROUNDS     11 /* of AES-128 */

struct protect_key {
	bool aead, wide; /* AEAD; of 256 bits */
	uint8_t tag_bytes;
	uint8_t salt[16]; /* 14 bytes, an AEAD's 12, and zeros */
	union {
		struct {
			_Alignas(16) uint8_t rounds[PROTECT_KEY_ROUNDS * 16];
			uint8_t inner[PROTECT_KEY_AUTH_BYTES], outer[PROTECT_KEY_AUTH_BYTES]; /* RFC 2104 */
		} cm;
		struct gcm_key_data gcm;
	};
};

enum protect_key_use { PROTECT_KEY_RTP = 0, PROTECT_KEY_RTCP = 3 }; /* the first of three labels */

/* From the master key and salt at @master, of the profile's lengths. *ret_key is NULL for PROFILE_PLAIN. 0,
 * -ENOMEM, or -EINVAL: OpenSSL refuses. */
int protect_key_create(struct protect_key **ret_key, IMB_MGR *manager, enum profile profile,
        const uint8_t *master, enum protect_key_use use);
void protect_key_free(struct protect_key *key);

/* The @len bytes that the key derivation gives for @label (RFC 3711 section 4.3.1). 0 or -EINVAL. */
int protect_key_derive(
        uint8_t *ret_bytes, size_t len, enum profile profile, const uint8_t *master, uint8_t label);

#endif
