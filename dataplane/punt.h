/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS datagrams between the poll loops and control: what came on a checked path goes up, through a ring of
 * packet buffers to the command thread (dataplane/session_dtls.h); what control answers comes down as a
 * command, and goes to the path that is selected at that time. A session has PUNT_SESSION_PKTS on their way
 * up at most, an lcore LIMIT_PUNTED_PKTS; beyond that they are dropped and counted, and DTLS sends them
 * again. Poll loop only.
 */
#ifndef DATAPLANE_PUNT_H
#define DATAPLANE_PUNT_H

#include <rte_mbuf.h>
#include "base/msg.h"

#define PUNT_SESSION_PKTS 32 /* of one session, on their way up */

struct endpoint;
struct lcore;

/* One DTLS datagram to an endpoint of this lcore's own: passed on or dropped; consumed. */
void punt_take(struct lcore *lc, struct rte_mbuf *mbuf);

/* COMMAND_SEND: the datagram goes out, or is lost when there is no path. */
void punt_carry_out(struct lcore *lc, struct endpoint *ep, const struct msg_datagram *datagram);

#endif
