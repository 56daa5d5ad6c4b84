/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_soft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/dataplane/hex.h"

static struct crypto_soft *soft;

/* SP 800-38A section F.5.5, the first block of CTR-AES256. */
static void counter_mode_is_that_of_sp_800_38a(void **state)
{
	uint8_t key[32], iv[16], text[16];

	hex_read(key, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
	hex_read(iv, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	hex_read(text, "6bc1bee22e409f96e93d7e117393172a");
	crypto_soft_ctr(soft, key, 32, iv, text, text, sizeof(text));
	hex_assert(text, "601ec313775789a5b7a7f504bbf3d228");
}

/* RFC 7714 section 16.1.1. */
static void a_sealed_packet_opens_and_a_changed_one_does_not(void **state)
{
	uint8_t key[16], iv[12], aad[12], text[64], plain[64], tag[16];
	unsigned bytes;
	struct crypto_soft_gcm what = {
		.key = key, .iv = iv, .aad = aad, .text = text, .key_bytes = 16, .tag_bytes = 16
	};

	hex_read(key, "000102030405060708090a0b0c0d0e0f");
	hex_read(iv, "51753c6580c2726f20718414");
	what.aad_bytes = (unsigned)hex_read(aad, "8040f17b8041f8d35501a0b2");
	bytes = (unsigned)hex_read(
	        text, "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
	what.text_bytes = bytes;
	memcpy(plain, text, bytes);
	crypto_soft_seal(soft, &what, tag);
	hex_assert(text, "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833");
	hex_assert(tag, "899d7f27beb16a9152cf765ee4390cce");
	assert_true(crypto_soft_open(soft, &what, tag));
	assert_memory_equal(text, plain, bytes);

	crypto_soft_seal(soft, &what, tag);
	tag[15] ^= 1;
	assert_false(crypto_soft_open(soft, &what, tag));
	crypto_soft_seal(soft, &what, tag);
	hex_assert(text, "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833");
	aad[3] ^= 1;
	assert_false(crypto_soft_open(soft, &what, tag));
}

/* RFC 2202 section 3, test case 3. */
static void an_hmac_goes_on_from_its_first_blocks(void **state)
{
	uint8_t block[64], inner[20], outer[20], data[50], mac[20];

	for (unsigned pass = 0; pass < 2; pass++) {
		memset(block, pass ? 0x5c : 0x36, sizeof(block));
		for (unsigned i = 0; i < 20; i++)
			block[i] ^= 0xaa;
		crypto_soft_hash_block(block, pass ? outer : inner);
	}
	memset(data, 0xdd, sizeof(data));
	crypto_soft_hmac(inner, outer, data, sizeof(data), mac);
	hex_assert(mac, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

static int begin(void **state)
{
	return crypto_soft_create(&soft);
}

static int end(void **state)
{
	crypto_soft_free(soft);
	crypto_soft_free(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counter_mode_is_that_of_sp_800_38a),
		cmocka_unit_test(a_sealed_packet_opens_and_a_changed_one_does_not),
		cmocka_unit_test(an_hmac_goes_on_from_its_first_blocks),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
