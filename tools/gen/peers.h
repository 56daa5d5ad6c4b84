/* SPDX-License-Identifier: BSD-3-Clause */
/* The WebRTC peers of a run, one a session: connected before the media begins, kept alive while it flows. One
 * thread. */
#ifndef TOOLS_GEN_PEERS_H
#define TOOLS_GEN_PEERS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

struct jsonw;
struct output;
struct peers;
struct roster;

/* Make the certificate; the sessions are still to come. 0, -ENOMEM, -EINVAL. */
int peers_create(struct peers **ret_peers, enum profile profile);
void peers_free(struct peers *peers);

/* "AB:CD:…": what the offers name. */
const char *peers_fingerprint(const struct peers *peers);

/* Connect all sessions of @roster by @output, within @limit_ns, and put the keys into its tracks. Once for
 * each @peers. 0; -ETIMEDOUT or -ECONNABORTED (logged: how many did not, and where they stand); -EPROTO: no
 * SRTP profile was agreed upon, logged; -EINTR: *@stop; -ENOMEM; or -errno of the output, logged. */
int peers_connect(struct peers *peers, struct roster *roster, struct output *output, uint64_t limit_ns,
        const volatile sig_atomic_t *stop);

/* A datagram of a session. True: it was STUN or DTLS, and is done with; *ret_status is 0 or -errno of the
 * output. */
bool peers_hear(struct peers *peers, unsigned session, uint8_t *data, size_t len, int *ret_status);

/* Checks for consent that are due, some of them. 0 or -errno of the output, logged. */
int peers_step(struct peers *peers);

/* "webrtc": how many connected and how long it took, checks sent and answered. */
void peers_print(const struct peers *peers, struct jsonw *w);

#endif
