/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/hmac.h>
#include "base/clk.h"
#include "base/id.h"
#include "base/log.h"
#include "base/rtp.h"
#include "tools/gen/output.h"
#include "tools/gen/roster.h"

#define CHECK_MS      50 /* RFC 8445 section 14.2: pacing; doubled from check to check */
#define CHECK_MAX_MS  1600
#define CONSENT_MS    4000 /* RFC 7675 section 5.1: 5 s, 0.8 to 1.2 of it by chance */
#define CONSENT_VARY  2000
#define PRIORITY_HOST 0x7E7F1EFF /* RFC 8445 section 5.1.2.1: peer-reflexive, of a host */

int peer_init(struct peer *peer, unsigned session, const struct roster_session *place, struct output *output,
        struct peer_identity *identity, uint64_t now_ns)
{
	*peer = (struct peer){
		.session = session,
		.place = place,
		.output = output,
		.begun_ns = now_ns,
		.next_ns = now_ns,
		.wait_ms = CHECK_MS,
	};
	id_random(&peer->tie_breaker, sizeof(peer->tie_breaker));
	return peer_dtls_create(&peer->dtls, identity, output, session);
}

void peer_free(struct peer *peer)
{
	peer_dtls_free(peer->dtls);
}

static void hmac_sha1(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	const char *pwd = arg;
	unsigned size = STUN_MAC_BYTES;

	HMAC(EVP_sha1(), pwd, (int)strlen(pwd), bytes, len, ret_mac, &size);
}

static int send_check(struct peer *peer)
{
	const struct roster_session *s = peer->place;
	uint8_t *out = peer->output->ops->buffer(peer->output);
	struct stun_build build;
	size_t len;

	if (!out)
		return -errno;
	id_random(peer->id, sizeof(peer->id));
	stun_begin(&build, out, LIMIT_PACKET_BYTES, STUN_BINDING_REQUEST, peer->id);
	stun_put_username(&build, s->remote_ufrag, s->ufrag);
	stun_put_priority(&build, PRIORITY_HOST);
	stun_put_controlling(&build, peer->tie_breaker);
	stun_put_use_candidate(&build);
	len = stun_end(&build, hmac_sha1, (void *)s->remote_pwd);
	peer->checks_sent++;
	return len ? peer->output->ops->commit(peer->output, peer->session, 0, len) : -EMSGSIZE;
}

/* What the handshake says of itself. */
static int follow_handshake(struct peer *peer, int told, uint64_t now_ns)
{
	uint64_t left;

	if (told == 1 && peer->state == PEER_HANDSHAKING) {
		peer->state = PEER_CONNECTED;
		peer->connected_ns = now_ns;
		peer->next_ns = now_ns + CONSENT_MS * CLK_NS_PER_MS;
	} else if (told == 0) {
		left = peer_dtls_left_ns(peer->dtls);
		peer->next_ns = left == UINT64_MAX ? UINT64_MAX : now_ns + left;
	} else if (told == -ECONNABORTED || told == -ENOTCONN) {
		peer->state = PEER_FAILED;
		peer->next_ns = UINT64_MAX;
	}
	return told == 1 || told == -ECONNABORTED || told == -ENOTCONN ? 0 : told;
}

uint64_t peer_due(const struct peer *peer)
{
	return peer->next_ns;
}

int peer_step(struct peer *peer, uint64_t now_ns)
{
	uint32_t chance;

	switch (peer->state) {
	case PEER_CHECKING:
		peer->next_ns = now_ns + peer->wait_ms * CLK_NS_PER_MS;
		peer->wait_ms = peer->wait_ms * 2 < CHECK_MAX_MS ? peer->wait_ms * 2 : CHECK_MAX_MS;
		return send_check(peer);
	case PEER_HANDSHAKING:
		return follow_handshake(peer, peer_dtls_step(peer->dtls), now_ns);
	case PEER_CONNECTED:
		id_random(&chance, sizeof(chance));
		peer->next_ns = now_ns + (CONSENT_MS + chance % CONSENT_VARY) * CLK_NS_PER_MS;
		return send_check(peer);
	default:
		peer->next_ns = UINT64_MAX;
		return 0;
	}
}

static int hear_stun(struct peer *peer, uint8_t *data, size_t len, uint64_t now_ns)
{
	struct stun_message message;

	if (stun_parse(&message, data, len) || message.type != STUN_BINDING_SUCCESS ||
	        memcmp(message.id, peer->id, sizeof(peer->id)) != 0 ||
	        !stun_check_mac(&message, data, hmac_sha1, (void *)peer->place->remote_pwd))
		return 0;
	peer->checks_answered++;
	peer->answered_ns = now_ns;
	if (peer->state != PEER_CHECKING)
		return 0;
	peer->state = PEER_HANDSHAKING;
	return peer_step(peer, now_ns);
}

int peer_hear(struct peer *peer, uint8_t *data, size_t len, uint64_t now_ns)
{
	if (rtp_classify(data, len) == RTP_CLASS_STUN)
		return hear_stun(peer, data, len, now_ns);
	if (peer->state == PEER_CHECKING || peer->state == PEER_FAILED)
		return 0;
	return follow_handshake(peer, peer_dtls_hear(peer->dtls, data, len), now_ns);
}
