/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/lcores.h"

#include <math.h>
#include <string.h>
#include "appliance/top/overview.h"
#include "base/clk.h"

static const struct {
	const char *name;
	unsigned id;
} stages[LCORES_STAGES] = {
	[LCORES_RX] = { "rx", STAT_LCORE_cycles_rx },
	[LCORES_CLASSIFY] = { "classify", STAT_LCORE_cycles_classify },
	[LCORES_UNPROTECT] = { "unprotect", STAT_LCORE_cycles_unprotect },
	[LCORES_RTP] = { "rtp", STAT_LCORE_cycles_rtp },
	[LCORES_HANDOVER] = { "handover", STAT_LCORE_cycles_handover },
};

const char *lcores_stage_name(enum lcores_stage stage)
{
	return stages[stage].name;
}

double lcores_quantile(const uint64_t *now, const uint64_t *before, double part)
{
	uint64_t counts[STAT_HIST_BUCKETS], total = 0, seen = 0;

	for (unsigned b = 0; b < STAT_HIST_BUCKETS; b++) {
		uint64_t old = before ? before[b] : 0;

		counts[b] = now[b] > old ? now[b] - old : 0;
		total += counts[b];
	}
	for (unsigned b = 0; b < STAT_HIST_BUCKETS && total; b++) {
		seen += counts[b];
		if ((double)seen >= part * (double)total)
			return ldexp(1, STAT_HIST_SHIFT + (int)b);
	}
	return NAN;
}

static double drops_of(const uint64_t *slot)
{
	const struct stat_row *row;
	uint64_t drops = 0;

	for (unsigned id = 0; (row = stat_row(STAT_SCOPE_LCORE, id)); id += stat_words(row)) {
		if (!strncmp(row->name, "drop_", 5))
			drops += slot[id];
	}
	return (double)drops;
}

static double grown(const uint64_t *now, const uint64_t *before, unsigned id)
{
	return now[id] > before[id] ? (double)(now[id] - before[id]) : 0;
}

static void make_row(struct lcores_row *row, const uint64_t *now, const uint64_t *before, double seconds)
{
	double pkts = grown(now, before, STAT_LCORE_rx_pkts) + grown(now, before, STAT_LCORE_forwarded_in);
	double bursts = grown(now, before, STAT_LCORE_bursts), hz = (double)now[STAT_LCORE_tsc_hz];

	row->pps = grown(now, before, STAT_LCORE_rx_pkts) / seconds;
	row->bps = grown(now, before, STAT_LCORE_rx_bytes) * 8 / seconds;
	row->dropped_pps = fmax(0, drops_of(now) - drops_of(before)) / seconds;
	if (hz > 0)
		row->busy = fmin(1, grown(now, before, STAT_LCORE_cycles_busy) / (hz * seconds));
	if (pkts > 0) {
		row->cycles_a_packet = grown(now, before, STAT_LCORE_cycles_busy) / pkts;
		for (unsigned s = 0; s < LCORES_STAGES; s++)
			row->stage[s] = grown(now, before, stages[s].id) / pkts;
	}
	if (bursts > 0)
		row->burst = grown(now, before, STAT_LCORE_rx_pkts) / bursts;
	row->poll_p99_ns = lcores_quantile(now + STAT_LCORE_poll_ns, before + STAT_LCORE_poll_ns, 0.99);
}

unsigned lcores_make(
        struct lcores_row *rows, const struct counters_sample *now, const struct counters_sample *before)
{
	double seconds = before ? (double)(now->mono_ns - before->mono_ns) / CLK_NS_PER_S : 0;

	for (unsigned i = 0; i < now->lcores; i++) {
		rows[i] = (struct lcores_row){ .cycles_a_packet = NAN,
			.burst = NAN,
			.poll_p99_ns = NAN,
			.stall_max_ns = now->lcore[i][STAT_LCORE_stall_max_ns] };
		for (unsigned s = 0; s < LCORES_STAGES; s++)
			rows[i].stage[s] = NAN;
		if (seconds > 0)
			make_row(&rows[i], now->lcore[i], before->lcore[i], seconds);
	}
	return now->lcores;
}
