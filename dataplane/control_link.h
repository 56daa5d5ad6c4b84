/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's end of the control socket (base/msg.h): one control at a time. It says HELLO first; a
 * second one is turned away as long as the first lives. What the peer does not read is kept up to a bound,
 * then the connection is closed: control comes back and asks LIST. Command thread. */
#ifndef DATAPLANE_CONTROL_LINK_H
#define DATAPLANE_CONTROL_LINK_H

#include <poll.h>
#include <stdbool.h>
#include "base/msg.h"

#define CONTROL_LINK_FDS 2

struct control_link;

struct control_link_cfg {
	const char *path;           /* of the socket */
	struct msg_welcome welcome; /* the answer to HELLO */
	/* A request; to be answered by control_link_ack with its head.id, now or later. It is wiped after. */
	void (*on_request)(void *arg, const union msg *msg);
	void *arg;
};

/* Listen. 0 or -errno (not logged). */
int control_link_create(struct control_link **ret_link, const struct control_link_cfg *cfg);
void control_link_free(struct control_link *link);

/* What to poll for, and what to do when poll has returned. */
void control_link_prepare(const struct control_link *link, struct pollfd fds[CONTROL_LINK_FDS]);
void control_link_handle(struct control_link *link, const struct pollfd fds[CONTROL_LINK_FDS]);

/* Whether control is there and has said HELLO. */
bool control_link_is_up(const struct control_link *link);

/* Send a message, if control is there; @msg is wiped. */
void control_link_send(struct control_link *link, union msg *msg, enum msg_type type, uint64_t id);

/* Send a message that may get lost: it is given up when control is not there, does not read, or has others
 * waiting. @msg is wiped. False: it was lost. */
bool control_link_offer(struct control_link *link, union msg *msg, enum msg_type type);

/* Answer the request @id, with a sentence when @status is not 0. */
void control_link_ack(struct control_link *link, uint64_t id, int status, const char *why);

#endif
