/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control/sdp_crypto.h"

/* RFC 4568 section 6.1's example key. */
#define KEY "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

static struct sdp_crypto crypto;

static const char *parse(const char *text)
{
	return sdp_crypto_parse(&crypto, text, strlen(text));
}

static void takes_the_example_of_the_rfc(void **state)
{
	assert_null(parse("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^20"));
	assert_int_equal(crypto.tag, 1);
	assert_int_equal(crypto.profile, PROFILE_AES_CM_128_HMAC_SHA1_80);
	assert_memory_equal(crypto.key, "wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#", 30);
}

static void takes_aead_keys_with_and_without_padding(void **state)
{
	assert_null(parse("2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="));
	assert_null(parse("2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw"));
	assert_null(parse(
	        "3 aead_aes_256_gcm inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="));
	assert_int_equal(crypto.profile, PROFILE_AEAD_AES_256_GCM);
	assert_int_equal(crypto.tag, 3);
}

static void passes_over_lifetime_window_and_extensions(void **state)
{
	assert_null(parse("1 AES_CM_128_HMAC_SHA1_32 inline:" KEY "|1048576 WSH=128 -x=y KDR=0"));
	assert_int_equal(crypto.profile, PROFILE_AES_CM_128_HMAC_SHA1_32);
}

static void says_why_a_line_cannot_be_used(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "a=crypto without a tag" },
		{ "x AES_CM_128_HMAC_SHA1_80 inline:" KEY, "a=crypto without a tag" },
		{ "1234567890 AES_CM_128_HMAC_SHA1_80 inline:" KEY, "a=crypto without a tag" },
		{ "1", "a=crypto of a suite that is not supported" },
		{ "1 F8_128_HMAC_SHA1_80 inline:" KEY, "a=crypto of a suite that is not supported" },
		{ "1 AES_CM_128_HMAC_SHA1_80_and_more_and_more_and_more inline:" KEY,
		        "a=crypto of a suite that is not supported" },
		{ "1 AES_CM_128_HMAC_SHA1_80", "a=crypto without an inline key" },
		{ "1 AES_CM_128_HMAC_SHA1_80 uri:x", "a=crypto without an inline key" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
		        "a=crypto with a key that is not base64 or of another length than its suite's" },
		{ "1 AEAD_AES_128_GCM inline:" KEY,
		        "a=crypto with a key that is not base64 or of another length than its suite's" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^20|1:32", "a=crypto with an MKI" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4", "a=crypto with an MKI" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY ";inline:" KEY, "a=crypto with several keys" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " UNENCRYPTED_SRTP",
		        "a=crypto with a session parameter that is not supported" },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " KDR=01",
		        "a=crypto with a session parameter that is not supported" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = parse(cases[i].text);

		assert_non_null(why);
		assert_string_equal(why, cases[i].why);
	}
}

static void prefers_aead_then_the_longer_key_then_the_longer_tag(void **state)
{
	static const enum profile best_first[] = { PROFILE_AEAD_AES_256_GCM, PROFILE_AEAD_AES_128_GCM,
		PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AES_CM_128_HMAC_SHA1_32 };

	for (unsigned i = 0; i < 4; i++) {
		for (unsigned k = 0; k < 4; k++) {
			struct sdp_crypto a = { .profile = best_first[i] }, b = { .profile = best_first[k] };

			assert_int_equal(sdp_crypto_is_better(&a, &b), i < k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_example_of_the_rfc),
		cmocka_unit_test(takes_aead_keys_with_and_without_padding),
		cmocka_unit_test(passes_over_lifetime_window_and_extensions),
		cmocka_unit_test(says_why_a_line_cannot_be_used),
		cmocka_unit_test(prefers_aead_then_the_longer_key_then_the_longer_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
