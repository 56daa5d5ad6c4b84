/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "control/dtls_cert.h"
#include "control/dtls_fingerprint.h"

static struct dtls_fingerprint fingerprint;

static int parse(const char *text)
{
	return dtls_fingerprint_parse(&fingerprint, text, strlen(text));
}

/* "name 00:01:02:…" of @count bytes. */
static const char *text_of(const char *name, unsigned count)
{
	static char text[400];
	int at = snprintf(text, sizeof(text), "%s ", name);

	for (unsigned i = 0; i < count; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%02x", i ? ":" : "", i);
	return text;
}

static void the_good_hashes_are_read(void **unused)
{
	static const struct {
		const char *name;
		enum dtls_hash hash;
		unsigned len;
	} rows[] = { { "sha-256", DTLS_SHA256, 32 }, { "SHA-384", DTLS_SHA384, 48 },
		{ "Sha-512", DTLS_SHA512, 64 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(text_of(rows[i].name, rows[i].len)), 0);
		assert_int_equal(fingerprint.hash, rows[i].hash);
		assert_int_equal(fingerprint.len, rows[i].len);
		for (unsigned k = 0; k < rows[i].len; k++)
			assert_int_equal(fingerprint.bytes[k], k);
	}
}

/* RFC 8122 section 5.1: md5 and md2 must not be used; SHA-1 is not taken by RFC 8827 section 6.5. */
static void weak_and_unknown_hashes_are_not_supported(void **unused)
{
	assert_int_equal(parse(text_of("sha-1", 20)), -ENOTSUP);
	assert_int_equal(parse(text_of("md5", 16)), -ENOTSUP);
	assert_int_equal(parse(text_of("sha-224", 28)), -ENOTSUP);
	assert_int_equal(parse(text_of("sha-25", 32)), -ENOTSUP);
	assert_int_equal(parse(text_of("sha-2566", 32)), -ENOTSUP);
}

static void what_is_no_fingerprint_is_refused(void **unused)
{
	char text[400];

	assert_int_equal(parse(""), -EINVAL);
	assert_int_equal(parse(" "), -EINVAL);
	assert_int_equal(parse("sha-256"), -EINVAL);
	assert_int_equal(parse("sha-256 "), -EINVAL);
	assert_int_equal(parse("sha_256 00"), -EINVAL);
	assert_int_equal(parse(text_of("sha-256", 31)), -EINVAL);
	assert_int_equal(parse(text_of("sha-256", 33)), -EINVAL);
	for (size_t i = strlen("sha-256 "); i < strlen(text_of("sha-256", 32)); i++) {
		strcpy(text, text_of("sha-256", 32));
		text[i] = text[i] == ':' ? '-' : 'g';
		assert_int_equal(parse(text), -EINVAL);
	}
}

static void only_the_length_given_is_read(void **unused)
{
	const char *text = text_of("sha-256", 32);

	assert_int_equal(dtls_fingerprint_parse(&fingerprint, text, strlen(text) - 1), -EINVAL);
	assert_int_equal(dtls_fingerprint_parse(&fingerprint, text, strlen("sha-256 ")), -EINVAL);
}

static void a_certificate_matches_its_own(void **unused)
{
	struct dtls_fingerprint list[3] = { 0 };
	struct dtls_cert *cert, *other;

	assert_int_equal(dtls_cert_make(&cert, 1700000000), 0);
	assert_int_equal(dtls_cert_make(&other, 1700000000), 0);
	assert_int_equal(parse(cert->fingerprint), 0);
	assert_true(dtls_fingerprint_matches(&fingerprint, 1, cert->x509));
	assert_false(dtls_fingerprint_matches(&fingerprint, 1, other->x509));
	assert_false(dtls_fingerprint_matches(&fingerprint, 0, cert->x509));
	list[0] = (struct dtls_fingerprint){ .hash = DTLS_SHA512, .len = 64 };
	list[1] = fingerprint;
	list[1].bytes[0] ^= 1;
	assert_false(dtls_fingerprint_matches(list, 2, cert->x509));
	list[2] = fingerprint;
	assert_true(dtls_fingerprint_matches(list, 3, cert->x509));
	dtls_cert_unref(cert);
	dtls_cert_unref(other);
}

static void longer_hashes_are_held_against_the_certificate(void **unused)
{
	struct dtls_fingerprint wanted = { .hash = DTLS_SHA384, .len = 48 };
	struct dtls_cert *cert;

	assert_int_equal(dtls_cert_make(&cert, 1700000000), 0);
	assert_int_equal(X509_digest(cert->x509, EVP_sha384(), wanted.bytes, NULL), 1);
	assert_true(dtls_fingerprint_matches(&wanted, 1, cert->x509));
	wanted.bytes[47] ^= 0x80;
	assert_false(dtls_fingerprint_matches(&wanted, 1, cert->x509));
	wanted = (struct dtls_fingerprint){ .hash = DTLS_SHA512, .len = 64 };
	assert_int_equal(X509_digest(cert->x509, EVP_sha512(), wanted.bytes, NULL), 1);
	assert_true(dtls_fingerprint_matches(&wanted, 1, cert->x509));
	dtls_cert_unref(cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_hashes_are_read),
		cmocka_unit_test(weak_and_unknown_hashes_are_not_supported),
		cmocka_unit_test(what_is_no_fingerprint_is_refused),
		cmocka_unit_test(only_the_length_given_is_read),
		cmocka_unit_test(a_certificate_matches_its_own),
		cmocka_unit_test(longer_hashes_are_held_against_the_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
