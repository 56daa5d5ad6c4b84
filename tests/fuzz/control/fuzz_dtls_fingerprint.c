/* SPDX-License-Identifier: BSD-3-Clause */
/* A value of a=fingerprint; what is read prints and reads back. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "control/dtls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "sha-256", "sha-384", "sha-512" };
	struct dtls_fingerprint fingerprint, again;
	char text[300];
	int at;

	if (dtls_fingerprint_parse(&fingerprint, (const char *)data, size))
		return 0;
	assert(fingerprint.hash < DTLS_HASHES && fingerprint.len <= DTLS_FINGERPRINT_BYTES);
	at = snprintf(text, sizeof(text), "%s", names[fingerprint.hash]);
	for (unsigned i = 0; i < fingerprint.len; i++)
		at += snprintf(
		        text + at, sizeof(text) - (size_t)at, "%c%02X", i ? ':' : ' ', fingerprint.bytes[i]);
	assert(!dtls_fingerprint_parse(&again, text, (size_t)at));
	assert(!memcmp(&again, &fingerprint, sizeof(again)));
	return 0;
}
