/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/protect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <srtp2/srtp.h>
#include "tools/gen/protect_batch.h"

struct protect {
	enum profile profile;
	struct protect_batch *batch;
	struct protect_key *out; /* NULL: not needed yet */
	uint32_t index;          /* of the packet that went out last */
	srtp_t in;               /* NULL: not needed yet */
	uint8_t key[PROFILE_KEY_BYTES], feedback_key[PROFILE_KEY_BYTES];
};

static void set_policy(srtp_policy_t *policy, enum profile profile)
{
	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
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

static int start_library(void)
{
	static bool started;

	if (!started && srtp_init() != srtp_err_status_ok)
		return -EINVAL;
	started = true;
	return 0;
}

/* Make what opens feedback, unless it is there. */
static int need_in(struct protect *p)
{
	srtp_policy_t policy = { .ssrc.type = ssrc_any_inbound, .key = p->feedback_key, .window_size = 1024 };

	if (p->in)
		return 0;
	set_policy(&policy, p->profile);
	return srtp_create(&p->in, &policy) == srtp_err_status_ok ? 0 : -EINVAL;
}

int protect_create(struct protect **ret_protect, struct protect_batch *batch, enum profile profile,
        const uint8_t *key, const uint8_t *feedback_key)
{
	struct protect *protect = calloc(1, sizeof(*protect));
	size_t bytes = (size_t)profile_info(profile)->key_bytes + profile_info(profile)->salt_bytes;

	if (!protect)
		return -ENOMEM;
	if (start_library()) {
		free(protect);
		return -EINVAL;
	}
	protect->profile = profile;
	protect->batch = batch;
	memcpy(protect->key, key, bytes);
	memcpy(protect->feedback_key, feedback_key, bytes);
	*ret_protect = protect;
	return 0;
}

void protect_free(struct protect *protect)
{
	if (!protect)
		return;
	protect_key_free(protect->out);
	if (protect->in)
		srtp_dealloc(protect->in);
	explicit_bzero(protect, sizeof(*protect));
	free(protect);
}

int protect_rtcp(struct protect *protect, uint8_t *packet, size_t *len)
{
	int status = 0;

	if (!protect->out)
		status = protect_key_create(&protect->out, protect_batch_manager(protect->batch),
		        protect->profile, protect->key, PROTECT_KEY_RTCP);
	if (status)
		return status;
	*len = protect_batch_add_rtcp(protect->batch, protect->out, packet, *len, ++protect->index);
	protect_batch_run(protect->batch);
	return 0;
}

int protect_open_rtcp(struct protect *protect, uint8_t *packet, size_t *len)
{
	int n = (int)*len, status;

	if (protect->profile == PROFILE_PLAIN)
		return 0;
	status = need_in(protect);
	if (status)
		return status;
	if (srtp_unprotect_rtcp(protect->in, packet, &n) != srtp_err_status_ok)
		return -EBADMSG;
	*len = (size_t)n;
	return 0;
}
