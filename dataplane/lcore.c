/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lcore.h"

#include <time.h>
#include <unistd.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include "base/clk.h"
#include "dataplane/classify.h"
#include "dataplane/endpoint.h"
#include "dataplane/neigh.h"
#include "dataplane/stages.h"

#define FORWARD_BURST  32
#define COMMANDS_PER_S 10000
#define TIMERS_PER_S   1000
#define NEIGH_PER_S    10

/* Tell the time by the TSC, anchored to the kernel's clocks once a second: two vDSO calls a second are all
 * the loop pays. */
static void tell_time(struct lcore *lc)
{
	lc->now_tsc = rte_rdtsc();
	uint64_t since = lc->now_tsc - lc->clock_tsc;
	if (!lc->clock_tsc || since > lc->tsc_hz) {
		lc->clock_unix_ns = clk_wall_ns();
		lc->clock_mono_ns = clk_mono_ns();
		lc->clock_tsc = lc->now_tsc;
		since = 0;
	}
	since = since * CLK_NS_PER_S / lc->tsc_hz;
	lc->now_unix_ns = lc->clock_unix_ns + since;
	lc->now_mono_ns = lc->clock_mono_ns + since;
}

/* Cycles since *@mark go to counter @id; *@mark becomes now. */
static void charge(struct lcore *lc, unsigned id, uint64_t *mark)
{
	uint64_t now = rte_rdtsc();

	lcore_count(lc, id, now - *mark);
	*mark = now;
}

/* From the endpoints on: what came from a queue, and what other lcores passed on. */
static void process_found(struct lcore *lc, struct rte_mbuf **pkts, unsigned n, uint64_t *mark)
{
	n = flow_match_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_rtp, mark);
	n = unprotect_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_unprotect, mark);
	n = feedback_burst(lc, pkts, n);
	n = sequence_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_rtp, mark);
	handover_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_handover, mark);
}

void lcore_process(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	uint64_t begin = rte_rdtsc(), mark = begin, bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += pkts[i]->pkt_len;
	lcore_count(lc, STAT_LCORE_rx_pkts, count);
	lcore_count(lc, STAT_LCORE_rx_bytes, bytes);
	lcore_count(lc, STAT_LCORE_bursts, 1);
	count = classify_burst(lc, pkts, count);
	count = endpoint_lookup_burst(lc, pkts, count);
	charge(lc, STAT_LCORE_cycles_classify, &mark);
	process_found(lc, pkts, count, &mark);
	lcore_count(lc, STAT_LCORE_cycles_busy, mark - begin);
}

static unsigned take_forwarded(struct lcore *lc)
{
	struct rte_mbuf *pkts[FORWARD_BURST];
	unsigned n = endpoint_take_forwarded(lc, pkts, FORWARD_BURST);
	uint64_t begin = rte_rdtsc(), mark = begin;

	if (!n)
		return 0;
	lcore_count(lc, STAT_LCORE_forwarded_in, n);
	n = endpoint_lookup_burst(lc, pkts, n);
	process_found(lc, pkts, n, &mark);
	lcore_count(lc, STAT_LCORE_cycles_busy, mark - begin);
	return n;
}

static void run_timers(struct lcore *lc)
{
	if (lc->now_tsc >= lc->command_tsc) {
		lc->command_tsc = lc->now_tsc + lc->tsc_hz / COMMANDS_PER_S;
		command_poll(lc);
	}
	if (lc->now_tsc >= lc->timer_tsc) {
		lc->timer_tsc = lc->now_tsc + lc->tsc_hz / TIMERS_PER_S;
		feedback_timer(lc);
	}
	if (lc->index == 0 && lc->now_tsc >= lc->neigh_tsc) {
		lc->neigh_tsc = lc->now_tsc + lc->tsc_hz / NEIGH_PER_S;
		neigh_timer(lc);
	}
}

unsigned lcore_poll(struct lcore *lc)
{
	struct rte_mbuf *pkts[LCORE_BURST];
	unsigned taken = 0;

	tell_time(lc);
	lcore_count(lc, STAT_LCORE_polls, 1);
	if (lc->last_poll_tsc)
		stat_max(lc->slot, STAT_LCORE_stall_max_ns,
		        (uint64_t)((double)(lc->now_tsc - lc->last_poll_tsc) * 1e9 / (double)lc->tsc_hz));
	lc->last_poll_tsc = lc->now_tsc;
	for (unsigned q = 0; q < lc->queue_count; q++) {
		unsigned n = rte_eth_rx_burst(lc->queues[q].port, lc->queues[q].queue, pkts, LCORE_BURST);
		if (n)
			lcore_process(lc, pkts, n);
		taken += n;
	}
	if (lc->count > 1)
		taken += take_forwarded(lc);
	run_timers(lc);
	if (taken)
		lc->last_busy_tsc = lc->now_tsc;
	return taken;
}

int lcore_main(void *arg)
{
	struct lcore *lc = arg;

	lc->last_busy_tsc = rte_rdtsc();
	while (!atomic_load_explicit(lc->stop, memory_order_relaxed)) {
		if (lcore_poll(lc) || !lc->idle_sleep_us || lc->now_tsc - lc->last_busy_tsc < lc->tsc_hz)
			continue;
		usleep(lc->idle_sleep_us); /* nothing for a second: give the core away, but be back before a
		                              ring fills */
		lc->last_poll_tsc = 0;     /* a sleep is no stall */
	}
	return 0;
}
