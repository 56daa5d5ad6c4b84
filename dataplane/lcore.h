/* SPDX-License-Identifier: BSD-3-Clause */
/* A poll-mode core: all that its loop touches is in one struct, and nobody else's core touches that.
 *
 * The loop is a pipeline of stages over a burst. A stage takes an array of packets, and leaves in it, in
 * order, those that go on; the others it has consumed, passed on or dropped with a counted reason. For every
 * lcore, always: rx_pkts + forwarded_in = forwarded_out + answered + rtcp_pkts + handed_pkts + sum of drop_*
 * Stages never allocate, lock, log, make a system call or read the wall clock.
 */
#ifndef DATAPLANE_LCORE_H
#define DATAPLANE_LCORE_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_mbuf.h>
#include "base/limits.h"
#include "base/spsc.h"
#include "base/stat.h"
#include "dataplane/meta.h"

#define LCORE_BURST 32

struct conf;
struct crypto_engine;
struct endpoint_table;
struct endpoint;
struct host; /* our addresses, and who answers for them: dataplane/neigh.h */

struct lcore_queue {
	uint16_t port, queue;
};

struct lcore {
	/* read-mostly */
	uint64_t *slot;                   /* STAT_LCORE counters */
	struct endpoint_table *endpoints; /* port → session: dataplane/endpoint.h */
	struct host *host;
	struct rte_mempool *pool;
	struct crypto_engine *crypto; /* its own ciphers */
	unsigned index;               /* 0 … count - 1 among ours */
	unsigned eal_id;              /* DPDK's lcore id */
	unsigned count;               /* lcores in all */
	unsigned queue_count, tx_queue;
	struct lcore_queue queues[LIMIT_PORTS * 4];
	struct spsc *writers[LIMIT_WRITERS];  /* rings of struct packet *, to each writer */
	struct spsc *commands, *replies;      /* from and to the command thread: dataplane/command.h */
	struct spsc *forward[LIMIT_LCORES];   /* to lcore i: mbufs, and endpoints that move */
	struct spsc *forwarded[LIMIT_LCORES]; /* from lcore i */
	uint64_t tsc_hz;
	uint32_t idle_sleep_us; /* dataplane.idle_sleep_us */
	_Atomic bool *stop;
	/* written per burst */
	uint64_t now_tsc;
	uint64_t now_unix_ns; /* derived from the TSC; jumps when the wall clock is set */
	uint64_t now_mono_ns; /* derived from the TSC; never jumps */
	uint64_t last_poll_tsc, last_busy_tsc;
	uint64_t timer_tsc, neigh_tsc, command_tsc; /* when these run next */
	bool announced;                             /* our addresses, once: dataplane/neigh.h */
	struct endpoint *timer_next;                /* where it goes on */
	unsigned forwarded_turn;                    /* whose forwarded packets were taken first */
	/* clocks: unix_ns = clock_unix_ns + (tsc - clock_tsc) * 1e9 / hz, the other alike; written by this
	 * lcore once a second */
	uint64_t clock_tsc, clock_unix_ns, clock_mono_ns;
};

/* The loop, for rte_eal_remote_launch; returns when *stop is set. @arg is a struct lcore. */
int lcore_main(void *arg);

/* One round: poll the queues, run the pipeline. Returns packets taken. For lcore_main and for tests. */
unsigned lcore_poll(struct lcore *lc);

/* Run the pipeline over packets that are already here (they count as received). For tests and replay. */
void lcore_process(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

static inline void lcore_count(struct lcore *lc, unsigned id, uint64_t n)
{
	stat_add(lc->slot, id, n);
}

/* Drop one packet for @reason (STAT_LCORE_drop_…). */
static inline void lcore_drop(struct lcore *lc, struct rte_mbuf *mbuf, unsigned reason)
{
	lcore_count(lc, reason, 1);
	rte_pktmbuf_free(mbuf);
}

#endif
