/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   counter block of AES-CM (RFC 3711 section 4.1.1): salt XOR what stands here
 *   | 0, 4 bytes | SSRC, 4 | index, 6 | block, 2 |
 *   nonce of AES-GCM (RFC 7714 sections 8.1, 9.1): salt XOR what stands here
 *   | 0, 2 bytes | SSRC, 4 | index, 6: roll-over counter and sequence number, or SRTCP's |
 */
#include "tools/gen/protect_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include "base/cur.h"
#include "base/rtp.h"

#define SHA1_BYTES        20
#define SSRC_AT           8 /* in the RTP header */
#define RTCP_SSRC_AT      4
#define RTCP_HEADER_BYTES 8           /* up to the first SSRC, which is not encrypted */
#define ENCRYPTED         0x80000000u /* E of SRTCP */
/* One SHA-1 by its own instructions is faster than sixteen lanes that are mostly empty. */
#define FEW 8

struct protect_batch {
	IMB_MGR *wide, *narrow; /* may be one */
	unsigned count;
	uint64_t tsc;
	struct gcm_context_data gcm;
	struct noted {
		const struct protect_key *key;
		uint8_t *packet, *tag;
		uint16_t text_at, len, mac_bytes; /* packet + text_at to packet + len is encrypted */
		uint8_t aad[RTP_HEADER_BYTES];    /* of an AEAD */
		_Alignas(16) uint8_t iv[16];
	} noted[PROTECT_BATCH];
	IMB_JOB ciphers[PROTECT_BATCH], hashes[PROTECT_BATCH];
	uint8_t tags[PROTECT_BATCH][SHA1_BYTES];
};

static int make_managers(struct protect_batch *b)
{
	IMB_ARCH arch;

	b->wide = alloc_mb_mgr(0);
	if (!b->wide)
		return -ENOMEM;
	init_mb_mgr_auto(b->wide, &arch);
	if (imb_get_errno(b->wide))
		return -ENOTSUP;
	b->narrow = b->wide;
	if (arch == IMB_ARCH_SSE || arch == IMB_ARCH_NOAESNI || !(b->wide->features & IMB_FEATURE_SHANI))
		return 0;
	b->narrow = alloc_mb_mgr(0);
	if (!b->narrow)
		return -ENOMEM;
	init_mb_mgr_sse(b->narrow);
	return imb_get_errno(b->narrow) ? -ENOTSUP : 0;
}

static void fill_in(struct protect_batch *b)
{
	for (unsigned i = 0; i < PROTECT_BATCH; i++) {
		b->ciphers[i] = (IMB_JOB){
			.cipher_mode = IMB_CIPHER_CNTR,
			.cipher_direction = IMB_DIR_ENCRYPT,
			.hash_alg = IMB_AUTH_NULL,
			.key_len_in_bytes = IMB_KEY_128_BYTES,
			.iv_len_in_bytes = 16,
		};
		b->hashes[i] = (IMB_JOB){
			.hash_alg = IMB_AUTH_HMAC_SHA_1,
			.auth_tag_output = b->tags[i],
			.auth_tag_output_len_in_bytes = SHA1_BYTES,
		};
	}
}

int protect_batch_create(struct protect_batch **ret_batch)
{
	struct protect_batch *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);
	int status;

	if (!b)
		return -ENOMEM;
	memset(b, 0, sizeof(*b));
	fill_in(b);
	status = make_managers(b);
	if (status) {
		protect_batch_free(b);
		return status;
	}
	*ret_batch = b;
	return 0;
}

void protect_batch_free(struct protect_batch *b)
{
	if (!b)
		return;
	if (b->narrow && b->narrow != b->wide)
		free_mb_mgr(b->narrow);
	if (b->wide)
		free_mb_mgr(b->wide);
	free(b);
}

IMB_MGR *protect_batch_manager(struct protect_batch *b)
{
	return b->wide;
}

/* @high and @low: the 48 bits of the index. */
static void make_iv(struct noted *n, unsigned ssrc_at, uint32_t high, uint16_t low)
{
	uint8_t *at = n->iv + (n->key->aead ? 2 : 4);

	memset(n->iv, 0, sizeof(n->iv));
	memcpy(at, n->packet + ssrc_at, 4);
	cur_put32(at + 4, high);
	cur_put16(at + 8, low);
	for (unsigned i = 0; i < sizeof(n->iv); i++)
		n->iv[i] ^= n->key->salt[i];
}

static struct noted *note(struct protect_batch *b, const struct protect_key *key, uint8_t *packet, size_t len)
{
	struct noted *n;

	if (b->count == PROTECT_BATCH)
		protect_batch_run(b);
	n = &b->noted[b->count++];
	n->key = key;
	n->packet = packet;
	n->len = (uint16_t)len;
	n->mac_bytes = (uint16_t)(len + sizeof(uint32_t));
	n->tag = packet + len;
	return n;
}

size_t protect_batch_add(
        struct protect_batch *b, const struct protect_key *key, uint8_t *packet, size_t len, uint64_t index)
{
	struct noted *n;

	if (!key)
		return len;
	n = note(b, key, packet, len);
	n->text_at = RTP_HEADER_BYTES;
	make_iv(n, SSRC_AT, (uint32_t)(index >> 16), (uint16_t)index);
	if (key->aead)
		memcpy(n->aad, packet, RTP_HEADER_BYTES);
	else /* authenticated where the tag goes (RFC 3711 section 4.2) */
		cur_put32(packet + len, (uint32_t)(index >> 16));
	return len + key->tag_bytes;
}

size_t protect_batch_add_rtcp(
        struct protect_batch *b, const struct protect_key *key, uint8_t *packet, size_t len, uint32_t index)
{
	struct noted *n;

	if (!key)
		return len;
	n = note(b, key, packet, len);
	n->text_at = RTCP_HEADER_BYTES;
	make_iv(n, RTCP_SSRC_AT, index >> 16, (uint16_t)index);
	if (key->aead) {
		memcpy(n->aad, packet, RTCP_HEADER_BYTES);
		cur_put32(n->aad + RTCP_HEADER_BYTES, ENCRYPTED | index);
		cur_put32(packet + len + key->tag_bytes, ENCRYPTED | index);
	} else {
		cur_put32(packet + len, ENCRYPTED | index);
		n->tag += sizeof(index);
	}
	return len + key->tag_bytes + sizeof(index);
}

static void seal_aead(struct protect_batch *b, const struct noted *n)
{
	aes_gcm_enc_dec_t seal = n->key->wide ? b->wide->gcm256_enc : b->wide->gcm128_enc;
	uint8_t *text = n->packet + n->text_at;

	seal(&n->key->gcm, &b->gcm, text, text, (uint64_t)n->len - n->text_at, n->iv, n->aad, sizeof(n->aad),
	        n->tag, n->key->tag_bytes);
}

static void put_cipher(IMB_JOB *job, const struct noted *n)
{
	job->src = n->packet + n->text_at;
	job->dst = n->packet + n->text_at;
	job->msg_len_to_cipher_in_bytes = (uint64_t)n->len - n->text_at;
	job->enc_keys = job->dec_keys = n->key->cm.rounds;
	job->iv = n->iv;
}

static void put_hash(IMB_JOB *job, const struct noted *n)
{
	job->status = IMB_STATUS_BEING_PROCESSED;
	job->src = n->packet;
	job->msg_len_to_hash_in_bytes = n->mac_bytes;
	job->u.HMAC._hashed_auth_key_xor_ipad = n->key->cm.inner;
	job->u.HMAC._hashed_auth_key_xor_opad = n->key->cm.outer;
}

static void seal_cm(struct protect_batch *b, unsigned ciphers, unsigned hashes)
{
	IMB_MGR *hasher = hashes <= FEW ? b->narrow : b->wide;

	if (ciphers)
		IMB_SUBMIT_CIPHER_BURST_NOCHECK(
		        b->wide, b->ciphers, ciphers, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES);
	IMB_SUBMIT_HASH_BURST_NOCHECK(hasher, b->hashes, hashes, IMB_AUTH_HMAC_SHA_1);
	for (unsigned i = 0, at = 0; i < b->count; i++) {
		const struct noted *n = &b->noted[i];

		if (!n->key->aead)
			memcpy(n->tag, b->tags[at++], n->key->tag_bytes);
	}
}

void protect_batch_run(struct protect_batch *b)
{
	uint64_t since = rte_rdtsc();
	unsigned ciphers = 0, hashes = 0;

	for (unsigned i = 0; i < b->count; i++) {
		const struct noted *n = &b->noted[i];

		if (n->key->aead) {
			seal_aead(b, n);
			continue;
		}
		if (n->len > n->text_at)
			put_cipher(&b->ciphers[ciphers++], n);
		put_hash(&b->hashes[hashes++], n);
	}
	if (hashes)
		seal_cm(b, ciphers, hashes);
	b->count = 0;
	b->tsc += rte_rdtsc() - since;
}

void protect_batch_drop(struct protect_batch *b)
{
	b->count = 0;
}

uint64_t protect_batch_tsc(const struct protect_batch *b)
{
	return b->tsc;
}
