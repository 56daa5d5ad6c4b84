/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/ice_path.h"

#include <string.h>
#include "base/clk.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/lcore.h"
#include "dataplane/stray.h"
#include "dataplane/webrtc.h"

const struct ice_path *ice_selected(const struct ice *ice)
{
	return ice->selected == ICE_PATH_NONE ? NULL : &ice->paths[ice->selected];
}

static bool same_path(const struct ice_path *path, const struct peer *peer, unsigned local)
{
	return path->peer.port == peer->port && path->local == local && path->peer.is_v6 == peer->is_v6 &&
	       memcmp(path->peer.addr, peer->addr, sizeof(peer->addr)) == 0;
}

static int find(const struct ice *ice, const struct peer *peer, unsigned local)
{
	for (unsigned i = 0; i < ice->path_count; i++)
		if (same_path(&ice->paths[i], peer, local))
			return (int)i;
	return ICE_PATH_NONE;
}

bool ice_knows(const struct ice *ice, const struct peer *peer, unsigned local)
{
	return find(ice, peer, local) != ICE_PATH_NONE;
}

/* Whether @path has not been checked for more than @seconds. */
static bool is_left(const struct ice_path *path, uint64_t now_mono_ns, unsigned seconds)
{
	return now_mono_ns > path->checked_mono_ns &&
	       now_mono_ns - path->checked_mono_ns > seconds * CLK_NS_PER_S;
}

/* A path in the demux; one of another's it takes only when that one is not checked any more. False: it cannot
 * be had. */
static bool claim(struct lcore *lc, const struct endpoint *ep, const struct peer *peer, unsigned local)
{
	uintptr_t slot = demux_path(lc->demux, peer, local);

	if (slot == (uintptr_t)ep)
		return true;
	if (slot && !(slot & ENDPOINT_TAG)) {
		const struct ice *ice = &((const struct endpoint *)slot)->webrtc->ice;
		int other = find(ice, peer, local);
		if (other != ICE_PATH_NONE && !is_left(&ice->paths[other], lc->now_mono_ns, ICE_HOLD_S))
			return false;
	}
	return demux_put_path(lc->demux, peer, local, (uintptr_t)ep) == 0;
}

static void unclaim(struct lcore *lc, const struct endpoint *ep, const struct ice_path *path)
{
	if (demux_path(lc->demux, &path->peer, path->local) == (uintptr_t)ep)
		demux_put_path(lc->demux, &path->peer, path->local, 0);
}

/* Make room: the path that is longest unchecked and not selected goes, the last one takes its place. */
static void evict(struct lcore *lc, struct endpoint *ep)
{
	struct ice *ice = &ep->webrtc->ice;
	int victim = ice->selected == 0, last = (int)ice->path_count - 1;

	for (int i = victim + 1; i <= last; i++)
		if (i != ice->selected && ice->paths[i].checked_mono_ns < ice->paths[victim].checked_mono_ns)
			victim = i;
	unclaim(lc, ep, &ice->paths[victim]);
	ice->paths[victim] = ice->paths[last];
	if (ice->rival == victim)
		ice->rival = ICE_PATH_NONE;
	if (ice->rival == last)
		ice->rival = victim;
	if (ice->selected == last)
		ice->selected = victim;
	ice->path_count--;
}

int ice_path_enter(struct lcore *lc, struct endpoint *ep, const struct meta *m)
{
	struct ice *ice = &ep->webrtc->ice;
	int i = find(ice, &m->src, m->local);

	if (!claim(lc, ep, &m->src, m->local))
		return ICE_PATH_NONE;
	if (i == ICE_PATH_NONE) {
		if (ice->path_count == LIMIT_ICE_PATHS)
			evict(lc, ep);
		i = (int)ice->path_count++;
		ice->paths[i] = (struct ice_path){ .local = m->local };
	}
	ice->paths[i].peer = m->src; /* the router may be another one */
	return i;
}

static void set_selected(struct ice *ice, int path)
{
	ice->selected = path;
	ice->rival = ICE_PATH_NONE;
}

void ice_path_nominate(struct ice *ice, int at, bool restarted, uint64_t now_mono_ns)
{
	const struct ice_path *selected = ice_selected(ice);

	for (unsigned i = 0; restarted && i < ice->path_count; i++)
		ice->paths[i].nominated = false;
	ice->paths[at].nominated = true;
	if (ice->selected == at)
		ice->rival = ICE_PATH_NONE;
	else if (!selected || restarted || ice->rival == at || is_left(selected, now_mono_ns, ICE_FRESH_S) ||
	         ice->paths[at].priority > selected->priority)
		set_selected(ice, at);
	else
		ice->rival = at;
}

void ice_path_keep(struct ice *ice, int at, uint64_t now_mono_ns)
{
	const struct ice_path *selected = ice_selected(ice);

	if (ice->selected == at && ice->rival != ICE_PATH_NONE) {
		ice->paths[at].nominated = false;
		set_selected(ice, ice->rival);
	} else if (selected && ice->paths[at].nominated && is_left(selected, now_mono_ns, ICE_FRESH_S)) {
		set_selected(ice, at);
	}
}

void ice_follow(struct ice *ice, const struct peer *peer, unsigned local)
{
	if (same_path(&ice->paths[ice->rival], peer, local))
		set_selected(ice, ice->rival);
}

/* Both tables are sized for all sessions, which is all there is to say where something cannot be put: a path
 * comes again with its next check. */
void ice_put_slots(struct lcore *lc, const struct endpoint *ep, uintptr_t slot)
{
	const struct ice *ice = &ep->webrtc->ice;

	demux_put_ufrag(lc->demux, ice->now.ufrag, slot);
	if (ice->before.ufrag[0])
		demux_put_ufrag(lc->demux, ice->before.ufrag, slot);
	stray_put_slots(lc, ep, slot);
	for (unsigned i = 0; i < ice->path_count; i++) {
		const struct ice_path *path = &ice->paths[i];
		if (slot == (uintptr_t)ep) {
			claim(lc, ep, &path->peer, path->local);
			continue;
		}
		unclaim(lc, ep, path);
		if (slot & ENDPOINT_TAG)
			demux_hint(lc->demux, &path->peer, path->local, (unsigned)(slot >> 1));
	}
}
