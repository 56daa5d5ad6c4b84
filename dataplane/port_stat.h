/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters of ports, from what their devices count. Command thread, once a second. */
#ifndef DATAPLANE_PORT_STAT_H
#define DATAPLANE_PORT_STAT_H

#include <stdint.h>
#include <rte_ethdev.h>

struct host;

#define PORT_STAT_COUNTS 6

/* What a port has counted before its device began anew, and what the device said last. Zeros at first. */
struct port_stat {
	uint64_t before[PORT_STAT_COUNTS], last[PORT_STAT_COUNTS];
};

/* Read the devices of all ports into their slots. */
void port_stat_update(const struct host *host);

/* Take what a device counts now into its slot: where that is less than it was, the device has begun anew, and
 * the slot goes on. */
void port_stat_take(struct port_stat *port, uint64_t *slot, const struct rte_eth_stats *now);

#endif
