/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "base/rtp.h"
#include "tools/gen/options.h"

#define STEPS_MAX 256         /* packets sent before what came in is looked at */
#define WAIT_NS   10000000ull /* the longest sleep: a signal is seen after it at the latest */

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
	int status = g->options->vdev ? output_dpdk_create(&g->output, g->options)
	                              : output_udp_create(&g->output, g->options);

	for (unsigned i = 0; i < g->roster.session_count && !status; i++)
		status = g->output->ops->add(g->output, &g->roster.sessions[i].to);
	return status;
}

/* When flow @index begins: within the ramp, or else within the first 20 ms, so that not all send at the same
 * instant. */
static uint64_t begin_of(const struct gen *g, unsigned index)
{
	uint64_t span = g->options->ramp_ns ? g->options->ramp_ns : 20 * CLK_NS_PER_MS;
	return span * index / g->flow_count;
}

static int make_flows(struct gen *g)
{
	g->flow_count = g->roster.track_count;
	g->flows = calloc(g->flow_count, sizeof(*g->flows));
	if (!g->flows || agenda_init(&g->agenda, g->flow_count))
		return -ENOMEM;
	for (unsigned i = 0; i < g->flow_count; i++) {
		const struct roster_track *t = &g->roster.tracks[i];
		struct flow_place place = {
			.index = i,
			.session = t->session,
			.clip = g->clips[t->cfg.codec],
			.output = g->output,
			.frames_file = g->frames_file,
			.begin_ns = begin_of(g, i),
			.end_ns = begin_of(g, i) + g->options->duration_ns,
		};
		int status = flow_init(&g->flows[i], &t->cfg, &place, g->options);
		if (status) {
			log_error("flow %u: %s", i,
			        status == -EINVAL ? "libsrtp2 refuses its profile or key"
			                          : strerror(-status));
			return status;
		}
		agenda_push(&g->agenda, flow_due(&g->flows[i]), i);
	}
	return 0;
}

/* RTCP of a session is in the key of one of its tracks: try them all. */
static void receive(void *arg, unsigned session, uint8_t *data, size_t len)
{
	struct gen *g = arg;
	const struct roster_session *s = &g->roster.sessions[session];
	uint8_t copy[LIMIT_PACKET_BYTES];

	if (rtp_classify(data, len) != RTP_CLASS_RTCP)
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
	return status ? status : make_flows(g);
}

static uint64_t virtual_now(const struct gen *g)
{
	uint64_t real = clk_mono_ns() - g->start_ns;

	if (g->options->unpaced)
		return FLOW_NEVER - 1;
	return g->options->rate_scale == 1 ? real : (uint64_t)((double)real * g->options->rate_scale);
}

static void stop_flows(struct gen *g)
{
	/* unpaced, virtual time is where the agenda stands */
	uint64_t now = g->options->unpaced && g->agenda.count ? g->agenda.entries[0].due : virtual_now(g);

	g->interrupted = true;
	g->agenda.count = 0;
	for (unsigned i = 0; i < g->flow_count; i++) {
		flow_stop(&g->flows[i], now);
		if (flow_due(&g->flows[i]) != FLOW_NEVER)
			agenda_push(&g->agenda, flow_due(&g->flows[i]), i);
	}
}

/* Do what is due, some of it at least. 0 or -errno. */
static int step(struct gen *g)
{
	uint64_t now = virtual_now(g);

	for (unsigned i = 0; i < STEPS_MAX && g->agenda.count && g->agenda.entries[0].due <= now; i++) {
		struct flow *f = &g->flows[g->agenda.entries[0].index];
		int status = flow_step(f);
		uint64_t due = flow_due(f);

		if (status)
			return status;
		if (due == FLOW_NEVER)
			agenda_drop_first(&g->agenda);
		else
			agenda_move_first(&g->agenda, due);
	}
	return g->output->ops->flush(g->output);
}

/* Real time until the next flow is due. */
static uint64_t time_left(const struct gen *g)
{
	uint64_t now = virtual_now(g), due = g->agenda.count ? g->agenda.entries[0].due : 0;
	double left = due > now ? (double)(due - now) / g->options->rate_scale : 0;

	return left > (double)WAIT_NS ? WAIT_NS : (uint64_t)left;
}

int gen_run(struct gen *g)
{
	int status = 0;

	g->start_ns = clk_mono_ns();
	g->start_wall_ns = clk_wall_ns();
	for (unsigned i = 0; i < g->flow_count; i++)
		g->flows[i].wall_ns = g->start_wall_ns;
	while (!status && g->agenda.count) {
		if (*g->stop && !g->interrupted)
			stop_flows(g);
		status = step(g);
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
	for (unsigned i = 0; i < g->flow_count && g->flows; i++)
		flow_free(&g->flows[i]);
	free(g->flows);
	agenda_free(&g->agenda);
	if (g->output)
		g->output->ops->free(g->output);
	for (unsigned i = 0; i < CODECS; i++)
		clip_free(g->clips[i]);
	if (g->frames_file)
		fclose(g->frames_file);
	roster_free(&g->roster);
}
