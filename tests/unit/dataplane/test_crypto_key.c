/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/crypto_cpu.h"
#include "tests/unit/dataplane/hex.h"

#define CM_80 PROFILE_AES_CM_128_HMAC_SHA1_80

static void session_keys_are_those_of_rfc_3711_b3(void **state)
{
	uint8_t master[30], key[32];

	hex_read(master, "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
	assert_int_equal(crypto_key_session(key, 16, CM_80, master, 0), 0);
	hex_assert(key, "C61E7A93744F39EE10734AFE3FF7A087");
	assert_int_equal(crypto_key_session(key, 14, CM_80, master, 2), 0);
	hex_assert(key, "30CBBC08863D8C85D49DB34A9AE1");
	assert_int_equal(crypto_key_session(key, 32, CM_80, master, 1), 0);
	hex_assert(key, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE");
}

static void a_derived_key_is_made_of_the_session_keys(void **state)
{
	uint8_t master[30];
	struct crypto_key derived = { 0 }, set = { 0 };
	uint8_t cipher[16], salt[14], auth[20];

	hex_read(master, "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
	hex_read(cipher, "C61E7A93744F39EE10734AFE3FF7A087");
	hex_read(salt, "30CBBC08863D8C85D49DB34A9AE1");
	hex_read(auth, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
	assert_int_equal(crypto_key_derive(&derived, CM_80, master, CRYPTO_KEY_RTP), 0);
	assert_int_equal(crypto_key_set(&set, CM_80, cipher, salt, auth), 0);
	assert_memory_equal(&derived, &set, sizeof(set));
	assert_int_equal(crypto_key_derive(&derived, CM_80, master, CRYPTO_KEY_RTCP), 0);
	assert_memory_not_equal(derived.cm.cipher, set.cm.cipher, sizeof(set.cm.cipher));
	assert_memory_not_equal(derived.cm.inner, set.cm.inner, sizeof(set.cm.inner));
	assert_memory_not_equal(derived.salt, set.salt, sizeof(set.salt));
}

static void keys_of_aes_cm_are_small(void **state)
{
	assert_true(crypto_key_bytes(CM_80) <= 256);
	assert_int_equal(crypto_key_bytes(CM_80) % 64, 0);
	assert_true(crypto_key_bytes(PROFILE_AEAD_AES_256_GCM) >= sizeof(struct crypto_key));
}

static int begin(void **state)
{
	crypto_cpu_choose(!getenv("CRYPTO_SCALAR"));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_keys_are_those_of_rfc_3711_b3),
		cmocka_unit_test(a_derived_key_is_made_of_the_session_keys),
		cmocka_unit_test(keys_of_aes_cm_are_small),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
