/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>
#include "dataplane/crypto_cpu.h"
#include "dataplane/crypto_soft.h"

#define SHA1_BYTES 20

/* How the choice between the managers is tried out. */
#define TRIAL_BYTES 1200
#define TRIALS      5

struct crypto_engine {
	struct crypto_soft *soft; /* NULL: intel-ipsec-mb does it all */
	IMB_MGR *wide, *narrow;
	unsigned few; /* packets' MACs up to this many are narrow's */
	struct gcm_context_data gcm;
	IMB_JOB macs[CRYPTO_ENGINE_BURST], ciphers[CRYPTO_ENGINE_BURST]; /* what never changes is filled in */
	uint8_t tags[CRYPTO_ENGINE_BURST][SHA1_BYTES];
};

static void fill_in(struct crypto_engine *e)
{
	for (unsigned i = 0; i < CRYPTO_ENGINE_BURST; i++) {
		e->macs[i] = (IMB_JOB){
			.hash_alg = IMB_AUTH_HMAC_SHA_1,
			.auth_tag_output = e->tags[i],
			.auth_tag_output_len_in_bytes = SHA1_BYTES,
		};
		e->ciphers[i] = (IMB_JOB){
			.cipher_mode = IMB_CIPHER_CNTR,
			.cipher_direction = IMB_DIR_ENCRYPT,
			.hash_alg = IMB_AUTH_NULL,
			.key_len_in_bytes = IMB_KEY_128_BYTES,
			.iv_len_in_bytes = 16,
		};
	}
}

/* In constant time: how many bytes are equal is nobody's business. */
static bool same(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < bytes; i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	__asm__("" : "+r"(differ)); /* not before the last byte */
	return differ == 0;
}

static aes_gcm_enc_dec_t gcm_of(const struct crypto_engine *e, const struct crypto_job *job, bool encrypt)
{
	if (job->key_bytes == 32)
		return encrypt ? e->wide->gcm256_enc : e->wide->gcm256_dec;
	return encrypt ? e->wide->gcm128_enc : e->wide->gcm128_dec;
}

static struct crypto_soft_gcm soft_gcm_of(const struct crypto_job *job)
{
	return (struct crypto_soft_gcm){
		.key = job->key->raw,
		.iv = job->iv,
		.aad = job->aad,
		.text = job->text,
		.key_bytes = job->key_bytes,
		.aad_bytes = job->aad_bytes,
		.text_bytes = job->text_bytes,
		.tag_bytes = job->tag_bytes,
	};
}

static void seal_gcm(struct crypto_engine *e, const struct crypto_job *job, uint8_t *tag)
{
	if (e->soft) {
		struct crypto_soft_gcm soft = soft_gcm_of(job);
		crypto_soft_seal(e->soft, &soft, tag);
		return;
	}
	gcm_of(e, job, true)(&job->key->gcm, &e->gcm, job->text, job->text, job->text_bytes, job->iv,
	        job->aad, job->aad_bytes, tag, job->tag_bytes);
}

static void verify_gcm(struct crypto_engine *e, struct crypto_job *job)
{
	struct crypto_soft_gcm soft;
	uint8_t tag[16];

	if (e->soft) {
		soft = soft_gcm_of(job);
		job->authentic = crypto_soft_open(e->soft, &soft, job->tag);
	} else {
		gcm_of(e, job, false)(&job->key->gcm, &e->gcm, job->text, job->text, job->text_bytes, job->iv,
		        job->aad, job->aad_bytes, tag, job->tag_bytes);
		job->authentic = same(tag, job->tag, job->tag_bytes);
	}
	if (!job->authentic)
		seal_gcm(e, job, tag);
}

static void put_mac(struct crypto_engine *e, unsigned at, const uint8_t *inner, const uint8_t *outer,
        const uint8_t *bytes, size_t len)
{
	IMB_JOB *mac = &e->macs[at];

	mac->status = IMB_STATUS_BEING_PROCESSED;
	mac->src = bytes;
	mac->msg_len_to_hash_in_bytes = len;
	mac->u.HMAC._hashed_auth_key_xor_ipad = inner;
	mac->u.HMAC._hashed_auth_key_xor_opad = outer;
}

static void put_job_mac(struct crypto_engine *e, unsigned at, const struct crypto_job *job)
{
	put_mac(e, at, job->key->cm.inner, job->key->cm.outer, job->aad, job->aad_bytes);
}

static void run_soft_macs(struct crypto_engine *e, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		IMB_JOB *mac = &e->macs[i];
		crypto_soft_hmac(mac->u.HMAC._hashed_auth_key_xor_ipad, mac->u.HMAC._hashed_auth_key_xor_opad,
		        mac->src, mac->msg_len_to_hash_in_bytes, mac->auth_tag_output);
		mac->status = IMB_STATUS_COMPLETED;
	}
}

static void run_macs(struct crypto_engine *e, unsigned count)
{
	IMB_MGR *mgr = count <= e->few ? e->narrow : e->wide;

	if (e->soft) {
		run_soft_macs(e, count);
		return;
	}
	IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, e->macs, count, IMB_AUTH_HMAC_SHA_1);
}

/* Cycles of @count packets' MACs by @few's way, the best of some trials. */
static uint64_t trial(struct crypto_engine *e, unsigned few, unsigned count)
{
	static const uint8_t text[TRIAL_BYTES], half_hash[SHA1_BYTES];
	uint64_t best = UINT64_MAX;

	e->few = few;
	for (unsigned t = 0; t < TRIALS; t++) {
		for (unsigned i = 0; i < count; i++)
			put_mac(e, i, half_hash, half_hash, text, sizeof(text));
		uint64_t begin = __rdtsc();
		run_macs(e, count);
		uint64_t cycles = __rdtsc() - begin;
		if (cycles < best)
			best = cycles;
	}
	return best;
}

/* Sixteen lanes that are mostly empty lose against SHA-1's own instructions a packet at a time, and win when
 * they are full; from where on differs from CPU to CPU (of 1200 B on a Zen 4 beyond eight packets, on a Xeon
 * beyond four), so it is tried. */
static void choose(struct crypto_engine *e)
{
	unsigned few = 0;

	while (few < CRYPTO_ENGINE_BURST && trial(e, few + 1, few + 1) < trial(e, 0, few + 1))
		few++;
	e->few = few;
}

static int make(struct crypto_engine *e)
{
	if (!crypto_cpu_vector())
		return crypto_soft_create(&e->soft);
	e->wide = crypto_cpu_wide();
	if (!e->wide)
		return -ENOMEM;
	e->narrow = crypto_cpu_narrow();
	if (e->narrow)
		choose(e);
	return 0;
}

int crypto_engine_create(struct crypto_engine **ret_engine)
{
	struct crypto_engine *e = aligned_alloc(64, (sizeof(*e) + 63) / 64 * 64);

	if (!e)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	fill_in(e);
	if (make(e) < 0) {
		crypto_engine_free(e);
		return -ENOMEM;
	}
	*ret_engine = e;
	return 0;
}

void crypto_engine_free(struct crypto_engine *engine)
{
	if (!engine)
		return;
	if (engine->narrow)
		free_mb_mgr(engine->narrow);
	if (engine->wide)
		free_mb_mgr(engine->wide);
	crypto_soft_free(engine->soft);
	free(engine);
}

void crypto_engine_verify(struct crypto_engine *engine, struct crypto_job *const *jobs, unsigned count)
{
	unsigned macs = 0, at = 0;

	for (unsigned i = 0; i < count; i++) {
		if (jobs[i]->aead)
			verify_gcm(engine, jobs[i]);
		else
			put_job_mac(engine, macs++, jobs[i]);
	}
	if (!macs)
		return;
	run_macs(engine, macs);
	for (unsigned i = 0; i < count; i++) {
		if (jobs[i]->aead)
			continue;
		jobs[i]->authentic = engine->macs[at].status & IMB_STATUS_COMPLETED_AUTH &&
		                     same(engine->tags[at], jobs[i]->tag, jobs[i]->tag_bytes);
		at++;
	}
}

void crypto_engine_cipher(struct crypto_engine *engine, struct crypto_job *const *jobs, unsigned count)
{
	unsigned ciphers = 0;
	uint8_t unused[16];

	for (unsigned i = 0; i < count; i++) {
		const struct crypto_job *job = jobs[i];
		if (job->aead) {
			seal_gcm(engine, job, unused);
		} else if (job->text_bytes && engine->soft) {
			crypto_soft_ctr(engine->soft, job->key->raw, IMB_KEY_128_BYTES, job->iv, job->text,
			        job->text, job->text_bytes);
		} else if (job->text_bytes) {
			IMB_JOB *cipher = &engine->ciphers[ciphers++];
			cipher->src = cipher->dst = job->text;
			cipher->msg_len_to_cipher_in_bytes = job->text_bytes;
			cipher->enc_keys = cipher->dec_keys = job->key->cm.cipher;
			cipher->iv = job->iv;
		}
	}
	if (ciphers)
		IMB_SUBMIT_CIPHER_BURST_NOCHECK(engine->wide, engine->ciphers, ciphers, IMB_CIPHER_CNTR,
		        IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES);
}

void crypto_engine_hmac(struct crypto_engine *engine, const uint8_t *inner, const uint8_t *outer,
        const uint8_t *bytes, size_t len, uint8_t *ret_mac)
{
	put_mac(engine, 0, inner, outer, bytes, len);
	run_macs(engine, 1);
	memcpy(ret_mac, engine->tags[0], SHA1_BYTES);
}

void crypto_engine_seal(struct crypto_engine *engine, struct crypto_job *job, uint8_t *ret_tag)
{
	if (job->aead) {
		seal_gcm(engine, job, ret_tag);
		return;
	}
	crypto_engine_cipher(engine, &job, 1);
	put_job_mac(engine, 0, job);
	run_macs(engine, 1);
	memcpy(ret_tag, engine->tags[0], job->tag_bytes);
}
