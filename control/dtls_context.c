/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_context.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/srtp.h>
#include "base/id.h"
#include "base/limits.h"
#include "control/dtls_bio.h"

/* RFC 8827 section 6.5, less what has no authenticated encryption. */
#define CIPHERS  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
#define GROUPS   "X25519:P-256"
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

/* A cookie is a MAC over the connection's name: stateless, as RFC 6347 section 4.2.1 wants it. */
static bool make_cookie(SSL *ssl, uint8_t cookie[DTLS_CONTEXT_COOKIE_BYTES])
{
	const struct dtls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const char *name = SSL_get_app_data(ssl);
	unsigned len;

	return HMAC(EVP_sha256(), context->cookie_secret, sizeof(context->cookie_secret),
	               (const unsigned char *)name, strlen(name), cookie, &len) != NULL;
}

static int on_make_cookie(SSL *ssl, unsigned char *cookie, unsigned *ret_len)
{
	*ret_len = DTLS_CONTEXT_COOKIE_BYTES;
	return make_cookie(ssl, cookie);
}

static int on_check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	uint8_t ours[DTLS_CONTEXT_COOKIE_BYTES];

	return len == sizeof(ours) && make_cookie(ssl, ours) && !CRYPTO_memcmp(cookie, ours, sizeof(ours));
}

static bool set_up(struct dtls_context *context)
{
	SSL_CTX *ctx = context->ssl_ctx;

	SSL_CTX_set_app_data(ctx, context);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(ctx, LIMIT_DTLS_CERT_BYTES);
	SSL_CTX_set_read_ahead(ctx, 1); /* a datagram is read as a whole */
	SSL_CTX_set_cookie_generate_cb(ctx, on_make_cookie);
	SSL_CTX_set_cookie_verify_cb(ctx, on_check_cookie);
	return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) &&
	       SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) && SSL_CTX_set_cipher_list(ctx, CIPHERS) &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) && !SSL_CTX_set_tlsext_use_srtp(ctx, PROFILES);
}

int dtls_context_create(struct dtls_context **ret_context, int (*check)(X509_STORE_CTX *store, void *arg))
{
	struct dtls_context *context = calloc(1, sizeof(*context));

	if (!context)
		return -ENOMEM;
	id_random(context->cookie_secret, sizeof(context->cookie_secret));
	context->bio_method = dtls_bio_method();
	context->ssl_ctx = SSL_CTX_new(DTLS_server_method());
	if (!context->bio_method || !context->ssl_ctx || !set_up(context)) {
		dtls_context_free(context);
		return -ENOMEM;
	}
	SSL_CTX_set_cert_verify_callback(context->ssl_ctx, check, NULL);
	*ret_context = context;
	return 0;
}

void dtls_context_free(struct dtls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->ssl_ctx);
	BIO_meth_free(context->bio_method);
	explicit_bzero(context->cookie_secret, sizeof(context->cookie_secret));
	free(context);
}
