/* SPDX-License-Identifier: BSD-3-Clause */
/* A poll-mode core: all that its loop touches is in one struct, and nobody else's core touches that.
 *
 * The loop is a pipeline of stages over a burst. A stage takes an array of packets, and leaves in it, in
 * order, those that go on; the others it has consumed, passed on or dropped with a counted reason. For every
 * lcore what came in equals what went out, always: the account is in base/balance.h.
 *
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
#include "dataplane/wheel.h"

#define LCORE_BURST 32
#define LCORE_EXTRA                                                                                          \
	32 /* packets that redundancy may add to a burst: arrays behind unwrap have room for both */

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
	struct demux *demux;  /* WebRTC: ufrag or path → session: dataplane/demux.h; NULL: none */
	struct spsc *punts;   /* DTLS datagrams, struct rte_mbuf *, to the command thread: dataplane/punt.h */
	uint16_t webrtc_port; /* ingest.webrtc_port */
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
	uint64_t ns_per_tsc_q32; /* 2^32 times as many */
	uint64_t join_tsc;       /* dataplane.join_us: how long packets wait for others to fill a burst */
	uint32_t idle_sleep_us;  /* dataplane.idle_sleep_us */
	unsigned held_max;       /* packets of its own endpoints that wait for keys: a share of the pool */
	_Atomic bool *stop;
	/* written per burst */
	uint64_t now_tsc;
	uint64_t now_unix_ns; /* derived from the TSC; jumps when the wall clock is set */
	uint64_t now_mono_ns; /* derived from the TSC; never jumps */
	uint64_t last_poll_tsc, last_busy_tsc;
	uint64_t timer_tsc, neigh_tsc, command_tsc; /* when these run next */
	uint64_t command_late_tsc;                  /* when commands do though packets are waiting */
	struct rte_mbuf *joined[LCORE_BURST];       /* taken from the queues, not counted as received yet */
	unsigned joined_count;
	uint64_t joined_tsc;     /* when the first of them was taken */
	bool announced;          /* our addresses, once: dataplane/neigh.h */
	unsigned forwarded_turn; /* whose forwarded packets were taken first */
	unsigned held_count;
	/* clocks: unix_ns = clock_unix_ns + (tsc - clock_tsc) * 1e9 / hz, the other alike; written by this
	 * lcore once a second */
	uint64_t clock_tsc, clock_unix_ns, clock_mono_ns;
	struct wheel wheel; /* when each endpoint of its own is looked at next */
};

/* What its clocks need to know of the TSC. */
void lcore_set_clock(struct lcore *lc, uint64_t tsc_hz);

/* The loop, for rte_eal_remote_launch; returns when *stop is set. @arg is a struct lcore. */
int lcore_main(void *arg);

/* One round: poll the queues, run the pipeline over a burst that is full or has waited long enough. Returns
 * packets taken. For lcore_main and for tests. */
unsigned lcore_poll(struct lcore *lc);

/* In place of lcore_poll, for replay, which has no queues and says what time it is: commands and timers at
 * these times, which also hold for the lcore_process that follow. The clock must be one of 10^9 cycles a
 * second (lcore_set_clock), begun at @mono_ns. */
void lcore_step(struct lcore *lc, uint64_t mono_ns, uint64_t unix_ns);

/* Run the pipeline over packets that are already here (they count as received). For tests and replay. */
void lcore_process(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Run on the packets that @ep holds for its keys: they are there, or never will be, and @ep is paused.
 * Between two bursts. */
void lcore_release_held(struct lcore *lc, struct endpoint *ep);
/* The TSC at @mono_ns, which is now or later: for timers, up to some seconds ahead. */
static inline uint64_t lcore_tsc_of(const struct lcore *lc, uint64_t mono_ns)
{
	uint64_t ahead_ns = mono_ns > lc->now_mono_ns ? mono_ns - lc->now_mono_ns : 0;

	return lc->now_tsc + ahead_ns / 1000 * (lc->tsc_hz / 1000000);
}

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
