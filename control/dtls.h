/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS-SRTP for WebRTC sessions (RFC 6347, RFC 5764, RFC 8827), always as the server: we answer
 * a=setup:passive.
 *
 * OpenSSL over memory, no sockets: datagrams come from the dataplane and go back through it. One thread of
 * its own, so that a flood of handshakes keeps nobody else waiting; within it each gets its turn. A handshake
 * that is not through in DTLS_HANDSHAKE_S is given up; with more than a quarter of LIMIT_DTLS_PENDING under
 * way a hello has to come back with our cookie (RFC 6347 section 4.2.1). The peer's certificate is held
 * against the offer's fingerprint, in constant time.
 */
#ifndef CONTROL_DTLS_H
#define CONTROL_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define DTLS_HANDSHAKE_S       30
#define DTLS_FINGERPRINT_BYTES 64  /* SHA-512 */
#define DTLS_FINGERPRINT_TEXT  128 /* "sha-256 AB:CD:…" with its terminator */
#define DTLS_FINGERPRINTS      4   /* certificates that a peer may have */
#define DTLS_MTU               1200

struct conf;
struct dtls;

/* A certificate's fingerprint as a=fingerprint tells it (RFC 8122 section 5). Only SHA-256, -384, -512. */
enum dtls_hash { DTLS_SHA256, DTLS_SHA384, DTLS_SHA512, DTLS_HASHES };
struct dtls_fingerprint {
	enum dtls_hash hash;
	uint8_t len, bytes[DTLS_FINGERPRINT_BYTES];
};

/* Parse "sha-256 AB:CD:…", hash name and digits in any case. 0; -ENOTSUP: another hash; -EINVAL. */
int dtls_fingerprint_parse(struct dtls_fingerprint *ret_fingerprint, const char *text, size_t len);

/* All are called on DTLS's own thread, must be quick, and may call back. */
struct dtls_events {
	/* Send this to the peer. */
	void (*send)(void *arg, const char *session, const uint8_t *bytes, size_t len);
	/* The handshake is through and the peer is who the offer said; @key is the peer's write key and salt,
	 * @send_key ours. */
	void (*keyed)(void *arg, const char *session, enum profile profile,
	        const uint8_t key[PROFILE_KEY_BYTES], const uint8_t send_key[PROFILE_KEY_BYTES]);
	/* It is over: close_notify (@failed false), or why it failed. The connection is gone already. */
	void (*closed)(void *arg, const char *session, bool failed, const char *reason);
	void *arg;
	unsigned handshake_ms; /* how long a handshake may take; 0: DTLS_HANDSHAKE_S */
};

/* Load or make certificate and key (ECDSA P-256, control.dtls_dir, modes 0700 and 0600), start the thread.
 * Where they cannot be kept they last until the next start, which is logged. 0, -ENOMEM or -errno (logged).
 */
int dtls_create(struct dtls **ret_dtls, const struct conf *conf, const struct dtls_events *events);
/* No peer hears of it: their sessions go on in the dataplane. NULL is allowed. */
void dtls_free(struct dtls *dtls);

/* Replace the certificate, for connections opened from now on, if it is older than control.dtls_cert_days at
 * @unix_s. The thread does so every hour; any thread may. Whether it was. */
bool dtls_rotate(struct dtls *dtls, uint64_t unix_s);

/* Expect the handshake of @session, whose peer has one of these certificates. The fingerprint of the one
 * that we shall show goes to @ret_fingerprint: it stays with this session, whatever replaces it. 0, -ENOSPC
 * (LIMIT_DTLS_PENDING), -EEXIST, -EINVAL (no certificate, or more than DTLS_FINGERPRINTS), -ENOMEM. Any
 * thread. */
int dtls_open(struct dtls *dtls, const char *session, const struct dtls_fingerprint *peers,
        unsigned peer_count, char ret_fingerprint[DTLS_FINGERPRINT_TEXT]);

/* A datagram of @session; one of an unknown session is dropped. Any thread; copies, bounded (what is too much
 * is lost). */
void dtls_input(struct dtls *dtls, const char *session, const uint8_t *bytes, size_t len);

/* The session has ended: send close_notify if its handshake was through, forget it. Any thread; an event that
 * is under way may still come. */
void dtls_close(struct dtls *dtls, const char *session);

#endif
