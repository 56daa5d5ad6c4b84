/* SPDX-License-Identifier: BSD-3-Clause */
/* A dataplane for tests, in a thread: real sockets, real counters, no media. It answers as base/msg.h says; a
 * test makes it refuse, fall silent, die, and come back with or without its memory. Header only: each test is
 * one source file. */
#ifndef TESTS_UNIT_CONTROL_PEER_H
#define TESTS_UNIT_CONTROL_PEER_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/ipc.h"
#include "base/msg.h"
#include "base/stat.h"
#include "control/dataplane.h"

#define PEER_SESSIONS 64
#define PEER_TRACKS   256
#define PEER_WAIT_MS  5000
#define PEER_PKTS     64

struct peer {
	char dir[128], socket_path[160], stats_path[160];
	pthread_t thread;
	pthread_mutex_t lock;
	int listen_fd, fd;
	bool stop;

	/* What the test sets. */
	uint64_t boot_id;
	_Atomic uint32_t version;
	_Atomic int refuse;        /* status of the next openings */
	_Atomic bool mute;         /* requests are read and not answered */
	_Atomic bool keep_closing; /* a close is acknowledged, and no end follows */
	_Atomic int refuse_keys;   /* status of the next keys, and of ICE restarts */
	_Atomic int refuse_ice;

	/* What came. */
	_Atomic unsigned opened, closed, key_frames, connections, keyed, restarted;
	struct msg_session_open last_open;
	struct msg_session_keys last_keys;
	struct msg_session_ice last_ice;
	unsigned pkt_count; /* DTLS_OUT that were not taken */
	struct msg_datagram pkts[PEER_PKTS];
	struct msg_session_close last_close;

	struct msg_session_state sessions[PEER_SESSIONS]; /* id empty: free */
	uint32_t next_index;
	struct stat_segment *stat;
};

static void peer_send(struct peer *p, union msg *msg, enum msg_type type, uint64_t id)
{
	if (p->fd >= 0)
		ipc_send(p->fd, msg, type, id);
}

static void peer_ack(struct peer *p, uint64_t id, int status, const char *why)
{
	union msg msg = { 0 };

	msg.ACK_.status = status;
	snprintf(msg.ACK_.why, sizeof(msg.ACK_.why), "%s", why);
	peer_send(p, &msg, MSG_ACK, id);
}

static struct msg_session_state *peer_find(struct peer *p, const char *id)
{
	for (unsigned i = 0; i < PEER_SESSIONS; i++) {
		if (!strcmp(p->sessions[i].open.id, id))
			return &p->sessions[i];
	}
	return NULL;
}

static void peer_send_session(struct peer *p, const struct msg_session_state *session)
{
	union msg msg;

	msg.SESSION_STATE_ = *session;
	peer_send(p, &msg, MSG_SESSION_STATE, 0);
}

static void peer_set_slots(struct peer *p, const struct msg_session_state *session, uint64_t state)
{
	for (unsigned i = 0; i < session->open.track_count; i++)
		stat_set(stat_slot(p->stat, STAT_SCOPE_TRACK, session->open.tracks[i].stat_index),
		        STAT_TRACK_state, state);
}

static void peer_on_open(struct peer *p, const struct msg_session_open *open)
{
	struct msg_session_state *session = peer_find(p, "");

	p->opened++;
	p->last_open = *open;
	if (p->refuse || !session) {
		peer_ack(p, open->head.id, p->refuse ? p->refuse : -ENOSPC, "the peer refuses");
		return;
	}
	*session = (struct msg_session_state){ .state = MSG_SESSION_WAITING, .open = *open };
	for (unsigned i = 0; i < open->track_count; i++)
		session->open.tracks[i].stat_index = p->next_index++ % PEER_TRACKS;
	peer_set_slots(p, session, 1);
	peer_send_session(p, session);
	peer_ack(p, open->head.id, 0, "");
}

/* The session ends: a file a track, then its last state. */
static void peer_end(struct peer *p, struct msg_session_state *session, uint32_t state, const char *reason)
{
	for (unsigned i = 0; i < session->open.track_count; i++) {
		union msg msg = { 0 };

		msg.FILE_STATE_.state = MSG_FILE_FINISHED;
		msg.FILE_STATE_.bytes = 1000 + i;
		snprintf(msg.FILE_STATE_.session, sizeof(msg.FILE_STATE_.session), "%s", session->open.id);
		snprintf(msg.FILE_STATE_.track, sizeof(msg.FILE_STATE_.track), "%s",
		        session->open.tracks[i].id);
		snprintf(msg.FILE_STATE_.name, sizeof(msg.FILE_STATE_.name), "%s",
		        session->open.tracks[i].promised);
		peer_send(p, &msg, MSG_FILE_STATE, 0);
	}
	session->state = state;
	snprintf(session->reason, sizeof(session->reason), "%s", reason);
	peer_set_slots(p, session, state == MSG_SESSION_DONE ? 4 : 5);
	peer_send_session(p, session);
	session->open.id[0] = '\0';
}

static void peer_on_close(struct peer *p, const struct msg_session_close *msg)
{
	struct msg_session_state *session = peer_find(p, msg->id);

	p->closed++;
	p->last_close = *msg;
	peer_ack(p, msg->head.id, session ? 0 : -ENOENT, "");
	if (session && !p->keep_closing)
		peer_end(p, session, msg->failed ? MSG_SESSION_FAILED : MSG_SESSION_DONE, msg->reason);
}

static void peer_on_keys(struct peer *p, const struct msg_session_keys *msg)
{
	struct msg_session_state *session = peer_find(p, msg->id);
	int status = p->refuse_keys ? p->refuse_keys : session ? 0 : -ENOENT;

	p->last_keys = *msg;
	if (!status)
		session->has_keys = 1;
	p->keyed++;
	peer_ack(p, msg->head.id, status, status ? "the peer refuses" : "");
}

static void peer_on_ice(struct peer *p, const struct msg_session_ice *msg)
{
	struct msg_session_state *session = peer_find(p, msg->id);
	int status = p->refuse_ice ? p->refuse_ice : session ? 0 : -ENOENT;

	p->last_ice = *msg;
	if (!status)
		session->open.ice = msg->ice;
	p->restarted++;
	peer_ack(p, msg->head.id, status, status ? "the peer refuses" : "");
}

static void peer_on_list(struct peer *p, uint64_t id)
{
	for (unsigned i = 0; i < PEER_SESSIONS; i++) {
		if (*p->sessions[i].open.id)
			peer_send_session(p, &p->sessions[i]);
	}
	peer_ack(p, id, 0, "");
}

static void peer_on_hello(struct peer *p, uint64_t id)
{
	union msg msg = { 0 };

	msg.WELCOME_.version = p->version;
	msg.WELCOME_.boot_id = p->boot_id;
	peer_send(p, &msg, MSG_WELCOME, 0);
	peer_ack(p, id, 0, "");
}

static void peer_dispatch(struct peer *p, const union msg *msg)
{
	if (p->mute && msg->head.type != MSG_HELLO && msg->head.type != MSG_LIST)
		return;
	switch (msg->head.type) {
	case MSG_HELLO:
		peer_on_hello(p, msg->head.id);
		break;
	case MSG_LIST:
		peer_on_list(p, msg->head.id);
		break;
	case MSG_SESSION_OPEN:
		peer_on_open(p, &msg->SESSION_OPEN_);
		break;
	case MSG_SESSION_CLOSE:
		peer_on_close(p, &msg->SESSION_CLOSE_);
		break;
	case MSG_SESSION_KEYS:
		peer_on_keys(p, &msg->SESSION_KEYS_);
		break;
	case MSG_SESSION_ICE:
		peer_on_ice(p, &msg->SESSION_ICE_);
		break;
	case MSG_DTLS_OUT:
		if (p->pkt_count < PEER_PKTS)
			p->pkts[p->pkt_count++] = msg->DTLS_OUT_;
		break;
	case MSG_KEY_FRAME:
		p->key_frames++;
		peer_ack(p, msg->head.id, peer_find(p, msg->KEY_FRAME_.id) ? 0 : -ENOENT, "");
		break;
	}
}

static void peer_turn(struct peer *p)
{
	union msg msg;
	int r;

	if (p->fd < 0) {
		p->fd = ipc_accept(p->listen_fd);
		p->connections += p->fd >= 0;
		return;
	}
	while (!(r = ipc_recv(p->fd, &msg)))
		peer_dispatch(p, &msg);
	if (r != -EAGAIN) {
		close(p->fd);
		p->fd = -1;
	}
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		struct pollfd pfd = { .fd = p->fd >= 0 ? p->fd : p->listen_fd, .events = POLLIN };
		bool stop = p->stop;
		if (!stop)
			peer_turn(p);
		pthread_mutex_unlock(&p->lock);
		if (stop)
			return NULL;
		poll(&pfd, 1, 5);
	}
}

static bool peer_start(struct peer *p)
{
	static const struct stat_cfg cfg = { .instances = { 1, 1, 1, PEER_TRACKS, 1, PEER_TRACKS } };

	if (stat_create(&p->stat, p->stats_path, &cfg))
		return false;
	p->listen_fd = ipc_listen(p->socket_path);
	p->fd = -1;
	p->stop = false;
	return p->listen_fd >= 0 && !pthread_create(&p->thread, NULL, peer_main, p);
}

/* As kill -9 would have it. */
static void peer_die(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	if (p->fd >= 0)
		close(p->fd);
	close(p->listen_fd);
	stat_close(p->stat);
}

/* Come back: as the same dataplane after a cut connection, or as a new one that knows nothing. */
static bool peer_return(struct peer *p, bool new_boot)
{
	if (new_boot) {
		p->boot_id++;
		memset(p->sessions, 0, sizeof(p->sessions));
		p->next_index = 100;
	}
	return peer_start(p);
}

/* Cut the connection, and go on. */
static inline void peer_cut(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	pthread_mutex_unlock(&p->lock);
}

/* A DTLS datagram of the sender of session @id. */
static inline void peer_send_datagram(struct peer *p, const char *id, const uint8_t *bytes, size_t len)
{
	union msg msg;

	msg.DTLS_IN_ = (struct msg_datagram){ .len = (uint16_t)len };
	snprintf(msg.DTLS_IN_.id, sizeof(msg.DTLS_IN_.id), "%s", id);
	memcpy(msg.DTLS_IN_.bytes, bytes, len);
	pthread_mutex_lock(&p->lock);
	peer_send(p, &msg, MSG_DTLS_IN, 0);
	pthread_mutex_unlock(&p->lock);
}

static bool peer_create(struct peer **ret_peer)
{
	struct peer *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/wirespool-peer-XXXXXX");
	if (!mkdtemp(p->dir))
		return false;
	snprintf(p->socket_path, sizeof(p->socket_path), "%s/" MSG_SOCKET, p->dir);
	snprintf(p->stats_path, sizeof(p->stats_path), "%s/" MSG_STATS, p->dir);
	pthread_mutex_init(&p->lock, NULL);
	p->boot_id = 7;
	p->version = MSG_VERSION;
	*ret_peer = p;
	return peer_start(p);
}

static void peer_free(struct peer *p)
{
	unlink(p->socket_path);
	unlink(p->stats_path);
	rmdir(p->dir);
	free(p);
}

/* The event loop that the code under test lives on. */
struct peer_loop {
	struct event_base *base;
	struct event *stop;
	int fds[2];
	pthread_t thread;
};

static void peer_loop_on_stop(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(arg);
}

static void peer_loop_create(struct peer_loop *loop)
{
	loop->base = event_base_new();
	if (pipe(loop->fds))
		abort();
	loop->stop = event_new(loop->base, loop->fds[0], EV_READ, peer_loop_on_stop, loop->base);
	event_add(loop->stop, NULL);
}

static void *peer_loop_main(void *arg)
{
	event_base_dispatch(arg);
	return NULL;
}

static void peer_loop_run(struct peer_loop *loop)
{
	if (pthread_create(&loop->thread, NULL, peer_loop_main, loop->base))
		abort();
}

static void peer_loop_stop(struct peer_loop *loop)
{
	if (write(loop->fds[1], "", 1) != 1)
		abort();
	pthread_join(loop->thread, NULL);
}

static void peer_loop_free(struct peer_loop *loop)
{
	event_free(loop->stop);
	event_base_free(loop->base);
	close(loop->fds[0]);
	close(loop->fds[1]);
}

/* Wait until @condition holds; false after PEER_WAIT_MS. */
#define PEER_UNTIL(condition)                                                                                \
	({                                                                                                   \
		bool holds_ = false;                                                                         \
		for (int ms_ = 0; !(holds_ = (condition)) && ms_ < PEER_WAIT_MS; ms_++)                      \
			usleep(1000);                                                                        \
		holds_;                                                                                      \
	})

#endif
