/* SPDX-License-Identifier: BSD-3-Clause */
/* a=fingerprint's value, RFC 8122 section 5:
 *
 *   hash-func SP 2UHEX *(":" 2UHEX)       as many bytes as the hash has
 */
#include "control/dtls_fingerprint.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

static const struct {
	const char *name;
	uint8_t len;
	const EVP_MD *(*method)(void);
} hashes[DTLS_HASHES] = {
	[DTLS_SHA256] = { "sha-256", 32, EVP_sha256 },
	[DTLS_SHA384] = { "sha-384", 48, EVP_sha384 },
	[DTLS_SHA512] = { "sha-512", 64, EVP_sha512 },
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_bytes(const char *text, size_t len, uint8_t *ret_bytes, unsigned count)
{
	if (len != count * 3u - 1)
		return -EINVAL;
	for (unsigned i = 0; i < count; i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0 || (i + 1 < count && text[2] != ':'))
			return -EINVAL;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int dtls_fingerprint_parse(struct dtls_fingerprint *ret_fingerprint, const char *text, size_t len)
{
	struct dtls_fingerprint fingerprint = { 0 };
	size_t name = 0, hash = 0;

	while (name < len && (isalnum((unsigned char)text[name]) || text[name] == '-'))
		name++;
	if (!name || name == len || text[name] != ' ')
		return -EINVAL;
	while (hash < DTLS_HASHES &&
	        (strlen(hashes[hash].name) != name || strncasecmp(hashes[hash].name, text, name)))
		hash++;
	if (hash == DTLS_HASHES)
		return -ENOTSUP;
	fingerprint.hash = (enum dtls_hash)hash;
	fingerprint.len = hashes[hash].len;
	if (parse_bytes(text + name + 1, len - name - 1, fingerprint.bytes, fingerprint.len))
		return -EINVAL;
	*ret_fingerprint = fingerprint;
	return 0;
}

bool dtls_fingerprint_matches(const struct dtls_fingerprint *wanted, unsigned count, const X509 *certificate)
{
	uint8_t digests[DTLS_HASHES][EVP_MAX_MD_SIZE] = { 0 };
	unsigned matches = 0;

	for (unsigned i = 0; i < DTLS_HASHES; i++) {
		if (!X509_digest(certificate, hashes[i].method(), digests[i], NULL))
			return false;
	}
	for (unsigned i = 0; i < count; i++)
		matches +=
		        !CRYPTO_memcmp(wanted[i].bytes, digests[wanted[i].hash], hashes[wanted[i].hash].len);
	return matches != 0;
}

int dtls_fingerprint_print(char ret_text[DTLS_FINGERPRINT_TEXT], const X509 *certificate)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len;
	int at;

	if (!X509_digest(certificate, EVP_sha256(), digest, &len))
		return -ENOMEM;
	at = snprintf(ret_text, DTLS_FINGERPRINT_TEXT, "sha-256");
	for (unsigned i = 0; i < len; i++)
		at += snprintf(ret_text + at, DTLS_FINGERPRINT_TEXT - (size_t)at, "%c%02X", i ? ':' : ' ',
		        digest[i]);
	return 0;
}
