/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   the PRF's first block, counted up in its last two bytes (RFC 3711 sections 4.3.1, 4.3.3):
 *   | master salt, 14 bytes; the eighth XOR label | 0 | 0 |
 */
#include "tools/gen/protect_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#define LABEL_CIPHER 0
#define LABEL_AUTH   1
#define LABEL_SALT   2
#define LABEL_AT     7
#define CACHE_LINE   64
#define SHA1_BLOCK   64

int protect_key_derive(
        uint8_t *ret_bytes, size_t len, enum profile profile, const uint8_t *master, uint8_t label)
{
	const struct profile_info *info = profile_info(profile);
	static const uint8_t zeros[32];
	uint8_t block[16] = { 0 };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;
	bool well;

	memcpy(block, master + info->key_bytes, info->salt_bytes);
	block[LABEL_AT] ^= label;
	well = ctx &&
	       EVP_EncryptInit_ex(ctx, info->key_bytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL,
	               master, block) &&
	       EVP_EncryptUpdate(ctx, ret_bytes, &done, zeros, (int)len) && done == (int)len;
	EVP_CIPHER_CTX_free(ctx);
	return well ? 0 : -EINVAL;
}

/* RFC 2104: the state of SHA-1 behind the block of the key XOR @pad. */
static void hash_pad(uint8_t *ret_state, IMB_MGR *manager, const uint8_t *auth, uint8_t pad)
{
	uint8_t block[SHA1_BLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < PROTECT_KEY_AUTH_BYTES; i++)
		block[i] ^= auth[i];
	IMB_SHA1_ONE_BLOCK(manager, block, ret_state);
	explicit_bzero(block, sizeof(block));
}

static void expand(struct protect_key *key, IMB_MGR *manager, const uint8_t *cipher, const uint8_t *auth)
{
	_Alignas(16) uint8_t unused[PROTECT_KEY_ROUNDS * 16];

	if (key->wide) {
		IMB_AES256_GCM_PRE(manager, cipher, &key->gcm);
	} else if (key->aead) {
		IMB_AES128_GCM_PRE(manager, cipher, &key->gcm);
	} else {
		IMB_AES_KEYEXP_128(manager, cipher, key->cm.rounds, unused);
		hash_pad(key->cm.inner, manager, auth, 0x36);
		hash_pad(key->cm.outer, manager, auth, 0x5C);
	}
	explicit_bzero(unused, sizeof(unused));
}

/* Of AES-CM less than half of what AES-GCM needs. */
static size_t size_of(enum profile profile)
{
	size_t bytes = profile_info(profile)->aead
	                       ? sizeof(struct protect_key)
	                       : offsetof(struct protect_key, cm) + sizeof(((struct protect_key *)0)->cm);
	return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

int protect_key_create(struct protect_key **ret_key, IMB_MGR *manager, enum profile profile,
        const uint8_t *master, enum protect_key_use use)
{
	const struct profile_info *info = profile_info(profile);
	uint8_t cipher[32], auth[PROTECT_KEY_AUTH_BYTES];
	struct protect_key *key;
	int status;

	*ret_key = NULL;
	if (profile == PROFILE_PLAIN)
		return 0;
	key = aligned_alloc(CACHE_LINE, size_of(profile));
	if (!key)
		return -ENOMEM;
	memset(key, 0, size_of(profile));
	key->aead = info->aead;
	key->wide = info->key_bytes == 32;
	key->tag_bytes = use == PROTECT_KEY_RTCP ? info->rtcp_tag_bytes : info->tag_bytes;
	status = protect_key_derive(cipher, info->key_bytes, profile, master, (uint8_t)(use + LABEL_CIPHER));
	if (!status)
		status = protect_key_derive(auth, sizeof(auth), profile, master, (uint8_t)(use + LABEL_AUTH));
	if (!status)
		status = protect_key_derive(
		        key->salt, info->salt_bytes, profile, master, (uint8_t)(use + LABEL_SALT));
	if (!status)
		expand(key, manager, cipher, auth);
	explicit_bzero(cipher, sizeof(cipher));
	explicit_bzero(auth, sizeof(auth));
	if (status) {
		protect_key_free(key);
		return status;
	}
	*ret_key = key;
	return 0;
}

void protect_key_free(struct protect_key *key)
{
	if (key)
		explicit_bzero(key->salt, sizeof(key->salt));
	if (key && key->aead)
		explicit_bzero(&key->gcm, sizeof(key->gcm));
	else if (key)
		explicit_bzero(&key->cm, sizeof(key->cm));
	free(key);
}
