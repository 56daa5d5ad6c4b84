/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "writers/sha256.h"

static void digest(sha256_blocks_fn *blocks, const void *bytes, size_t len, size_t piece, char text[65])
{
	uint8_t out[SHA256_BYTES];
	struct sha256 sha;

	sha256_begin(&sha);
	if (blocks)
		sha.blocks = blocks;
	for (size_t at = 0; at < len; at += piece)
		sha256_add(&sha, (const uint8_t *)bytes + at, len - at < piece ? len - at : piece);
	sha256_end(&sha, out);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", out[i]);
}

static void check(const void *bytes, size_t len, const char *want)
{
	char text[65];

	digest(NULL, bytes, len, len ? len : 1, text);
	assert_string_equal(text, want);
	digest(sha256_blocks_portable, bytes, len, len ? len : 1, text);
	assert_string_equal(text, want);
}

/* The examples of FIPS 180-2 appendix B, to which FIPS 180-4 refers
 * (csrc.nist.gov/projects/cryptographic-standards-and- guidelines/example-values), and the empty message. */
static void fips_vectors(void **state)
{
	uint8_t *million = malloc(1000000);

	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	memset(million, 'a', 1000000);
	check(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* Every length around the padding's edges, in pieces of every size. */
static void pieces_make_no_difference(void **state)
{
	uint8_t bytes[260];
	char whole[65], pieces[65];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		digest(sha256_blocks_portable, bytes, len, 1000, whole);
		for (size_t piece = 1; piece <= 130; piece += 3) {
			digest(NULL, bytes, len, piece, pieces);
			assert_string_equal(whole, pieces);
		}
	}
}

static void native_and_portable_agree(void **state)
{
	sha256_blocks_fn *native = sha256_blocks_native();
	static uint8_t bytes[100 * SHA256_BLOCK_BYTES];
	uint32_t a[8], b[8];
	uint32_t x = 1;

	if (!native)
		skip();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	for (unsigned i = 0; i < 8; i++)
		a[i] = b[i] = x = x * 1664525 + 1013904223;
	native(a, bytes, 100);
	sha256_blocks_portable(b, bytes, 100);
	assert_memory_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fips_vectors),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(native_and_portable_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
