/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include "base/log.h"

#define POOL_CACHE     256
#define TX_DESCRIPTORS 512

struct rte_mempool *port_pool_create(const struct conf *conf)
{
	return rte_pktmbuf_pool_create("packets", (unsigned)conf->dataplane_mbufs, POOL_CACHE, META_BYTES,
	        RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());
}

/* Log what went wrong with a port; returns @status. */
static int failed(const char *name, const char *what, int status)
{
	log_error("port %s: %s: %s", name, what, rte_strerror(-status));
	return status;
}

/* Offloads and RSS as far as the device has them: what it lacks is done in software (classify.c), or on one
 * queue. */
static void choose(struct rte_eth_conf *eth, const struct rte_eth_dev_info *info, unsigned rx_queues)
{
	*eth = (struct rte_eth_conf){ 0 };
	eth->rxmode.mtu = RTE_MIN((unsigned)RTE_ETHER_MTU, info->max_mtu ? info->max_mtu : RTE_ETHER_MTU);
	eth->rxmode.offloads =
	        info->rx_offload_capa & (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	eth->txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (rx_queues > 1) {
		eth->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		eth->rx_adv_conf.rss_conf.rss_hf =
		        info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
	}
}

static int setup_queues(uint16_t port, const char *name, const struct rte_eth_dev_info *info,
        const struct conf *conf, struct rte_mempool *pool, uint16_t rx_queues, uint16_t tx_queues)
{
	uint16_t rx_desc = (uint16_t)conf->dataplane_rx_descriptors, tx_desc = TX_DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(port);
	int status = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx_desc, &tx_desc);

	if (status < 0)
		return failed(name, "descriptor counts", status);
	for (uint16_t q = 0; q < rx_queues; q++) {
		struct rte_eth_rxconf rx = info->default_rxconf;
		status = rte_eth_rx_queue_setup(port, q, rx_desc, (unsigned)socket, &rx, pool);
		if (status < 0)
			return failed(name, "RX queue", status);
	}
	for (uint16_t q = 0; q < tx_queues; q++) {
		status = rte_eth_tx_queue_setup(port, q, tx_desc, (unsigned)socket, NULL);
		if (status < 0)
			return failed(name, "TX queue", status);
	}
	return 0;
}

/* Our own MAC if one is configured, and multicast for neighbour discovery; a device that can do neither by
 * filter is put into promiscuous mode, and classify drops what is not ours. */
static void set_addresses(uint16_t port, const char *name, const struct conf *conf, struct host *host)
{
	struct rte_ether_addr mac;

	rte_eth_macaddr_get(port, &mac);
	if (conf->ingest_mac[0] && !rte_ether_unformat_addr(conf->ingest_mac, &mac) &&
	        rte_eth_dev_default_mac_addr_set(port, &mac) < 0) {
		log_info("port %s: cannot change its MAC, takes all frames instead", name);
		rte_eth_promiscuous_enable(port);
	}
	if (rte_eth_allmulticast_enable(port) < 0)
		rte_eth_promiscuous_enable(port);
	neigh_host_set_mac(host, port, &mac);
}

static int deal_queues(uint16_t port, uint16_t rx_queues, struct lcore *lcores, unsigned lcore_count)
{
	for (uint16_t q = 0; q < rx_queues; q++) {
		struct lcore *lc = &lcores[(port + q) % lcore_count];

		if (lc->queue_count == RTE_DIM(lc->queues))
			return -E2BIG;
		lc->queues[lc->queue_count++] = (struct lcore_queue){ port, q };
	}
	return 0;
}

static int start(uint16_t port, const struct conf *conf, struct rte_mempool *pool, struct host *host,
        struct lcore *lcores, unsigned lcore_count)
{
	char name[RTE_ETH_NAME_MAX_LEN] = "?";
	struct rte_eth_dev_info info;
	struct rte_eth_conf eth;

	rte_eth_dev_get_name_by_port(port, name);
	int status = rte_eth_dev_info_get(port, &info);
	if (status < 0)
		return failed(name, "no information", status);

	uint16_t wanted =
	        conf->dataplane_rx_queues ? (uint16_t)conf->dataplane_rx_queues : (uint16_t)lcore_count;
	uint16_t rx_queues = RTE_MIN(wanted, info.max_rx_queues), tx_queues = (uint16_t)lcore_count;
	if (tx_queues > info.max_tx_queues) {
		log_error("port %s has %u TX queues, fewer than the %u poll loops: use fewer of "
		          "dataplane.lcores, or for af_packet "
		          "and tap ask for more by qpairs=%u in its vdev string",
		        name, info.max_tx_queues, lcore_count, lcore_count);
		return -ENOTSUP;
	}
	choose(&eth, &info, rx_queues);
	status = rte_eth_dev_configure(port, rx_queues, tx_queues, &eth);
	if (status < 0)
		return failed(name, "cannot be configured", status);
	status = setup_queues(port, name, &info, conf, pool, rx_queues, tx_queues);
	if (status)
		return status;
	set_addresses(port, name, conf, host);
	status = rte_eth_dev_start(port);
	if (status < 0)
		return failed(name, "does not start", status);
	status = deal_queues(port, rx_queues, lcores, lcore_count);
	if (status)
		return failed(name, "too many queues for its poll loops", status);

	char mac[RTE_ETHER_ADDR_FMT_SIZE];
	rte_ether_format_addr(mac, sizeof(mac), &host->mac[port]);
	log_info("port %u is %s (%s), %s, %u RX queues, checksums %s", port, name, info.driver_name, mac,
	        rx_queues,
	        eth.rxmode.offloads & RTE_ETH_RX_OFFLOAD_UDP_CKSUM ? "by the device" : "in software");
	return 0;
}

/* The EAL goes on without a device that it does not find. */
static int check_all_there(const struct conf *conf)
{
	char wanted[512] = "";
	unsigned count = 0;
	size_t len = 0;

	for (; conf->dataplane_port[count]; count++)
		if (len < sizeof(wanted))
			len += (size_t)snprintf(wanted + len, sizeof(wanted) - len, "%s%s", count ? " " : "",
			        conf->dataplane_port[count]);
	if (rte_eth_dev_count_avail() >= count)
		return 0;
	log_error("of the %u ports of dataplane.port (%s) %u are there: is the NIC bound to vfio-pci "
	          "(dpdk-devbind.py -s), the interface of the vdev there (ip link)?",
	        count, wanted, rte_eth_dev_count_avail());
	return -ENODEV;
}

int port_start_all(const struct conf *conf, struct rte_mempool *pool, struct host *host, struct lcore *lcores,
        unsigned lcore_count)
{
	uint16_t port;
	int status = check_all_there(conf);

	if (status)
		return status;
	RTE_ETH_FOREACH_DEV(port)
	{
		if (port >= LIMIT_PORTS) {
			log_error("more than %d ports", LIMIT_PORTS);
			return -E2BIG;
		}
		status = start(port, conf, pool, host, lcores, lcore_count);
		if (status)
			return status;
		host->port_count = port + 1u;
	}
	for (unsigned i = 0; i < lcore_count; i++)
		lcores[i].tx_queue = i;
	return 0;
}

const char *port_name(unsigned port)
{
	static char name[RTE_ETH_NAME_MAX_LEN];

	return rte_eth_dev_get_name_by_port((uint16_t)port, name) ? "?" : name;
}

void port_stop_all(void)
{
	uint16_t port;

	RTE_ETH_FOREACH_DEV(port)
	{
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
}
