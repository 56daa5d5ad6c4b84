/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lcore.h"

#include <string.h>
#include <time.h>
#include <unistd.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include "base/clk.h"
#include "dataplane/classify.h"
#include "dataplane/endpoint.h"
#include "dataplane/neigh.h"
#include "dataplane/stages.h"
#include "dataplane/webrtc.h"

#define FORWARD_BURST       32
#define COMMANDS_PER_S      10000
#define TIMERS_PER_S        1000
#define NEIGH_PER_S         10
#define STALLS_PER_S        100 /* a stage that takes 10 ms was not running */
#define COMMANDS_LATE_PER_S 200 /* commands wait no longer than that for what is in the queues already */

void lcore_set_clock(struct lcore *lc, uint64_t tsc_hz)
{
	lc->tsc_hz = tsc_hz;
	lc->ns_per_tsc_q32 = (CLK_NS_PER_S << 32) / tsc_hz;
}

static uint64_t ns_of(const struct lcore *lc, uint64_t tsc)
{
	return tsc * lc->ns_per_tsc_q32 >> 32; /* of some seconds at most */
}

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
	since = ns_of(lc, since);
	lc->now_unix_ns = lc->clock_unix_ns + since;
	lc->now_mono_ns = lc->clock_mono_ns + since;
}

/* Cycles since *@mark go to stage @id; *@mark becomes now. No stage of a burst takes that long by itself as
 * makes a stall: then the thread was kept from running, which the stalls tell, and is no work. */
static void charge(struct lcore *lc, unsigned id, uint64_t *mark)
{
	uint64_t now = rte_rdtsc(), took = now - *mark;

	if (took < lc->tsc_hz / STALLS_PER_S) {
		lcore_count(lc, id, took);
		lcore_count(lc, STAT_LCORE_cycles_busy, took);
	}
	*mark = now;
}

/* From the endpoints on: what came from a queue, and what other lcores passed on. */
static void process_found(struct lcore *lc, struct rte_mbuf **found, unsigned n, uint64_t *mark)
{
	struct rte_mbuf *pkts[LCORE_BURST + LCORE_EXTRA]; /* redundancy may add some */

	n = flow_match_burst(lc, found, n);
	charge(lc, STAT_LCORE_cycles_rtp, mark);
	n = unprotect_burst(lc, found, n);
	charge(lc, STAT_LCORE_cycles_unprotect, mark);
	memcpy(pkts, found, n * sizeof(pkts[0]));
	n = unwrap_burst(lc, pkts, n);
	n = feedback_burst(lc, pkts, n);
	n = sequence_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_rtp, mark);
	handover_burst(lc, pkts, n);
	charge(lc, STAT_LCORE_cycles_handover, mark);
}

void lcore_process(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	uint64_t mark = rte_rdtsc(), bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += pkts[i]->pkt_len;
	lcore_count(lc, STAT_LCORE_rx_pkts, count);
	lcore_count(lc, STAT_LCORE_rx_bytes, bytes);
	lcore_count(lc, STAT_LCORE_bursts, 1);
	count = classify_burst(lc, pkts, count);
	count = endpoint_lookup_burst(lc, pkts, count);
	charge(lc, STAT_LCORE_cycles_classify, &mark);
	process_found(lc, pkts, count, &mark);
}

void lcore_release_held(struct lcore *lc, struct endpoint *ep)
{
	struct webrtc_held *held = &ep->webrtc->held;
	uint64_t mark = rte_rdtsc();
	unsigned count = held->count;

	held->count = 0;
	lc->held_count -= count;
	lcore_count(lc, STAT_LCORE_released_pkts, count);
	for (unsigned at = 0; at < count; at += LCORE_BURST)
		process_found(lc, held->pkts + at, RTE_MIN(count - at, (unsigned)LCORE_BURST), &mark);
}

static unsigned take_forwarded(struct lcore *lc)
{
	struct rte_mbuf *pkts[FORWARD_BURST];
	unsigned n = endpoint_take_forwarded(lc, pkts, FORWARD_BURST);
	uint64_t mark = rte_rdtsc();

	if (!n)
		return 0;
	lcore_count(lc, STAT_LCORE_forwarded_in, n);
	n = endpoint_lookup_burst(lc, pkts, n);
	process_found(lc, pkts, n, &mark);
	return n;
}

static void process_joined(struct lcore *lc)
{
	unsigned count = lc->joined_count;

	lc->joined_count = 0;
	if (count)
		lcore_process(lc, lc->joined, count);
}

/* Up to @room packets of queue @q behind what is joined. What a poll that finds nothing takes is no work. */
static unsigned receive(struct lcore *lc, unsigned q, unsigned room)
{
	uint64_t mark = rte_rdtsc();
	unsigned n = rte_eth_rx_burst(
	        lc->queues[q].port, lc->queues[q].queue, lc->joined + lc->joined_count, (uint16_t)room);

	if (n)
		charge(lc, STAT_LCORE_cycles_rx, &mark);
	return n;
}

/* A burst of few costs more a packet than one of many, SRTP most of all: what comes waits for more, a little.
 * Returns packets taken; *ret_drained: there are none left in the queues. */
static unsigned take_received(struct lcore *lc, bool *ret_drained)
{
	unsigned taken = 0;

	*ret_drained = true;
	for (unsigned q = 0; q < lc->queue_count; q++) {
		unsigned room = LCORE_BURST - lc->joined_count;
		unsigned n = receive(lc, q, room);
		if (!lc->joined_count)
			lc->joined_tsc = lc->now_tsc;
		lc->joined_count += n;
		taken += n;
		*ret_drained &= n < room;
		if (lc->joined_count == LCORE_BURST)
			process_joined(lc);
	}
	if (lc->now_tsc - lc->joined_tsc >= lc->join_tsc)
		process_joined(lc);
	return taken;
}

/* What came before a command is dealt with before it: a session that is closed loses nothing that has
 * reached us. */
static void run_commands(struct lcore *lc, bool drained)
{
	if (lc->now_tsc < lc->command_tsc || (!drained && lc->now_tsc < lc->command_late_tsc))
		return;
	lc->command_tsc = lc->now_tsc + lc->tsc_hz / COMMANDS_PER_S;
	lc->command_late_tsc = lc->command_tsc + lc->tsc_hz / COMMANDS_LATE_PER_S;
	if (spsc_count(lc->commands) == 0)
		return;
	process_joined(lc);
	command_poll(lc);
}

static inline void run_timers(struct lcore *lc)
{
	if (lc->now_tsc >= lc->timer_tsc) {
		lc->timer_tsc = lc->now_tsc + lc->tsc_hz / TIMERS_PER_S;
		feedback_timer(lc);
	}
	if (lc->index == 0 && lc->now_tsc >= lc->neigh_tsc) {
		lc->neigh_tsc = lc->now_tsc + lc->tsc_hz / NEIGH_PER_S;
		neigh_timer(lc);
	}
}

void lcore_step(struct lcore *lc, uint64_t mono_ns, uint64_t unix_ns)
{
	lc->now_tsc = mono_ns;
	lc->now_mono_ns = mono_ns;
	lc->now_unix_ns = unix_ns;
	if (spsc_count(lc->commands) > 0)
		command_poll(lc);
	run_timers(lc);
}

static void note_stall(struct lcore *lc)
{
	uint64_t ns = ns_of(lc, lc->now_tsc - lc->last_poll_tsc);

	if (lc->last_poll_tsc) {
		stat_max(lc->slot, STAT_LCORE_stall_max_ns, ns);
		stat_hist_add(lc->slot, STAT_LCORE_poll_ns, ns);
	}
	lc->last_poll_tsc = lc->now_tsc;
}

unsigned lcore_poll(struct lcore *lc)
{
	bool drained;
	unsigned taken;

	tell_time(lc);
	lcore_count(lc, STAT_LCORE_polls, 1);
	note_stall(lc);
	taken = take_received(lc, &drained);
	if (lc->count > 1) {
		unsigned forwarded = take_forwarded(lc);
		drained &= forwarded < FORWARD_BURST;
		taken += forwarded;
	}
	run_commands(lc, drained);
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
	process_joined(lc);
	return 0;
}
