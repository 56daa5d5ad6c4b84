/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/watch.h"

#include "base/clk.h"
#include "dataplane/flow.h"
#include "dataplane/session.h"
#include "dataplane/session_webrtc.h"

/* Whether packets have come since the last look. By change, not by time: the wall clock may jump. */
static bool has_spoken(struct session_track *t)
{
	uint64_t last = stat_get(t->flow->slot, STAT_FLOW_last_pkt_unix_ns);
	bool changed = last != t->seen_pkt_unix_ns;

	t->seen_pkt_unix_ns = last;
	return changed;
}

static uint64_t first_packet(const struct session *s)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < s->open.track_count; i++) {
		uint64_t at = atomic_load_explicit(&s->flows[i].first_pkt_unix_ns, memory_order_relaxed);
		if (at && (!first || at < first))
			first = at;
	}
	return first;
}

/* A WebRTC peer that is muted sends nothing and still consents: it ends by its consent, once it has keys.
 * Before it has a path consent runs from the opening; between the two it has to get on with its handshake. */
static bool is_idle(const struct session *s, uint64_t now)
{
	if (s->webrtc && (s->webrtc->has_keys || !s->webrtc->has_path))
		return false;
	return now - s->active_mono_ns >= s->open.idle_timeout_s * CLK_NS_PER_S;
}

static void watch_one(struct session *s, uint64_t now)
{
	uint64_t first;

	if (s->closing || s->phase != SESSION_OPEN)
		return;
	for (unsigned i = 0; i < s->open.track_count; i++)
		if (has_spoken(&s->tracks[i]))
			s->active_mono_ns = now;
	if (s->state == MSG_SESSION_WAITING && (first = first_packet(s)) != 0)
		session_begin_recording(s, first);
	if (is_idle(s, now))
		session_close(s, "idle", false);
	else if (s->open.max_duration_s && now - s->opened_mono_ns >= s->open.max_duration_s * CLK_NS_PER_S)
		session_close(s, "duration", false);
}

void watch_sessions(struct session_table *table, uint64_t now_mono_ns)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&table->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		watch_one(s, now_mono_ns);
	}
}

void watch_process(struct session_table *table)
{
	stat_set(table->proc, STAT_PROC_sessions_open, table->session_count);
	stat_set(table->proc, STAT_PROC_tracks_open, table->track_count);
}
