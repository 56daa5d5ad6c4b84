/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/log.h"
#include "control/dtls_cert.h"
#include "control/dtls_connection.h"
#include "control/dtls_context.h"
#include "control/dtls_identity.h"
#include "control/dtls_inbox.h"

#define TURNS    64   /* before timers get theirs */
#define ROTATE_S 3600 /* how often the certificate's age is looked at */
#define US_PER_S 1000000u

struct dtls {
	struct dtls_events events;
	struct dtls_context *context;
	struct dtls_inbox inbox;
	struct dtls_identity identity;

	struct event_base *loop;
	struct event *wake, *rotate;
	int wake_fd;
	pthread_t thread;
	uint64_t handshake_ns;
	bool running;
	_Atomic bool stop;
};

static void free_peer(struct dtls_peer *peer)
{
	if (peer->timer)
		event_free(peer->timer);
	dtls_connection_free(peer->connection);
	dtls_cert_unref(peer->cert);
	free(peer);
}

/* The end of @peer, told unless it was asked for. */
static void end_peer(struct dtls *d, struct dtls_peer *peer, bool failed, const char *reason)
{
	char session[LIMIT_SESSION_ID_BYTES + 1], text[LIMIT_REASON_BYTES + 1];
	bool closing;

	memcpy(session, peer->session, sizeof(session));
	snprintf(text, sizeof(text), "%s", reason);
	closing = dtls_inbox_end(&d->inbox, peer);
	free_peer(peer);
	if (!closing)
		d->events.closed(d->events.arg, session, failed, text);
}

static void on_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct dtls_peer *peer = arg;

	peer->dtls->events.send(peer->dtls->events.arg, peer->session, bytes, len);
}

static void tell_keys(struct dtls *d, struct dtls_peer *peer)
{
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	enum profile profile;

	if (!dtls_connection_keys(peer->connection, &profile, key, send_key))
		return;
	peer->keyed = true;
	dtls_inbox_through(&d->inbox, peer);
	d->events.keyed(d->events.arg, peer->session, profile, key, send_key);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(send_key, sizeof(send_key));
}

/* The earlier of its next retransmission and the end of our patience; none when there is neither. */
static void set_timer(struct dtls_peer *peer)
{
	uint64_t now = clk_mono_ns(), deadline = peer->opened_mono_ns + peer->dtls->handshake_ns;
	uint64_t us = UINT64_MAX, resend_us;
	struct timeval tv;

	if (!peer->keyed)
		us = deadline > now ? (deadline - now) / 1000 + 1 : 0;
	if (peer->connection && dtls_connection_resend_in(peer->connection, &resend_us) && resend_us < us)
		us = resend_us;
	if (us == UINT64_MAX) {
		event_del(peer->timer);
		return;
	}
	tv = (struct timeval){ .tv_sec = (time_t)(us / US_PER_S), .tv_usec = (suseconds_t)(us % US_PER_S) };
	event_add(peer->timer, &tv);
}

/* What has become of it by a datagram or a retransmission. May end it. */
static void follow(struct dtls *d, struct dtls_peer *peer, enum dtls_connection_state state)
{
	if (!peer->keyed && state != DTLS_CONNECTION_HANDSHAKING)
		tell_keys(d, peer);
	if (state == DTLS_CONNECTION_CLOSED || state == DTLS_CONNECTION_FAILED)
		end_peer(d, peer, state == DTLS_CONNECTION_FAILED, dtls_connection_reason(peer->connection));
	else
		set_timer(peer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct dtls_peer *peer = arg;
	struct dtls *d = peer->dtls;

	if (!peer->keyed && clk_mono_ns() >= peer->opened_mono_ns + d->handshake_ns)
		end_peer(d, peer, true, peer->connection ? "the handshake did not end" : "no handshake came");
	else if (peer->connection)
		follow(d, peer, dtls_connection_resend(peer->connection));
	else
		set_timer(peer);
}

static int connect_peer(struct dtls *d, struct dtls_peer *peer)
{
	struct dtls_connection_cfg cfg = { .context = d->context,
		.cert = peer->cert,
		.peer_count = peer->peer_count,
		.name = peer->session,
		.want_cookie = dtls_inbox_pending(&d->inbox) > LIMIT_DTLS_PENDING / 4,
		.send = on_send,
		.arg = peer };

	memcpy(cfg.peers, peer->peers, sizeof(cfg.peers));
	return dtls_connection_create(&peer->connection, &cfg);
}

static void take_turn(struct dtls *d, struct dtls_peer *peer, const struct dtls_datagram *datagram)
{
	if (!peer->timer)
		peer->timer = event_new(d->loop, -1, 0, on_timer, peer);
	if (!peer->timer || (datagram && !peer->connection && connect_peer(d, peer)))
		end_peer(d, peer, true, "no memory");
	else if (datagram)
		follow(d, peer, dtls_connection_input(peer->connection, datagram->bytes, datagram->len));
	else
		set_timer(peer);
}

static void say_goodbye(struct dtls *d, struct dtls_peer *peer)
{
	if (peer->connection)
		dtls_connection_close(peer->connection);
	dtls_inbox_end(&d->inbox, peer);
	free_peer(peer);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct dtls *d = arg;
	struct dtls_datagram *datagram;
	struct dtls_peer *peer;
	uint64_t count;
	bool closing;
	unsigned n;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("dtls: %s", strerror(errno));
	if (d->stop) {
		event_base_loopbreak(d->loop);
		return;
	}
	for (n = 0; n < TURNS && (peer = dtls_inbox_turn(&d->inbox, &datagram, &closing)); n++) {
		if (closing)
			say_goodbye(d, peer);
		else
			take_turn(d, peer, datagram);
		free(datagram);
	}
	if (n == TURNS)
		event_active(d->wake, EV_READ, 0);
}

static void on_rotate(evutil_socket_t fd, short what, void *arg)
{
	dtls_rotate(arg, clk_wall_ns() / CLK_NS_PER_S);
}

static void *thread_main(void *arg)
{
	struct dtls *d = arg;

	event_base_dispatch(d->loop);
	return NULL;
}

bool dtls_rotate(struct dtls *d, uint64_t unix_s)
{
	return dtls_identity_rotate(&d->identity, unix_s);
}

static int start(struct dtls *d)
{
	const struct timeval hour = { .tv_sec = ROTATE_S };
	int r = dtls_context_create(&d->context, dtls_connection_check);

	if (r)
		return r;
	r = dtls_identity_load(&d->identity, clk_wall_ns() / CLK_NS_PER_S);
	if (r)
		return r;
	d->loop = event_base_new();
	if (!d->loop)
		return -ENOMEM;
	d->wake = event_new(d->loop, d->wake_fd, EV_READ | EV_PERSIST, on_wake, d);
	d->rotate = event_new(d->loop, -1, EV_PERSIST, on_rotate, d);
	if (!d->wake || !d->rotate || event_add(d->wake, NULL) || event_add(d->rotate, &hour))
		return -ENOMEM;
	r = -pthread_create(&d->thread, NULL, thread_main, d);
	d->running = !r;
	return r;
}

int dtls_create(struct dtls **ret_dtls, const struct conf *conf, const struct dtls_events *events)
{
	struct dtls *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->events = *events;
	d->handshake_ns =
	        events->handshake_ms ? events->handshake_ms * CLK_NS_PER_MS : DTLS_HANDSHAKE_S * CLK_NS_PER_S;
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = d->wake_fd < 0 ? -errno : 0;
	dtls_identity_init(&d->identity, conf);
	dtls_inbox_init(&d->inbox, d->wake_fd);
	if (!r)
		r = start(d);
	if (r) {
		log_error("dtls: cannot be started: %s", strerror(-r));
		dtls_free(d);
		return r;
	}
	*ret_dtls = d;
	return 0;
}

static void stop(struct dtls *d)
{
	const uint64_t one = 1;

	d->stop = true;
	if (write(d->wake_fd, &one, sizeof(one)) < 0)
		log_error("dtls: its thread cannot be woken: %s", strerror(errno));
	pthread_join(d->thread, NULL);
}

void dtls_free(struct dtls *d)
{
	if (!d)
		return;
	if (d->running)
		stop(d);
	for (struct dtls_peer *peer; (peer = dtls_inbox_any(&d->inbox));) {
		dtls_inbox_end(&d->inbox, peer);
		free_peer(peer);
	}
	if (d->wake)
		event_free(d->wake);
	if (d->rotate)
		event_free(d->rotate);
	if (d->loop)
		event_base_free(d->loop);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	dtls_inbox_destroy(&d->inbox);
	dtls_context_free(d->context);
	dtls_identity_destroy(&d->identity);
	free(d);
}

static struct dtls_peer *make_peer(
        struct dtls *d, const char *session, const struct dtls_fingerprint *peers, unsigned count)
{
	struct dtls_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->dtls = d;
	peer->opened_mono_ns = clk_mono_ns();
	snprintf(peer->session, sizeof(peer->session), "%s", session);
	memcpy(peer->peers, peers, count * sizeof(*peers));
	peer->peer_count = count;
	peer->cert = dtls_identity_cert(&d->identity);
	return peer;
}

int dtls_open(struct dtls *d, const char *session, const struct dtls_fingerprint *peers, unsigned peer_count,
        char ret_fingerprint[DTLS_FINGERPRINT_TEXT])
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	struct dtls_peer *peer;
	int r;

	if (!peer_count || peer_count > DTLS_FINGERPRINTS || strlen(session) > LIMIT_SESSION_ID_BYTES)
		return -EINVAL;
	peer = make_peer(d, session, peers, peer_count);
	if (!peer)
		return -ENOMEM;
	memcpy(fingerprint, peer->cert->fingerprint, sizeof(fingerprint));
	r = dtls_inbox_open(&d->inbox, peer); /* and it is the thread's */
	if (r)
		free_peer(peer);
	else
		memcpy(ret_fingerprint, fingerprint, sizeof(fingerprint));
	return r;
}

void dtls_input(struct dtls *d, const char *session, const uint8_t *bytes, size_t len)
{
	dtls_inbox_put(&d->inbox, session, bytes, len);
}

void dtls_close(struct dtls *d, const char *session)
{
	dtls_inbox_close(&d->inbox, session);
}
