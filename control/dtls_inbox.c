/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fnv.h"
#include "base/id.h"

void dtls_inbox_init(struct dtls_inbox *inbox, int wake_fd)
{
	memset(inbox, 0, sizeof(*inbox));
	pthread_mutex_init(&inbox->lock, NULL);
	inbox->wake_fd = wake_fd;
	id_random(&inbox->seed, sizeof(inbox->seed));
	TAILQ_INIT(&inbox->turns);
	TAILQ_INIT(&inbox->all);
}

void dtls_inbox_destroy(struct dtls_inbox *inbox)
{
	pthread_mutex_destroy(&inbox->lock);
}

static unsigned bucket_of(const struct dtls_inbox *inbox, const char *session)
{
	uint64_t hash = fnv_1a(inbox->seed, session, strlen(session));

	return (unsigned)((hash ^ hash >> 32) % DTLS_INBOX_BUCKETS);
}

static struct dtls_peer *find(const struct dtls_inbox *inbox, const char *session)
{
	struct dtls_peer *peer;

	LIST_FOREACH(peer, &inbox->sessions[bucket_of(inbox, session)], by_session)
	{
		if (!strcmp(peer->session, session))
			return peer;
	}
	return NULL;
}

/* Queue @peer for a turn. With the lock. */
static void give_turn(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	uint64_t one = 1;
	bool was_idle = TAILQ_EMPTY(&inbox->turns);
	ssize_t n;

	if (peer->has_turn)
		return;
	peer->has_turn = true;
	TAILQ_INSERT_TAIL(&inbox->turns, peer, turn);
	if (was_idle) {
		n = write(inbox->wake_fd, &one, sizeof(one));
		(void)n; /* it can only be full, and then the thread wakes anyway */
	}
}

int dtls_inbox_open(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	int r = 0;

	STAILQ_INIT(&peer->waiting);
	pthread_mutex_lock(&inbox->lock);
	if (find(inbox, peer->session)) {
		r = -EEXIST;
	} else if (inbox->pending >= LIMIT_DTLS_PENDING) {
		r = -ENOSPC;
	} else {
		LIST_INSERT_HEAD(&inbox->sessions[bucket_of(inbox, peer->session)], peer, by_session);
		TAILQ_INSERT_TAIL(&inbox->all, peer, all);
		peer->pending = true;
		inbox->pending++;
		give_turn(inbox, peer);
	}
	pthread_mutex_unlock(&inbox->lock);
	return r;
}

void dtls_inbox_put(struct dtls_inbox *inbox, const char *session, const uint8_t *bytes, size_t len)
{
	struct dtls_datagram *datagram;
	struct dtls_peer *peer;

	if (!len || len > LIMIT_PACKET_BYTES)
		return;
	pthread_mutex_lock(&inbox->lock);
	peer = find(inbox, session);
	if (peer && peer->waiting_count < LIMIT_DTLS_SESSION_PKTS && inbox->waiting < LIMIT_DTLS_PKTS &&
	        (datagram = malloc(sizeof(*datagram) + len))) {
		datagram->len = len;
		memcpy(datagram->bytes, bytes, len);
		STAILQ_INSERT_TAIL(&peer->waiting, datagram, link);
		peer->waiting_count++;
		inbox->waiting++;
		give_turn(inbox, peer);
	}
	pthread_mutex_unlock(&inbox->lock);
}

/* With the lock. */
static void settle(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	inbox->pending -= peer->pending;
	peer->pending = false;
}

void dtls_inbox_close(struct dtls_inbox *inbox, const char *session)
{
	struct dtls_peer *peer;

	pthread_mutex_lock(&inbox->lock);
	peer = find(inbox, session);
	if (peer) {
		LIST_REMOVE(peer, by_session);
		peer->closing = true;
		settle(inbox, peer);
		give_turn(inbox, peer);
	}
	pthread_mutex_unlock(&inbox->lock);
}

/* With the lock. */
static struct dtls_datagram *take_datagram(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	struct dtls_datagram *datagram = STAILQ_FIRST(&peer->waiting);

	if (datagram) {
		STAILQ_REMOVE_HEAD(&peer->waiting, link);
		peer->waiting_count--;
		inbox->waiting--;
	}
	return datagram;
}

struct dtls_peer *dtls_inbox_turn(
        struct dtls_inbox *inbox, struct dtls_datagram **ret_datagram, bool *ret_closing)
{
	struct dtls_peer *peer;

	pthread_mutex_lock(&inbox->lock);
	peer = TAILQ_FIRST(&inbox->turns);
	if (peer) {
		TAILQ_REMOVE(&inbox->turns, peer, turn);
		peer->has_turn = false;
		*ret_closing = peer->closing;
		*ret_datagram = take_datagram(inbox, peer);
		if (peer->waiting_count) {
			peer->has_turn = true;
			TAILQ_INSERT_TAIL(&inbox->turns, peer, turn);
		}
	}
	pthread_mutex_unlock(&inbox->lock);
	return peer;
}

void dtls_inbox_through(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	pthread_mutex_lock(&inbox->lock);
	settle(inbox, peer);
	pthread_mutex_unlock(&inbox->lock);
}

unsigned dtls_inbox_pending(struct dtls_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	unsigned pending = inbox->pending;
	pthread_mutex_unlock(&inbox->lock);
	return pending;
}

bool dtls_inbox_end(struct dtls_inbox *inbox, struct dtls_peer *peer)
{
	struct dtls_datagram *datagram;
	bool closing;

	pthread_mutex_lock(&inbox->lock);
	closing = peer->closing;
	if (!closing)
		LIST_REMOVE(peer, by_session);
	if (peer->has_turn)
		TAILQ_REMOVE(&inbox->turns, peer, turn);
	TAILQ_REMOVE(&inbox->all, peer, all);
	settle(inbox, peer);
	while ((datagram = take_datagram(inbox, peer)))
		free(datagram);
	pthread_mutex_unlock(&inbox->lock);
	return closing;
}

struct dtls_peer *dtls_inbox_any(struct dtls_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	struct dtls_peer *peer = TAILQ_FIRST(&inbox->all);
	pthread_mutex_unlock(&inbox->lock);
	return peer;
}
