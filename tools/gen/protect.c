/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/protect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <srtp2/srtp.h>

struct protect {
	srtp_t out, in; /* NULL: plain */
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

static int create_both(struct protect *protect, enum profile profile, const uint8_t *key)
{
	uint8_t copy[PROFILE_KEY_BYTES];
	srtp_policy_t policy = { .ssrc.type = ssrc_any_outbound, .key = copy, .window_size = 1024 };
	int status;

	memcpy(copy, key, profile_info(profile)->key_bytes + profile_info(profile)->salt_bytes);
	set_policy(&policy, profile);
	status = srtp_create(&protect->out, &policy) == srtp_err_status_ok ? 0 : -EINVAL;
	policy.ssrc.type = ssrc_any_inbound;
	if (!status && srtp_create(&protect->in, &policy) != srtp_err_status_ok)
		status = -EINVAL;
	explicit_bzero(copy, sizeof(copy));
	return status;
}

int protect_create(struct protect **ret_protect, enum profile profile, const uint8_t *key)
{
	struct protect *protect = calloc(1, sizeof(*protect));
	int status = 0;

	if (!protect)
		return -ENOMEM;
	if (profile != PROFILE_PLAIN) {
		status = start_library();
		if (!status)
			status = create_both(protect, profile, key);
	}
	if (status) {
		protect_free(protect);
		return status;
	}
	*ret_protect = protect;
	return 0;
}

void protect_free(struct protect *protect)
{
	if (!protect)
		return;
	if (protect->out)
		srtp_dealloc(protect->out);
	if (protect->in)
		srtp_dealloc(protect->in);
	free(protect);
}

int protect_rtp(struct protect *protect, uint8_t *packet, size_t *len)
{
	int n = (int)*len;

	if (!protect->out)
		return 0;
	if (srtp_protect(protect->out, packet, &n) != srtp_err_status_ok)
		return -EINVAL;
	*len = (size_t)n;
	return 0;
}

int protect_rtcp(struct protect *protect, uint8_t *packet, size_t *len)
{
	int n = (int)*len;

	if (!protect->out)
		return 0;
	if (srtp_protect_rtcp(protect->out, packet, &n) != srtp_err_status_ok)
		return -EINVAL;
	*len = (size_t)n;
	return 0;
}

int protect_open_rtcp(struct protect *protect, uint8_t *packet, size_t *len)
{
	int n = (int)*len;

	if (!protect->in)
		return 0;
	if (srtp_unprotect_rtcp(protect->in, packet, &n) != srtp_err_status_ok)
		return -EBADMSG;
	*len = (size_t)n;
	return 0;
}
