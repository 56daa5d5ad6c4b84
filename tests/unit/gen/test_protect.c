/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/protect.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <srtp2/srtp.h>
#include "base/rtcp.h"
#include "base/rtp.h"

/* The master key and salt of RFC 3711 appendix B.3. */
static const uint8_t key[30] = { 0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3, 0x2C, 0x06,
	0xDE, 0x41, 0x39, 0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A, 0xAB,
	0xE6 };

static void packets_grow_by_the_tag_of_the_profile(void **state)
{
	uint8_t long_key[PROFILE_KEY_BYTES] = { 1, 2, 3 };

	for (enum profile profile = 0; profile < PROFILES; profile++) {
		struct protect *p;
		uint8_t rtp[RTP_HEADER_BYTES + 20 + PROTECT_ROOM_BYTES] = { 0 },
		                                    rtcp[64 + PROTECT_ROOM_BYTES];
		size_t len = RTP_HEADER_BYTES + 20, rtcp_len;

		assert_int_equal(protect_create(&p, profile, long_key), 0);
		rtp_build(rtp, 96, true, 1, 2, 3);
		assert_int_equal(protect_rtp(p, rtp, &len), 0);
		assert_int_equal(len, RTP_HEADER_BYTES + 20 + profile_info(profile)->tag_bytes);
		rtcp_len = rtcp_build_sr(rtcp, 64, 0, 3, 1, 2, 3, 4);
		assert_int_equal(protect_rtcp(p, rtcp, &rtcp_len), 0);
		assert_int_equal(rtcp_len, 28 + profile_info(profile)->rtcp_tag_bytes + (profile ? 4 : 0));
		/* what went out under the key comes back under it, and not when it was touched */
		rtcp[10] ^= 1;
		assert_int_equal(protect_open_rtcp(p, rtcp, &(size_t){ rtcp_len }), profile ? -EBADMSG : 0);
		rtcp[10] ^= 1;
		if (!profile_info(profile)->aead) {
			assert_int_equal(protect_open_rtcp(p, rtcp, &rtcp_len), 0);
			assert_int_equal(rtcp_len, 28);
			assert_int_equal(rtcp[1], RTCP_SR);
		}
		protect_free(p);
	}
}

/* RFC 3711 section 3.3.1: the receiver's index follows. */
static void sequence_numbers_may_skip_and_wrap(void **state)
{
	srtp_policy_t policy = { .ssrc.type = ssrc_any_inbound, .window_size = 128 };
	uint8_t master[30];
	struct protect *p;
	srtp_t in;

	memcpy(master, key, sizeof(master));
	policy.key = master;
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	assert_int_equal(protect_create(&p, PROFILE_AES_CM_128_HMAC_SHA1_80, key), 0);
	assert_int_equal(srtp_create(&in, &policy), srtp_err_status_ok);
	for (uint32_t seq = 65000; seq < 65536 * 2 + 1000; seq += seq % 7 + 1) {
		uint8_t rtp[RTP_HEADER_BYTES + 4 + PROTECT_ROOM_BYTES] = { 0 };
		size_t len = RTP_HEADER_BYTES + 4;

		rtp_build(rtp, 96, false, (uint16_t)seq, seq, 9);
		memcpy(rtp + RTP_HEADER_BYTES, "abcd", 4);
		assert_int_equal(protect_rtp(p, rtp, &len), 0);
		assert_memory_not_equal(rtp + RTP_HEADER_BYTES, "abcd", 4);
		int n = (int)len;
		assert_int_equal(srtp_unprotect(in, rtp, &n), srtp_err_status_ok);
		assert_memory_equal(rtp + RTP_HEADER_BYTES, "abcd", 4);
	}
	srtp_dealloc(in);
	protect_free(p);
}

static void what_is_no_packet_is_refused(void **state)
{
	uint8_t junk[64] = { 0 };
	size_t len = 4;
	struct protect *p;

	assert_int_equal(protect_create(&p, PROFILE_AES_CM_128_HMAC_SHA1_80, key), 0);
	assert_int_equal(protect_rtp(p, junk, &len), -EINVAL);
	assert_int_equal(protect_rtcp(p, junk, &len), -EINVAL);
	assert_int_equal(protect_open_rtcp(p, junk, &len), -EBADMSG);
	protect_free(p);
	protect_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_grow_by_the_tag_of_the_profile),
		cmocka_unit_test(sequence_numbers_may_skip_and_wrap),
		cmocka_unit_test(what_is_no_packet_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
