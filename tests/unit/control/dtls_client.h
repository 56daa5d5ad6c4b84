/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS clients for tests, made with OpenSSL: what they send is kept as datagrams, for a test to deliver,
 * lose, turn round. Header only: each test is one source file. */
#ifndef TESTS_UNIT_CONTROL_DTLS_CLIENT_H
#define TESTS_UNIT_CONTROL_DTLS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include "base/limits.h"
#include "control/dtls_bio.h"
#include "control/dtls_cert.h"
#include "control/dtls_fingerprint.h"

#define DTLS_CLIENT_PKTS 64

struct dtls_client_pkt {
	size_t len;
	uint8_t bytes[LIMIT_PACKET_BYTES];
};

struct dtls_client {
	struct dtls_cert *cert;
	struct dtls_fingerprint fingerprint;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO_METHOD *method;
	struct dtls_bio datagrams;
	bool connected, closed, failed;
	unsigned count; /* datagrams it has sent that were not taken */
	struct dtls_client_pkt sent[DTLS_CLIENT_PKTS];
};

/* What a test may choose; 0 and NULL: as a browser has it. */
struct dtls_client_cfg {
	const char *profiles;
	bool no_srtp, no_certificate, rsa;
	unsigned mtu;
	size_t padding; /* of the hello, as a post-quantum key share has it */
	const char *ciphers;
};

static inline void dtls_client_on_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct dtls_client *c = arg;

	if (c->count == DTLS_CLIENT_PKTS || len > LIMIT_PACKET_BYTES)
		abort();
	c->sent[c->count].len = len;
	memcpy(c->sent[c->count++].bytes, bytes, len);
}

static inline int dtls_client_accept_any(X509_STORE_CTX *store, void *arg)
{
	return 1;
}

static inline int dtls_client_add_padding(SSL *ssl, unsigned type, unsigned context,
        const unsigned char **out, size_t *len, X509 *x509, size_t index, int *alert, void *arg)
{
	*len = *(size_t *)arg;
	*out = calloc(1, *len);
	return 1;
}

static inline void dtls_client_free_padding(
        SSL *ssl, unsigned type, unsigned context, const unsigned char *out, void *arg)
{
	free((void *)out);
}

static inline unsigned dtls_client_on_timer(SSL *ssl, unsigned last_us)
{
	return last_us ? last_us * 2 : 100000;
}

static inline void dtls_client_use_rsa(struct dtls_client *c, uint64_t unix_s)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);

	X509_set_pubkey(c->cert->x509, key);
	X509_sign(c->cert->x509, key, EVP_sha256());
	EVP_PKEY_free(c->cert->key);
	c->cert->key = key;
	dtls_fingerprint_print(c->cert->fingerprint, c->cert->x509);
}

static inline struct dtls_client *dtls_client_create(const struct dtls_client_cfg *cfg)
{
	static size_t padding;
	struct dtls_client *c = calloc(1, sizeof(*c));
	BIO *bio;

	c->method = dtls_bio_method();
	c->ctx = SSL_CTX_new(DTLS_client_method());
	c->datagrams.send = dtls_client_on_send;
	c->datagrams.arg = c;
	if (dtls_cert_make(&c->cert, 1700000000))
		abort();
	if (cfg->rsa)
		dtls_client_use_rsa(c, 1700000000);
	dtls_fingerprint_parse(&c->fingerprint, c->cert->fingerprint, strlen(c->cert->fingerprint));
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_cert_verify_callback(c->ctx, dtls_client_accept_any, NULL);
	if (cfg->ciphers)
		SSL_CTX_set_cipher_list(c->ctx, cfg->ciphers);
	if (!cfg->no_srtp)
		SSL_CTX_set_tlsext_use_srtp(c->ctx,
		        cfg->profiles ? cfg->profiles
		                      : "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM");
	if (cfg->padding) {
		padding = cfg->padding;
		SSL_CTX_add_custom_ext(c->ctx, 0x1234, SSL_EXT_CLIENT_HELLO, dtls_client_add_padding,
		        dtls_client_free_padding, &padding, NULL, NULL);
	}
	c->ssl = SSL_new(c->ctx);
	bio = dtls_bio_new(c->method, &c->datagrams);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_mtu(c->ssl, cfg->mtu ? cfg->mtu : 1200);
	DTLS_set_timer_cb(c->ssl, dtls_client_on_timer);
	if (!cfg->no_certificate) {
		SSL_use_certificate(c->ssl, c->cert->x509);
		SSL_use_PrivateKey(c->ssl, c->cert->key);
	}
	SSL_set_connect_state(c->ssl);
	return c;
}

static inline void dtls_client_free(struct dtls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	BIO_meth_free(c->method);
	dtls_cert_unref(c->cert);
	free(c);
}

/* Give it a datagram, or with NULL let it begin. */
static inline void dtls_client_input(struct dtls_client *c, const uint8_t *bytes, size_t len)
{
	uint8_t ignored[2048];
	int r;

	ERR_clear_error();
	c->datagrams.in = bytes;
	c->datagrams.in_len = len;
	r = c->connected ? SSL_read(c->ssl, ignored, sizeof(ignored)) : SSL_connect(c->ssl);
	if (!c->connected && r == 1) {
		c->connected = true;
		r = SSL_read(c->ssl, ignored, sizeof(ignored));
	}
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_ZERO_RETURN:
		c->closed = true;
		break;
	case SSL_ERROR_SSL:
	case SSL_ERROR_SYSCALL:
		c->failed = true;
		break;
	}
	c->datagrams.in = NULL;
	ERR_clear_error();
}

static inline void dtls_client_resend(struct dtls_client *c)
{
	ERR_clear_error();
	DTLSv1_handle_timeout(c->ssl);
	ERR_clear_error();
}

/* Its view of the keys: what it writes with, what we do. */
static inline void dtls_client_keys(
        struct dtls_client *c, unsigned key, unsigned salt, uint8_t *ret_key, uint8_t *ret_send_key)
{
	uint8_t out[2 * PROFILE_KEY_BYTES];

	SSL_export_keying_material(c->ssl, out, 2u * (key + salt), "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0);
	memset(ret_key, 0, PROFILE_KEY_BYTES);
	memset(ret_send_key, 0, PROFILE_KEY_BYTES);
	memcpy(ret_key, out, key);
	memcpy(ret_key + key, out + 2 * key, salt);
	memcpy(ret_send_key, out + key, key);
	memcpy(ret_send_key + key, out + 2 * key + salt, salt);
}

#endif
