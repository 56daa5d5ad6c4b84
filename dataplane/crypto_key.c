/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   input of the PRF's first block (RFC 3711 section 4.3.1; a salt of 12 is filled up, RFC 7714 section 11):
 *   | master salt, 14; its eighth byte XOR label | block, 2 |
 */
#include "dataplane/crypto_key.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include "dataplane/crypto_cpu.h"
#include "dataplane/crypto_soft.h"

#define SHA1_BLOCK   64
#define SALT_BYTES   14
#define LABEL_AT     7
#define ROUNDS_BYTES (15 * 16) /* AES-256 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* One of both: */
static IMB_MGR *expander; /* its functions, not its queues */
static struct crypto_soft *soft;

static void start(void)
{
	if (crypto_cpu_vector())
		expander = crypto_cpu_wide();
	else if (crypto_soft_create(&soft) < 0)
		soft = NULL;
}

static int need_expander(void)
{
	pthread_once(&once, start);
	return expander || soft ? 0 : -ENOKEY;
}

size_t crypto_key_bytes(enum profile profile)
{
	size_t bytes = sizeof(struct crypto_key);

	if (!profile_info(profile)->aead)
		bytes = offsetof(struct crypto_key, cm) + sizeof(((struct crypto_key *)0)->cm);
	return (bytes + 63) / 64 * 64;
}

/* RFC 2104: the hash's state behind the block of the key XOR @pad. */
static void hash_pad(uint8_t *ret_state, const uint8_t *auth, size_t bytes, uint8_t pad)
{
	uint8_t block[SHA1_BLOCK];

	assert(bytes <= sizeof(block));
	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < bytes; i++)
		block[i] ^= auth[i];
	if (soft)
		crypto_soft_hash_block(block, ret_state);
	else
		IMB_SHA1_ONE_BLOCK(expander, block, ret_state);
	explicit_bzero(block, sizeof(block));
}

int crypto_key_hmac(uint8_t *ret_inner, uint8_t *ret_outer, const uint8_t *key, size_t bytes)
{
	int error = need_expander();

	if (error < 0)
		return error;
	hash_pad(ret_inner, key, bytes, 0x36);
	hash_pad(ret_outer, key, bytes, 0x5C);
	return 0;
}

int crypto_key_set(struct crypto_key *key, enum profile profile, const uint8_t *cipher, const uint8_t *salt,
        const uint8_t *auth)
{
	const struct profile_info *info = profile_info(profile);
	_Alignas(16) uint8_t unused[ROUNDS_BYTES];
	int error = need_expander();

	if (error < 0)
		return error;
	memset(key->salt, 0, sizeof(key->salt));
	memcpy(key->salt, salt, info->salt_bytes);
	if (info->aead) {
		if (soft)
			memcpy(key->raw, cipher, info->key_bytes);
		else if (info->key_bytes == 32)
			IMB_AES256_GCM_PRE(expander, cipher, &key->gcm);
		else
			IMB_AES128_GCM_PRE(expander, cipher, &key->gcm);
		return 0;
	}
	if (soft)
		memcpy(key->raw, cipher, info->key_bytes);
	else
		IMB_AES_KEYEXP_128(expander, cipher, key->cm.cipher, unused);
	explicit_bzero(unused, sizeof(unused));
	return crypto_key_hmac(key->cm.inner, key->cm.outer, auth, CRYPTO_KEY_AUTH_BYTES);
}

/* The first @len bytes of AES' key stream from @block on. 0 or -ENOKEY. */
static int stream(
        uint8_t *ret_bytes, size_t len, const uint8_t *key, unsigned key_bytes, const uint8_t *block)
{
	static const uint8_t zeros[32];
	_Alignas(16) uint8_t rounds[ROUNDS_BYTES], unused[ROUNDS_BYTES];
	IMB_KEY_SIZE_BYTES size = key_bytes == 32 ? IMB_KEY_256_BYTES : IMB_KEY_128_BYTES;
	IMB_JOB job = {
		.enc_keys = rounds,
		.dec_keys = rounds,
		.key_len_in_bytes = key_bytes,
		.src = zeros,
		.dst = ret_bytes,
		.msg_len_to_cipher_in_bytes = len,
		.iv = block,
		.iv_len_in_bytes = 16,
		.cipher_mode = IMB_CIPHER_CNTR,
		.cipher_direction = IMB_DIR_ENCRYPT,
		.hash_alg = IMB_AUTH_NULL,
	};
	unsigned done;

	if (soft) {
		crypto_soft_ctr(soft, key, key_bytes, block, zeros, ret_bytes, len);
		return 0;
	}
	if (size == IMB_KEY_256_BYTES)
		IMB_AES_KEYEXP_256(expander, key, rounds, unused);
	else
		IMB_AES_KEYEXP_128(expander, key, rounds, unused);
	done = IMB_SUBMIT_CIPHER_BURST(expander, &job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, size);
	explicit_bzero(rounds, sizeof(rounds));
	explicit_bzero(unused, sizeof(unused));
	return done == 1 ? 0 : -ENOKEY;
}

int crypto_key_session(
        uint8_t *ret_bytes, size_t len, enum profile profile, const uint8_t *master, uint8_t label)
{
	const struct profile_info *info = profile_info(profile);
	_Alignas(16) uint8_t block[16] = { 0 };
	int error = need_expander();

	if (error < 0)
		return error;
	memcpy(block, master + info->key_bytes, info->salt_bytes);
	static_assert(SALT_BYTES + 2 == sizeof(block), "a salt and the number of a block");
	block[LABEL_AT] ^= label;
	return stream(ret_bytes, len, master, info->key_bytes, block);
}

int crypto_key_derive(
        struct crypto_key *key, enum profile profile, const uint8_t *master, enum crypto_key_use use)
{
	const struct profile_info *info = profile_info(profile);
	struct {
		uint8_t cipher[32], auth[CRYPTO_KEY_AUTH_BYTES], salt[SALT_BYTES];
	} keys;
	int error = crypto_key_session(keys.cipher, info->key_bytes, profile, master, (uint8_t)use);

	if (!error)
		error = crypto_key_session(
		        keys.auth, CRYPTO_KEY_AUTH_BYTES, profile, master, (uint8_t)(use + 1));
	if (!error)
		error = crypto_key_session(keys.salt, info->salt_bytes, profile, master, (uint8_t)(use + 2));
	if (!error)
		error = crypto_key_set(key, profile, keys.cipher, keys.salt, keys.auth);
	explicit_bzero(&keys, sizeof(keys));
	return error;
}
