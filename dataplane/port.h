/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: the NICs or vdevs of dataplane.port, their queues, RSS and offloads. Main thread, at start and end.
 */
#ifndef DATAPLANE_PORT_H
#define DATAPLANE_PORT_H

#include <rte_mempool.h>
#include "base/conf.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"

/* The pool that all packets come from: dataplane.mbufs buffers with META_BYTES of private area. NULL:
 * rte_errno. */
struct rte_mempool *port_pool_create(const struct conf *conf);

/* Configure and start every port, deal its RX queues out to @lcores, give each lcore a TX queue on each port,
 * fill in the host's MACs. 0 or -errno, logged with the port's name and what to do. */
int port_start_all(const struct conf *conf, struct rte_mempool *pool, struct host *host, struct lcore *lcores,
        unsigned lcore_count);

/* A port's name in DPDK. Static storage, valid until the next call. */
const char *port_name(unsigned port);

void port_stop_all(void);

#endif
