/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/limits.h"
#include "dataplane/crypto.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/crypto_cpu.h"
#include "base/rtcp.h"
#include "dataplane/crypto_source.h"
#include "tests/unit/dataplane/reference.h"

#define SSRC 0xCAFEBABEu

static const enum profile all[] = { PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AES_CM_128_HMAC_SHA1_32,
	PROFILE_AEAD_AES_128_GCM, PROFILE_AEAD_AES_256_GCM };

static struct crypto_engine *engine;

static void from_hex(uint8_t *out, const char *hex)
{
	for (; hex[0]; hex += 2) {
		unsigned byte = 0;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		*out++ = (uint8_t)byte;
	}
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t want[512];

	from_hex(want, hex);
	assert_memory_equal(bytes, want, strlen(hex) / 2);
}

/* A master key and salt that differ in every byte, by @seed. */
static void make_key(uint8_t key[PROFILE_KEY_BYTES], uint8_t seed)
{
	for (unsigned i = 0; i < PROFILE_KEY_BYTES; i++)
		key[i] = (uint8_t)(seed + 7 * i);
}

static struct crypto *make_with(enum profile profile, bool ssrc_known, uint32_t roc, bool others)
{
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	struct crypto_cfg cfg = { .profile = profile,
		.key = key,
		.send_key = send_key,
		.ssrc_known = ssrc_known,
		.others = others,
		.ssrc = SSRC,
		.roc = roc,
		.send_ssrcs = { 0x1111, 0x2222 } };
	struct crypto *c = NULL;

	make_key(key, 1);
	make_key(send_key, 99);
	assert_int_equal(crypto_create(&c, &cfg), 0);
	return c;
}

static struct crypto *make(enum profile profile, bool ssrc_known, uint32_t roc)
{
	return make_with(profile, ssrc_known, roc, false);
}

/* A packet protected by the reference with key @seed; returns its length. */
static uint16_t sealed(
        uint8_t *data, enum profile profile, uint8_t seed, uint16_t seq, uint32_t ssrc, uint32_t roc)
{
	struct reference_keys keys;
	uint8_t key[PROFILE_KEY_BYTES];

	make_key(key, seed);
	reference_derive_all(&keys, key, profile_info(profile), REFERENCE_RTP);
	rtp_build(data, 96, true, seq, 1234, ssrc);
	memset(data + 12, 0x5A, 100);
	return (uint16_t)reference_rtp(&keys, profile_info(profile), data, 112, roc);
}

static void assert_opened(const uint8_t *data, uint16_t len)
{
	assert_int_equal(len, 112);
	for (unsigned i = 12; i < 112; i++)
		assert_int_equal(data[i], 0x5A);
}

static uint32_t ssrc_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A burst of one; @len is written when OK. */
static enum crypto_verdict unprotect(
        struct crypto *c, uint8_t *data, uint16_t *len, uint16_t header_bytes, uint32_t ssrc, bool is_rtcp)
{
	struct crypto_packet p = { .crypto = c,
		.data = data,
		.len = *len,
		.header_bytes = header_bytes,
		.ssrc = ssrc,
		.is_rtcp = is_rtcp };
	uint8_t before[512];

	memcpy(before, data, *len);
	crypto_unprotect(engine, &p, 1);
	if (p.verdict != CRYPTO_OK)
		assert_memory_equal(data, before, *len);
	*len = p.len;
	return p.verdict;
}

static enum crypto_verdict unprotect_rtp(struct crypto *c, uint8_t *data, uint16_t *len)
{
	return unprotect(c, data, len, RTP_HEADER_BYTES, ssrc_at(data + 8), false);
}

static enum crypto_verdict unprotect_rtcp(struct crypto *c, uint8_t *data, uint16_t *len)
{
	return unprotect(c, data, len, 0, ssrc_at(data + 4), true);
}

static enum crypto_verdict open_one(
        struct crypto *c, enum profile profile, uint8_t seed, uint16_t seq, uint32_t ssrc, uint32_t roc)
{
	_Alignas(8) uint8_t data[256];
	uint16_t len = sealed(data, profile, seed, seq, ssrc, roc), before = len;
	enum crypto_verdict verdict = unprotect_rtp(c, data, &len);

	if (verdict == CRYPTO_OK)
		assert_opened(data, len);
	else
		assert_int_equal(len, before);
	return verdict;
}

/* RFC 3711 appendix B.2: session key and salt, SSRC 0, index 0. */
static void the_reference_makes_the_key_stream_of_rfc_3711_b2(void **state)
{
	static uint8_t stream[0xFF03 * 16];
	uint8_t key[16], iv[16];

	from_hex(key, "2B7E151628AED2A6ABF7158809CF4F3C");
	from_hex(iv, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
	memset(stream, 0, sizeof(stream));
	reference_ctr(key, 16, iv, stream, sizeof(stream));
	assert_hex(stream, "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD4"
	                   "77901E4FCA894C0");
	assert_hex(stream + 0xFEFF * 16, "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2"
	                                 "CC3787889374FBEB4C81B17BA6C44");
}

static void the_reference_derives_the_keys_of_rfc_3711_b3(void **state)
{
	uint8_t master[30];
	struct reference_keys keys;

	from_hex(master, "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
	reference_derive_all(&keys, master, profile_info(PROFILE_AES_CM_128_HMAC_SHA1_80), REFERENCE_RTP);
	assert_hex(keys.cipher, "C61E7A93744F39EE10734AFE3FF7A087");
	assert_hex(keys.salt, "30CBBC08863D8C85D49DB34A9AE1");
	assert_hex(keys.auth, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
}

/* RFC 7714 section 16: the packet, and what becomes of it with the 128 and the 256 bit session key. */
static void the_reference_makes_the_packets_of_rfc_7714_16(void **state)
{
	static const char *const packet = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669"
	                                  "736120696e207061727465732074726573";
	static const char *const sealed128 = "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd"
	                                     "50d294e6f42a5f47a51c7d19b36de3adf"
	                                     "8833899d7f27beb16a9152cf765ee4390cce";
	static const char *const sealed256 = "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab180123"
	                                     "89a58e2f3b50b2a0276ffae0f1ba63799"
	                                     "b87b7aa3db36dfffd6b0f9bb7878d7a76c13";
	struct reference_keys keys;
	uint8_t data[128];

	for (unsigned i = 0; i < 32; i++)
		keys.cipher[i] = (uint8_t)i;
	memcpy(keys.salt, "Quid pro quo", 12);
	from_hex(data, packet);
	assert_int_equal(reference_rtp(&keys, profile_info(PROFILE_AEAD_AES_128_GCM), data, 50, 0), 66);
	assert_hex(data, sealed128);
	from_hex(data, packet);
	assert_int_equal(reference_rtp(&keys, profile_info(PROFILE_AEAD_AES_256_GCM), data, 50, 0), 66);
	assert_hex(data, sealed256);
}

/* RFC 7714 section 17, index 0x5d4. */
static void the_reference_makes_the_reports_of_rfc_7714_17(void **state)
{
	static const char *const report = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61de"
	                                  "adbeefdeadbeefdeadbeefdeadbeef"
	                                  "deadbeef";
	static const char *const sealed128 = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32"
	                                     "dc676a5f1730d6fda4ce09b4686303ded"
	                                     "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";
	static const char *const sealed256 = "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a5"
	                                     "0a2eaa5c1110555be8415f658c61de047"
	                                     "6f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4";
	struct reference_keys keys;
	uint8_t data[128];

	for (unsigned i = 0; i < 32; i++)
		keys.cipher[i] = (uint8_t)i;
	memcpy(keys.salt, "Quid pro quo", 12);
	from_hex(data, report);
	assert_int_equal(reference_rtcp(&keys, profile_info(PROFILE_AEAD_AES_128_GCM), data, 52, 0x5d4), 72);
	assert_hex(data, sealed128);
	from_hex(data, report);
	assert_int_equal(reference_rtcp(&keys, profile_info(PROFILE_AEAD_AES_256_GCM), data, 52, 0x5d4), 72);
	assert_hex(data, sealed256);
}

static void packets_of_the_reference_are_opened_in_every_profile(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		for (uint16_t seq = 100; seq < 110; seq++)
			assert_int_equal(open_one(c, all[i], 1, seq, SSRC, 0), CRYPTO_OK);
		crypto_free(c);
	}
}

static void reports_of_the_reference_are_opened_in_every_profile(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], true, 0);
		struct reference_keys keys;
		uint8_t key[PROFILE_KEY_BYTES];
		_Alignas(8) uint8_t data[128], plain[128];
		make_key(key, 1);
		reference_derive_all(&keys, key, profile_info(all[i]), REFERENCE_RTCP);
		size_t len = rtcp_build_sr(plain, sizeof(plain), 0, SSRC, 0x0123456789ABCDEF, 77, 1, 2);
		memcpy(data, plain, len);
		uint16_t sealed_len =
		        (uint16_t)reference_rtcp(&keys, profile_info(all[i]), data, (unsigned)len, 5);
		assert_int_equal(unprotect_rtcp(c, data, &sealed_len), CRYPTO_OK);
		assert_int_equal(sealed_len, len);
		assert_memory_equal(data, plain, len);
		crypto_free(c);
	}
}

static void reports_of_ours_are_what_the_reference_makes_of_them(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		struct reference_keys keys;
		uint8_t key[PROFILE_KEY_BYTES];
		_Alignas(8) uint8_t data[128], want[128];
		make_key(key, 99);
		reference_derive_all(&keys, key, profile_info(all[i]), REFERENCE_RTCP);
		for (uint32_t index = 1; index < 4; index++) {
			size_t len =
			        rtcp_build_rr(data, sizeof(data), 0, index == 2 ? 0x2222 : 0x1111, NULL, 0);
			len = rtcp_build_sdes(data, sizeof(data), len, 0x1111, "somebody");
			memcpy(want, data, len);
			/* The other SSRC has an index of its own. */
			unsigned want_len = reference_rtcp(&keys, profile_info(all[i]), want, (unsigned)len,
			        index == 2   ? 1
			        : index == 3 ? 2
			                     : 1);
			assert_int_equal(crypto_protect_rtcp(c, engine, data, len), want_len);
			assert_memory_equal(data, want, want_len);
		}
		crypto_free(c);
	}
}

static void a_report_from_an_ssrc_that_is_not_ours_is_not_protected(void **state)
{
	struct crypto *c = make(PROFILE_AES_CM_128_HMAC_SHA1_80, false, 0);
	_Alignas(8) uint8_t data[128];
	size_t len = rtcp_build_rr(data, sizeof(data), 0, 0x3333, NULL, 0);

	assert_int_equal(crypto_protect_rtcp(c, engine, data, len), 0);
	crypto_free(c);
}

static void every_flipped_bit_is_a_forgery(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		_Alignas(8) uint8_t good[256], data[256];
		uint16_t len = sealed(good, all[i], 1, 500, SSRC, 0);
		for (unsigned at = 12; at < len; at += 3) {
			uint16_t now = len;
			memcpy(data, good, len);
			data[at] ^= 0x10;
			assert_int_equal(unprotect_rtp(c, data, &now), CRYPTO_FORGED);
		}
		/* None of them has changed anything. */
		assert_int_equal(open_one(c, all[i], 1, 500, SSRC, 0), CRYPTO_OK);
		crypto_free(c);
	}
}

static void another_key_is_a_forgery(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		assert_int_equal(open_one(c, all[i], 2, 500, SSRC, 0), CRYPTO_FORGED);
		crypto_free(c);
	}
}

static void a_packet_is_taken_once(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		assert_int_equal(open_one(c, all[i], 1, 500, SSRC, 0), CRYPTO_OK);
		assert_int_equal(open_one(c, all[i], 1, 500, SSRC, 0), CRYPTO_REPLAYED);
		crypto_free(c);
	}
}

static void the_window_is_as_wide_as_it_says(void **state)
{
	struct crypto *c = make(PROFILE_AEAD_AES_128_GCM, false, 0);

	assert_int_equal(open_one(c, PROFILE_AEAD_AES_128_GCM, 1, 5000, SSRC, 0), CRYPTO_OK);
	assert_int_equal(open_one(c, PROFILE_AEAD_AES_128_GCM, 1, 5000 - CRYPTO_SOURCE_WINDOW + 1, SSRC, 0),
	        CRYPTO_OK);
	assert_int_equal(open_one(c, PROFILE_AEAD_AES_128_GCM, 1, 5000 - CRYPTO_SOURCE_WINDOW - 1, SSRC, 0),
	        CRYPTO_REPLAYED);
	crypto_free(c);
}

static void a_report_is_taken_once(void **state)
{
	struct crypto *c = make(PROFILE_AES_CM_128_HMAC_SHA1_80, false, 0);
	const struct profile_info *info = profile_info(PROFILE_AES_CM_128_HMAC_SHA1_80);
	struct reference_keys keys;
	uint8_t key[PROFILE_KEY_BYTES];
	_Alignas(8) uint8_t data[128];

	make_key(key, 1);
	reference_derive_all(&keys, key, info, REFERENCE_RTCP);
	for (unsigned i = 0; i < 2; i++) {
		size_t len = rtcp_build_rr(data, sizeof(data), 0, SSRC, NULL, 0);
		uint16_t n = (uint16_t)reference_rtcp(&keys, info, data, (unsigned)len, 9);
		assert_int_equal(unprotect_rtcp(c, data, &n), i ? CRYPTO_REPLAYED : CRYPTO_OK);
	}
	crypto_free(c);
}

/* RFC 3711 section 3.3.1: the counter goes up when the sequence number wraps; a late packet belongs to the
 * turn before. */
static void the_roll_over_counter_follows_the_sequence_number(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		for (uint32_t n = 65500; n < 65600; n++)
			if (n != 65530)
				assert_int_equal(
				        open_one(c, all[i], 1, (uint16_t)n, SSRC, n >> 16), CRYPTO_OK);
		assert_int_equal(crypto_roc(c, SSRC), 1);
		assert_int_equal(open_one(c, all[i], 1, 65530, SSRC, 0), CRYPTO_OK);
		assert_int_equal(crypto_roc(c, SSRC), 1);
		crypto_free(c);
	}
}

static void a_stream_is_taken_up_with_its_roll_over_counter(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], true, 7);
		assert_int_equal(open_one(c, all[i], 1, 300, SSRC, 6), CRYPTO_FORGED);
		assert_int_equal(open_one(c, all[i], 1, 300, SSRC, 7), CRYPTO_OK);
		assert_int_equal(crypto_roc(c, SSRC), 7);
		assert_int_equal(open_one(c, all[i], 1, 301, SSRC, 7), CRYPTO_OK);
		crypto_free(c);
	}
}

static void a_stream_that_rolled_over_unheard_is_taken_up_too(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		for (uint32_t roc = 0; roc < 2; roc++) {
			struct crypto *c = make(all[i], true, roc);
			assert_int_equal(open_one(c, all[i], 1, 300, SSRC, roc + 2), CRYPTO_FORGED);
			assert_int_equal(open_one(c, all[i], 2, 300, SSRC, roc + 1), CRYPTO_FORGED);
			assert_int_equal(open_one(c, all[i], 1, 300, SSRC, roc + 1), CRYPTO_OK);
			assert_int_equal(crypto_roc(c, SSRC), roc + 1);
			assert_int_equal(open_one(c, all[i], 1, 301, SSRC, roc + 1), CRYPTO_OK);
			crypto_free(c);
		}
}

static void a_stream_is_taken_up_beside_others(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make_with(all[i], true, 7, true);
		assert_int_equal(open_one(c, all[i], 1, 300, SSRC + 1, 0), CRYPTO_OK);
		assert_int_equal(open_one(c, all[i], 1, 300, SSRC, 7), CRYPTO_OK);
		assert_int_equal(open_one(c, all[i], 1, 301, SSRC + 1, 0), CRYPTO_OK);
		assert_int_equal(open_one(c, all[i], 1, 301, SSRC, 7), CRYPTO_OK);
		assert_int_equal(open_one(c, all[i], 2, 302, SSRC + 2, 0), CRYPTO_FORGED);
		assert_int_equal(crypto_roc(c, SSRC), 7);
		assert_int_equal(crypto_roc(c, SSRC + 1), 0);
		crypto_free(c);
	}
}

static void a_known_ssrc_is_the_only_one(void **state)
{
	struct crypto *c = make(PROFILE_AES_CM_128_HMAC_SHA1_80, true, 0);

	assert_int_equal(open_one(c, PROFILE_AES_CM_128_HMAC_SHA1_80, 1, 1, SSRC + 1, 0), CRYPTO_REFUSED);
	assert_int_equal(open_one(c, PROFILE_AES_CM_128_HMAC_SHA1_80, 1, 1, SSRC, 0), CRYPTO_OK);
	crypto_free(c);
}

static void the_ssrc_that_was_silent_longest_gives_its_place_to_a_new_one(void **state)
{
	const enum profile profile = PROFILE_AES_CM_128_HMAC_SHA1_80;
	struct crypto *c = make(profile, false, 0);

	for (uint32_t i = 0; i < CRYPTO_SSRCS; i++)
		assert_int_equal(open_one(c, profile, 1, 1, i, 0), CRYPTO_OK);
	/* What is not authentic takes no place. */
	for (uint32_t i = 0; i < 2 * CRYPTO_SSRCS; i++)
		assert_int_equal(open_one(c, profile, 2, 1, 100 + i, 0), CRYPTO_FORGED);
	for (uint32_t i = 0; i < CRYPTO_SSRCS; i++)
		assert_int_equal(open_one(c, profile, 1, 1, i, 0), CRYPTO_REPLAYED);
	assert_int_equal(open_one(c, profile, 1, 2, 0, 0), CRYPTO_OK);
	assert_int_equal(open_one(c, profile, 1, 1, SSRC, 0), CRYPTO_OK);
	/* Now 1 is not remembered any more; 0, who spoke after it, is. */
	assert_int_equal(open_one(c, profile, 1, 2, 0, 0), CRYPTO_REPLAYED);
	assert_int_equal(open_one(c, profile, 1, 1, 1, 0), CRYPTO_OK);
	crypto_free(c);
}

static void the_known_ssrc_keeps_its_place(void **state)
{
	const enum profile profile = PROFILE_AEAD_AES_128_GCM;
	struct crypto *c = make_with(profile, true, 7, true);

	for (uint32_t i = 0; i < 3 * CRYPTO_SSRCS; i++)
		assert_int_equal(open_one(c, profile, 1, 1, i, 0), CRYPTO_OK);
	assert_int_equal(open_one(c, profile, 1, 1, SSRC, 7), CRYPTO_OK);
	for (uint32_t i = 0; i < 3 * CRYPTO_SSRCS; i++)
		assert_int_equal(open_one(c, profile, 1, 1, i, 0), CRYPTO_OK);
	assert_int_equal(open_one(c, profile, 1, 1, SSRC, 7), CRYPTO_REPLAYED);
	crypto_free(c);
}

static void as_many_ssrcs_are_remembered_as_were_asked_for(void **state)
{
	const enum profile profiles[] = { PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AEAD_AES_256_GCM };

	for (unsigned n = 0; n < 2; n++) {
		uint8_t key[PROFILE_KEY_BYTES];
		struct crypto_cfg cfg = { .profile = profiles[n],
			.key = key,
			.send_key = key,
			.send_ssrcs = { 1, 2 },
			.ssrc_places = LIMIT_SOURCES };
		struct crypto *c = NULL;
		make_key(key, 1);
		assert_int_equal(crypto_create(&c, &cfg), 0);
		for (uint32_t i = 0; i < LIMIT_SOURCES; i++)
			assert_int_equal(open_one(c, cfg.profile, 1, 1, i, 0), CRYPTO_OK);
		for (uint32_t i = 0; i < LIMIT_SOURCES; i++)
			assert_int_equal(open_one(c, cfg.profile, 1, 1, i, 0), CRYPTO_REPLAYED);
		assert_int_equal(open_one(c, cfg.profile, 1, 1, SSRC, 0), CRYPTO_OK);
		assert_int_equal(open_one(c, cfg.profile, 1, 1, 0, 0), CRYPTO_OK);
		assert_int_equal(open_one(c, cfg.profile, 1, 1, 2, 0), CRYPTO_REPLAYED);
		crypto_free(c);
	}
}

#define BURST 6
struct burst {
	struct crypto_packet packets[BURST];
	_Alignas(8) uint8_t data[BURST][256];
	unsigned count;
};

static void add(struct burst *b, struct crypto *c, enum profile profile, uint8_t seed, uint32_t index)
{
	unsigned i = b->count++;

	b->packets[i] = (struct crypto_packet){ .crypto = c,
		.data = b->data[i],
		.len = sealed(b->data[i], profile, seed, (uint16_t)index, SSRC, index >> 16),
		.header_bytes = RTP_HEADER_BYTES,
		.ssrc = SSRC };
}

static void of_two_equal_packets_in_a_burst_one_is_a_replay(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		struct burst b = { 0 };
		uint8_t before[256];
		add(&b, c, all[i], 2, 500);
		add(&b, c, all[i], 1, 500);
		add(&b, c, all[i], 1, 500);
		memcpy(before, b.data[2], sizeof(before));
		crypto_unprotect(engine, b.packets, b.count);
		assert_int_equal(b.packets[0].verdict, CRYPTO_FORGED);
		assert_int_equal(b.packets[1].verdict, CRYPTO_OK);
		assert_opened(b.data[1], b.packets[1].len);
		assert_int_equal(b.packets[1].index, 500);
		assert_int_equal(b.packets[2].verdict, CRYPTO_REPLAYED);
		assert_memory_equal(b.data[2], before, b.packets[2].len);
		crypto_free(c);
	}
}

/* The third packet's index is another one once the second has been taken. */
static void a_burst_is_judged_as_if_packets_came_one_by_one(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], false, 0);
		struct burst b = { 0 };
		add(&b, c, all[i], 1, 10000);
		add(&b, c, all[i], 1, 40000);
		add(&b, c, all[i], 1, 66000);
		add(&b, c, all[i], 1, 65900);
		crypto_unprotect(engine, b.packets, b.count);
		for (unsigned k = 0; k < b.count; k++) {
			assert_int_equal(b.packets[k].verdict, CRYPTO_OK);
			assert_opened(b.data[k], b.packets[k].len);
		}
		assert_int_equal(b.packets[2].index, 66000);
		assert_int_equal(crypto_roc(c, SSRC), 1);
		crypto_free(c);
	}
}

static void a_burst_may_begin_with_a_stream_that_rolled_over_unheard(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct crypto *c = make(all[i], true, 3);
		struct burst b = { 0 };
		for (unsigned k = 0; k < BURST; k++)
			add(&b, c, all[i], 1, (4u << 16) + 100 + k);
		crypto_unprotect(engine, b.packets, b.count);
		for (unsigned k = 0; k < BURST; k++) {
			assert_int_equal(b.packets[k].verdict, CRYPTO_OK);
			assert_opened(b.data[k], b.packets[k].len);
		}
		assert_int_equal(crypto_roc(c, SSRC), 4);
		crypto_free(c);
	}
}

/* RFC 3711 section 3.4 lets a sender leave SRTCP unencrypted; only AEAD's is taken. */
static void an_unencrypted_report_fails_unless_aead_authenticates_it(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct profile_info *info = profile_info(all[i]);
		struct crypto *c = make(all[i], false, 0);
		struct reference_keys keys;
		uint8_t key[PROFILE_KEY_BYTES], iv[12], nothing[16] = { 0 };
		_Alignas(8) uint8_t data[128], plain[128];
		uint16_t len = (uint16_t)rtcp_build_rr(data, sizeof(data), 0, SSRC, NULL, 0), n = len;
		make_key(key, 1);
		reference_derive_all(&keys, key, info, REFERENCE_RTCP);
		memcpy(plain, data, len);
		cur_put32(data + n, 5);
		if (info->aead) {
			reference_iv_gcm(iv, keys.salt, SSRC, 5);
			reference_gcm(keys.cipher, info->key_bytes, iv, data, n + 4u, nothing, 0);
			memcpy(data + n, nothing, 16);
			cur_put32(data + n + 16, 5);
			n += 20;
		} else {
			reference_tag(keys.auth, data, n, 5, data + n + 4, info->rtcp_tag_bytes);
			n = (uint16_t)(n + 4 + info->rtcp_tag_bytes);
		}
		assert_int_equal(unprotect_rtcp(c, data, &n), info->aead ? CRYPTO_OK : CRYPTO_FAILED);
		if (info->aead) {
			assert_int_equal(n, len);
			assert_memory_equal(data, plain, len);
		}
		crypto_free(c);
	}
}

static void what_is_too_short_fails(void **state)
{
	struct crypto *c = make(PROFILE_AES_CM_128_HMAC_SHA1_80, false, 0);
	_Alignas(8) uint8_t data[256];

	for (uint16_t len = 12; len < 22; len++) {
		uint16_t n = len;
		rtp_build(data, 96, false, 1, 2, SSRC);
		assert_int_not_equal(unprotect_rtp(c, data, &n), CRYPTO_OK);
		assert_int_equal(n, len);
	}
	uint16_t n = 8;
	rtcp_build_rr(data, sizeof(data), 0, SSRC, NULL, 0);
	assert_int_equal(unprotect_rtcp(c, data, &n), CRYPTO_FAILED);
	crypto_free(c);
}

static void what_makes_no_context_is_told(void **state)
{
	uint8_t key[PROFILE_KEY_BYTES] = { 0 };
	struct crypto_cfg good = {
		.profile = PROFILE_AEAD_AES_128_GCM, .key = key, .send_key = key, .send_ssrcs = { 1, 2 }
	};
	struct crypto_cfg cfg = good;
	struct crypto *c = NULL;

	cfg.profile = PROFILE_PLAIN;
	assert_int_equal(crypto_create(&c, &cfg), -EINVAL);
	cfg.profile = PROFILES;
	assert_int_equal(crypto_create(&c, &cfg), -EINVAL);
	cfg = good;
	cfg.roc = 1;
	assert_int_equal(crypto_create(&c, &cfg), -EINVAL);
	cfg = good;
	cfg.send_ssrcs[1] = 1;
	assert_int_equal(crypto_create(&c, &cfg), -EINVAL);
	cfg = good;
	cfg.ssrc_places = LIMIT_SOURCES + 1;
	assert_int_equal(crypto_create(&c, &cfg), -EINVAL);
	assert_null(c);
	crypto_free(NULL);
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
		cmocka_unit_test(the_reference_makes_the_key_stream_of_rfc_3711_b2),
		cmocka_unit_test(the_reference_derives_the_keys_of_rfc_3711_b3),
		cmocka_unit_test(the_reference_makes_the_packets_of_rfc_7714_16),
		cmocka_unit_test(the_reference_makes_the_reports_of_rfc_7714_17),
		cmocka_unit_test(packets_of_the_reference_are_opened_in_every_profile),
		cmocka_unit_test(reports_of_the_reference_are_opened_in_every_profile),
		cmocka_unit_test(reports_of_ours_are_what_the_reference_makes_of_them),
		cmocka_unit_test(a_report_from_an_ssrc_that_is_not_ours_is_not_protected),
		cmocka_unit_test(every_flipped_bit_is_a_forgery),
		cmocka_unit_test(another_key_is_a_forgery),
		cmocka_unit_test(a_packet_is_taken_once),
		cmocka_unit_test(the_window_is_as_wide_as_it_says),
		cmocka_unit_test(a_report_is_taken_once),
		cmocka_unit_test(the_roll_over_counter_follows_the_sequence_number),
		cmocka_unit_test(a_stream_is_taken_up_with_its_roll_over_counter),
		cmocka_unit_test(a_stream_that_rolled_over_unheard_is_taken_up_too),
		cmocka_unit_test(a_stream_is_taken_up_beside_others),
		cmocka_unit_test(a_known_ssrc_is_the_only_one),
		cmocka_unit_test(the_ssrc_that_was_silent_longest_gives_its_place_to_a_new_one),
		cmocka_unit_test(the_known_ssrc_keeps_its_place),
		cmocka_unit_test(as_many_ssrcs_are_remembered_as_were_asked_for),
		cmocka_unit_test(of_two_equal_packets_in_a_burst_one_is_a_replay),
		cmocka_unit_test(a_burst_is_judged_as_if_packets_came_one_by_one),
		cmocka_unit_test(a_burst_may_begin_with_a_stream_that_rolled_over_unheard),
		cmocka_unit_test(an_unencrypted_report_fails_unless_aead_authenticates_it),
		cmocka_unit_test(what_is_too_short_fails),
		cmocka_unit_test(what_makes_no_context_is_told),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
