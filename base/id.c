/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/id.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ID_CHARS 20

/* What id_seed has set, while it has. */
static uint64_t state;
static bool is_seeded;

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next_number(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static void fill(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(next_number() >> 56);
}

void id_seed(uint64_t seed)
{
	state = seed;
	is_seeded = true;
}

void id_random(void *buf, size_t len)
{
	uint8_t *at = buf;

	if (is_seeded) {
		fill(buf, len);
		return;
	}
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		at += n;
		len -= (size_t)n;
	}
}

/* RFC 4648 section 6, in lower case: safe in URLs, in file names and on file systems that ignore case. */
void id_make(char *buf, size_t size, const char *prefix)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	size_t len = strlen(prefix);
	uint8_t random[ID_CHARS];

	assert(size >= len + ID_CHARS + 1);
	memcpy(buf, prefix, len);
	id_random(random, sizeof(random));
	for (size_t i = 0; i < ID_CHARS; i++)
		buf[len + i] = alphabet[random[i] & 31];
	buf[len + ID_CHARS] = '\0';
}
