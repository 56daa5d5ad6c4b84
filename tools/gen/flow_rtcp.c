/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/flow_rtcp.h"

#include <errno.h>
#include <stdio.h>
#include "base/clk.h"
#include "base/rtcp.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"
#include "tools/gen/protect.h"

/* RTP time at the virtual time @now_ns, in the stream under way (RFC 3550 section 6.4.1: the same instant as
 * the NTP time of the report). */
static uint32_t rtp_time_at(const struct flow *f, uint64_t now_ns)
{
	uint64_t age = now_ns > f->begin_ns ? now_ns - f->begin_ns : 0;
	uint64_t rate = f->clip->clock_rate;
	uint64_t ticks = age / CLK_NS_PER_S * rate + age % CLK_NS_PER_S * rate / CLK_NS_PER_S;

	return (uint32_t)(f->rtp_base + ticks - f->ticks_base);
}

/* Unix time at the virtual time @now_ns: the sender's wall clock is right, however fast its media runs. */
static uint64_t wall_at(const struct flow *f, uint64_t now_ns)
{
	double scale = f->options->rate_scale;

	return f->wall_ns + (scale == 1 ? now_ns : (uint64_t)((double)now_ns / scale));
}

static int send_compound(struct flow *f, uint64_t now_ns, bool bye)
{
	uint8_t *out = f->output->ops->buffer(f->output);
	size_t size = LIMIT_PACKET_BYTES - PROTECT_ROOM_BYTES, len;
	char cname[64];

	if (!out)
		return -errno;
	snprintf(cname, sizeof(cname), "wirespool-gen-%u", f->session);
	len = rtcp_build_sr(out, size, 0, f->ssrc, clk_unix_ns_to_ntp(wall_at(f, now_ns)),
	        rtp_time_at(f, now_ns), f->sender_packets, f->sender_bytes);
	len = rtcp_build_sdes(out, size, len, f->ssrc, cname);
	if (bye)
		len = rtcp_build_bye(out, size, len, f->ssrc);
	int status = protect_rtcp(f->protect, out, &len);
	if (status)
		return status;
	f->account.counts.rtcp_sent++;
	f->account.counts.byes_sent += bye;
	return f->output->ops->commit(f->output, f->session, f->options->rtcp_next_port, len);
}

int flow_rtcp_send_report(struct flow *f, uint64_t now_ns)
{
	return f->sender_packets ? send_compound(f, now_ns, false) : 0;
}

int flow_rtcp_send_bye(struct flow *f)
{
	uint64_t now_ns = f->frame_ns < f->end_ns ? f->frame_ns : f->end_ns;
	return send_compound(f, now_ns > f->packet_ns ? now_ns : f->packet_ns, true);
}

static void hear_key_frame_request(void *arg, uint32_t media_ssrc)
{
	struct flow *f = arg;

	if (media_ssrc != f->ssrc)
		return;
	f->account.counts.plis_received++;
	f->key_wanted = codec_info(f->cfg.codec)->video;
}

static void hear_report_block(
        void *arg, uint32_t ssrc, uint8_t fraction_lost, int32_t lost, uint32_t highest_seq, uint32_t jitter)
{
	struct flow *f = arg;

	if (ssrc != f->ssrc)
		return;
	f->account.counts.reports_received++;
	f->account.report.fraction_lost = fraction_lost;
	f->account.report.lost = lost;
	f->account.report.highest_seq = highest_seq;
}

void flow_hear_rtcp(struct flow *f, const uint8_t *data, size_t len)
{
	struct rtcp_handlers handlers = {
		.key_frame_request = hear_key_frame_request,
		.report_block = hear_report_block,
		.arg = f,
	};

	/* What is unsound has called nobody: there is nothing to undo. */
	(void)rtcp_parse(data, len, &handlers);
}

bool flow_open_rtcp(struct flow *f, uint8_t *data, size_t *len)
{
	return !protect_open_rtcp(f->protect, data, len);
}
