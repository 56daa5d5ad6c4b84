/* SPDX-License-Identifier: BSD-3-Clause */
/* From the lcore to the writers, and back: a ring to each, filled in bulk. When one is full whole frames are
 * given up, all packets of an RTP time, until a frame begins for which there is room; the next packet handed
 * over says how many that cost. Poll loop only, but for handover_release. */
#ifndef DATAPLANE_HANDOVER_H
#define DATAPLANE_HANDOVER_H

#include <stdbool.h>
#include <rte_mbuf.h>

struct lcore;
struct packet;

/* Hand over one packet that is no part of a frame (a sender report). False: the ring is full, it is still the
 * caller's. */
bool handover_one(struct lcore *lc, struct rte_mbuf *mbuf);

/* What writers gave back: the writers' packet_release_fn. Any thread. */
void handover_release(void *arg, struct packet *const *packets, unsigned n);

#endif
