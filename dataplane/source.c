/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/source.h"

#include <string.h>
#include "base/msg.h"
#include "base/rtp.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/stray.h"
#include "dataplane/webrtc.h"

/* What a header says of whose it is: RFC 9143 section 15, RFC 8852 section 3. */
struct names {
	struct rtp_extension mid, rid; /* data NULL: not there */
};

int source_role(const struct flow *flow, uint8_t payload_type)
{
	if (payload_type == flow->payload_type)
		return SOURCE_MEDIA;
	if (payload_type == 0)
		return SOURCE_NONE;
	if (payload_type == flow->red_type)
		return SOURCE_MEDIA;
	if (payload_type == flow->rtx_type || payload_type == flow->red_rtx_type)
		return SOURCE_RTX;
	if (payload_type == flow->ulpfec_type || payload_type == flow->flexfec_type)
		return SOURCE_FEC;
	return SOURCE_NONE;
}

static struct source *find(struct source_table *table, uint32_t ssrc)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->ssrcs[i] == ssrc)
			return &table->sources[i];
	return NULL;
}

const struct source *source_find(const struct source_table *table, uint32_t ssrc)
{
	return find((struct source_table *)(uintptr_t)table, ssrc);
}

static struct names read_names(
        const struct webrtc *webrtc, const uint8_t *data, const struct rtp_header *header)
{
	const uint8_t *ids = webrtc->extensions;
	struct rtp_extension list[LIMIT_HEADER_EXTENSIONS];
	unsigned count = rtp_extensions(header, data, list, LIMIT_HEADER_EXTENSIONS);
	struct names names = { .mid.data = NULL };

	/* An id is never 0, which stands for what was not negotiated. A repaired id is that of the media. */
	for (unsigned i = 0; i < count; i++) {
		if (list[i].id == ids[MSG_EXTENSION_MID])
			names.mid = list[i];
		else if (list[i].id == ids[MSG_EXTENSION_REPAIRED_RID] ||
		         (list[i].id == ids[MSG_EXTENSION_RID] && !names.rid.data))
			names.rid = list[i];
	}
	return names;
}

static bool is_name(const struct rtp_extension *said, const char *name)
{
	return strlen(name) == said->len && memcmp(name, said->data, said->len) == 0;
}

/* A flow without a rid takes any that comes with its mid: the sender may go on saying one that was not asked
 * for. */
static bool is_named(const struct flow *flow, const struct names *names)
{
	const struct msg_track *offered = flow->offered;

	if (names->mid.data && !is_name(&names->mid, offered->mid))
		return false;
	if (!names->rid.data || (names->mid.data && !offered->rid[0]))
		return true;
	return is_name(&names->rid, offered->rid);
}

/* The only flow of the payload type that fits what the header says, if it says anything. */
static struct flow *by_names(const struct endpoint *ep, uint8_t payload_type, const struct names *names)
{
	struct flow *found = NULL;

	for (unsigned i = 0; i < ep->flow_count; i++) {
		struct flow *flow = ep->flows[i];
		if (source_role(flow, payload_type) == SOURCE_NONE || !is_named(flow, names))
			continue;
		if (found)
			return NULL;
		found = flow;
	}
	return found;
}

/* By a=ssrc and a=ssrc-group of the offer. */
static struct flow *by_offer(const struct endpoint *ep, uint8_t payload_type, uint32_t ssrc)
{
	for (unsigned i = 0; i < ep->flow_count; i++) {
		const struct msg_track *offered = ep->flows[i]->offered;
		if (((offered->ssrc_known && offered->ssrc == ssrc) ||
		            (offered->rtx_ssrc_known && offered->rtx_ssrc == ssrc) ||
		            (offered->fec_ssrc_known && offered->fec_ssrc == ssrc)) &&
		        source_role(ep->flows[i], payload_type) != SOURCE_NONE)
			return ep->flows[i];
	}
	return NULL;
}

bool source_match(
        const struct endpoint *ep, struct meta *m, const uint8_t *data, const struct rtp_header *header)
{
	const struct source *source = source_find(&ep->webrtc->sources, m->packet.ssrc);
	struct names names;

	m->named = false;
	m->flow = source ? ep->flows[source->flow] : NULL;
	if (m->flow && source_role(m->flow, m->payload_type) != SOURCE_NONE) {
		m->role = (uint8_t)source_role(m->flow, m->payload_type);
		return true;
	}
	names = read_names(ep->webrtc, data, header);
	m->named = names.mid.data || names.rid.data;
	m->flow = m->named || !source ? by_names(ep, m->payload_type, &names) : NULL;
	/* Of several layers the offer may tell which. */
	if (!m->flow && !names.rid.data && !source) {
		m->flow = by_offer(ep, m->payload_type, m->packet.ssrc);
		if (m->flow && !is_named(m->flow, &names))
			m->flow = NULL;
	}
	if (!m->flow)
		return false;
	m->role = (uint8_t)source_role(m->flow, m->payload_type);
	return true;
}

bool source_follow(struct meta *m, const struct meta *earlier)
{
	int role = source_role(earlier->flow, m->payload_type);

	if (role == SOURCE_NONE)
		return false;
	m->flow = earlier->flow;
	m->role = (uint8_t)role;
	m->named = earlier->named;
	return true;
}

static void forget(struct source_table *table, unsigned at)
{
	table->count--;
	table->ssrcs[at] = table->ssrcs[table->count];
	table->sources[at] = table->sources[table->count];
}

static void forget_flow(struct source_table *table, uint8_t flow)
{
	for (unsigned i = table->count; i-- > 0;)
		if (table->sources[i].flow == flow)
			forget(table, i);
}

/* The place of a new source: of those that are not some flow's media now the longest silent one gives way.
 * There are such: flows are fewer than places. */
static unsigned make_room(const struct endpoint *ep, struct source_table *table)
{
	unsigned oldest = LIMIT_SOURCES;

	static_assert(LIMIT_SOURCES > LIMIT_TRACKS_PER_SESSION, "media alone never fills the table");
	if (table->count < LIMIT_SOURCES)
		return table->count++;
	for (unsigned i = 0; i < LIMIT_SOURCES; i++) {
		const struct source *s = &table->sources[i];
		if (flow_has_ssrc(ep, ep->flows[s->flow], s->ssrc))
			continue;
		if (oldest == LIMIT_SOURCES ||
		        table->packets - s->used > table->packets - table->sources[oldest].used)
			oldest = i;
	}
	return oldest;
}

/* @flow's media is of @ssrc from here on, if it may be. */
static bool take_media(struct lcore *lc, struct endpoint *ep, struct flow *flow, uint32_t ssrc, bool named)
{
	uint32_t bit = 1u << flow->index, former = ep->ssrcs[flow->index];
	bool had = ep->ssrc_bound & bit;

	if (had && former == ssrc)
		return true;
	if (named && !(flow->has_former && flow->former_ssrc == ssrc))
		ep->ssrc_bound &= ~bit;
	if (!flow_bind(lc, ep, flow, ssrc))
		return false;
	if (had) {
		flow->has_former = true;
		flow->former_ssrc = former;
		forget_flow(&ep->webrtc->sources, flow->index);
	}
	return true;
}

/* Put @m's SSRC into the table, in place of what was known of it. */
static bool put(struct lcore *lc, struct endpoint *ep, const struct meta *m)
{
	struct source_table *table = &ep->webrtc->sources;
	const struct source *known;
	unsigned at;

	if (m->role == SOURCE_MEDIA && !take_media(lc, ep, m->flow, m->packet.ssrc, m->named))
		return false;
	if (m->role == SOURCE_MEDIA)
		stray_expect(lc, ep, m->flow->index, m->packet.ssrc);
	known = find(table, m->packet.ssrc);
	at = known ? (unsigned)(known - table->sources) : make_room(ep, table);
	/* It may have been the media of another. */
	if (known && known->flow != m->flow->index &&
	        flow_has_ssrc(ep, ep->flows[known->flow], m->packet.ssrc))
		ep->ssrc_bound &= ~(1u << known->flow);
	table->ssrcs[at] = m->packet.ssrc;
	table->sources[at] = (struct source){
		.ssrc = m->packet.ssrc, .flow = m->flow->index, .role = m->role, .used = table->packets
	};
	return true;
}

bool source_bind(struct lcore *lc, struct endpoint *ep, struct meta *m)
{
	struct source_table *table = &ep->webrtc->sources;
	struct source *source = find(table, m->packet.ssrc);
	int role;

	table->packets++;
	role = source ? source_role(ep->flows[source->flow], m->payload_type) : SOURCE_NONE;
	if (role == SOURCE_NONE)
		return put(lc, ep, m);
	/* A packet before it in the burst may have bound it. */
	m->flow = ep->flows[source->flow];
	m->role = (uint8_t)role;
	if (role == SOURCE_MEDIA && source->role != SOURCE_MEDIA)
		return put(lc, ep, m);
	source->used = table->packets;
	return true;
}
