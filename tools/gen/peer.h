/* SPDX-License-Identifier: BSD-3-Clause */
/* A WebRTC peer of one session, as a browser is one: ICE as the full, controlling side against a lite agent
 * (RFC 8445), which nominates the only pair at once; DTLS as the client (tools/gen/peer_dtls.h); consent (RFC
 * 7675) from then on. Sends by the output; is told of what comes in. One thread.
 */
#ifndef TOOLS_GEN_PEER_H
#define TOOLS_GEN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/stun.h"
#include "tools/gen/peer_dtls.h"

struct output;
struct roster_session;

enum peer_state { PEER_CHECKING, PEER_HANDSHAKING, PEER_CONNECTED, PEER_FAILED };

struct peer {
	unsigned session;
	const struct roster_session *place;
	struct output *output;
	struct peer_dtls *dtls;
	enum peer_state state;
	uint64_t tie_breaker;
	uint8_t id[STUN_ID_BYTES]; /* of the last check */
	uint64_t begun_ns, next_ns, connected_ns, answered_ns;
	unsigned wait_ms;
	uint64_t checks_sent, checks_answered;
};

/* Begin: the first check is due at once. 0, -ENOMEM. */
int peer_init(struct peer *peer, unsigned session, const struct roster_session *place, struct output *output,
        struct peer_identity *identity, uint64_t now_ns);
void peer_free(struct peer *peer);

/* When peer_step has something to do: a check, a retransmission of DTLS, a check for consent. */
uint64_t peer_due(const struct peer *peer);
/* Do it. 0 or -errno of the output, logged. */
int peer_step(struct peer *peer, uint64_t now_ns);

/* A STUN or DTLS datagram that came for it. 0 or -errno of the output, logged. */
int peer_hear(struct peer *peer, uint8_t *data, size_t len, uint64_t now_ns);

#endif
