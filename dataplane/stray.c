/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stray.h"

#include "base/cur.h"
#include "base/rtcp.h"
#include "base/rtp.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/lcore.h"
#include "dataplane/webrtc.h"

#define RTP_SSRC_AT 8 /* RFC 3550 section 5.1 */

/* Of no other endpoint's. */
static void put(struct lcore *lc, const struct endpoint *ep, uint32_t ssrc)
{
	if (!demux_ssrc(lc->demux, ssrc))
		demux_put_ssrc(lc->demux, ssrc, (uintptr_t)ep);
}

static void take_out(struct lcore *lc, const struct endpoint *ep, uint32_t ssrc)
{
	if (demux_ssrc(lc->demux, ssrc) == (uintptr_t)ep)
		demux_put_ssrc(lc->demux, ssrc, 0);
}

void stray_expect(struct lcore *lc, struct endpoint *ep, unsigned flow, uint32_t ssrc)
{
	struct webrtc *w = ep->webrtc;

	if (w->expected >> flow & 1)
		take_out(lc, ep, w->expected_ssrcs[flow]);
	w->expected |= 1u << flow;
	w->expected_ssrcs[flow] = ssrc;
	put(lc, ep, ssrc);
}

void stray_put_slots(struct lcore *lc, const struct endpoint *ep, uintptr_t slot)
{
	for (unsigned i = 0; i < ep->flow_count; i++) {
		if (!(ep->webrtc->expected >> i & 1))
			continue;
		if (slot == (uintptr_t)ep)
			put(lc, ep, ep->webrtc->expected_ssrcs[i]);
		else
			take_out(lc, ep, ep->webrtc->expected_ssrcs[i]);
	}
}

struct endpoint *stray_find(const struct lcore *lc, struct rte_mbuf *mbuf)
{
	const struct meta *m = meta_of(mbuf);
	const uint8_t *data = meta_data(mbuf);
	struct cur in = cur_of(data, m->data_len);
	uint32_t ssrc;

	switch (rtp_classify(data, m->data_len)) {
	case RTP_CLASS_RTP:
		cur_bytes(&in, RTP_SSRC_AT);
		ssrc = cur_u32(&in);
		return in.overrun ? NULL : (struct endpoint *)demux_ssrc(lc->demux, ssrc);
	case RTP_CLASS_RTCP:
		return rtcp_sender_ssrc(data, m->data_len, &ssrc) < 0
		               ? NULL
		               : (struct endpoint *)demux_ssrc(lc->demux, ssrc);
	default:
		return NULL;
	}
}
