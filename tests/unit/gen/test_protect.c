/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/protect.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "base/rtcp.h"
#include "tools/gen/protect_batch.h"

static struct protect_batch *batch;

/* The master key and salt of RFC 3711 appendix B.3. */
static const uint8_t key[30] = { 0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3, 0x2C, 0x06,
	0xDE, 0x41, 0x39, 0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A, 0xAB,
	0xE6 };

static void rtcp_grows_by_index_and_tag_of_the_profile(void **state)
{
	uint8_t long_key[PROFILE_KEY_BYTES] = { 1, 2, 3 };

	for (enum profile profile = 0; profile < PROFILES; profile++) {
		struct protect *p;
		uint8_t rtcp[64 + PROTECT_ROOM_BYTES];
		size_t rtcp_len;

		assert_int_equal(protect_create(&p, batch, profile, long_key, long_key), 0);
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

static void what_is_no_packet_is_refused(void **state)
{
	uint8_t junk[64] = { 0 };
	size_t len = 4;
	struct protect *p;

	assert_int_equal(protect_create(&p, batch, PROFILE_AES_CM_128_HMAC_SHA1_80, key, key), 0);
	assert_int_equal(protect_open_rtcp(p, junk, &len), -EBADMSG);
	protect_free(p);
	protect_free(NULL);
}

static int make_batch(void **state)
{
	return protect_batch_create(&batch);
}

static int free_batch(void **state)
{
	protect_batch_free(batch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtcp_grows_by_index_and_tag_of_the_profile),
		cmocka_unit_test(what_is_no_packet_is_refused),
	};
	return cmocka_run_group_tests(tests, make_batch, free_batch);
}
