/* SPDX-License-Identifier: BSD-3-Clause */
/* Building and sending frames of ours: UDP answers to a peer, with lengths and checksums in software. Poll
 * loop only. */
#ifndef DATAPLANE_FRAME_H
#define DATAPLANE_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include "dataplane/meta.h"

struct lcore;

/* Send @len bytes (at most FRAME_UDP_MAX) from our address @local and @local_port to @to. False: counted in
 * tx_dropped. */
#define FRAME_UDP_MAX 1400
bool frame_send_udp(struct lcore *lc, const struct peer *to, unsigned local, uint16_t local_port,
        const void *payload, uint16_t len);

/* Send the first @len bytes of the UDP payload of @mbuf, which came from @to to our @local and @local_port
 * and has been written over, back there; takes @mbuf over. False: counted in tx_dropped. */
bool frame_answer_udp(struct lcore *lc, struct rte_mbuf *mbuf, const struct peer *to, unsigned local,
        uint16_t local_port, uint16_t len);

/* Send a ready mbuf out of DPDK port @port_id; takes it over. */
bool frame_send(struct lcore *lc, unsigned port_id, struct rte_mbuf *mbuf);

#endif
