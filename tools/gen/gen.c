/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/gen.h"

#include <errno.h>
#include <string.h>
#include <rte_cycles.h>
#include "base/clk.h"
#include "base/log.h"
#include "base/rtp.h"
#include "tools/gen/gen_ceiling.h"
#include "tools/gen/gen_flows.h"
#include "tools/gen/gen_stock.h"
#include "tools/gen/peers.h"
#include "tools/gen/protect_batch.h"
#include "tools/gen/stock.h"

#define STEPS_MAX  256                 /* packets sent before what came in is looked at */
#define WAIT_NS    10000000ull         /* the longest sleep: a signal is seen after it at the latest */
#define CONNECT_NS (30 * CLK_NS_PER_S) /* for all WebRTC sessions to connect */

static int make_clips(struct gen *g)
{
	for (unsigned i = 0; i < g->roster.track_count; i++) {
		enum codec codec = g->roster.tracks[i].cfg.codec;
		struct clip_cfg cfg = g->options->clip;
		int status;

		if (g->clips[codec])
			continue;
		cfg.codec = codec;
		cfg.layers = codec == CODEC_VP9 ? cfg.layers : 1;
		status = clip_create(&g->clips[codec], &cfg);
		if (status)
			return status;
	}
	return 0;
}

static int make_output(struct gen *g)
{
	int status = protect_batch_create(&g->batch);

	if (status) {
		log_error("SRTP: %s",
		        status == -ENOTSUP ? "intel-ipsec-mb does not run on this CPU" : strerror(-status));
		return status;
	}
	status = g->options->vdev ? output_dpdk_create(&g->output, g->options)
	                          : output_udp_create(&g->output, g->options);

	if (!status)
		g->output->batch = g->batch;
	for (unsigned i = 0; i < g->roster.session_count && !status; i++)
		status = g->output->ops->add(g->output, &g->roster.sessions[i].to);
	return status;
}

/* A handshake's datagrams that cannot be sent end the run with the next flush. */
static bool hear_peers(struct gen *g, unsigned session, uint8_t *data, size_t len)
{
	int status = 0;
	bool heard = g->peers && peers_hear(g->peers, session, data, len, &status);

	if (status && !g->peers_status)
		g->peers_status = status;
	return heard;
}

/* RTCP of a session is in the key of one of its tracks: try them all. */
static void receive(void *arg, unsigned session, uint8_t *data, size_t len)
{
	struct gen *g = arg;
	const struct roster_session *s = &g->roster.sessions[session];
	uint8_t copy[LIMIT_PACKET_BYTES];

	if (hear_peers(g, session, data, len) || rtp_classify(data, len) != RTP_CLASS_RTCP)
		return;
	g->rtcp_received++;
	for (unsigned i = 0; i < s->track_count; i++) {
		size_t left = len;

		memcpy(copy, data, len);
		if (!flow_open_rtcp(&g->flows[s->first_track + i], copy, &left))
			continue;
		for (unsigned k = 0; k < s->track_count; k++)
			flow_hear_rtcp(&g->flows[s->first_track + k], copy, left);
		return;
	}
	g->rtcp_unreadable++;
}

int gen_prepare(struct gen *g)
{
	int status;

	if (g->options->frames_file && !(g->frames_file = fopen(g->options->frames_file, "w"))) {
		status = -errno;
		log_error("%s: %s", g->options->frames_file, strerror(errno));
		return status;
	}
	status = make_clips(g);
	if (!status)
		status = make_output(g);
	if (!status) {
		g->output->on_receive = receive;
		g->output->arg = g;
		status = g->output->ops->start(g->output);
	}
	if (!status && g->peers)
		status = peers_connect(g->peers, &g->roster, g->output, CONNECT_NS, g->stop);
	if (!status && g->options->prepare)
		status = gen_stock_fill(g);
	if (!status && g->options->ceiling)
		status = gen_ceiling_measure(g);
	if (!status && !g->stock)
		status = gen_flows_make(g, g->output, g->options, g->frames_file);
	return status;
}

static uint64_t virtual_now(const struct gen *g)
{
	uint64_t real = clk_mono_ns() - g->start_ns;

	if (g->options->unpaced)
		return FLOW_NEVER - 1;
	return g->options->rate_scale == 1 ? real : (uint64_t)((double)real * g->options->rate_scale);
}

static bool is_stocked(const struct gen *g)
{
	return g->stock && stock_next(g->stock);
}

static uint64_t next_due(const struct gen *g)
{
	return is_stocked(g) ? stock_next(g->stock)->due_ns : gen_flows_due(g);
}

/* 0 or -errno. */
static int interrupt(struct gen *g)
{
	/* unpaced, virtual time is where the next packet stands */
	uint64_t now = g->options->unpaced && next_due(g) != FLOW_NEVER ? next_due(g) : virtual_now(g);
	int status = is_stocked(g) ? gen_stock_leave(g) : 0;

	g->interrupted = true;
	if (!status)
		gen_flows_stop(g, now);
	return status;
}

static int do_next(struct gen *g)
{
	return is_stocked(g) ? gen_stock_step(g) : gen_flows_step(g, NULL);
}

/* Do what is due, some of it at least, and of a flow's step all. 0 or -errno. */
static int step(struct gen *g)
{
	uint64_t now = virtual_now(g);

	for (unsigned i = 0; next_due(g) <= now; i++) {
		if (i >= STEPS_MAX && (!g->stock || stock_is_between_steps(g->stock)))
			break;
		int status = do_next(g);
		if (status)
			return status;
	}
	if (g->peers) {
		int status = g->peers_status ? g->peers_status : peers_step(g->peers);
		if (status)
			return status;
	}
	return g->output->ops->flush(g->output);
}

/* Real time until the next flow is due. */
static uint64_t time_left(const struct gen *g)
{
	uint64_t now = virtual_now(g), due = next_due(g) == FLOW_NEVER ? 0 : next_due(g);
	double left = due > now ? (double)(due - now) / g->options->rate_scale : 0;

	return left > (double)WAIT_NS ? WAIT_NS : (uint64_t)left;
}

int gen_run(struct gen *g)
{
	int status = 0;

	g->start_ns = clk_mono_ns();
	g->start_wall_ns = clk_wall_ns();
	g->encrypt_tsc = protect_batch_tsc(g->batch);
	gen_flows_go_live(g);
	while (!status && next_due(g) != FLOW_NEVER) {
		if (*g->stop && !g->interrupted)
			status = interrupt(g);
		uint64_t since = rte_rdtsc();
		if (!status)
			status = step(g);
		g->tsc += rte_rdtsc() - since;
		if (!status)
			status = g->output->ops->wait(g->output, time_left(g));
	}
	g->sent_ns = clk_mono_ns() - g->start_ns;
	for (unsigned i = 0; i < g->flow_count && !status; i++)
		status = g->flows[i].account.error;
	if (g->frames_file && (fflush(g->frames_file) || ferror(g->frames_file)) && !status) {
		status = -EIO;
		log_error("%s: cannot be written", g->options->frames_file);
	}
	return status;
}

void gen_free(struct gen *g)
{
	gen_flows_free(g->flows, g->flow_count);
	stock_free(g->stock);
	peers_free(g->peers);
	agenda_free(&g->agenda);
	if (g->output)
		g->output->ops->free(g->output);
	protect_batch_free(g->batch);
	for (unsigned i = 0; i < CODECS; i++)
		clip_free(g->clips[i]);
	if (g->frames_file)
		fclose(g->frames_file);
	roster_free(&g->roster);
}
