/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/sha256.h"

#include <string.h>
#include "base/cur.h"

/* FIPS 180-4 section 4.2.2. */
static const uint32_t k[64] __attribute__((aligned(16))) = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,                                                 /* */
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, /* */
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, /* */
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, /* */
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, /* */
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, /* */
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, /* */
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* FIPS 180-4 section 6.2.2. */
static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8];
	struct cur words = cur_of(block, SHA256_BLOCK_BYTES);

	for (unsigned t = 0; t < 16; t++)
		w[t] = cur_u32(&words);
	for (unsigned t = 16; t < 64; t++) {
		uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
		uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
		w[t] = s1 + w[t - 7] + s0 + w[t - 16];
	}
	memcpy(s, state, sizeof(s));
	/* Unrolled by eight, each working variable stays in its register: s[(i - t) & 7] is the i-th of a…h.
	 */
#pragma GCC unroll 8
	for (unsigned t = 0; t < 64; t++) {
		uint32_t a = s[-t & 7], b = s[(1 - t) & 7], c = s[(2 - t) & 7];
		uint32_t e = s[(4 - t) & 7], f = s[(5 - t) & 7], g = s[(6 - t) & 7];
		uint32_t sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
		uint32_t t1 = s[(7 - t) & 7] + sum1 + ((e & f) ^ (~e & g)) + k[t] + w[t];
		uint32_t sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);

		s[(3 - t) & 7] += t1;
		s[(7 - t) & 7] = t1 + sum0 + ((a & b) ^ (a & c) ^ (b & c));
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
}

void sha256_blocks_portable(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	for (; count; count--, blocks += SHA256_BLOCK_BYTES)
		compress(state, blocks);
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* Four rounds: the instruction takes the state as the pairs ABEF and CDGH, and two words of W + K at a time.
 */
SHA_TARGET static inline void four_rounds(__m128i *abef, __m128i *cdgh, __m128i w, unsigned t)
{
	__m128i wk = _mm_add_epi32(w, _mm_load_si128((const __m128i *)&k[t]));

	*cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, wk);
	*abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(wk, 0x0E));
}

/* The next four words of the message schedule, of the sixteen before. */
SHA_TARGET static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));

	return _mm_sha256msg2_epu32(sum, w3);
}

SHA_TARGET static void blocks_sha_ni(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i dcba = _mm_loadu_si128((const __m128i *)&state[0]);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)&state[4]);
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);

	for (; count; count--, blocks += SHA256_BLOCK_BYTES) {
		__m128i abef_before = abef, cdgh_before = cdgh, w[4];

		for (unsigned i = 0; i < 4; i++) {
			w[i] = _mm_loadu_si128((const __m128i *)(blocks + 16 * i));
			w[i] = _mm_shuffle_epi8(w[i], big_endian);
			four_rounds(&abef, &cdgh, w[i], 4 * i);
		}
		for (unsigned t = 16; t < 64; t += 16) {
			for (unsigned i = 0; i < 4; i++) {
				w[i] = next_words(w[i], w[(i + 1) & 3], w[(i + 2) & 3], w[(i + 3) & 3]);
				four_rounds(&abef, &cdgh, w[i], t + 4 * i);
			}
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	__m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
	_mm_storeu_si128((__m128i *)&state[0], _mm_blend_epi16(feba, dchg, 0xF0));
	_mm_storeu_si128((__m128i *)&state[4], _mm_alignr_epi8(dchg, feba, 8));
}

sha256_blocks_fn *sha256_blocks_native(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return NULL;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA))
		return NULL;
	return blocks_sha_ni;
}
#else
sha256_blocks_fn *sha256_blocks_native(void)
{
	return NULL;
}
#endif

void sha256_begin(struct sha256 *sha)
{
	/* FIPS 180-4 section 5.3.3. */
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(sha->state, initial, sizeof(initial));
	sha->bytes = 0;
	sha->blocks = sha256_blocks_native();
	if (!sha->blocks)
		sha->blocks = sha256_blocks_portable;
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t held = sha->bytes % SHA256_BLOCK_BYTES;

	if (len == 0)
		return;
	sha->bytes += len;
	if (held) {
		size_t n = SHA256_BLOCK_BYTES - held < len ? SHA256_BLOCK_BYTES - held : len;

		memcpy(sha->partial + held, at, n);
		if (held + n < SHA256_BLOCK_BYTES)
			return;
		sha->blocks(sha->state, sha->partial, 1);
		at += n;
		len -= n;
	}
	sha->blocks(sha->state, at, len / SHA256_BLOCK_BYTES);
	memcpy(sha->partial, at + len / SHA256_BLOCK_BYTES * SHA256_BLOCK_BYTES, len % SHA256_BLOCK_BYTES);
}

void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_BYTES])
{
	/* FIPS 180-4 section 5.1.1: a one bit, zeros, and the length in bits. */
	uint8_t padding[2 * SHA256_BLOCK_BYTES] = { 0x80 };
	size_t held = sha->bytes % SHA256_BLOCK_BYTES;
	size_t len = (held < 56 ? 56 : 120) - held;

	cur_put64(padding + len, sha->bytes * 8);
	sha256_add(sha, padding, len + 8);
	for (unsigned i = 0; i < 8; i++)
		cur_put32(ret_digest + 4 * i, sha->state[i]);
}
