/* SPDX-License-Identifier: BSD-3-Clause */
/* The recorder's side of a WebRTC peer, for tests: a lite ICE agent of base/stun.h and a DTLS-SRTP server of
 * OpenSSL. Header only: each test is one source file. */
#ifndef TESTS_UNIT_GEN_LITE_AGENT_H
#define TESTS_UNIT_GEN_LITE_AGENT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include "base/limits.h"
#include "base/stun.h"

#define LITE_AGENT_FLIGHT_BYTES 16384

struct lite_agent {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in, *out; /* of ssl */
};

/* For stun_end and stun_check_mac: @arg is the password. */
static inline void lite_agent_hmac(
        void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	unsigned size = STUN_MAC_BYTES;

	HMAC(EVP_sha1(), arg, (int)strlen(arg), bytes, len, ret_mac, &size);
}

/* The answer to a check, written to @out of LIMIT_PACKET_BYTES; its length, 0: that was no check. */
static inline size_t lite_agent_answer(const uint8_t *check, size_t len, char *password, uint8_t *out)
{
	const uint8_t addr[4] = { 10, 0, 0, 2 };
	struct stun_message asked;
	struct stun_build build;

	if (stun_parse(&asked, check, len) || asked.type != STUN_BINDING_REQUEST)
		return 0;
	stun_begin(&build, out, LIMIT_PACKET_BYTES, STUN_BINDING_SUCCESS, asked.id);
	stun_put_xor_mapped(&build, addr, false, 4000);
	return stun_end(&build, lite_agent_hmac, password);
}

static inline int lite_agent_accept_any(X509_STORE_CTX *store, void *arg)
{
	return 1;
}

static inline SSL_CTX *lite_agent_context(const char *srtp)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	SSL_CTX *context = SSL_CTX_new(DTLS_server_method());
	X509 *x = X509_new();

	if (!key || !context || !x || !X509_gmtime_adj(X509_getm_notBefore(x), 0) ||
	        !X509_gmtime_adj(X509_getm_notAfter(x), 3600) || X509_set_pubkey(x, key) != 1 ||
	        X509_sign(x, key, EVP_sha256()) <= 0 || SSL_CTX_use_certificate(context, x) != 1 ||
	        SSL_CTX_use_PrivateKey(context, key) != 1 ||
	        (srtp && SSL_CTX_set_tlsext_use_srtp(context, srtp)))
		abort();
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, lite_agent_accept_any, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
	X509_free(x);
	EVP_PKEY_free(key);
	return context;
}

/* @srtp is the profile as OpenSSL names it; NULL: none is agreed to. */
static inline void lite_agent_begin(struct lite_agent *agent, const char *srtp)
{
	agent->context = lite_agent_context(srtp);
	agent->ssl = SSL_new(agent->context);
	agent->in = BIO_new(BIO_s_mem());
	agent->out = BIO_new(BIO_s_mem());
	if (!agent->ssl || !agent->in || !agent->out)
		abort();
	BIO_set_mem_eof_return(agent->in, -1);
	SSL_set_bio(agent->ssl, agent->in, agent->out);
	DTLS_set_link_mtu(agent->ssl, 1200);
	SSL_set_accept_state(agent->ssl);
}

/* Also one that never began, if it is zeroed. */
static inline void lite_agent_end(struct lite_agent *agent)
{
	SSL_free(agent->ssl);
	SSL_CTX_free(agent->context);
	*agent = (struct lite_agent){ 0 };
}

/* Take a datagram of DTLS. */
static inline void lite_agent_hear(struct lite_agent *agent, const uint8_t *data, size_t len)
{
	BIO_write(agent->in, data, (int)len);
	SSL_do_handshake(agent->ssl);
}

/* What it has to say, written to @out of LITE_AGENT_FLIGHT_BYTES; its length. A flight that fits the buffer
 * is one datagram. */
static inline size_t lite_agent_say(struct lite_agent *agent, uint8_t *out)
{
	int n = BIO_read(agent->out, out, LITE_AGENT_FLIGHT_BYTES);

	return n > 0 ? (size_t)n : 0;
}

/* The keying material of RFC 5764 section 4.2, @len bytes of it. */
static inline void lite_agent_material(const struct lite_agent *agent, uint8_t *out, size_t len)
{
	if (SSL_export_keying_material(agent->ssl, out, len, "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) != 1)
		abort();
}

#endif
