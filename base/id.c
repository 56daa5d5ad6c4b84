/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/id.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ID_CHARS 20

void id_random(void *buf, size_t len)
{
	uint8_t *at = buf;

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
