/* SPDX-License-Identifier: BSD-3-Clause */
/* EVP knows no HMAC that begins with a state, which saves two blocks a packet and the key's being kept: SHA-1
 * is the plain one. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dataplane/crypto_soft.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#define SHA1_BLOCK 64

struct crypto_soft {
	EVP_CIPHER_CTX *ctr[2], *gcm[2]; /* of keys of 16 and of 32 bytes */
};

static EVP_CIPHER_CTX *cipher(const EVP_CIPHER *of)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_CipherInit_ex(ctx, of, NULL, NULL, NULL, 1) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

int crypto_soft_create(struct crypto_soft **ret_soft)
{
	struct crypto_soft *soft = calloc(1, sizeof(*soft));

	if (!soft)
		return -ENOMEM;
	soft->ctr[0] = cipher(EVP_aes_128_ctr());
	soft->ctr[1] = cipher(EVP_aes_256_ctr());
	soft->gcm[0] = cipher(EVP_aes_128_gcm());
	soft->gcm[1] = cipher(EVP_aes_256_gcm());
	if (!soft->ctr[0] || !soft->ctr[1] || !soft->gcm[0] || !soft->gcm[1]) {
		crypto_soft_free(soft);
		return -ENOMEM;
	}
	*ret_soft = soft;
	return 0;
}

void crypto_soft_free(struct crypto_soft *soft)
{
	if (!soft)
		return;
	for (unsigned i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(soft->ctr[i]); /* wipes the key */
		EVP_CIPHER_CTX_free(soft->gcm[i]);
	}
	free(soft);
}

static EVP_CIPHER_CTX *of_key(EVP_CIPHER_CTX *const *ctx, unsigned key_bytes)
{
	assert(key_bytes == 16 || key_bytes == 32);
	return ctx[key_bytes == 32];
}

void crypto_soft_ctr(struct crypto_soft *soft, const uint8_t *key, unsigned key_bytes, const uint8_t *iv,
        const uint8_t *in, uint8_t *out, size_t len)
{
	EVP_CIPHER_CTX *ctx = of_key(soft->ctr, key_bytes);
	int bytes = 0, done = EVP_CipherInit_ex(ctx, NULL, NULL, key, iv, 1) == 1 &&
	                      EVP_CipherUpdate(ctx, out, &bytes, in, (int)len) == 1;

	assert(done && bytes == (int)len); /* nothing of it depends on what was sent */
	(void)done;
}

/* Set the key, take in what is only authenticated, and the text. */
static bool run(EVP_CIPHER_CTX *ctx, const struct crypto_soft_gcm *what, bool encrypt)
{
	int bytes;

	return EVP_CipherInit_ex(ctx, NULL, NULL, what->key, what->iv, encrypt) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &bytes, what->aad, (int)what->aad_bytes) == 1 &&
	       EVP_CipherUpdate(ctx, what->text, &bytes, what->text, (int)what->text_bytes) == 1;
}

void crypto_soft_seal(struct crypto_soft *soft, const struct crypto_soft_gcm *what, uint8_t *ret_tag)
{
	EVP_CIPHER_CTX *ctx = of_key(soft->gcm, what->key_bytes);
	uint8_t none[16];
	int bytes, done = run(ctx, what, true) && EVP_CipherFinal_ex(ctx, none, &bytes) == 1 &&
	                  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)what->tag_bytes, ret_tag) == 1;

	assert(done);
	(void)done;
}

bool crypto_soft_open(struct crypto_soft *soft, const struct crypto_soft_gcm *what, const uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = of_key(soft->gcm, what->key_bytes);
	uint8_t none[16], wanted[16];
	int bytes;

	assert(what->tag_bytes <= sizeof(wanted));
	memcpy(wanted, tag, what->tag_bytes);
	return run(ctx, what, false) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)what->tag_bytes, wanted) == 1 &&
	       EVP_CipherFinal_ex(ctx, none, &bytes) == 1;
}

/* A hash that has taken in one block and has the state @state since. */
static void resume(SHA_CTX *sha, const uint8_t *state)
{
	uint32_t words[5];

	memcpy(words, state, sizeof(words));
	SHA1_Init(sha);
	sha->h0 = words[0];
	sha->h1 = words[1];
	sha->h2 = words[2];
	sha->h3 = words[3];
	sha->h4 = words[4];
	sha->Nl = SHA1_BLOCK * 8;
}

void crypto_soft_hash_block(const uint8_t *block, uint8_t *ret_state)
{
	SHA_CTX sha;

	SHA1_Init(&sha);
	SHA1_Transform(&sha, block);
	memcpy(ret_state, (uint32_t[]){ sha.h0, sha.h1, sha.h2, sha.h3, sha.h4 }, SHA_DIGEST_LENGTH);
	OPENSSL_cleanse(&sha, sizeof(sha));
}

void crypto_soft_hmac(
        const uint8_t *inner, const uint8_t *outer, const uint8_t *bytes, size_t len, uint8_t *ret_mac)
{
	uint8_t hash[SHA_DIGEST_LENGTH];
	SHA_CTX sha;

	resume(&sha, inner);
	SHA1_Update(&sha, bytes, len);
	SHA1_Final(hash, &sha);
	resume(&sha, outer);
	SHA1_Update(&sha, hash, sizeof(hash));
	SHA1_Final(ret_mac, &sha);
}
