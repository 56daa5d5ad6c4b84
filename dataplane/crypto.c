/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   SRTP   | RTP header | payload, encrypted | tag (AEAD: part of the cipher text) |
 *   SRTCP  | header, SSRC | encrypted | tag if AEAD | E, index 31 | tag if not AEAD |
 */
#include "dataplane/crypto.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <srtp2/srtp.h>
#include "base/limits.h"

struct crypto {
	srtp_t in, out;
	bool ssrc_known, others;
	bool begun;   /* a packet of the known SSRC has been authenticated */
	uint32_t roc; /* to begin with */
	uint8_t ssrc_count;
	uint32_t ssrcs[CRYPTO_SSRCS]; /* of which a packet has been authenticated */
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void library_start(void)
{
	library_status = srtp_init() == srtp_err_status_ok ? 0 : -ENOKEY;
}

static void set_crypto(srtp_policy_t *policy, enum profile profile)
{
	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
		/* RFC 4568 section 6.2.2: the tag of SRTCP stays at 80 bits. */
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
		break;
	case PROFILE_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
		break;
	case PROFILE_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
		break;
	}
}

static int make_in(struct crypto *c, const struct crypto_cfg *cfg, uint8_t *key)
{
	srtp_policy_t any = { .key = key, .window_size = CRYPTO_WINDOW };
	srtp_policy_t policy;

	set_crypto(&any, cfg->profile);
	any.ssrc.type = ssrc_any_inbound;
	policy = any;
	if (cfg->ssrc_known) {
		policy.ssrc.type = ssrc_specific;
		policy.ssrc.value = cfg->ssrc;
		policy.next = cfg->others ? &any : NULL;
	}
	if (srtp_create(&c->in, &policy) != srtp_err_status_ok)
		return -ENOKEY;
	if (cfg->roc && srtp_set_stream_roc(c->in, cfg->ssrc, cfg->roc) != srtp_err_status_ok)
		return -ENOKEY;
	return 0;
}

static int make_out(struct crypto *c, const struct crypto_cfg *cfg, uint8_t *key)
{
	srtp_policy_t spare = { .key = key, .window_size = CRYPTO_WINDOW };
	srtp_policy_t policy;

	set_crypto(&spare, cfg->profile);
	spare.ssrc.type = ssrc_specific;
	spare.ssrc.value = cfg->send_ssrcs[1];
	policy = spare;
	policy.ssrc.value = cfg->send_ssrcs[0];
	policy.next = &spare;
	return srtp_create(&c->out, &policy) == srtp_err_status_ok ? 0 : -ENOKEY;
}

int crypto_create(struct crypto **ret_crypto, const struct crypto_cfg *cfg)
{
	uint8_t key[SRTP_MAX_KEY_LEN] = { 0 };
	struct crypto *c;
	int error;

	if (cfg->profile == PROFILE_PLAIN || cfg->profile >= PROFILES || (cfg->roc && !cfg->ssrc_known) ||
	        cfg->send_ssrcs[0] == cfg->send_ssrcs[1])
		return -EINVAL;
	pthread_once(&library_once, library_start);
	if (library_status < 0)
		return library_status;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->ssrc_known = cfg->ssrc_known;
	c->others = cfg->others || !cfg->ssrc_known;
	c->roc = cfg->roc;
	if (cfg->ssrc_known)
		c->ssrcs[c->ssrc_count++] = cfg->ssrc;
	const struct profile_info *info = profile_info(cfg->profile);
	size_t bytes = (size_t)info->key_bytes + info->salt_bytes;
	memcpy(key, cfg->key, bytes);
	error = make_in(c, cfg, key);
	if (!error) {
		memcpy(key, cfg->send_key, bytes);
		error = make_out(c, cfg, key);
	}
	explicit_bzero(key, sizeof(key));
	if (error < 0) {
		crypto_free(c);
		return error;
	}
	*ret_crypto = c;
	return 0;
}

void crypto_free(struct crypto *crypto)
{
	if (!crypto)
		return;
	/* The library wipes its keys. */
	if (crypto->in)
		srtp_dealloc(crypto->in);
	if (crypto->out)
		srtp_dealloc(crypto->out);
	free(crypto);
}

static bool knows_ssrc(const struct crypto *c, uint32_t ssrc)
{
	for (unsigned i = 0; i < c->ssrc_count; i++)
		if (c->ssrcs[i] == ssrc)
			return true;
	return false;
}

static enum crypto_verdict verdict_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return CRYPTO_OK;
	case srtp_err_status_auth_fail:
		return CRYPTO_FORGED;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
	case srtp_err_status_pkt_idx_old:
		return CRYPTO_REPLAYED;
	default:
		return CRYPTO_FAILED;
	}
}

typedef srtp_err_status_t unprotect_fn(srtp_t context, void *data, int *len);

static enum crypto_verdict run(
        struct crypto *c, unprotect_fn *fn, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	bool known = knows_ssrc(c, ssrc);
	int bytes = *len;
	enum crypto_verdict verdict;

	if (!known && (!c->others || c->ssrc_count == CRYPTO_SSRCS))
		return CRYPTO_REFUSED;
	verdict = verdict_of(fn(c->in, data, &bytes));
	if (verdict != CRYPTO_OK)
		return verdict;
	if (!known)
		c->ssrcs[c->ssrc_count++] = ssrc;
	*len = (uint16_t)bytes;
	return CRYPTO_OK;
}

/* The first packet of a stream that may have been going on while nobody listened: its sequence number may
 * have rolled over once more. What the library refuses it may have overwritten. */
static enum crypto_verdict begin(struct crypto *c, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	uint8_t copy[LIMIT_PACKET_BYTES];
	enum crypto_verdict verdict;

	if (*len > sizeof(copy))
		return CRYPTO_FAILED;
	memcpy(copy, data, *len);
	verdict = run(c, srtp_unprotect, data, len, ssrc);
	if (verdict == CRYPTO_FORGED && srtp_set_stream_roc(c->in, ssrc, c->roc + 1) == srtp_err_status_ok) {
		memcpy(data, copy, *len);
		verdict = run(c, srtp_unprotect, data, len, ssrc);
		if (verdict != CRYPTO_OK)
			srtp_set_stream_roc(c->in, ssrc, c->roc);
	}
	c->begun = verdict == CRYPTO_OK;
	return verdict;
}

enum crypto_verdict crypto_unprotect_rtp(struct crypto *crypto, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	if (crypto->ssrc_known && !crypto->begun && ssrc == crypto->ssrcs[0])
		return begin(crypto, data, len, ssrc);
	return run(crypto, srtp_unprotect, data, len, ssrc);
}

enum crypto_verdict crypto_unprotect_rtcp(struct crypto *crypto, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	return run(crypto, srtp_unprotect_rtcp, data, len, ssrc);
}

uint32_t crypto_roc(const struct crypto *crypto, uint32_t ssrc)
{
	uint32_t roc = 0;

	return srtp_get_stream_roc(crypto->in, ssrc, &roc) == srtp_err_status_ok ? roc : 0;
}

size_t crypto_protect_rtcp(struct crypto *crypto, uint8_t *data, size_t len)
{
	int bytes = (int)len;

	return srtp_protect_rtcp(crypto->out, data, &bytes) == srtp_err_status_ok ? (size_t)bytes : 0;
}
