/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/opening_webrtc.h"

#include <errno.h>
#include <string.h>
#include "dataplane/endpoint.h"
#include "dataplane/fec.h"
#include "dataplane/flow.h"
#include "dataplane/nack.h"
#include "dataplane/opening.h"
#include "dataplane/session_webrtc.h"
#include "dataplane/twcc.h"
#include "dataplane/webrtc.h"
#include "writers/track.h"

/* How long a missing packet is waited for where its sender is asked for it again. */
static unsigned repair_ms(const struct conf *conf)
{
	int64_t ms = conf->record_repair_ms;

	return (unsigned)(ms > conf->record_reorder_ms ? ms : conf->record_reorder_ms);
}

/* REMB bounds all that the peer sends: only where every video track has a bound there is one in all. */
static uint32_t max_bitrate(const struct msg_session_open *open)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		if (t->layer_of)
			continue;
		if (!t->max_bitrate_bps && codec_info(t->codec)->video)
			return 0;
		sum += t->max_bitrate_bps;
	}
	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

int opening_webrtc_endpoint(struct session *s)
{
	const struct msg_session_open *open = &s->open;
	struct endpoint *ep = s->endpoint;
	struct webrtc *w = opening_make_lines(sizeof(*w));
	uint8_t feedback = 0;

	if (!w)
		return -ENOMEM;
	ep->webrtc = w;
	memcpy(w->extensions, open->extensions, sizeof(w->extensions));
	w->reduced_rtcp = open->reduced_rtcp;
	for (unsigned i = 0; i < open->track_count; i++)
		feedback |= open->tracks[i].feedback;
	w->remb = feedback & MSG_FEEDBACK_REMB;
	w->rrtr = feedback & MSG_FEEDBACK_RRTR;
	w->max_bitrate_bps = max_bitrate(open);
	ice_init(&w->ice, &open->ice, s->opened_mono_ns);
	w->news = (struct command){ .kind = COMMAND_NEWS, .endpoint = ep, .session = s };
	return feedback & MSG_FEEDBACK_TWCC && open->extensions[MSG_EXTENSION_TWCC] ? twcc_create(&w->twcc)
	                                                                            : 0;
}

int opening_webrtc_flow(struct session *s, unsigned index)
{
	const struct msg_track *t = &s->open.tracks[index];
	struct flow *flow = &s->flows[index];
	int r = 0;

	flow->offered = t;
	flow->rtx_type = t->rtx_payload_type;
	flow->red_type = t->red_payload_type;
	flow->red_rtx_type = t->red_rtx_payload_type;
	flow->ulpfec_type = t->ulpfec_payload_type;
	flow->flexfec_type = t->flexfec_payload_type;
	flow->feedback = t->feedback;
	flow->layer = t->layer;
	if (t->feedback & MSG_FEEDBACK_NACK)
		r = nack_create(&flow->nack, repair_ms(s->table->cfg.conf));
	if (!r && (t->flexfec_payload_type || t->ulpfec_payload_type))
		r = fec_create(&flow->fec, t->flexfec_payload_type ? FEC_FLEX : FEC_ULP);
	return r;
}

void opening_webrtc_track(const struct session *s, unsigned index, struct track_cfg *cfg)
{
	for (unsigned i = index; i < s->open.track_count; i++) {
		const struct msg_track *t = &s->open.tracks[i];
		if (i != index && t->layer_of != index + 1)
			continue;
		if (t->layer >= cfg->layers)
			cfg->layers = (uint8_t)(t->layer + 1);
		memcpy(cfg->rids[t->layer], t->rid, sizeof(t->rid));
		if (t->feedback & MSG_FEEDBACK_NACK)
			cfg->reorder_ms = repair_ms(s->table->cfg.conf);
	}
}
