/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS-SRTP as the client (RFC 5764), with a certificate that all peers of a run share. One thread. */
#ifndef TOOLS_GEN_PEER_DTLS_H
#define TOOLS_GEN_PEER_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

struct output;
struct peer_identity; /* certificate and settings */
struct peer_dtls;

/* Make a P-256 key and a certificate for @profile. 0, -ENOMEM, -EINVAL (OpenSSL refuses the profile). */
int peer_identity_create(struct peer_identity **ret_identity, enum profile profile);
void peer_identity_free(struct peer_identity *identity);

/* "AB:CD:…" of the certificate by SHA-256. */
const char *peer_identity_fingerprint(const struct peer_identity *identity);

/* A handshake to come, whose datagrams leave by @output for @session. 0, -ENOMEM. */
int peer_dtls_create(
        struct peer_dtls **ret_dtls, struct peer_identity *identity, struct output *output, unsigned session);
void peer_dtls_free(struct peer_dtls *dtls);

/* Begin, or go on after a time-out. 1: the handshake is through; 0: not yet; -ECONNABORTED: it failed; or
 * -errno of the output. */
int peer_dtls_step(struct peer_dtls *dtls);

/* A datagram that came; as peer_dtls_step, and -ENOTCONN: the other side has closed. */
int peer_dtls_hear(struct peer_dtls *dtls, const uint8_t *data, size_t len);

/* Nanoseconds until peer_dtls_step is due; UINT64_MAX: nothing is. */
uint64_t peer_dtls_left_ns(struct peer_dtls *dtls);

/* The keys, once the handshake is through: master key and salt of what we send, and of what comes. 0,
 * -EPROTO. */
int peer_dtls_keys(const struct peer_dtls *dtls, enum profile profile, uint8_t ret_key[PROFILE_KEY_BYTES],
        uint8_t ret_feedback_key[PROFILE_KEY_BYTES]);

#endif
