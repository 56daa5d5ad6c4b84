/* SPDX-License-Identifier: BSD-3-Clause */
/* libsrtp2 is the oracle: what a batch makes is what it makes, byte for byte. */
#include "tools/gen/protect_batch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <srtp2/srtp.h>
#include "base/limits.h"
#include "base/rtp.h"
#include "tools/gen/rng.h"

#define FLOWS   5
#define PACKETS (3 * PROTECT_BATCH + 7)

struct pair {
	uint8_t ours[LIMIT_PACKET_BYTES], theirs[LIMIT_PACKET_BYTES];
	size_t len;
};

struct scene {
	struct protect_batch *batch;
	struct protect_key *keys[FLOWS], *rtcp_keys[FLOWS];
	srtp_t srtp[FLOWS];
	struct rng rng;
	struct pair pairs[PACKETS];
};

static void set_policy(srtp_policy_t *p, enum profile profile)
{
	if (profile == PROFILE_AEAD_AES_128_GCM)
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
	else if (profile == PROFILE_AEAD_AES_256_GCM)
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
	else if (profile == PROFILE_AES_CM_128_HMAC_SHA1_32)
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
	else
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
	p->rtcp = p->rtp;
	if (profile == PROFILE_AES_CM_128_HMAC_SHA1_32)
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
}

/* Flow @i, the first ones of their own profile. */
static void add_flow(struct scene *s, unsigned i, enum profile profile)
{
	uint8_t master[PROFILE_KEY_BYTES];
	srtp_policy_t policy = { .ssrc.type = ssrc_any_outbound, .key = master, .window_size = 1024 };

	rng_fill(&s->rng, master, sizeof(master));
	assert_int_equal(protect_key_create(&s->keys[i], protect_batch_manager(s->batch), profile, master,
	                         PROTECT_KEY_RTP),
	        0);
	assert_int_equal(protect_key_create(&s->rtcp_keys[i], protect_batch_manager(s->batch), profile,
	                         master, PROTECT_KEY_RTCP),
	        0);
	set_policy(&policy, profile);
	assert_int_equal(srtp_create(&s->srtp[i], &policy), srtp_err_status_ok);
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->rng = rng_of(3, 0);
	assert_int_equal(srtp_init(), srtp_err_status_ok);
	assert_int_equal(protect_batch_create(&s->batch), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 0; i < FLOWS; i++) {
		protect_key_free(s->keys[i]);
		protect_key_free(s->rtcp_keys[i]);
		if (s->srtp[i])
			srtp_dealloc(s->srtp[i]);
	}
	protect_batch_free(s->batch);
	srtp_shutdown();
	free(s);
	return 0;
}

/* The same packet to both: @index of flow @flow, @payload bytes. */
static void protect_both(struct scene *s, struct pair *p, unsigned flow, uint64_t index, size_t payload)
{
	int len = (int)(RTP_HEADER_BYTES + payload);

	rtp_build(p->ours, 96, index % 2, (uint16_t)index, (uint32_t)(3000 * index), 0xCAFE0000 + flow);
	rng_fill(&s->rng, p->ours + RTP_HEADER_BYTES, payload);
	memcpy(p->theirs, p->ours, (size_t)len);
	p->len = protect_batch_add(s->batch, s->keys[flow], p->ours, (size_t)len, index);
	if (s->srtp[flow])
		assert_int_equal(srtp_protect(s->srtp[flow], p->theirs, &len), srtp_err_status_ok);
	assert_int_equal(p->len, len);
}

static void compare(struct scene *s, unsigned count)
{
	protect_batch_run(s->batch);
	for (unsigned i = 0; i < count; i++)
		assert_memory_equal(s->pairs[i].ours, s->pairs[i].theirs, s->pairs[i].len);
}

static void each_profile_makes_what_libsrtp2_makes(void **state)
{
	struct scene *s = *state;

	for (enum profile profile = PROFILE_PLAIN + 1; profile < PROFILES; profile++)
		add_flow(s, profile, profile);
	for (enum profile profile = PROFILE_PLAIN + 1; profile < PROFILES; profile++)
		for (size_t payload = 0, index = 1; payload < 1900; index++) {
			unsigned count = 0;

			for (; count < PACKETS && payload < 1900; count++, index++)
				protect_both(s, &s->pairs[count], profile, index, payload++);
			compare(s, count);
		}
}

static void packets_of_all_profiles_share_a_batch(void **state)
{
	struct scene *s = *state;
	uint64_t index[FLOWS] = { 0 };

	for (unsigned i = 1; i < FLOWS; i++)
		add_flow(s, i, PROFILE_PLAIN + i);
	for (unsigned i = 0; i < PACKETS; i++) {
		unsigned flow = (unsigned)rng_below(&s->rng, FLOWS); /* the first one is plain */
		protect_both(s, &s->pairs[i], flow, index[flow]++, rng_below(&s->rng, 1400));
	}
	compare(s, PACKETS);
}

static void sequence_numbers_skip_and_roll_over(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 1; i < FLOWS; i++)
		add_flow(s, i, PROFILE_PLAIN + i);
	for (unsigned flow = 1; flow < FLOWS; flow++)
		for (uint64_t index = 32000; index < 3 * 65536 + 100; index += 1 + rng_below(&s->rng, 900)) {
			protect_both(s, &s->pairs[0], flow, index, 20);
			compare(s, 1);
		}
}

static void rtcp_is_what_libsrtp2_makes(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 1; i < FLOWS; i++)
		add_flow(s, i, PROFILE_PLAIN + i);
	for (unsigned flow = 1; flow < FLOWS; flow++)
		for (uint32_t index = 1; index < PACKETS; index++) { /* libsrtp2 begins with 1 */
			struct pair *p = &s->pairs[index];
			int len = (int)(8 + index % 40 * 4);

			rng_fill(&s->rng, p->ours, (size_t)len);
			p->ours[0] = 0x80;
			p->ours[1] = 200;
			memset(p->ours + 4, 0xCA, 4);
			memcpy(p->theirs, p->ours, (size_t)len);
			p->len = protect_batch_add_rtcp(
			        s->batch, s->rtcp_keys[flow], p->ours, (size_t)len, index);
			assert_int_equal(
			        srtp_protect_rtcp(s->srtp[flow], p->theirs, &len), srtp_err_status_ok);
			assert_int_equal(p->len, len);
			if (index == PACKETS - 1)
				compare(s, PACKETS);
		}
}

static void what_is_dropped_stays_as_it_was(void **state)
{
	struct scene *s = *state;
	uint8_t packet[RTP_HEADER_BYTES + 40] = { 0x80 }, before[sizeof(packet)];

	add_flow(s, 0, PROFILE_AES_CM_128_HMAC_SHA1_80);
	protect_batch_add(s->batch, s->keys[0], packet, RTP_HEADER_BYTES + 20, 7);
	memcpy(before, packet, sizeof(packet));
	protect_batch_drop(s->batch);
	protect_batch_run(s->batch);
	assert_memory_equal(packet, before, sizeof(packet));
}

/* RFC 3711 appendix B.3. */
static void keys_are_derived_as_in_the_rfc(void **state)
{
	static const uint8_t master[30] = { 0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3,
		0x2C, 0x06, 0xDE, 0x41, 0x39, 0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96,
		0x0B, 0x3A, 0xAB, 0xE6 };
	static const uint8_t cipher[16] = { 0xC6, 0x1E, 0x7A, 0x93, 0x74, 0x4F, 0x39, 0xEE, 0x10, 0x73, 0x4A,
		0xFE, 0x3F, 0xF7, 0xA0, 0x87 };
	static const uint8_t salt[14] = { 0x30, 0xCB, 0xBC, 0x08, 0x86, 0x3D, 0x8C, 0x85, 0xD4, 0x9D, 0xB3,
		0x4A, 0x9A, 0xE1 };
	static const uint8_t auth[20] = { 0xCE, 0xBE, 0x32, 0x1F, 0x6F, 0xF7, 0x71, 0x6B, 0x6F, 0xD4, 0xAB,
		0x49, 0xAF, 0x25, 0x6A, 0x15, 0x6D, 0x38, 0xBA, 0xA4 };
	uint8_t got[20];

	assert_int_equal(protect_key_derive(got, 16, PROFILE_AES_CM_128_HMAC_SHA1_80, master, 0), 0);
	assert_memory_equal(got, cipher, 16);
	assert_int_equal(protect_key_derive(got, 20, PROFILE_AES_CM_128_HMAC_SHA1_80, master, 1), 0);
	assert_memory_equal(got, auth, 20);
	assert_int_equal(protect_key_derive(got, 14, PROFILE_AES_CM_128_HMAC_SHA1_80, master, 2), 0);
	assert_memory_equal(got, salt, 14);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(each_profile_makes_what_libsrtp2_makes),
		CASE(packets_of_all_profiles_share_a_batch),
		CASE(sequence_numbers_skip_and_roll_over),
		CASE(rtcp_is_what_libsrtp2_makes),
		CASE(what_is_dropped_stays_as_it_was),
		CASE(keys_are_derived_as_in_the_rfc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
