/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_figures.h"

/* STAT_TRACK_state. */
#define SLOT_WAITING    1
#define SLOT_FINALISING 3
#define SLOT_FAILED     5

bool session_figures_read(
        struct session_figures *figures, const struct stat_segment *stat, uint32_t index, bool ended)
{
	const uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, index);
	const uint64_t *track = stat_slot(stat, STAT_SCOPE_TRACK, index);
	uint64_t state;

	if (!flow || !track)
		return false;
	state = stat_get(track, STAT_TRACK_state);
	if (state < (ended ? SLOT_FINALISING : SLOT_WAITING) || state > SLOT_FAILED)
		return false;
	figures->ssrc = stat_get(flow, STAT_FLOW_ssrc);
	figures->ext_seq = stat_get(flow, STAT_FLOW_ext_seq);
	figures->jitter_rtp = stat_get(flow, STAT_FLOW_jitter_rtp);
	figures->last_pkt_unix_ns = stat_get(flow, STAT_FLOW_last_pkt_unix_ns);
	figures->width = stat_get(track, STAT_TRACK_width);
	figures->height = stat_get(track, STAT_TRACK_height);
#define SLOT_FLOW  flow
#define SLOT_TRACK track
#define READ(scope, id, ...)                                                                                 \
	figures->count[SESSION_FIGURE_##scope##_##id] = stat_get(SLOT_##scope, STAT_##scope##_##id);
	SESSION_FIGURES_TABLE(READ)
	return true;
}

const char *session_figures_name(enum session_figure figure)
{
#define NAME(scope, id, name) name,
	static const char *const names[] = { SESSION_FIGURES_TABLE(NAME) };
	return names[figure];
}
