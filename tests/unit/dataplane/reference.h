/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP written a second time, straight from RFC 3711 and RFC 7714 over OpenSSL's ciphers, to check the first
 * by. It is itself checked by the RFCs' vectors (test_crypto.c). One packet at a time, no state. */
#ifndef TESTS_UNIT_DATAPLANE_REFERENCE_H
#define TESTS_UNIT_DATAPLANE_REFERENCE_H

#include <stdint.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "base/codec.h"
#include "base/cur.h"
#include "base/rtp.h"

/* Labels of RFC 3711 section 4.3.2. */
enum reference_label { REFERENCE_RTP = 0, REFERENCE_RTCP = 3 };

/* Session keys of one direction's RTP or RTCP. */
struct reference_keys {
	uint8_t cipher[32], salt[14], auth[20];
};

/* AES in counter mode from the 16-byte block @iv (RFC 3711 section 4.1.1): @len bytes of @data in place. */
static inline void reference_ctr(
        const uint8_t *key, unsigned key_bytes, const uint8_t iv[16], uint8_t *data, unsigned len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int out;

	EVP_EncryptInit_ex(ctx, key_bytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL, key, iv);
	EVP_EncryptUpdate(ctx, data, &out, data, (int)len);
	EVP_CIPHER_CTX_free(ctx);
}

/* RFC 3711 section 4.3: @len bytes for @label out of master key and salt, key derivation rate 0. RFC 7714
 * section 11: a salt of 12 bytes is filled up to 14. */
static inline void reference_derive(
        const uint8_t *master, const struct profile_info *info, uint8_t label, uint8_t *out, unsigned len)
{
	uint8_t x[16] = { 0 };

	memcpy(x, master + info->key_bytes, info->salt_bytes);
	x[7] ^= label;
	memset(out, 0, len);
	reference_ctr(master, info->key_bytes, x, out, len);
}

static inline void reference_derive_all(struct reference_keys *keys, const uint8_t *master,
        const struct profile_info *info, enum reference_label first)
{
	reference_derive(master, info, (uint8_t)first, keys->cipher, info->key_bytes);
	reference_derive(master, info, (uint8_t)(first + 1), keys->auth, 20);
	reference_derive(master, info, (uint8_t)(first + 2), keys->salt, info->salt_bytes);
}

/* IV of RFC 3711 section 4.1.1. */
static inline void reference_iv_cm(uint8_t iv[16], const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
	memset(iv, 0, 16);
	cur_put32(iv + 4, ssrc);
	cur_put16(iv + 8, (uint16_t)(index >> 32));
	cur_put32(iv + 10, (uint32_t)index);
	for (unsigned i = 0; i < 14; i++)
		iv[i] ^= salt[i];
}

/* IV of RFC 7714 sections 8.1 and 9.1: 48 bits of index either way. */
static inline void reference_iv_gcm(uint8_t iv[12], const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
	memset(iv, 0, 12);
	cur_put32(iv + 2, ssrc);
	cur_put16(iv + 6, (uint16_t)(index >> 32));
	cur_put32(iv + 8, (uint32_t)index);
	for (unsigned i = 0; i < 12; i++)
		iv[i] ^= salt[i];
}

/* AES-GCM (RFC 5116): encrypt @len bytes in place and append the tag of 16. */
static inline void reference_gcm(const uint8_t *key, unsigned key_bytes, const uint8_t iv[12],
        const uint8_t *aad, unsigned aad_len, uint8_t *data, unsigned len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int out;

	EVP_EncryptInit_ex(ctx, key_bytes == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), NULL, key, iv);
	EVP_EncryptUpdate(ctx, NULL, &out, aad, (int)aad_len);
	EVP_EncryptUpdate(ctx, data, &out, data, (int)len);
	EVP_EncryptFinal_ex(ctx, data + out, &out);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, data + len);
	EVP_CIPHER_CTX_free(ctx);
}

/* HMAC-SHA1 over @data and four more bytes of @tail (RFC 3711 section 4.2). */
static inline void reference_tag(
        const uint8_t *key, const uint8_t *data, unsigned len, uint32_t tail, uint8_t *out, unsigned tag_len)
{
	uint8_t whole[4096], mac[20];
	unsigned mac_len;

	memcpy(whole, data, len);
	cur_put32(whole + len, tail);
	HMAC(EVP_sha1(), key, 20, whole, len + 4, mac, &mac_len);
	memcpy(out, mac, tag_len);
}

/* Protect the RTP packet @data of @len bytes in place with session keys; returns its new length. */
static inline unsigned reference_rtp(const struct reference_keys *keys, const struct profile_info *info,
        uint8_t *data, unsigned len, uint32_t roc)
{
	struct rtp_header h;
	uint8_t iv[16];

	if (rtp_parse(&h, data, len) < 0)
		return 0;
	if (info->aead) {
		reference_iv_gcm(iv, keys->salt, h.ssrc, (uint64_t)roc << 16 | h.seq);
		reference_gcm(keys->cipher, info->key_bytes, iv, data, h.payload_offset,
		        data + h.payload_offset, len - h.payload_offset);
		return len + 16;
	}
	reference_iv_cm(iv, keys->salt, h.ssrc, (uint64_t)roc << 16 | h.seq);
	reference_ctr(keys->cipher, info->key_bytes, iv, data + h.payload_offset, len - h.payload_offset);
	reference_tag(keys->auth, data, len, roc, data + len, info->tag_bytes);
	return len + info->tag_bytes;
}

/* The same for an RTCP packet with SRTCP index @index, encrypted (E = 1). */
static inline unsigned reference_rtcp(const struct reference_keys *keys, const struct profile_info *info,
        uint8_t *data, unsigned len, uint32_t index)
{
	uint32_t ssrc = (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
	uint8_t iv[16], aad[12];

	if (info->aead) {
		memcpy(aad, data, 8);
		cur_put32(aad + 8, index | 1u << 31);
		reference_iv_gcm(iv, keys->salt, ssrc, index);
		reference_gcm(keys->cipher, info->key_bytes, iv, aad, 12, data + 8, len - 8);
		cur_put32(data + len + 16, index | 1u << 31);
		return len + 20;
	}
	reference_iv_cm(iv, keys->salt, ssrc, index);
	reference_ctr(keys->cipher, info->key_bytes, iv, data + 8, len - 8);
	cur_put32(data + len, index | 1u << 31);
	reference_tag(keys->auth, data, len, index | 1u << 31, data + len + 4, info->rtcp_tag_bytes);
	return len + 4 + info->rtcp_tag_bytes;
}

#endif
