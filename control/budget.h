/* SPDX-License-Identifier: BSD-3-Clause */
/* Admission: what the machine has, measured once a second from the dataplane's counters, against what a new
 * session asks. One that would take the poll loops, the writers' blocks or the disk beyond
 * control.full_percent, or let uploads that are behind fill the disk within control.full_minutes, or that
 * comes while packets are being lost here, is refused as full, so that those which run are not harmed.
 *
 *   poll loops   share of the busiest one's cycles, and what sessions opened in the last ten seconds and this
 *                one will send, at the cycles that a packet takes now
 *   blocks       what open tracks need at least of dataplane.block_mb: with more they write larger pieces
 *   losses       packets lost here in the last ten seconds: at ports, in rings, for want of blocks
 *   disk         bytes a second, of what it took when it last did not keep up (control/budget_disk.h); none
 *                while it does not. A pause leaves no bound
 *   uploads      how long the space lasts when more is recorded than is sent (control/budget_space.h)
 *
 * What a session will send is guessed: as much as its tracks may (max_bitrate), or what is usual.
 */
#ifndef CONTROL_BUDGET_H
#define CONTROL_BUDGET_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include "base/limits.h"

struct budget;
struct control;
struct event_base;
struct msg_session_open;

/* What sessions take. */
struct budget_demand {
	double pkts_s, bytes_s;
	unsigned tracks;
};

/* What a session was promised, and in which second of the budget's. */
struct budget_promise {
	uint64_t second;
	struct budget_demand demand;
};

/* 0 or -ENOMEM. @control and its dataplane last longer. */
int budget_create(struct budget **ret_budget, const struct control *control, struct event_base *loop);
/* When the loop has ended. NULL is allowed. */
void budget_free(struct budget *budget);

/* What the timer does: look at the counters, if there is a dataplane, at @now_ns of the monotonic clock. On
 * the loop. */
void budget_look(struct budget *budget, uint64_t now_ns);

/* Whether there is room for @open; then it is reckoned with from now on, as @ret_promise says. 0, or -EUSERS
 * with a sentence in @ret_why. @budget NULL: there is. Any thread. */
int budget_ask(struct budget *budget, const struct msg_session_open *open, uint64_t now_ns,
        struct budget_promise *ret_promise, char ret_why[LIMIT_REASON_BYTES + 1]);

/* It was not opened after all: what budget_ask promised is free again. Once. @budget NULL is allowed. Any
 * thread. */
void budget_return(struct budget *budget, const struct budget_promise *promise);

/* Prometheus: wirespool_budget_… Any thread. */
void budget_print(struct budget *budget, FILE *out);

/* {"limit","poll_loops","blocks","disk",…,"refused"}: shares of 1, bytes a second, seconds; null: without
 * bound. Any thread. */
json_t *budget_json(struct budget *budget);

#endif
