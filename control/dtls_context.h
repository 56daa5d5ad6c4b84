/* SPDX-License-Identifier: BSD-3-Clause */
/* What all DTLS connections share: versions, ciphers, SRTP profiles, the secret of our cookies. Read-only
 * once made: any thread. */
#ifndef CONTROL_DTLS_CONTEXT_H
#define CONTROL_DTLS_CONTEXT_H

#include <stdint.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#define DTLS_CONTEXT_COOKIE_BYTES 32

struct dtls_context {
	SSL_CTX *ssl_ctx;
	BIO_METHOD *bio_method;
	uint8_t cookie_secret[32];
};

/* @check is OpenSSL's cert_verify_callback. The app data of a connection's SSL begins with its name, a text
 * that its cookies are bound to. 0 or -ENOMEM. */
int dtls_context_create(struct dtls_context **ret_context, int (*check)(X509_STORE_CTX *store, void *arg));
void dtls_context_free(struct dtls_context *context); /* after its connections; NULL is allowed */

#endif
