/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests on their way to the dataplane: queued until the socket takes them, then kept until they are
 * answered.
 *
 * Threads wait in dataplane_queue_wait, or leave a copy with a function to call. The loop takes requests out
 * to send them, and brings the answers. Requests may hold keys: each is wiped as soon as it is sent, and
 * where it ends.
 */
#ifndef CONTROL_DATAPLANE_QUEUE_H
#define CONTROL_DATAPLANE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/msg.h"
#include "control/dataplane.h"

struct request;
TAILQ_HEAD(requests, request);

/* Who may put requests in: nobody while down, the loop's own while listing, everybody when up. */
enum dataplane_phase { DATAPLANE_DOWN, DATAPLANE_GREETING, DATAPLANE_LISTING, DATAPLANE_UP };

struct dataplane_queue {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	enum dataplane_phase phase;
	uint64_t next_id;
	struct requests queued, sent;
	unsigned datagrams; /* DTLS_OUT in queued: bounded, for peers cause them */
	int wake_fd;        /* an eventfd, written when something was queued */
};

void dataplane_queue_init(struct dataplane_queue *queue, int wake_fd);
/* Ends what is left, without calling anybody. */
void dataplane_queue_destroy(struct dataplane_queue *queue);

void dataplane_queue_enter(struct dataplane_queue *queue, enum dataplane_phase phase);
bool dataplane_queue_is_up(struct dataplane_queue *queue);
uint64_t dataplane_queue_id(struct dataplane_queue *queue); /* a new one */

/* See dataplane_request and dataplane_ask. */
int dataplane_queue_wait(struct dataplane_queue *queue, union msg *msg, enum msg_type type, unsigned wait_ms,
        char ret_why[LIMIT_REASON_BYTES + 1]);
int dataplane_queue_ask(
        struct dataplane_queue *queue, union msg *msg, enum msg_type type, dataplane_done *done, void *arg);

/* Loop: send to @fd what is queued, in order. 0 (nothing is left), -EAGAIN (the socket is full), or why it is
 * dead. */
int dataplane_queue_flush(struct dataplane_queue *queue, int fd);
/* Loop: hand an acknowledgement to who waits for it; false when nobody does any more. */
bool dataplane_queue_answer(struct dataplane_queue *queue, const struct msg_ack *ack);
/* Loop: the connection is gone. The phase becomes DOWN, all requests end with -ENOTCONN. */
void dataplane_queue_fail(struct dataplane_queue *queue);

#endif
