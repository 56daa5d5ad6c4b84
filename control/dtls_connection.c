/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include "base/cur.h"
#include "base/limits.h"
#include "control/dtls_bio.h"
#include "control/dtls_cert.h"
#include "control/dtls_context.h"
#include "control/dtls_fingerprint.h"

#define EXPORTER       "EXTRACTOR-dtls_srtp" /* RFC 5764 section 4.2 */
#define RECORD_BYTES   13                    /* RFC 6347 section 4.1 */
#define GCM_BYTES      24                    /* what AES-GCM adds (RFC 5288 section 3) */
#define CHACHA_BYTES   16                    /* what ChaCha20-Poly1305 adds (RFC 7905 section 2) */
#define US_PER_MS      1000u
#define ALERT_FATAL    2 /* RFC 5246 section 7.2 */
#define ALERT_LEVEL(x) ((x) >> 8)

struct dtls_connection {
	char name[LIMIT_SESSION_ID_BYTES + 1]; /* first: what OpenSSL is given as app data */
	SSL *ssl;
	struct dtls_bio datagrams;
	enum dtls_connection_state state;
	enum profile profile; /* PROFILE_PLAIN until the handshake is through */
	struct dtls_fingerprint peers[DTLS_FINGERPRINTS];
	unsigned peer_count;
	char reason[LIMIT_REASON_BYTES + 1];
};

static struct dtls_connection *connection_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* The first reason is the one that counts: what follows comes of it. */
static void give_reason(struct dtls_connection *c, const char *reason)
{
	if (!*c->reason)
		snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

/* Instead of a chain of issuers, that nobody has here: the certificate is one that the offer named. The
 * SRTP profile was settled by the hellos, so its lack is told here, too, and not after a whole handshake. */
int dtls_connection_check(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls_connection *c = connection_of(ssl);
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);

	if (!SSL_get_selected_srtp_profile(ssl)) {
		give_reason(c, "no SRTP profile in common");
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (!certificate || !dtls_fingerprint_matches(c->peers, c->peer_count, certificate)) {
		give_reason(c, "the peer's certificate is not the one of its offer");
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static void on_info(const SSL *ssl, int where, int value)
{
	char reason[LIMIT_REASON_BYTES + 1];

	if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || ALERT_LEVEL(value) != ALERT_FATAL)
		return;
	snprintf(reason, sizeof(reason), "the peer gave up: %s", SSL_alert_desc_string_long(value));
	give_reason(connection_of(ssl), reason);
}

static unsigned on_timer(SSL *ssl, unsigned last_us)
{
	if (!last_us)
		return DTLS_CONNECTION_RESEND_MIN_MS * US_PER_MS;
	return last_us < DTLS_CONNECTION_RESEND_MAX_MS * US_PER_MS / 2
	               ? last_us * 2
	               : DTLS_CONNECTION_RESEND_MAX_MS * US_PER_MS;
}

static bool set_up(struct dtls_connection *c, const struct dtls_connection_cfg *cfg)
{
	SSL_CTX *ctx = cfg->context->ssl_ctx;
	BIO *bio;

	c->ssl = SSL_new(ctx);
	bio = c->ssl ? dtls_bio_new(cfg->context->bio_method, &c->datagrams) : NULL;
	if (!bio)
		return false;
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_app_data(c->ssl, c);
	SSL_set_info_callback(c->ssl, on_info);
	SSL_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (cfg->want_cookie)
		SSL_set_options(c->ssl, SSL_OP_COOKIE_EXCHANGE);
	DTLS_set_timer_cb(c->ssl, on_timer);
	SSL_set_accept_state(c->ssl);
	return SSL_set_mtu(c->ssl, DTLS_MTU) && SSL_use_certificate(c->ssl, cfg->cert->x509) &&
	       SSL_use_PrivateKey(c->ssl, cfg->cert->key);
}

int dtls_connection_create(struct dtls_connection **ret_connection, const struct dtls_connection_cfg *cfg)
{
	struct dtls_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	snprintf(c->name, sizeof(c->name), "%s", cfg->name);
	c->datagrams.send = cfg->send;
	c->datagrams.arg = cfg->arg;
	c->peer_count = cfg->peer_count;
	memcpy(c->peers, cfg->peers, sizeof(c->peers));
	if (!set_up(c, cfg)) {
		ERR_clear_error();
		dtls_connection_free(c);
		return -ENOMEM;
	}
	*ret_connection = c;
	return 0;
}

void dtls_connection_free(struct dtls_connection *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	free(c);
}

/* In words what OpenSSL calls by a name of its own. */
static const char *describe(unsigned long error)
{
	const char *text;

	switch (ERR_GET_REASON(error)) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "the peer showed no certificate";
	case SSL_R_NO_SHARED_CIPHER:
		return "no cipher in common";
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return "the peer speaks no DTLS 1.2";
	case SSL_R_READ_TIMEOUT_EXPIRED:
		return "the peer does not answer any more";
	}
	text = ERR_reason_error_string(error);
	return text ? text : "the handshake failed";
}

static void fail(struct dtls_connection *c)
{
	give_reason(c, describe(ERR_peek_error()));
	ERR_clear_error();
	c->state = DTLS_CONNECTION_FAILED;
}

/* The profile that was agreed on, as base/codec.h calls it. */
static enum profile agreed_profile(SSL *ssl)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(ssl);

	switch (profile ? profile->id : 0) {
	case SRTP_AEAD_AES_128_GCM:
		return PROFILE_AEAD_AES_128_GCM;
	case SRTP_AEAD_AES_256_GCM:
		return PROFILE_AEAD_AES_256_GCM;
	case SRTP_AES128_CM_SHA1_80:
		return PROFILE_AES_CM_128_HMAC_SHA1_80;
	default:
		return PROFILE_PLAIN;
	}
}

static void shake_hands(struct dtls_connection *c)
{
	int r = SSL_accept(c->ssl);

	if (r == 1) {
		c->profile = agreed_profile(c->ssl);
		c->state = DTLS_CONNECTION_CONNECTED;
	} else if (SSL_get_error(c->ssl, r) != SSL_ERROR_WANT_READ) {
		fail(c);
	}
}

/* There is nothing to be said by DTLS once the keys are there, except that it is over. */
static void read_on(struct dtls_connection *c)
{
	uint8_t ignored[LIMIT_PACKET_BYTES];
	int n;

	do
		n = SSL_read(c->ssl, ignored, sizeof(ignored));
	while (n > 0);
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		give_reason(c, "peer closed");
		c->state = DTLS_CONNECTION_CLOSED;
		break;
	default:
		fail(c);
	}
}

/* Before and after each use of OpenSSL: its errors are the thread's, and a connection that has nothing to do
 * for hours needs no buffers, which are most of what it takes. */
static void wake(struct dtls_connection *c)
{
	ERR_clear_error();
	if (c->state == DTLS_CONNECTION_CONNECTED && !SSL_alloc_buffers(c->ssl))
		fail(c);
}

static void rest(struct dtls_connection *c)
{
	if (c->state == DTLS_CONNECTION_CONNECTED)
		SSL_free_buffers(c->ssl);
	ERR_clear_error();
}

/* The least that a protected record has. */
static uint16_t least_bytes(const struct dtls_connection *c)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(c->ssl);
	bool chacha = cipher && SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305;

	return chacha ? CHACHA_BYTES : GCM_BYTES;
}

/* Whether a datagram has a protected record that is too short to be one. RFC 6347 section 4.1.2.7 has it
 * passed over, as anybody may have sent it; OpenSSL 3.0 would end the connection.
 *
 *   type 8 | version 16 | epoch 16 | number 48 | length 16 | body
 */
static bool is_forged(const struct dtls_connection *c, const uint8_t *bytes, size_t len)
{
	struct cur in = cur_of(bytes, len);

	while (cur_left(&in) >= RECORD_BYTES) {
		uint16_t epoch, body;

		cur_bytes(&in, 3);
		epoch = cur_u16(&in);
		cur_bytes(&in, 6);
		body = cur_u16(&in);
		if (epoch && body < least_bytes(c))
			return true;
		cur_bytes(&in, body);
	}
	return false;
}

enum dtls_connection_state dtls_connection_input(struct dtls_connection *c, const uint8_t *bytes, size_t len)
{
	if (is_forged(c, bytes, len))
		return c->state;
	wake(c);
	c->datagrams.in = bytes;
	c->datagrams.in_len = len;
	if (c->state == DTLS_CONNECTION_HANDSHAKING)
		shake_hands(c);
	if (c->state == DTLS_CONNECTION_CONNECTED)
		read_on(c);
	c->datagrams.in = NULL;
	rest(c);
	return c->state;
}

bool dtls_connection_resend_in(struct dtls_connection *c, uint64_t *ret_us)
{
	struct timeval left;

	if (c->state > DTLS_CONNECTION_CONNECTED || !DTLSv1_get_timeout(c->ssl, &left))
		return false;
	*ret_us = (uint64_t)left.tv_sec * 1000000 + (uint64_t)left.tv_usec;
	return true;
}

enum dtls_connection_state dtls_connection_resend(struct dtls_connection *c)
{
	wake(c);
	if (DTLSv1_handle_timeout(c->ssl) < 0)
		fail(c);
	rest(c);
	return c->state;
}

/* Both sides' keys, then both sides' salts, the client's first. */
bool dtls_connection_keys(const struct dtls_connection *c, enum profile *ret_profile,
        uint8_t ret_key[PROFILE_KEY_BYTES], uint8_t ret_send_key[PROFILE_KEY_BYTES])
{
	const struct profile_info *info = profile_info(c->profile);
	unsigned key = info->key_bytes, salt = info->salt_bytes;
	uint8_t exported[2 * PROFILE_KEY_BYTES];

	if (c->profile == PROFILE_PLAIN || SSL_export_keying_material(c->ssl, exported, 2 * (key + salt),
	                                           EXPORTER, strlen(EXPORTER), NULL, 0, 0) != 1)
		return false;
	memset(ret_key, 0, PROFILE_KEY_BYTES);
	memset(ret_send_key, 0, PROFILE_KEY_BYTES);
	memcpy(ret_key, exported, key);
	memcpy(ret_send_key, exported + key, key);
	memcpy(ret_key + key, exported + 2 * key, salt);
	memcpy(ret_send_key + key, exported + 2 * key + salt, salt);
	explicit_bzero(exported, sizeof(exported));
	*ret_profile = c->profile;
	return true;
}

const char *dtls_connection_reason(const struct dtls_connection *c)
{
	return c->reason;
}

void dtls_connection_close(struct dtls_connection *c)
{
	wake(c);
	if (c->state == DTLS_CONNECTION_CONNECTED)
		SSL_shutdown(c->ssl);
	rest(c);
}
