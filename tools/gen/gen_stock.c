/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/gen_stock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "tools/gen/flow_rtcp.h"
#include "tools/gen/gen_flows.h"
#include "tools/gen/options.h"
#include "tools/gen/protect_batch.h"
#include "tools/gen/stock.h"

#define STEPS_MAX 4096 /* between two looks for a signal */
#define MB        (1ull << 20)

/* Make flows whose options are those of a stock, with a BYE of their own or not. */
static int make_flows(struct gen *g, struct output *output, bool bye, FILE *frames_file)
{
	gen_flows_free(g->flows, g->flow_count);
	g->stock_options = *g->options;
	g->stock_options.reports = false; /* they tell the time at which they are sent */
	g->stock_options.bye = bye;
	return gen_flows_make(g, output, &g->stock_options, frames_file);
}

static int check_stop(const struct gen *g)
{
	if (*g->stop)
		log_error("interrupted while packets were prepared: nothing has been sent");
	return *g->stop ? -EINTR : 0;
}

/* How much there is to prepare. 0 or -errno. */
static int measure(struct gen *g, uint64_t *ret_datagrams, uint64_t *ret_bytes)
{
	struct output *none;
	int status = output_none_create(&none, g->batch, false);

	if (status)
		return status;
	status = make_flows(g, none, g->options->bye, NULL);
	while (!status && g->agenda.count) {
		for (unsigned i = 0; i < STEPS_MAX && g->agenda.count && !status; i++)
			status = gen_flows_step(g, NULL);
		if (!status)
			status = check_stop(g);
	}
	protect_batch_drop(g->batch);
	*ret_datagrams = none->datagrams;
	*ret_bytes = none->bytes;
	none->ops->free(none);
	return status;
}

static int step(struct gen *g)
{
	struct stock *s = g->stock;
	unsigned flow;
	int status;

	s->now_ns = gen_flows_due(g);
	status = gen_flows_step(g, &flow);
	if (flow_due(&g->flows[flow]) == FLOW_NEVER && g->options->bye &&
	        g->flows[flow].account.counts.packets_made)
		stock_note_bye(s, flow);
	stock_end_step(s);
	return status;
}

static int fill(struct gen *g)
{
	int status = make_flows(g, &g->stock->output, false, g->frames_file);

	while (!status && g->agenda.count) {
		for (unsigned i = 0; i < STEPS_MAX && g->agenda.count && !status; i++)
			status = step(g);
		if (!status)
			status = check_stop(g);
	}
	g->stock->output.ops->flush(&g->stock->output);
	return status;
}

int gen_stock_fill(struct gen *g)
{
	uint64_t datagrams, bytes, needed;
	int status = measure(g, &datagrams, &bytes);

	if (status)
		return status;
	needed = (stock_size(datagrams, bytes) + MB - 1) / MB;
	if (needed > g->options->prepare_mb) {
		log_error("--prepare needs %" PRIu64 " MB for %" PRIu64
		          " packets, and --prepare-mb allows %" PRIu64
		          ": raise it, or send less (--duration, --packets)",
		        needed, datagrams, g->options->prepare_mb);
		return -ENOSPC;
	}
	status = stock_create(&g->stock, g->batch, datagrams, bytes);
	if (status)
		log_error("--prepare: no %" PRIu64 " MB of memory to be had", needed);
	return status ? status : fill(g);
}

int gen_stock_step(struct gen *g)
{
	const struct stock_entry *e = stock_next(g->stock);

	if (e->len)
		return stock_send(g->stock, g->output);
	stock_skip(g->stock);
	return flow_rtcp_send_bye(&g->flows[e->session]);
}

/* The frames that the file tells of have not been sent: begin it anew. */
static int empty_frames_file(struct gen *g)
{
	if (!g->frames_file || (!fflush(g->frames_file) && !ftruncate(fileno(g->frames_file), 0) &&
	                               !fseek(g->frames_file, 0, SEEK_SET)))
		return 0;
	int status = -errno;
	log_error("%s cannot be written anew: %s", g->options->frames_file, strerror(errno));
	return status;
}

/* What came back while the stock was sent. */
static void carry_over(struct account *to, const struct account *from)
{
	to->counts.plis_received = from->counts.plis_received;
	to->counts.reports_received = from->counts.reports_received;
	to->report = from->report;
}

int gen_stock_leave(struct gen *g)
{
	struct flow *before = g->flows;
	struct output *none;
	int status = output_none_create(&none, g->batch, false);

	if (status)
		return status;
	status = empty_frames_file(g);
	g->flows = NULL;
	if (!status)
		status = make_flows(g, none, g->options->bye, g->frames_file);
	while (!status && none->datagrams < g->stock->sent && g->agenda.count)
		status = gen_flows_step(g, NULL);
	protect_batch_drop(g->batch);
	for (unsigned i = 0; i < g->flow_count && g->flows; i++)
		carry_over(&g->flows[i].account, &before[i].account);
	gen_flows_free(before, g->flow_count);
	none->ops->free(none);
	stock_free(g->stock);
	g->stock = NULL;
	gen_flows_go_live(g);
	return status;
}
