/* SPDX-License-Identifier: BSD-3-Clause */
/* Which UDP ports sessions have: an even port for RTP and the next for RTCP (RFC 3550 section 11), handed out
 * in turn round the range, so that what a sender still sends to an ended session does not reach its successor
 * at once. Not locked: the caller's business. */
#ifndef CONTROL_SESSION_PORTS_H
#define CONTROL_SESSION_PORTS_H

#include <stdint.h>

struct session_ports {
	uint32_t first, last; /* pairs: a port halved */
	uint32_t next;        /* where the search begins */
	uint64_t taken[512]; /* a bit a pair, over all 65536 ports: adopted sessions may lie outside the range
	                      */
};

/* @reserved is a port that is never handed out (0: none). */
void session_ports_init(struct session_ports *ports, uint16_t first, uint16_t last, uint16_t reserved);

/* Take @wished, or any with 0. 0; -ERANGE (odd, or not within the range); -EADDRINUSE; -ENOSPC (all are
 * taken). */
int session_ports_take(struct session_ports *ports, uint16_t wished, uint16_t *ret_port);

/* Mark the port of a session that runs already, wherever it lies. */
void session_ports_adopt(struct session_ports *ports, uint16_t port);

void session_ports_release(struct session_ports *ports, uint16_t port);

#endif
