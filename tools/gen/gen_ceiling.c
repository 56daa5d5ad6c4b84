/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/gen_ceiling.h"

#include <errno.h>
#include <time.h>
#include <rte_cycles.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "tools/gen/gen_flows.h"
#include "tools/gen/protect_batch.h"
#include "tools/gen/stock.h"

#define MEASURE_NS (2 * CLK_NS_PER_S) /* at most */
#define STEPS_MAX  1024               /* between two looks at the clock */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLK_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Some steps. 1: there are more; 0 or -errno. */
static int play(struct gen *g, struct output *none)
{
	int status = 0;

	if (!g->stock) {
		for (unsigned i = 0; i < STEPS_MAX && g->agenda.count && !status; i++)
			status = gen_flows_step(g, NULL);
		return status ? status : g->agenda.count > 0;
	}
	for (unsigned i = 0; i < STEPS_MAX && stock_next(g->stock) && !status; i++) {
		if (stock_next(g->stock)->len)
			status = stock_send(g->stock, none);
		else
			stock_skip(g->stock);
	}
	return status ? status : stock_next(g->stock) != NULL;
}

int gen_ceiling_measure(struct gen *g)
{
	struct output *none;
	int status = output_none_create(&none, g->batch, !g->stock);

	if (!status && !g->stock)
		status = gen_flows_make(g, none, g->options, NULL);
	if (status)
		return status;
	uint64_t encrypted = protect_batch_tsc(g->batch), tsc = rte_rdtsc();
	uint64_t since_ns = clk_mono_ns(), cpu = cpu_ns();
	do
		status = play(g, none);
	while (status > 0 && clk_mono_ns() - since_ns < MEASURE_NS && !*g->stop);
	none->ops->flush(none);
	/* of what passed, the share that this thread had */
	cpu = cpu_ns() - cpu;
	double share = (double)cpu / (double)(clk_mono_ns() - since_ns + 1);
	g->ceiling = (struct gen_ceiling){
		.datagrams = none->datagrams,
		.bytes = none->bytes,
		.cpu_ns = cpu + 1,
		.tsc = (double)(rte_rdtsc() - tsc) * share,
		.encrypt_tsc = (double)(protect_batch_tsc(g->batch) - encrypted) * share,
	};
	none->ops->free(none);
	if (g->stock) {
		stock_rewind(g->stock);
	} else {
		gen_flows_free(g->flows, g->flow_count);
		g->flows = NULL;
	}
	return status < 0 ? status : 0;
}

void gen_ceiling_print(const struct gen *g, struct jsonw *w)
{
	const struct gen_ceiling *c = &g->ceiling;
	double seconds = (double)c->cpu_ns / (double)CLK_NS_PER_S, count = (double)c->datagrams;

	if (!c->datagrams)
		return;
	jsonw_object(w, "ceiling");
	jsonw_u64(w, "datagrams", c->datagrams);
	jsonw_double(w, "cpu_seconds", seconds);
	jsonw_double(w, "packets_per_s", count / seconds);
	jsonw_double(w, "bits_per_s", 8 * (double)c->bytes / seconds);
	jsonw_double(w, "cycles_per_packet", c->tsc / count);
	jsonw_double(w, "encrypt_cycles_per_packet", c->encrypt_tsc / count);
	jsonw_end_object(w);
}
