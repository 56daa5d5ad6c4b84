/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/control_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ipc.h"
#include "base/log.h"

#define KEPT_MAX     (2 * LIMIT_SESSIONS) /* messages: a LIST of everything, and some events */
#define TAKE_AT_ONCE 32                   /* requests, before other work has its turn */

/* A message that the socket had no room for. */
struct kept {
	struct kept *next;
	size_t size;
	enum msg_type type;
	uint64_t id;
	uint8_t bytes[];
};

struct control_link {
	struct control_link_cfg cfg;
	int listen_fd, fd;
	bool greeted;
	unsigned kept_count;
	struct kept *first, **last;
};

int control_link_create(struct control_link **ret_link, const struct control_link_cfg *cfg)
{
	struct control_link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->cfg = *cfg;
	link->fd = -1;
	link->last = &link->first;
	link->listen_fd = ipc_listen(cfg->path);
	if (link->listen_fd < 0) {
		int error = link->listen_fd;
		free(link);
		return error;
	}
	*ret_link = link;
	return 0;
}

static void drop_first(struct control_link *link)
{
	struct kept *kept = link->first;

	link->first = kept->next;
	if (!link->first)
		link->last = &link->first;
	link->kept_count--;
	explicit_bzero(kept->bytes, kept->size);
	free(kept);
}

static void disconnect(struct control_link *link, const char *why)
{
	if (link->fd < 0)
		return;
	while (link->first)
		drop_first(link);
	close(link->fd);
	link->fd = -1;
	if (link->greeted)
		log_info("control has gone (%s); recordings go on", why);
	link->greeted = false;
}

void control_link_free(struct control_link *link)
{
	if (!link)
		return;
	disconnect(link, "shutdown");
	close(link->listen_fd);
	free(link);
}

bool control_link_is_up(const struct control_link *link)
{
	return link->greeted;
}

void control_link_prepare(const struct control_link *link, struct pollfd fds[CONTROL_LINK_FDS])
{
	fds[0] = (struct pollfd){ .fd = link->listen_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = link->fd, .events = (short)(POLLIN | (link->first ? POLLOUT : 0)) };
}

static void keep(struct control_link *link, const union msg *msg, enum msg_type type, uint64_t id)
{
	size_t size = ipc_size(type);
	struct kept *kept = link->kept_count < KEPT_MAX ? malloc(sizeof(*kept) + size) : NULL;

	if (!kept) {
		disconnect(link, "it does not read");
		return;
	}
	*kept = (struct kept){ .size = size, .type = type, .id = id };
	memcpy(kept->bytes, msg, size);
	*link->last = kept;
	link->last = &kept->next;
	link->kept_count++;
}

void control_link_send(struct control_link *link, union msg *msg, enum msg_type type, uint64_t id)
{
	int r = 0;

	if (link->fd >= 0) {
		r = link->first ? -EAGAIN : ipc_send(link->fd, msg, type, id);
		if (r == -EAGAIN)
			keep(link, msg, type, id);
		else if (r < 0)
			disconnect(link, strerror(-r));
	}
	explicit_bzero(msg, ipc_size(type));
}

bool control_link_offer(struct control_link *link, union msg *msg, enum msg_type type)
{
	int r = link->greeted && !link->first ? ipc_send(link->fd, msg, type, 0) : -EAGAIN;

	explicit_bzero(msg, ipc_size(type));
	if (r < 0 && r != -EAGAIN)
		disconnect(link, strerror(-r));
	return r == 0;
}

void control_link_ack(struct control_link *link, uint64_t id, int status, const char *why)
{
	union msg msg;

	msg.ACK_ = (struct msg_ack){ .status = status };
	snprintf(msg.ACK_.why, sizeof(msg.ACK_.why), "%s", why);
	control_link_send(link, &msg, MSG_ACK, id);
}

static void send_kept(struct control_link *link)
{
	while (link->first) {
		struct kept *kept = link->first;
		union msg msg;
		int r;
		memcpy(&msg, kept->bytes, kept->size);
		r = ipc_send(link->fd, &msg, kept->type, kept->id);
		explicit_bzero(&msg, kept->size);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			disconnect(link, strerror(-r));
			return;
		}
		drop_first(link);
	}
}

/* The first message must be a HELLO of our version. */
static void greet(struct control_link *link, const union msg *msg)
{
	uint64_t id = msg->head.id;
	union msg answer;

	if (msg->head.type != MSG_HELLO || msg->HELLO_.version != MSG_VERSION) {
		log_error("control speaks another version than %d: turned away", MSG_VERSION);
		control_link_ack(link, id, -EPROTO, "another version of the messages, or no HELLO");
		disconnect(link, "version");
		return;
	}
	link->greeted = true;
	log_info("control is there (pid %u)", msg->HELLO_.pid);
	answer.WELCOME_ = link->cfg.welcome;
	control_link_send(link, &answer, MSG_WELCOME, 0);
	control_link_ack(link, id, 0, "");
}

static void receive(struct control_link *link)
{
	for (unsigned i = 0; i < TAKE_AT_ONCE && link->fd >= 0; i++) {
		union msg msg;
		int r = ipc_recv(link->fd, &msg);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			disconnect(link, r == -EPROTO ? "a message that is none" : strerror(-r));
			return;
		}
		if (link->greeted)
			link->cfg.on_request(link->cfg.arg, &msg);
		else
			greet(link, &msg);
		explicit_bzero(&msg, msg.head.size);
	}
}

/* A new one takes the place of one that has not said what it is. */
static void take_connection(struct control_link *link)
{
	int fd = ipc_accept(link->listen_fd);

	if (fd < 0)
		return;
	if (link->greeted) {
		log_warn("a second control has been turned away");
		close(fd);
		return;
	}
	disconnect(link, "replaced");
	link->fd = fd;
}

void control_link_handle(struct control_link *link, const struct pollfd fds[CONTROL_LINK_FDS])
{
	/* First the old connection: a control that died and came back finds its place free. */
	if (link->fd >= 0 && fds[1].revents & POLLOUT)
		send_kept(link);
	if (link->fd >= 0 && fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		receive(link);
	if (fds[0].revents & POLLIN)
		take_connection(link);
}
