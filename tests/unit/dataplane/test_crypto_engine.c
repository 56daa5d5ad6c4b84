/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/crypto_cpu.h"
#include "tests/unit/dataplane/hex.h"

#define CM_80   PROFILE_AES_CM_128_HMAC_SHA1_80
#define GCM_128 PROFILE_AEAD_AES_128_GCM
#define GCM_256 PROFILE_AEAD_AES_256_GCM

static struct crypto_engine *engine;

/* RFC 3711 appendix B.2: session key and salt, SSRC 0, index 0. */
static void the_key_stream_is_that_of_rfc_3711_b2(void **state)
{
	static uint8_t stream[0x10000 * 16];
	uint8_t cipher[16], salt[14] = { 0 }, auth[20] = { 0 };
	struct crypto_key key;
	struct crypto_job job = { .key = &key, .text = stream, .text_bytes = 48 }, *jobs = &job;

	hex_read(cipher, "2B7E151628AED2A6ABF7158809CF4F3C");
	assert_int_equal(crypto_key_set(&key, CM_80, cipher, salt, auth), 0);
	hex_read(job.iv, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
	crypto_engine_cipher(engine, &jobs, 1);
	hex_assert(stream, "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"
	                   "41E95B3BB0A2E8DD477901E4FCA894C0");
	memset(stream, 0, sizeof(stream));
	hex_read(job.iv, "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
	crypto_engine_cipher(engine, &jobs, 1);
	hex_assert(stream, "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE"
	                   "6A2CC3787889374FBEB4C81B17BA6C44");
}

static void set_gcm(struct crypto_key *key, enum profile profile)
{
	uint8_t cipher[32];

	for (unsigned i = 0; i < 32; i++)
		cipher[i] = (uint8_t)i;
	assert_int_equal(crypto_key_set(key, profile, cipher, (const uint8_t *)"Quid pro quo", NULL), 0);
}

/* Open @sealed, a packet with @aad_bytes of header, text and tag, with both key lengths' bytes. */
static void assert_opens(enum profile profile, const char *iv, const char *aad, const char *sealed,
        const char *plain, const char *tag)
{
	struct crypto_key key;
	uint8_t head[64], text[128], again[16];
	struct crypto_job job = { .key = &key,
		.aad = head,
		.text = text,
		.aad_bytes = (uint16_t)hex_read(head, aad),
		.text_bytes = (uint16_t)hex_read(text, sealed),
		.tag_bytes = 16,
		.key_bytes = profile_info(profile)->key_bytes,
		.aead = true };
	struct crypto_job *jobs = &job;

	set_gcm(&key, profile);
	hex_read(job.iv, iv);
	hex_read(job.tag, tag);
	crypto_engine_verify(engine, &jobs, 1);
	assert_true(job.authentic);
	hex_assert(text, plain);
	crypto_engine_seal(engine, &job, again);
	hex_assert(text, sealed);
	hex_assert(again, tag);
	job.tag[15] ^= 1;
	crypto_engine_verify(engine, &jobs, 1);
	assert_false(job.authentic);
	hex_assert(text, sealed);
}

/* RFC 7714 section 16.1 and 16.2. */
static void rtp_packets_are_those_of_rfc_7714_16(void **state)
{
	static const char *const plain = "47616c6c696120657374206f6d6e69732064697669736120696e20706172746573"
	                                 "2074726573";

	assert_opens(GCM_128, "51753c6580c2726f20718414", "8040f17b8041f8d35501a0b2",
	        "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833", plain,
	        "899d7f27beb16a9152cf765ee4390cce");
	assert_opens(GCM_256, "51753c6580c2726f20718414", "8040f17b8041f8d35501a0b2",
	        "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b", plain,
	        "7aa3db36dfffd6b0f9bb7878d7a76c13");
}

/* RFC 7714 section 17.1 and 17.2. */
static void reports_are_those_of_rfc_7714_17(void **state)
{
	static const char *const plain =
	        "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdead"
	        "beefdeadbeefdeadbeef";

	assert_opens(GCM_128, "517524055203726f207170bb", "81c8000d4d617273800005d4",
	        "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b",
	        plain, "c84aa45896cf4d2fc5abf87245d9eade");
	assert_opens(GCM_256, "517524055203726f207170bb", "81c8000d4d617273800005d4",
	        "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad",
	        plain, "1d1eb30c4446839f57ff6f6cb26ac3be");
}

/* Jobs of every kind side by side, some forged; twice, for what a job leaves behind. */
static void a_burst_of_all_kinds_is_told_apart(void **state)
{
	static uint8_t data[CRYPTO_ENGINE_BURST][1600], plain[CRYPTO_ENGINE_BURST][1600];
	struct crypto_key cm, gcm;
	struct crypto_job jobs[CRYPTO_ENGINE_BURST], *list[CRYPTO_ENGINE_BURST];

	set_gcm(&gcm, GCM_256);
	assert_int_equal(crypto_key_set(&cm, CM_80, plain[0], plain[0], plain[0]), 0);
	for (unsigned count = 1; count <= CRYPTO_ENGINE_BURST; count++) {
		for (unsigned i = 0; i < count; i++) {
			bool aead = i % 3 == 2;
			jobs[i] = (struct crypto_job){ .key = aead ? &gcm : &cm,
				.aad = data[i],
				.text = data[i] + 12,
				.text_bytes = (uint16_t)(i * 37),
				.aad_bytes = (uint16_t)(12 + (aead ? 0 : i * 37)),
				.tag_bytes = aead ? 16 : 4 + 6 * (i & 1),
				.key_bytes = 32,
				.aead = aead,
				.iv = { (uint8_t)i, (uint8_t)count } };
			list[i] = &jobs[i];
			memset(plain[i], (int)(i + count), sizeof(plain[i]));
			memcpy(data[i], plain[i], sizeof(plain[i]));
			crypto_engine_seal(engine, &jobs[i], jobs[i].tag);
			jobs[i].tag[3] ^= i % 5 == 4;
		}
		crypto_engine_verify(engine, list, count);
		for (unsigned i = 0; i < count; i++) {
			struct crypto_job *job = &jobs[i];
			assert_int_equal(job->authentic, i % 5 != 4);
			if (job->aead && !job->authentic)
				crypto_engine_verify(engine, &job, 1); /* still encrypted */
			if (job->aead && job->authentic)
				continue;
			if (job->aead)
				job->tag[3] ^= 1, crypto_engine_verify(engine, &job, 1);
			else
				crypto_engine_cipher(engine, &job, 1);
		}
		for (unsigned i = 0; i < count; i++)
			assert_memory_equal(data[i], plain[i], sizeof(plain[i]));
	}
}

static void assert_hmac(const char *key, size_t key_bytes, const char *data, size_t len, const char *mac)
{
	uint8_t inner[CRYPTO_KEY_AUTH_BYTES], outer[CRYPTO_KEY_AUTH_BYTES], got[CRYPTO_KEY_AUTH_BYTES];

	assert_int_equal(crypto_key_hmac(inner, outer, (const uint8_t *)key, key_bytes), 0);
	crypto_engine_hmac(engine, inner, outer, (const uint8_t *)data, len, got);
	hex_assert(got, mac);
}

/* RFC 2202 section 3, test cases 1 to 3. */
static void hmacs_are_those_of_rfc_2202(void **state)
{
	char key[20], data[50];

	memset(key, 0x0b, sizeof(key));
	assert_hmac(key, sizeof(key), "Hi There", 8, "b617318655057264e28bc0b6fb378c8ef146be00");
	assert_hmac(
	        "Jefe", 4, "what do ya want for nothing?", 28, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, sizeof(key));
	memset(data, 0xdd, sizeof(data));
	assert_hmac(key, sizeof(key), data, sizeof(data), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

static int begin(void **state)
{
	crypto_cpu_choose(!getenv("CRYPTO_SCALAR"));
	return crypto_engine_create(&engine);
}

static int end(void **state)
{
	crypto_engine_free(engine);
	crypto_engine_free(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_stream_is_that_of_rfc_3711_b2),
		cmocka_unit_test(rtp_packets_are_those_of_rfc_7714_16),
		cmocka_unit_test(reports_are_those_of_rfc_7714_17),
		cmocka_unit_test(a_burst_of_all_kinds_is_told_apart),
		cmocka_unit_test(hmacs_are_those_of_rfc_2202),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
