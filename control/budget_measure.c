/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/budget_measure.h"

#include <string.h>
#include "base/clk.h"
#include "base/stat.h"

/* Cycles a packet takes. Of few packets it is no measure: a burst of one costs many times as much. */
#define COST_LEAST      500
#define COST_MOST       3000
#define COST_FROM_PKTS  10000      /* a second */
#define SMOOTH          0.5        /* of a new second */
#define SMOOTH_SPACE    (1 / 30.0) /* parts go to the store one at a time, and files end when they like */
#define LOST_LEAST_PKTS 1000       /* less is no overload */
#define LOST_SHARE      0.01
#define FRAME_PKTS      10 /* a frame without a block is as bad as so many packets */

static void take_lcores(struct budget_sample *now, const struct stat_segment *stat)
{
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_LCORE) && i < LIMIT_LCORES; i++) {
		const uint64_t *lcore = stat_slot(stat, STAT_SCOPE_LCORE, i);
		now->busy[i] = stat_get(lcore, STAT_LCORE_cycles_busy);
		now->received += stat_get(lcore, STAT_LCORE_rx_pkts);
		now->lost += stat_get(lcore, STAT_LCORE_drop_ring_full) +
		             stat_get(lcore, STAT_LCORE_drop_forward_full);
	}
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_PORT); i++) {
		const uint64_t *port = stat_slot(stat, STAT_SCOPE_PORT, i);
		now->lost += stat_get(port, STAT_PORT_rx_missed) + stat_get(port, STAT_PORT_rx_nombuf);
	}
}

static void take_writers(struct budget_sample *now, const struct stat_segment *stat)
{
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_WRITER); i++) {
		const uint64_t *writer = stat_slot(stat, STAT_SCOPE_WRITER, i);
		now->lost += FRAME_PKTS * stat_get(writer, STAT_WRITER_drop_no_block);
		now->media_bytes += stat_get(writer, STAT_WRITER_bytes);
		now->written_bytes += stat_get(writer, STAT_WRITER_written_bytes);
		now->queued_bytes += stat_get(writer, STAT_WRITER_queued_bytes);
	}
}

/* What was counted since, 0 when it went backwards. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void smooth(double *value, double now, double share)
{
	*value += (now - *value) * share;
}

static void take_loops(struct budget_measure *m, const struct budget_sample *now, double seconds)
{
	uint64_t received = since(now->received, m->last.received);
	double busiest = 0, all = 0;

	for (unsigned i = 0; i < m->lcores && i < LIMIT_LCORES; i++) {
		double busy = (double)since(now->busy[i], m->last.busy[i]);
		all += busy;
		if (busy > busiest)
			busiest = busy;
	}
	smooth(&m->busiest, busiest / (m->tsc_hz * seconds), SMOOTH);
	if ((double)received > COST_FROM_PKTS * seconds) {
		double cost = all / (double)received;
		smooth(&m->cost,
		        cost < COST_LEAST  ? COST_LEAST
		        : cost > COST_MOST ? COST_MOST
		                           : cost,
		        SMOOTH);
	}
	m->received[m->second] = received;
	m->lost[m->second] = since(now->lost, m->last.lost);
}

/* The second between two samples. */
static void take_second(struct budget_measure *m, const struct budget_sample *now)
{
	double seconds = (double)(now->at_ns - m->last.at_ns) / CLK_NS_PER_S;

	m->second = (m->second + 1) % BUDGET_MEASURE_S;
	take_loops(m, now, seconds);
	budget_disk_second(&m->disk, (double)since(now->written_bytes, m->last.written_bytes) / seconds,
	        (double)now->queued_bytes);
	smooth(&m->recorded_bytes_s, (double)since(now->media_bytes, m->last.media_bytes) / seconds,
	        SMOOTH_SPACE);
	smooth(&m->sent_bytes_s, (double)since(now->sent_bytes, m->last.sent_bytes) / seconds, SMOOTH_SPACE);
}

void budget_measure_init(struct budget_measure *measure)
{
	*measure = (struct budget_measure){ .cost = COST_MOST };
}

/* Another dataplane: nothing is known of it; disk and store are the same. */
static void begin_anew(struct budget_measure *m)
{
	m->busiest = 0;
	m->cost = COST_MOST;
	memset(m->lost, 0, sizeof(m->lost));
	memset(m->received, 0, sizeof(m->received));
}

bool budget_measure_look(struct budget_measure *m, const struct stat_segment *stat,
        const struct budget_uploads *uploads, uint64_t now_ns)
{
	const uint64_t *proc = stat_slot(stat, STAT_SCOPE_PROC, 0);
	struct budget_sample now = { .at_ns = now_ns, .sent_bytes = uploads->sent_bytes };
	bool same, second;

	now.start_unix_ns = stat_get(proc, STAT_PROC_start_unix_ns);
	take_lcores(&now, stat);
	take_writers(&now, stat);
	m->lcores = stat_instances(stat, STAT_SCOPE_LCORE);
	m->tsc_hz = (double)stat_get(stat_slot(stat, STAT_SCOPE_LCORE, 0), STAT_LCORE_tsc_hz);
	m->tracks = stat_get(proc, STAT_PROC_tracks_open);
	m->free_bytes = stat_get(proc, STAT_PROC_disk_free_bytes);
	m->waiting_bytes = uploads->waiting_bytes;
	m->held_bytes = uploads->held_bytes;
	same = now.start_unix_ns == m->last.start_unix_ns;
	second = same && m->tsc_hz > 0 && now_ns > m->last.at_ns;
	if (!same)
		begin_anew(m);
	else if (second)
		take_second(m, &now);
	m->last = now;
	return second;
}

uint64_t budget_measure_lost(const struct budget_measure *m)
{
	uint64_t lost = 0, received = 0;

	for (unsigned i = 0; i < BUDGET_MEASURE_S; i++) {
		lost += m->lost[i];
		received += m->received[i];
	}
	return lost > LOST_LEAST_PKTS && (double)lost > LOST_SHARE * (double)(received + lost) ? lost : 0;
}
