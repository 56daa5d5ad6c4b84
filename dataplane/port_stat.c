/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port_stat.h"

#include <string.h>
#include "base/limits.h"
#include "base/stat.h"
#include "dataplane/neigh.h"

static struct port_stat ports[LIMIT_PORTS];

void port_stat_take(struct port_stat *port, uint64_t *slot, const struct rte_eth_stats *now)
{
	static const unsigned ids[PORT_STAT_COUNTS] = { STAT_PORT_rx_pkts, STAT_PORT_rx_bytes,
		STAT_PORT_tx_pkts, STAT_PORT_rx_missed, STAT_PORT_rx_errors, STAT_PORT_rx_nombuf };
	const uint64_t told[PORT_STAT_COUNTS] = { now->ipackets, now->ibytes, now->opackets, now->imissed,
		now->ierrors, now->rx_nombuf };
	bool anew = false;

	for (unsigned i = 0; i < PORT_STAT_COUNTS; i++)
		anew |= told[i] < port->last[i];
	for (unsigned i = 0; i < PORT_STAT_COUNTS; i++) {
		port->before[i] += anew ? port->last[i] : 0;
		stat_set(slot, ids[i], port->before[i] + told[i]);
	}
	stat_add(slot, STAT_PORT_restarts, anew);
	memcpy(port->last, told, sizeof(told));
}

void port_stat_update(const struct host *host)
{
	for (unsigned i = 0; i < host->port_count; i++) {
		uint64_t *slot = host->port_slots[i];
		struct rte_eth_link link = { 0 };
		struct rte_eth_stats stats;
		unsigned resolved = 0;

		if (!slot || rte_eth_stats_get((uint16_t)i, &stats))
			continue;
		port_stat_take(&ports[i], slot, &stats);
		rte_eth_link_get_nowait((uint16_t)i, &link);
		stat_set(slot, STAT_PORT_link_up, link.link_status);
		for (unsigned g = 0; g < host->gateway_count; g++)
			resolved += host->gateways[g].known[i];
		stat_set(slot, STAT_PORT_gateways_resolved, resolved);
	}
}
