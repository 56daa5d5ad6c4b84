/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/endpoint_webrtc.h"

#include <errno.h>
#include "base/rtp.h"
#include "base/stun.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/stray.h"

static struct endpoint *own_of(uintptr_t slot)
{
	return slot & ENDPOINT_TAG ? NULL : (struct endpoint *)slot;
}

/* The slot of a STUN request, by the first half of its user name. 0: *ret_reason says why it is dropped. */
static uintptr_t slot_of_stun(const struct lcore *lc, struct rte_mbuf *mbuf, unsigned *ret_reason)
{
	const uint8_t *name;
	size_t bytes;

	switch (stun_peek(meta_data(mbuf), meta_of(mbuf)->data_len, &name, &bytes)) {
	case 0:
		*ret_reason = STAT_LCORE_drop_stun_stranger;
		if (bytes <= MSG_UFRAG_BYTES || name[MSG_UFRAG_BYTES] != ':')
			return 0;
		return demux_ufrag(lc->demux, (const char *)name);
	case -ENOENT:
		*ret_reason = STAT_LCORE_drop_stun_stranger;
		return 0;
	case -ENOMSG:
		*ret_reason = STAT_LCORE_drop_stun_other;
		return 0;
	default:
		*ret_reason = STAT_LCORE_drop_stun_malformed;
		return 0;
	}
}

struct endpoint *endpoint_webrtc_find(struct lcore *lc, struct rte_mbuf *mbuf)
{
	const struct meta *m = meta_of(mbuf);
	bool stun = rtp_classify(meta_data(mbuf), m->data_len) == RTP_CLASS_STUN;
	unsigned reason = STAT_LCORE_drop_no_path;
	uintptr_t slot = stun ? slot_of_stun(lc, mbuf, &reason) : demux_path(lc->demux, &m->src, m->local);
	unsigned owner = (unsigned)(slot >> 1);

	if (!slot && !stun)
		slot = (uintptr_t)stray_find(lc, mbuf);
	if (!slot) {
		lcore_drop(lc, mbuf, reason);
		return NULL;
	}
	if (own_of(slot))
		return own_of(slot);
	if (stun)
		demux_hint(lc->demux, &m->src, m->local, owner);
	endpoint_pass_on(lc, mbuf, owner);
	return NULL;
}

/* @value is found by all ufrags; what was this lcore's own is so no more. */
static void put_slots(struct lcore *lc, const char ufrags[2][MSG_UFRAG_BYTES], uintptr_t value)
{
	for (unsigned i = 0; i < 2 && ufrags[i][0]; i++) {
		struct endpoint *ep = own_of(demux_ufrag(lc->demux, ufrags[i]));
		if (ep) {
			endpoint_let_go(lc, ep);
			ice_put_slots(lc, ep, value);
		}
		demux_put_ufrag(lc->demux, ufrags[i], value);
	}
}

void endpoint_webrtc_point(struct lcore *lc, const char ufrags[2][MSG_UFRAG_BYTES], unsigned owner)
{
	/* As in endpoint_point: it may have come here before word of it. */
	if (owner != lc->index)
		put_slots(lc, ufrags, (uintptr_t)owner << 1 | ENDPOINT_TAG);
}

void endpoint_webrtc_remove(struct lcore *lc, const char ufrags[2][MSG_UFRAG_BYTES])
{
	put_slots(lc, ufrags, 0);
}

bool endpoint_webrtc_is_own(
        const struct lcore *lc, const struct endpoint *ep, const char ufrags[2][MSG_UFRAG_BYTES])
{
	for (unsigned i = 0; i < 2 && ep && ufrags[i][0]; i++)
		if (own_of(demux_ufrag(lc->demux, ufrags[i])) == ep)
			return true;
	return false;
}
