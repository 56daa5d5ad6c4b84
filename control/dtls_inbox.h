/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions that DTLS knows, what has come for them, and whose turn it is: one datagram a turn, so that
 * none keeps the others waiting. Bounded: a session's datagrams, those of all, handshakes under way. One
 * lock inside.
 *
 * Any thread opens, puts and closes; DTLS's own takes turns, and it alone ends a peer: from opening to
 * dtls_inbox_end a peer stays where it is.
 */
#ifndef CONTROL_DTLS_INBOX_H
#define CONTROL_DTLS_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/limits.h"
#include "control/dtls.h"

#define DTLS_INBOX_BUCKETS 16384

struct dtls_cert;
struct dtls_connection;
struct event;

struct dtls_datagram {
	STAILQ_ENTRY(dtls_datagram) link;
	size_t len;
	uint8_t bytes[];
};

struct dtls_peer {
	char session[LIMIT_SESSION_ID_BYTES + 1];
	struct dtls_fingerprint peers[DTLS_FINGERPRINTS];
	unsigned peer_count;
	struct dtls_cert *cert; /* a reference */

	/* The inbox's. */
	LIST_ENTRY(dtls_peer) by_session;
	TAILQ_ENTRY(dtls_peer) turn, all;
	STAILQ_HEAD(, dtls_datagram) waiting;
	unsigned waiting_count;
	bool has_turn, closing;
	bool pending; /* its handshake is under way */

	/* The thread's. */
	struct dtls *dtls;
	struct dtls_connection *connection; /* from its first datagram on */
	struct event *timer;
	uint64_t opened_mono_ns;
	bool keyed;
};

struct dtls_inbox {
	pthread_mutex_t lock;
	int wake_fd; /* an eventfd, written when there is a turn to take */
	uint64_t seed;
	unsigned pending, waiting;
	TAILQ_HEAD(, dtls_peer) turns, all;
	LIST_HEAD(, dtls_peer) sessions[DTLS_INBOX_BUCKETS];
};

void dtls_inbox_init(struct dtls_inbox *inbox, int wake_fd);
void dtls_inbox_destroy(struct dtls_inbox *inbox); /* of no peers any more */

/* Take @peer in (session, peers and cert set) and give it a turn. 0, -EEXIST, -ENOSPC. */
int dtls_inbox_open(struct dtls_inbox *inbox, struct dtls_peer *peer);

/* A datagram for @session; copied, or dropped. */
void dtls_inbox_put(struct dtls_inbox *inbox, const char *session, const uint8_t *bytes, size_t len);

/* It is to end: its name is free at once, its end comes with its next turn. */
void dtls_inbox_close(struct dtls_inbox *inbox, const char *session);

/* The peer whose turn it is, or NULL; its next datagram (to be freed) or NULL; whether it is to end. */
struct dtls_peer *dtls_inbox_turn(
        struct dtls_inbox *inbox, struct dtls_datagram **ret_datagram, bool *ret_closing);

/* Its handshake is through; how many are under way. */
void dtls_inbox_through(struct dtls_inbox *inbox, struct dtls_peer *peer);
unsigned dtls_inbox_pending(struct dtls_inbox *inbox);

/* Take @peer out; what waits is dropped. It is the caller's then. Whether its end was asked for. */
bool dtls_inbox_end(struct dtls_inbox *inbox, struct dtls_peer *peer);

/* Any peer that is still there, or NULL. */
struct dtls_peer *dtls_inbox_any(struct dtls_inbox *inbox);

#endif
