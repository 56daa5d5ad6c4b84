/* SPDX-License-Identifier: BSD-3-Clause */
/* Output by one queue of a DPDK virtual device: packets are built in mbufs and leave in bursts. Sessions are
 * told apart by our UDP port, and when there are more than ports, by theirs. The receivers must be on the
 * device's own link: there is no routing. */
#include "tools/gen/output.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include "base/clk.h"
#include "base/log.h"
#include "tools/gen/eal.h"
#include "tools/gen/ethernet.h"
#include "tools/gen/options.h"
#include "tools/gen/protect_batch.h"

#define MBUFS        8191
#define CACHE_MBUFS  128
#define DESCRIPTORS  1024
#define ROOM_BYTES   (RTE_PKTMBUF_HEADROOM + ETHERNET_UDP_BYTES + LIMIT_PACKET_BYTES)
#define NAP_NS       100000ull      /* between two looks at the receive queue */
#define LINK_NS      10000000000ull /* how long the peer of the device may take to appear */
#define ARP_NS       5000000000ull
#define ARP_AGAIN_NS 200000000ull
#define STALL_NS     10000000000ull /* a device that takes nothing for so long has failed */

struct dpdk {
	struct output output;
	const struct options *options;
	uint16_t port;
	bool started;
	struct rte_mempool *pool;
	struct rte_mbuf *fresh[OUTPUT_BURST]; /* the last is given out by buffer */
	struct rte_mbuf *burst[OUTPUT_BURST];
	unsigned fresh_count, pending;
	struct ethernet_path self;   /* our addresses */
	struct ethernet_path *paths; /* one a session */
	struct ethernet_head *heads; /* likewise, made at the start */
	unsigned count, room;
	uint32_t asked_be; /* the address that ARP is under way for */
	uint8_t learned[6];
	bool has_learned;
};

/* UDP ports that sessions share. */
static unsigned ports_of(const struct dpdk *d)
{
	return UINT16_MAX + 1 - (unsigned)d->options->src_port;
}

static int grow(struct dpdk *d)
{
	unsigned room = d->room ? 2 * d->room : 64;
	struct ethernet_path *paths = realloc(d->paths, room * sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	d->paths = paths;
	d->room = room;
	return 0;
}

static int dpdk_add(struct output *output, const struct sockaddr_storage *to)
{
	struct dpdk *d = (struct dpdk *)output;
	const struct sockaddr_in *in = (const struct sockaddr_in *)to;

	if (to->ss_family != AF_INET) {
		log_error("--vdev speaks IPv4 only");
		return -EAFNOSUPPORT;
	}
	if (d->count == d->room && grow(d))
		return -ENOMEM;
	d->paths[d->count] = (struct ethernet_path){
		.dst_ip_be = in->sin_addr.s_addr,
		.dst_port = ntohs(in->sin_port),
		.src_port = (uint16_t)(d->options->src_port + d->count % ports_of(d)),
	};
	d->count++;
	return 0;
}

static void nap(uint64_t ns)
{
	struct timespec t = { 0, (long)(ns < NAP_NS ? ns : NAP_NS) };
	nanosleep(&t, NULL);
}

/* The device takes nothing: wait a little. 0, or -ETIMEDOUT since it has been so for too long, logged. */
static int stall(struct dpdk *d, uint64_t *since_ns)
{
	uint64_t since = rte_rdtsc();

	d->output.retries++;
	if (!*since_ns)
		*since_ns = clk_mono_ns();
	if (clk_mono_ns() - *since_ns > STALL_NS) {
		log_error("the device has taken no packet for %llu s, has its peer gone?",
		        STALL_NS / CLK_NS_PER_S);
		return -ETIMEDOUT;
	}
	nap(d->options->unpaced ? 1000 : NAP_NS);
	d->output.stalled_tsc += rte_rdtsc() - since;
	return 0;
}

/* Send what is in @burst, however often the device says "later". */
static int send_all(struct dpdk *d, struct rte_mbuf **burst, unsigned count)
{
	uint64_t stalled_ns = 0;

	while (count) {
		uint64_t since = rte_rdtsc();
		unsigned sent = rte_eth_tx_burst(d->port, 0, burst, (uint16_t)count);

		d->output.tsc += rte_rdtsc() - since;
		burst += sent;
		count -= sent;
		if (sent)
			stalled_ns = 0;
		else if (count && stall(d, &stalled_ns)) {
			rte_pktmbuf_free_bulk(burst, count);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static int dpdk_flush(struct output *output)
{
	struct dpdk *d = (struct dpdk *)output;
	unsigned count = d->pending;

	protect_batch_run(output->batch);
	for (unsigned i = 0; i < count && d->options->udp_checksum; i++)
		ethernet_sum_udp(rte_pktmbuf_mtod(d->burst[i], uint8_t *));
	d->pending = 0;
	return send_all(d, d->burst, count);
}

static bool take_mbufs(struct dpdk *d, unsigned count)
{
	if (rte_pktmbuf_alloc_bulk(d->pool, d->fresh, count))
		return false;
	d->fresh_count = count;
	return true;
}

/* Those in the device's ring come back as it sends. */
static bool wait_for_mbufs(struct dpdk *d)
{
	for (unsigned i = 0; i < 1000 && !dpdk_flush(&d->output); i++) {
		rte_eth_tx_done_cleanup(d->port, 0, 0);
		nap(NAP_NS);
		if (take_mbufs(d, 1))
			return true;
	}
	return false;
}

static uint8_t *dpdk_buffer(struct output *output)
{
	struct dpdk *d = (struct dpdk *)output;

	if (d->pending == OUTPUT_BURST) {
		int status = dpdk_flush(output);
		if (status) {
			errno = -status;
			return NULL;
		}
	}
	if (!d->fresh_count && !take_mbufs(d, OUTPUT_BURST) && !wait_for_mbufs(d)) {
		errno = ENOBUFS;
		return NULL;
	}
	return rte_pktmbuf_mtod_offset(d->fresh[d->fresh_count - 1], uint8_t *, ETHERNET_UDP_BYTES);
}

static int dpdk_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct dpdk *d = (struct dpdk *)output;
	struct rte_mbuf *m = d->fresh[--d->fresh_count];

	ethernet_write_udp(rte_pktmbuf_mtod(m, uint8_t *), &d->heads[session], port_offset, len);
	m->data_len = (uint16_t)(ETHERNET_UDP_BYTES + len);
	m->pkt_len = m->data_len;
	d->burst[d->pending++] = m;
	return 0;
}

static int send_arp(struct dpdk *d, const uint8_t *frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(d->pool);

	if (!m)
		return -ENOBUFS;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), frame, ETHERNET_ARP_BYTES);
	m->data_len = ETHERNET_ARP_BYTES;
	m->pkt_len = ETHERNET_ARP_BYTES;
	return send_all(d, &m, 1);
}

/* The session that a datagram is for: the only one with our port, or the one of its sender. False: none. */
static bool find_session(const struct dpdk *d, const struct ethernet_path *from, unsigned *ret_session)
{
	unsigned session = from->dst_port - (unsigned)d->options->src_port, ports = ports_of(d);

	if (from->dst_port < d->options->src_port || session >= d->count)
		return false;
	*ret_session = session;
	if (d->count <= ports)
		return true;
	for (; session < d->count; session += ports)
		if (d->paths[session].dst_ip_be == from->src_ip_be &&
		        (d->paths[session].dst_port == from->src_port ||
		                d->paths[session].dst_port + 1 == from->src_port)) {
			*ret_session = session;
			return true;
		}
	return false;
}

static void receive_frame(struct dpdk *d, uint8_t *frame, size_t len)
{
	_Alignas(2) uint8_t answer[ETHERNET_ARP_BYTES];
	struct ethernet_path from;
	unsigned session;
	size_t payload;
	uint8_t *data = ethernet_read_udp(frame, len, d->self.src_ip_be, &from, &payload);

	if (data) {
		if (payload <= LIMIT_PACKET_BYTES && find_session(d, &from, &session))
			d->output.on_receive(d->output.arg, session, data, payload);
	} else if (ethernet_answer_arp(answer, frame, len, &d->self)) {
		send_arp(d, answer);
	} else if (d->asked_be && ethernet_learn_arp(frame, len, d->asked_be, d->learned)) {
		d->has_learned = true;
	}
}

static unsigned receive(struct dpdk *d)
{
	struct rte_mbuf *burst[OUTPUT_BURST];
	unsigned count = rte_eth_rx_burst(d->port, 0, burst, OUTPUT_BURST);

	for (unsigned i = 0; i < count; i++) {
		if (burst[i]->nb_segs == 1)
			receive_frame(d, rte_pktmbuf_mtod(burst[i], uint8_t *), burst[i]->data_len);
		rte_pktmbuf_free(burst[i]);
	}
	return count;
}

static int dpdk_wait(struct output *output, uint64_t ns)
{
	struct dpdk *d = (struct dpdk *)output;
	uint64_t end = ns ? clk_mono_ns() + ns : 0;

	while (!receive(d) && ns) {
		uint64_t now = clk_mono_ns();

		if (now >= end)
			break;
		nap(end - now);
	}
	return 0;
}

static int wait_for_link(struct dpdk *d)
{
	uint64_t end = clk_mono_ns() + LINK_NS;
	struct rte_eth_link link = { 0 };

	while (!rte_eth_link_get_nowait(d->port, &link) && !link.link_status) {
		if (clk_mono_ns() > end) {
			log_error("the device %s has no link: is its peer there?", d->options->vdev);
			return -ENOLINK;
		}
		nap(NAP_NS);
	}
	return 0;
}

/* Ask for the MAC address of @ip_be until it is told. */
static int resolve(struct dpdk *d, uint32_t ip_be, uint8_t *ret_mac)
{
	_Alignas(2) uint8_t frame[ETHERNET_ARP_BYTES];
	uint64_t end = clk_mono_ns() + ARP_NS, next = 0;
	char text[INET_ADDRSTRLEN];

	d->asked_be = ip_be;
	d->has_learned = false;
	while (!d->has_learned) {
		uint64_t now = clk_mono_ns();

		if (now > end) {
			log_error("%s does not answer to ARP, see --dst-mac",
			        inet_ntop(AF_INET, &ip_be, text, sizeof(text)));
			return -EHOSTUNREACH;
		}
		if (now >= next) {
			ethernet_write_arp_request(frame, &d->self, ip_be);
			int status = send_arp(d, frame);
			if (status)
				return status;
			next = now + ARP_AGAIN_NS;
		}
		dpdk_wait(&d->output, NAP_NS);
	}
	memcpy(ret_mac, d->learned, 6);
	return 0;
}

static int find_mac(struct dpdk *d, unsigned session)
{
	struct ethernet_path *path = &d->paths[session];

	memcpy(path->src_mac, d->self.src_mac, 6);
	path->src_ip_be = d->self.src_ip_be;
	if (d->options->has_dst_mac) {
		memcpy(path->dst_mac, d->options->dst_mac, 6);
		return 0;
	}
	if (session && d->paths[session - 1].dst_ip_be == path->dst_ip_be) {
		memcpy(path->dst_mac, d->paths[session - 1].dst_mac, 6);
		return 0;
	}
	return resolve(d, path->dst_ip_be, path->dst_mac);
}

static int start_port(struct dpdk *d)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	struct rte_ether_addr mac;
	int status = rte_eth_dev_info_get(d->port, &info);

	if (!status)
		status = rte_eth_dev_configure(d->port, 1, 1, &conf);
	if (!status)
		status = rte_eth_dev_adjust_nb_rx_tx_desc(d->port, &rx, &tx);
	if (!status)
		status = rte_eth_rx_queue_setup(d->port, 0, rx, SOCKET_ID_ANY, NULL, d->pool);
	if (!status)
		status = rte_eth_tx_queue_setup(d->port, 0, tx, SOCKET_ID_ANY, NULL);
	if (!status)
		status = rte_eth_dev_start(d->port);
	if (!status)
		status = rte_eth_macaddr_get(d->port, &mac);
	if (status)
		return status;
	d->started = true;
	d->self.src_ip_be = d->options->src_ip.s_addr;
	memcpy(d->self.src_mac, d->options->has_src_mac ? d->options->src_mac : mac.addr_bytes, 6);
	return 0;
}

static int make_heads(struct dpdk *d)
{
	d->heads = aligned_alloc(_Alignof(struct ethernet_head), (d->count + 1) * sizeof(*d->heads));
	if (!d->heads)
		return -ENOMEM;
	for (unsigned i = 0; i < d->count; i++)
		ethernet_make_head(&d->heads[i], &d->paths[i]);
	return 0;
}

static int dpdk_start(struct output *output)
{
	struct dpdk *d = (struct dpdk *)output;
	int back, status = output_enter_netns(d->options->netns, &back);

	if (status)
		return status;
	status = start_port(d);
	if (status)
		log_error("the device %s does not start: %s; is its peer there?", d->options->vdev,
		        rte_strerror(-status));
	else /* promiscuous when it can be: a MAC address of our own is not the device's */
		rte_eth_promiscuous_enable(d->port);
	output_leave_netns(back);
	if (!status)
		status = wait_for_link(d);
	for (unsigned i = 0; i < d->count && !status; i++)
		status = find_mac(d, i);
	return status ? status : make_heads(d);
}

static void dpdk_free(struct output *output)
{
	struct dpdk *d = (struct dpdk *)output;
	int back;

	rte_pktmbuf_free_bulk(d->fresh, d->fresh_count);
	rte_pktmbuf_free_bulk(d->burst, d->pending);
	/* a namespace that has gone has taken the device along: there is nothing to set back */
	(void)output_enter_netns(d->options->netns, &back);
	if (d->started)
		rte_eth_dev_stop(d->port);
	if (d->pool) {
		rte_eth_dev_close(d->port);
		rte_mempool_free(d->pool);
	}
	output_leave_netns(back);
	eal_stop();
	free(d->paths);
	free(d->heads);
	free(d);
}

static const struct output_ops dpdk_ops = {
	.add = dpdk_add,
	.start = dpdk_start,
	.buffer = dpdk_buffer,
	.commit = dpdk_commit,
	.flush = dpdk_flush,
	.wait = dpdk_wait,
	.free = dpdk_free,
};

int output_dpdk_create(struct output **ret_output, const struct options *options)
{
	struct dpdk *d = calloc(1, sizeof(*d));
	int status = d ? eal_start(options) : -ENOMEM;

	if (status) {
		free(d);
		return status;
	}
	d->output.ops = &dpdk_ops;
	d->options = options;
	d->port = rte_eth_find_next(0);
	if (d->port == RTE_MAX_ETHPORTS) {
		log_error("--vdev %s makes no network device", options->vdev);
		status = -ENODEV;
	} else if (!(d->pool = rte_pktmbuf_pool_create(
	                     "gen", MBUFS, CACHE_MBUFS, 0, ROOM_BYTES, SOCKET_ID_ANY))) {
		log_error("no memory for %u packets, see --memory-mb", MBUFS);
		status = -ENOMEM;
	}
	if (status) {
		dpdk_free(&d->output);
		return status;
	}
	*ret_output = &d->output;
	return 0;
}
