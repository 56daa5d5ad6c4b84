/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dataplane.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/ipc.h"
#include "base/log.h"
#include "control/dataplane_queue.h"

#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 2000
#define ANSWER_MS    5000
/* HELLO and LIST together: a dataplane that accepts and then says nothing is hung up on. */
#define GREETING_MS 10000
#define RECV_BURST  256 /* messages before other events get their turn */

struct dataplane {
	struct dataplane_cfg cfg;
	char socket_path[256], stats_path[256];

	/* The loop's own. */
	int fd, wake_fd;
	struct event *wake, *timer, *readable, *writable;
	unsigned retry_ms;
	int logged; /* errno of the last failed attempt that was logged: one line an outage */
	bool welcomed, had_boot;
	uint64_t boot_id, greeting_id;

	enum dataplane_phase phase; /* as in the queue */
	struct dataplane_queue queue;

	pthread_rwlock_t stat_lock;
	struct stat_segment *stat;
};

static void set_timer(struct dataplane *d, unsigned ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(d->timer, &tv);
}

static void drop_connection(struct dataplane *d)
{
	if (d->readable)
		event_free(d->readable);
	if (d->writable)
		event_free(d->writable);
	d->readable = d->writable = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* The connection is lost or was never made: say so once, tell everybody, try again in a while. */
static void hang_up(struct dataplane *d, int error)
{
	bool was_welcomed = d->welcomed;

	if (was_welcomed)
		log_warn("dataplane: connection lost: %s; trying again every %u ms", strerror(-error),
		        RETRY_MIN_MS);
	else if (d->logged != error)
		log_warn("dataplane: %s: %s; trying again", d->socket_path, strerror(-error));
	d->logged = error;
	d->welcomed = false;
	drop_connection(d);
	d->phase = DATAPLANE_DOWN;
	dataplane_queue_fail(&d->queue);
	if (was_welcomed && d->cfg.on_down)
		d->cfg.on_down(d->cfg.arg);
	set_timer(d, d->retry_ms);
	/* One that is not there yet is not bothered by being asked often, and until it is heard its sessions
	 * lose media. */
	if (error != -ENOENT && error != -ECONNREFUSED)
		d->retry_ms = d->retry_ms * 2 < RETRY_MAX_MS ? d->retry_ms * 2 : RETRY_MAX_MS;
}

static void flush(struct dataplane *d)
{
	int r = d->fd >= 0 ? dataplane_queue_flush(&d->queue, d->fd) : 0;

	if (r == -EAGAIN)
		event_add(d->writable, NULL);
	else if (r)
		hang_up(d, r);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		flush(arg);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	flush(arg);
}

/* Map the segment of the dataplane that runs now. Not before on_up has had its look at the old one. */
static void map_stats(struct dataplane *d)
{
	struct stat_segment *fresh = NULL, *old;
	int r;

	if (d->stat && !stat_stale(d->stat, d->stats_path))
		return;
	r = stat_open(&fresh, d->stats_path);
	if (r)
		log_warn(
		        "dataplane: no counters in %s: %s; figures are missing", d->stats_path, strerror(-r));
	pthread_rwlock_wrlock(&d->stat_lock);
	old = d->stat;
	d->stat = r ? NULL : fresh;
	pthread_rwlock_unlock(&d->stat_lock);
	if (old)
		stat_close(old);
}

static void enter(struct dataplane *d, enum dataplane_phase phase)
{
	d->phase = phase;
	dataplane_queue_enter(&d->queue, phase);
}

/* A step of the greeting: HELLO or LIST, ahead of all else. */
static int greet(struct dataplane *d, enum dataplane_phase phase, union msg *msg, enum msg_type type)
{
	d->greeting_id = dataplane_queue_id(&d->queue);
	enter(d, phase);
	return ipc_send(d->fd, msg, type, d->greeting_id);
}

static int on_greeted(struct dataplane *d, const struct msg_ack *ack)
{
	union msg list = { 0 };

	if (ack->status) {
		if (d->logged != ack->status)
			log_error("dataplane: refuses us: %s", ack->why);
		return ack->status < 0 ? ack->status : -EPROTO;
	}
	if (d->phase == DATAPLANE_GREETING)
		return d->welcomed ? greet(d, DATAPLANE_LISTING, &list, MSG_LIST) : -EPROTO;
	event_del(d->timer);
	d->greeting_id = 0;
	d->retry_ms = RETRY_MIN_MS;
	d->logged = 0;
	enter(d, DATAPLANE_UP);
	if (d->cfg.on_listed)
		d->cfg.on_listed(d->cfg.arg);
	return 0;
}

static int on_ack(struct dataplane *d, const struct msg_ack *ack)
{
	if (ack->head.id == d->greeting_id && d->greeting_id)
		return on_greeted(d, ack);
	if (!dataplane_queue_answer(&d->queue, ack))
		log_debug("dataplane: answer %llu came too late", (unsigned long long)ack->head.id);
	return 0;
}

static int on_welcome(struct dataplane *d, const struct msg_welcome *welcome)
{
	bool same_boot = d->had_boot && welcome->boot_id == d->boot_id;

	if (d->welcomed || d->phase != DATAPLANE_GREETING)
		return -EPROTO;
	if (welcome->version != MSG_VERSION) {
		log_error("dataplane: speaks version %u, we speak %u", welcome->version, MSG_VERSION);
		return -EPROTO;
	}
	log_info("dataplane: connected, pid %u%s", welcome->pid, same_boot ? ", the same as before" : "");
	d->welcomed = d->had_boot = true;
	d->boot_id = welcome->boot_id;
	if (d->cfg.on_up)
		d->cfg.on_up(d->cfg.arg, welcome, same_boot);
	map_stats(d);
	return 0;
}

static int dispatch(struct dataplane *d, const union msg *msg)
{
	switch (msg->head.type) {
	case MSG_ACK:
		return on_ack(d, &msg->ACK_);
	case MSG_WELCOME:
		return on_welcome(d, &msg->WELCOME_);
	case MSG_SESSION_STATE:
		if (!d->welcomed)
			return -EPROTO;
		if (d->cfg.on_session)
			d->cfg.on_session(d->cfg.arg, &msg->SESSION_STATE_);
		return 0;
	case MSG_FILE_STATE:
		if (!d->welcomed)
			return -EPROTO;
		if (d->cfg.on_file)
			d->cfg.on_file(d->cfg.arg, &msg->FILE_STATE_);
		return 0;
	case MSG_DTLS_IN:
		if (!d->welcomed)
			return -EPROTO;
		if (d->cfg.on_datagram)
			d->cfg.on_datagram(d->cfg.arg, &msg->DTLS_IN_);
		return 0;
	default:
		return -EPROTO;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dataplane *d = arg;
	union msg msg;
	int r = 0;

	for (unsigned i = 0; !r && i < RECV_BURST; i++) {
		r = ipc_recv(fd, &msg);
		if (r)
			break;
		r = dispatch(d, &msg);
	}
	explicit_bzero(&msg, sizeof(msg)); /* states carry keys */
	if (r && r != -EAGAIN)
		hang_up(d, r);
}

static int try_connect(struct dataplane *d)
{
	union msg hello = { .HELLO_ = { .version = MSG_VERSION, .pid = (uint32_t)getpid() } };

	d->fd = ipc_connect(d->socket_path);
	if (d->fd < 0)
		return d->fd;
	d->readable = event_new(d->cfg.loop, d->fd, EV_READ | EV_PERSIST, on_readable, d);
	d->writable = event_new(d->cfg.loop, d->fd, EV_WRITE, on_writable, d);
	if (!d->readable || !d->writable || event_add(d->readable, NULL))
		return -ENOMEM;
	set_timer(d, GREETING_MS);
	return greet(d, DATAPLANE_GREETING, &hello, MSG_HELLO);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct dataplane *d = arg;
	int r = d->fd >= 0 ? -ETIMEDOUT : try_connect(d);

	if (r)
		hang_up(d, r);
}

int dataplane_create(struct dataplane **ret_dataplane, const struct dataplane_cfg *cfg)
{
	struct dataplane *d = calloc(1, sizeof(*d));
	int r = -ENOMEM;

	if (!d)
		return -ENOMEM;
	d->cfg = *cfg;
	d->fd = -1;
	d->retry_ms = RETRY_MIN_MS;
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_rwlock_init(&d->stat_lock, NULL);
	dataplane_queue_init(&d->queue, d->wake_fd);
	if ((size_t)snprintf(d->socket_path, sizeof(d->socket_path), "%s/" MSG_SOCKET, cfg->run_dir) >=
	                sizeof(d->socket_path) ||
	        (size_t)snprintf(d->stats_path, sizeof(d->stats_path), "%s/" MSG_STATS, cfg->run_dir) >=
	                sizeof(d->stats_path)) {
		r = -ENAMETOOLONG;
		goto fail;
	}
	if (d->wake_fd < 0) {
		r = -errno;
		goto fail;
	}
	d->wake = event_new(cfg->loop, d->wake_fd, EV_READ | EV_PERSIST, on_wake, d);
	d->timer = event_new(cfg->loop, -1, 0, on_timer, d);
	if (!d->wake || !d->timer || event_add(d->wake, NULL))
		goto fail;
	set_timer(d, 0);
	*ret_dataplane = d;
	return 0;
fail:
	dataplane_free(d);
	return r;
}

void dataplane_free(struct dataplane *d)
{
	if (!d)
		return;
	drop_connection(d);
	if (d->wake)
		event_free(d->wake);
	if (d->timer)
		event_free(d->timer);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	if (d->stat)
		stat_close(d->stat);
	pthread_rwlock_destroy(&d->stat_lock);
	dataplane_queue_destroy(&d->queue);
	free(d);
}

int dataplane_request(
        struct dataplane *d, union msg *msg, enum msg_type type, char ret_why[LIMIT_REASON_BYTES + 1])
{
	return dataplane_queue_wait(&d->queue, msg, type, ANSWER_MS, ret_why);
}

int dataplane_ask(struct dataplane *d, union msg *msg, enum msg_type type, dataplane_done *done, void *arg)
{
	return dataplane_queue_ask(&d->queue, msg, type, done, arg);
}

int dataplane_send(struct dataplane *d, union msg *msg, enum msg_type type)
{
	return dataplane_queue_ask(&d->queue, msg, type, NULL, NULL);
}

bool dataplane_is_up(struct dataplane *d)
{
	return dataplane_queue_is_up(&d->queue);
}

bool dataplane_with_stats(
        struct dataplane *d, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	pthread_rwlock_rdlock(&d->stat_lock);
	bool there = d->stat != NULL;
	if (there)
		use(arg, d->stat);
	pthread_rwlock_unlock(&d->stat_lock);
	return there;
}
