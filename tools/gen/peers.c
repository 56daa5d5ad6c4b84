/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/rtp.h"
#include "tools/gen/agenda.h"
#include "tools/gen/output.h"
#include "tools/gen/peer.h"
#include "tools/gen/roster.h"

#define STEPS_MAX 64                  /* before what came in is looked at */
#define WAIT_NS   (CLK_NS_PER_MS / 2) /* the longest sleep while connecting */
#define START_NS  (CLK_NS_PER_MS / 2) /* between the first checks of two sessions */

struct peers {
	struct peer_identity *identity;
	struct peer *list;
	unsigned count;
	struct agenda agenda;
	enum profile profile;
};

int peers_create(struct peers **ret_peers, enum profile profile)
{
	struct peers *peers = calloc(1, sizeof(*peers));
	int status;

	if (!peers)
		return -ENOMEM;
	peers->profile = profile;
	status = peer_identity_create(&peers->identity, profile);
	if (status) {
		peers_free(peers);
		return status;
	}
	*ret_peers = peers;
	return 0;
}

void peers_free(struct peers *peers)
{
	if (!peers)
		return;
	for (unsigned i = 0; i < peers->count; i++)
		peer_free(&peers->list[i]);
	free(peers->list);
	agenda_free(&peers->agenda);
	peer_identity_free(peers->identity);
	free(peers);
}

const char *peers_fingerprint(const struct peers *peers)
{
	return peer_identity_fingerprint(peers->identity);
}

static int make_peers(struct peers *p, struct roster *roster, struct output *output)
{
	uint64_t now = clk_mono_ns();
	int status = agenda_init(&p->agenda, roster->session_count);

	p->list = calloc(roster->session_count, sizeof(*p->list));
	if (status || !p->list)
		return -ENOMEM;
	for (unsigned i = 0; i < roster->session_count && !status; i++, p->count++) {
		status = peer_init(
		        &p->list[i], i, &roster->sessions[i], output, p->identity, now + i * START_NS);
		agenda_push(&p->agenda, peer_due(&p->list[i]), i);
	}
	return status;
}

/* Some of what is due. */
static int step_some(struct peers *p)
{
	int status = 0;

	for (unsigned i = 0; i < STEPS_MAX && !status; i++) {
		struct peer *peer = &p->list[p->agenda.entries[0].index];
		uint64_t now = clk_mono_ns();

		if (p->agenda.entries[0].due > now)
			break;
		/* It may have heard something meanwhile, and be due later. */
		if (peer_due(peer) <= now)
			status = peer_step(peer, now);
		agenda_move_first(&p->agenda, peer_due(peer));
	}
	return status;
}

static int take_keys(struct peers *p, struct roster *roster)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct roster_session *s = &roster->sessions[i];

		for (unsigned t = 0; t < s->track_count; t++) {
			struct flow_cfg *cfg = &roster->tracks[s->first_track + t].cfg;
			int status = peer_dtls_keys(p->list[i].dtls, p->profile, cfg->key, cfg->feedback_key);

			if (status) {
				log_error("session %u: no SRTP profile was agreed upon", i);
				return status;
			}
			cfg->has_feedback_key = true;
		}
	}
	return 0;
}

static unsigned count_state(const struct peers *p, enum peer_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->count; i++)
		count += p->list[i].state == state;
	return count;
}

static int not_connected(const struct peers *p)
{
	unsigned failed = count_state(p, PEER_FAILED);

	log_error("%u of %u sessions are not connected: %u without an answer to ICE checks, %u in the DTLS "
	          "handshake, %u refused by "
	          "DTLS",
	        p->count - count_state(p, PEER_CONNECTED), p->count, count_state(p, PEER_CHECKING),
	        count_state(p, PEER_HANDSHAKING), failed);
	return failed ? -ECONNABORTED : -ETIMEDOUT;
}

int peers_connect(struct peers *p, struct roster *roster, struct output *output, uint64_t limit_ns,
        const volatile sig_atomic_t *stop)
{
	uint64_t end = clk_mono_ns() + limit_ns;
	int status = make_peers(p, roster, output);

	while (!status && count_state(p, PEER_CONNECTED) + count_state(p, PEER_FAILED) < p->count) {
		if (*stop)
			return -EINTR;
		if (clk_mono_ns() > end)
			break;
		status = step_some(p);
		if (!status)
			status = output->ops->flush(output);
		if (!status)
			status = output->ops->wait(output, WAIT_NS);
	}
	if (!status && count_state(p, PEER_CONNECTED) < p->count)
		return not_connected(p);
	return status ? status : take_keys(p, roster);
}

bool peers_hear(struct peers *p, unsigned session, uint8_t *data, size_t len, int *ret_status)
{
	enum rtp_class class = rtp_classify(data, len);

	*ret_status = 0;
	if (class != RTP_CLASS_STUN && class != RTP_CLASS_DTLS)
		return false;
	if (session < p->count)
		*ret_status = peer_hear(&p->list[session], data, len, clk_mono_ns());
	return true;
}

int peers_step(struct peers *p)
{
	return p->count ? step_some(p) : 0;
}

void peers_print(const struct peers *p, struct jsonw *w)
{
	uint64_t sent = 0, answered = 0, longest = 0;

	for (unsigned i = 0; i < p->count; i++) {
		const struct peer *peer = &p->list[i];
		uint64_t took = peer->connected_ns ? peer->connected_ns - peer->begun_ns : 0;

		sent += peer->checks_sent;
		answered += peer->checks_answered;
		longest = took > longest ? took : longest;
	}
	jsonw_object(w, "webrtc");
	jsonw_u64(w, "connected", count_state(p, PEER_CONNECTED));
	jsonw_double(w, "longest_connect_ms", (double)longest / CLK_NS_PER_MS);
	jsonw_u64(w, "checks_sent", sent);
	jsonw_u64(w, "checks_answered", answered);
	jsonw_end_object(w);
}
