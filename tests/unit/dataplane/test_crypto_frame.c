/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "base/cur.h"

#define LEN 100

static uint8_t data[LEN], before[LEN];
static struct crypto_key key; /* a salt of zeros */

static struct crypto_packet packet(bool is_rtcp)
{
	for (unsigned i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i + 1);
	memcpy(before, data, LEN);
	return (struct crypto_packet){ .data = data,
		.len = LEN,
		.header_bytes = 20,
		.ssrc = 0x01020304,
		.index = 0xA1B2C3D4E5F6,
		.is_rtcp = is_rtcp };
}

static void the_roll_over_counter_stands_in_the_place_of_the_tag_for_a_while(void **state)
{
	static const uint8_t iv[16] = { 0, 0, 0, 0, 1, 2, 3, 4, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6 };
	static const uint8_t roc[4] = { 0xA1, 0xB2, 0xC3, 0xD4 };
	struct crypto_packet p = packet(false);

	crypto_frame_set(&p, profile_info(PROFILE_AES_CM_128_HMAC_SHA1_32), &key);
	assert_ptr_equal(p.job.aad, data);
	assert_int_equal(p.job.aad_bytes, LEN - 4 + 4);
	assert_ptr_equal(p.job.text, data + 20);
	assert_int_equal(p.job.text_bytes, LEN - 4 - 20);
	assert_memory_equal(p.job.tag, before + LEN - 4, 4);
	assert_memory_equal(data + LEN - 4, roc, 4);
	assert_memory_equal(p.job.iv, iv, 16);
	crypto_frame_restore(&p);
	assert_memory_equal(data, before, LEN);
}

static void an_aead_packet_is_left_as_it_is(void **state)
{
	static const uint8_t iv[12] = { 0, 0, 1, 2, 3, 4, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6 };
	struct crypto_packet p = packet(false);

	crypto_frame_set(&p, profile_info(PROFILE_AEAD_AES_256_GCM), &key);
	assert_int_equal(p.job.aad_bytes, 20);
	assert_int_equal(p.job.text_bytes, LEN - 16 - 20);
	assert_int_equal(p.job.key_bytes, 32);
	assert_memory_equal(p.job.iv, iv, 12);
	assert_memory_equal(data, before, LEN);
	crypto_frame_restore(&p);
	assert_memory_equal(data, before, LEN);
}

static void the_index_of_a_report_is_where_its_profile_has_it(void **state)
{
	const struct profile_info *cm = profile_info(PROFILE_AES_CM_128_HMAC_SHA1_32),
	                          *gcm = profile_info(PROFILE_AEAD_AES_128_GCM);
	struct crypto_packet p = packet(true);

	cur_put32(data + LEN - 14, CRYPTO_FRAME_ENCRYPTED | 5);
	assert_int_equal(crypto_frame_trailer(&p, cm), CRYPTO_FRAME_ENCRYPTED | 5);
	crypto_frame_set(&p, cm, &key);
	assert_int_equal(p.job.aad_bytes, LEN - 10);
	assert_int_equal(p.job.text_bytes, LEN - 14 - 8);
	p = packet(true);
	cur_put32(data + LEN - 4, CRYPTO_FRAME_ENCRYPTED | 6);
	assert_int_equal(crypto_frame_trailer(&p, gcm), CRYPTO_FRAME_ENCRYPTED | 6);
	crypto_frame_set(&p, gcm, &key);
	assert_int_equal(p.job.aad_bytes, 12);
	assert_memory_equal(p.job.aad, data, 8);
	assert_memory_equal(p.job.aad + 8, data + LEN - 4, 4);
	assert_int_equal(p.job.text_bytes, LEN - 20 - 8);
}

/* RFC 7714 section 9.3. */
static void an_unencrypted_report_is_authenticated_as_a_whole(void **state)
{
	struct crypto_packet p = packet(true);

	cur_put32(data + LEN - 4, 7);
	memcpy(before, data, LEN);
	crypto_frame_set(&p, profile_info(PROFILE_AEAD_AES_128_GCM), &key);
	assert_int_equal(p.job.text_bytes, 0);
	assert_ptr_equal(p.job.aad, data);
	assert_int_equal(p.job.aad_bytes, LEN - 16);
	assert_memory_equal(data + LEN - 20, before + LEN - 4, 4);
	crypto_frame_restore(&p);
	assert_memory_equal(data, before, LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_roll_over_counter_stands_in_the_place_of_the_tag_for_a_while),
		cmocka_unit_test(an_aead_packet_is_left_as_it_is),
		cmocka_unit_test(the_index_of_a_report_is_where_its_profile_has_it),
		cmocka_unit_test(an_unencrypted_report_is_authenticated_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
