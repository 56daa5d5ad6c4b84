/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/handover.h"

#include "base/spsc.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/stages.h"

#define RESUME_SHARE                                                                                         \
	8 /* an eighth of the ring is free when frames are taken again: one packet's room begins no frame */

/* Slots that are free at least: the writer only makes more of them. */
static uint32_t room_of(struct spsc *ring)
{
	return ring->mask + 1 - spsc_count(ring);
}

bool handover_one(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	void *packet = &m->packet;

	return spsc_put(lc->writers[m->flow->writer], &packet, 1) == 1;
}

static void shed(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	struct flow *flow = m->flow;

	flow->shedding = true;
	flow->shed_rtp = m->packet.rtp_time;
	flow->shed_pkts++;
	flow->restart |= (m->packet.flags & PACKET_RESTART) != 0;
	stat_add(flow->slot, STAT_FLOW_shed_pkts, 1);
	lcore_drop(lc, mbuf, STAT_LCORE_drop_ring_full);
}

/* Whether a packet goes into its ring, of @size slots with @room free. */
static bool fits(const struct flow *flow, const struct packet *packet, uint32_t room, uint32_t size)
{
	if (!flow->shedding)
		return room > 0;
	return packet->rtp_time != flow->shed_rtp && room > size / RESUME_SHARE;
}

/* A packet is going to be put into the ring: what it has to tell about those that were not. */
static void settle(struct flow *flow, struct packet *packet)
{
	uint32_t shed = flow->shed_pkts < UINT16_MAX ? flow->shed_pkts : UINT16_MAX;

	packet->shed_pkts = (uint16_t)shed;
	if (flow->restart)
		packet->flags |= PACKET_RESTART;
	flow->shed_pkts -= shed; /* what is left is told by the next one */
	flow->shedding = flow->restart = false;
}

/* Put all packets for the writer of the first into its ring. Returns how many are left, moved to the front.
 */
static unsigned hand_over_some(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned writer = meta_of(pkts[0])->flow->writer;
	struct spsc *ring = lc->writers[writer];
	uint32_t room = room_of(ring), put = 0;
	void *packets[LCORE_BURST];
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++) {
		struct meta *m = meta_of(pkts[i]);
		if (m->flow->writer != writer || put == LCORE_BURST) {
			pkts[left++] = pkts[i];
		} else if (!fits(m->flow, &m->packet, room - put, ring->mask + 1)) {
			shed(lc, pkts[i]);
		} else {
			settle(m->flow, &m->packet);
			packets[put++] = &m->packet;
		}
	}
	/* There was room for all of them, and only this thread fills the ring. */
	lcore_count(lc, STAT_LCORE_handed_pkts, spsc_put(ring, packets, put));
	return left;
}

void handover_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	while (count > 0)
		count = hand_over_some(lc, pkts, count);
}

void handover_release(void *arg, struct packet *const *packets, unsigned n)
{
	struct rte_mbuf *mbufs[PACKET_BIN];

	for (unsigned i = 0; i < n; i++)
		mbufs[i] = meta_mbuf(packets[i]);
	rte_pktmbuf_free_bulk(mbufs, n);
}
