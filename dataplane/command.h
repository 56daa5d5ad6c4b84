/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command thread and the lcores say to each other.
 *
 * A command is an object of the command thread. It goes to an lcore through lcore.commands, is carried out
 * between two bursts, and comes back as its own answer through lcore.replies, of the lcore that finished it.
 * The lcore tells a few things unasked with objects that lie in the endpoint they are about. Neither side
 * waits, allocates or locks.
 */
#ifndef DATAPLANE_COMMAND_H
#define DATAPLANE_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"

struct crypto;
struct endpoint;
struct ice_credentials;
struct lcore;

/* Slots of lcore.commands and lcore.replies. Half of the replies are for answers, half for what is told
 * unasked. */
#define COMMAND_RING 1024

enum command_kind {
	/* asked, and answered */
	COMMAND_ADD,       /* own .endpoint */
	COMMAND_POINT,     /* .local and .port belong to lcore .owner */
	COMMAND_PAUSE,     /* no packet of .endpoint goes on any more */
	COMMAND_REMOVE,    /* forget .local and .port */
	COMMAND_MOVE,      /* give .endpoint to lcore .owner, which answers */
	COMMAND_KEY_FRAME, /* ask the senders of .flows for a key frame */
	COMMAND_KEYS,      /* .crypto is .endpoint's: packets that were held go on */
	COMMAND_ICE,       /* .credentials are .endpoint's, too; .ufrags[1] is known no more */
	COMMAND_SEND,      /* send .datagram to the peer */
	/* told */
	COMMAND_BYE,    /* the senders of .flows have ended; their packets are dropped from now on */
	COMMAND_NEWS,   /* WebRTC: .has_path: the peer has nominated a path; .expired: it consents no more */
	COMMAND_ASTRAY, /* most packets of .endpoint arrive at lcore .owner */
};

struct command {
	enum command_kind kind;
	int status; /* 0; -EAGAIN: the lcore does not own .endpoint (any more), or a ring is full */
	struct endpoint *endpoint;
	uint32_t flows; /* bit i: flow i */
	uint16_t port;
	uint8_t local, owner;
	bool has_path, expired;
	char ufrags[2][MSG_UFRAG_BYTES]; /* WebRTC: by which it is known, the latest first; all zero: none */
	struct crypto *crypto;
	const struct ice_credentials *credentials;
	const struct msg_datagram *datagram; /* stays until the command comes back */
	_Atomic bool told; /* BYE, ASTRAY: with the command thread, which clears it when done */
	void *session;     /* the command thread's */
	struct command *next;
};

/* Carry out what the command thread asks. Poll loop, about every 100 us. */
void command_poll(struct lcore *lc);

/* Give @command back as its answer. Poll loop. */
void command_answer(struct lcore *lc, struct command *command);

/* Tell the command thread @command, which lies in an endpoint. False: the last one of its kind is not done
 * with, or the ring is full; to be tried again. Poll loop. */
bool command_tell(struct lcore *lc, struct command *command);

#endif
