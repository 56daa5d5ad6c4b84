/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/gen_flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "tools/gen/options.h"

/* When flow @index begins: within the ramp, or else within the first 20 ms, so that not all send at the same
 * instant. */
static uint64_t begin_of(const struct gen *g, unsigned index)
{
	uint64_t span = g->options->ramp_ns ? g->options->ramp_ns : 20 * CLK_NS_PER_MS;
	return span * index / g->flow_count;
}

static int make_flow(
        struct gen *g, unsigned i, struct output *output, const struct options *options, FILE *frames_file)
{
	const struct roster_track *t = &g->roster.tracks[i];
	struct flow_place place = {
		.index = i,
		.session = t->session,
		.clip = g->clips[t->cfg.codec],
		.output = output,
		.frames_file = frames_file,
		.begin_ns = begin_of(g, i),
		.end_ns = begin_of(g, i) + options->duration_ns,
	};
	int status = flow_init(&g->flows[i], &t->cfg, &place, options);

	if (status)
		log_error("flow %u: %s", i,
		        status == -EINVAL ? "no keys can be derived from its master key" : strerror(-status));
	return status;
}

int gen_flows_make(struct gen *g, struct output *output, const struct options *options, FILE *frames_file)
{
	int status = 0;

	agenda_free(&g->agenda);
	g->flow_count = g->roster.track_count;
	g->flows = calloc(g->flow_count, sizeof(*g->flows));
	if (!g->flows || agenda_init(&g->agenda, g->flow_count)) {
		log_error("no memory for %u flows", g->flow_count);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < g->flow_count && !status; i++) {
		status = make_flow(g, i, output, options, frames_file);
		agenda_push(&g->agenda, flow_due(&g->flows[i]), i);
	}
	return status;
}

void gen_flows_free(struct flow *flows, unsigned count)
{
	for (unsigned i = 0; i < count && flows; i++)
		flow_free(&flows[i]);
	free(flows);
}

int gen_flows_step(struct gen *g, unsigned *ret_flow)
{
	unsigned index = g->agenda.entries[0].index;
	struct flow *f = &g->flows[index];
	int status = flow_step(f);
	uint64_t due = flow_due(f);

	if (ret_flow)
		*ret_flow = index;
	if (due == FLOW_NEVER)
		agenda_drop_first(&g->agenda);
	else
		agenda_move_first(&g->agenda, due);
	return status;
}

void gen_flows_stop(struct gen *g, uint64_t now_ns)
{
	g->agenda.count = 0;
	for (unsigned i = 0; i < g->flow_count; i++) {
		flow_stop(&g->flows[i], now_ns);
		if (flow_due(&g->flows[i]) != FLOW_NEVER)
			agenda_push(&g->agenda, flow_due(&g->flows[i]), i);
	}
}

void gen_flows_go_live(struct gen *g)
{
	for (unsigned i = 0; i < g->flow_count; i++) {
		g->flows[i].output = g->output;
		g->flows[i].wall_ns = g->start_wall_ns;
	}
}
