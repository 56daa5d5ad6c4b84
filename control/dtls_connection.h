/* SPDX-License-Identifier: BSD-3-Clause */
/* One peer's DTLS connection, we being the server (RFC 6347): datagrams in, datagrams out, keys for SRTP
 * (RFC 5764). It knows no sessions and no clock but its own retransmissions. One thread at a time.
 *
 * The peer must show a certificate, and one that its offer named: else the handshake fails at once, before
 * anything is agreed on.
 */
#ifndef CONTROL_DTLS_CONNECTION_H
#define CONTROL_DTLS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/x509_vfy.h>
#include "base/codec.h"
#include "control/dtls.h"

/* Retransmissions after this long, doubled up to that: media waits, and the peer is a few ms away as a rule
 * (RFC 6347 section 4.2.4.1 leaves it to the application). */
#define DTLS_CONNECTION_RESEND_MIN_MS 250
#define DTLS_CONNECTION_RESEND_MAX_MS 4000

struct dtls_cert;
struct dtls_connection;
struct dtls_context;

/* For dtls_context_create: holds a peer's certificate against its connection's fingerprints. */
int dtls_connection_check(X509_STORE_CTX *store, void *arg);

struct dtls_connection_cfg {
	struct dtls_context *context;
	const struct dtls_cert *cert;
	struct dtls_fingerprint peers[DTLS_FINGERPRINTS]; /* certificates that the peer may have */
	unsigned peer_count;
	const char *name; /* copied; what a cookie is bound to */
	bool want_cookie; /* a hello must come back with our cookie (RFC 6347 section 4.2.1) */
	void (*send)(void *arg, const uint8_t *bytes, size_t len);
	void *arg;
};

enum dtls_connection_state {
	DTLS_CONNECTION_HANDSHAKING,
	DTLS_CONNECTION_CONNECTED,
	DTLS_CONNECTION_CLOSED, /* the peer sent close_notify */
	DTLS_CONNECTION_FAILED,
};

/* 0 or -ENOMEM. */
int dtls_connection_create(struct dtls_connection **ret_connection, const struct dtls_connection_cfg *cfg);
void dtls_connection_free(struct dtls_connection *connection); /* sends nothing; NULL is allowed */

/* A datagram of the peer's. It may be connected and closed by the same one: keys are there then, too. */
enum dtls_connection_state dtls_connection_input(
        struct dtls_connection *connection, const uint8_t *bytes, size_t len);

/* In how many microseconds dtls_connection_resend is to be called; false: not at all. */
bool dtls_connection_resend_in(struct dtls_connection *connection, uint64_t *ret_us);
enum dtls_connection_state dtls_connection_resend(struct dtls_connection *connection);

/* The SRTP keys, each master key then salt as base/codec.h has them; @key is the peer's, @send_key ours.
 * False when the handshake has not come through. */
bool dtls_connection_keys(const struct dtls_connection *connection, enum profile *ret_profile,
        uint8_t ret_key[PROFILE_KEY_BYTES], uint8_t ret_send_key[PROFILE_KEY_BYTES]);

/* Why it failed, or by what it was closed. Its own storage. */
const char *dtls_connection_reason(const struct dtls_connection *connection);

/* Send close_notify, when the handshake is through and it is not over. */
void dtls_connection_close(struct dtls_connection *connection);

#endif
