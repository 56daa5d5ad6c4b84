/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_figures.h"

/* STAT_TRACK_state. */
#define SLOT_WAITING    1
#define SLOT_FINALISING 3
#define SLOT_FAILED     5

bool session_figures_read(struct session_figures *figures, const struct stat_segment *stat, uint32_t index,
        uint32_t owner, bool ended)
{
	const uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, index);
	const uint64_t *track = stat_slot(stat, STAT_SCOPE_TRACK, index);
	const uint64_t *owners = stat_slot(stat, STAT_SCOPE_TRACK, owner);
	uint64_t state;

	if (!flow || !track || !owners)
		return false;
	state = stat_get(owners, STAT_TRACK_state);
	if (state < (ended ? SLOT_FINALISING : SLOT_WAITING) || state > SLOT_FAILED)
		return false;
	figures->ssrc = stat_get(flow, STAT_FLOW_ssrc);
	figures->ext_seq = stat_get(flow, STAT_FLOW_ext_seq);
	figures->jitter_rtp = stat_get(flow, STAT_FLOW_jitter_rtp);
	figures->last_pkt_unix_ns = stat_get(flow, STAT_FLOW_last_pkt_unix_ns);
	figures->round_trip_us = stat_get(flow, STAT_FLOW_round_trip_us);
	figures->layer = stat_get(track, STAT_TRACK_layer);
	figures->width = stat_get(track, STAT_TRACK_width);
	figures->height = stat_get(track, STAT_TRACK_height);
#define SLOT_FLOW  flow
#define SLOT_TRACK track
#define READ(scope, id, ...)                                                                                 \
	figures->count[SESSION_FIGURE_##scope##_##id] = stat_get(SLOT_##scope, STAT_##scope##_##id);
	SESSION_FIGURES_TABLE(READ)
	SESSION_FIGURES_WEBRTC_TABLE(READ)
	return true;
}

const char *session_figures_name(enum session_figure figure)
{
#define NAME(scope, id, name) name,
	static const char *const names[] = { SESSION_FIGURES_TABLE(NAME) SESSION_FIGURES_WEBRTC_TABLE(NAME) };
	return names[figure];
}

bool session_figures_is_flow(enum session_figure figure)
{
#define IS_FLOW(scope, ...) STAT_SCOPE_##scope == STAT_SCOPE_FLOW,
	static const bool flow[] = { SESSION_FIGURES_TABLE(IS_FLOW) SESSION_FIGURES_WEBRTC_TABLE(IS_FLOW) };
	return flow[figure];
}
