/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/punt.h"

#include "base/spsc.h"
#include "dataplane/endpoint.h"
#include "dataplane/frame.h"
#include "dataplane/lcore.h"
#include "dataplane/webrtc.h"

void punt_take(struct lcore *lc, struct rte_mbuf *mbuf)
{
	const struct meta *m = meta_of(mbuf);
	struct webrtc *w = m->endpoint->webrtc;

	if (m->endpoint->paused) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_paused);
		return;
	}
	if (m->data_len > LIMIT_PACKET_BYTES) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_truncated);
		return;
	}
	if (!ice_knows(&w->ice, &m->src, m->local)) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_no_path);
		return;
	}
	/* It counts before it can be seen: the session is not freed while any of its datagrams is under way.
	 */
	if (atomic_fetch_add_explicit(&w->punted, 1, memory_order_relaxed) >= PUNT_SESSION_PKTS ||
	        spsc_put(lc->punts, (void *const *)&mbuf, 1) == 0) {
		atomic_fetch_sub_explicit(&w->punted, 1, memory_order_relaxed);
		lcore_drop(lc, mbuf, STAT_LCORE_drop_punt_full);
		return;
	}
	lcore_count(lc, STAT_LCORE_punted_pkts, 1);
}

/* Before a path is nominated the peer may be waiting for the answer to its first flight: it goes to where the
 * last authentic check came from. */
static const struct ice_path *path_of(const struct ice *ice)
{
	const struct ice_path *path = ice_selected(ice);

	for (unsigned i = 0; i < ice->path_count && ice->selected < 0; i++)
		if (!path || ice->paths[i].checked_mono_ns > path->checked_mono_ns)
			path = &ice->paths[i];
	return path;
}

void punt_carry_out(struct lcore *lc, struct endpoint *ep, const struct msg_datagram *datagram)
{
	const struct ice_path *path = path_of(&ep->webrtc->ice);

	if (path)
		frame_send_udp(lc, &path->peer, path->local, ep->port, datagram->bytes, datagram->len);
	else
		lcore_count(lc, STAT_LCORE_tx_dropped, 1);
}
