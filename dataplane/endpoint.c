/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <rte_prefetch.h>
#include "dataplane/endpoint_webrtc.h"
#include "dataplane/feedback.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/webrtc.h"

struct endpoint_table {
	/* read-mostly */
	uint16_t first, last;
	unsigned locals, ports;
	/* written by commands */
	unsigned own_count;
	uintptr_t slots[];
};

int endpoint_table_create(struct endpoint_table **ret_table, uint16_t first, uint16_t last, unsigned locals)
{
	struct endpoint_table *table;
	unsigned ports = (unsigned)last - first + 1;

	if (first > last || locals == 0 || locals > LIMIT_LOCAL_ADDRS)
		return -EINVAL;
	table = calloc(1, sizeof(*table) + (size_t)locals * ports * sizeof(table->slots[0]));
	if (!table)
		return -ENOMEM;
	table->first = first;
	table->last = last;
	table->locals = locals;
	table->ports = ports;
	*ret_table = table;
	return 0;
}

void endpoint_table_free(struct endpoint_table *table)
{
	free(table);
}

/* The slot of a port, NULL when it is none of ours. */
static uintptr_t *slot_of(struct endpoint_table *table, unsigned local, uint16_t port)
{
	if (local >= table->locals || port < table->first || port > table->last)
		return NULL;
	return &table->slots[(size_t)local * table->ports + (port - table->first)];
}

static struct endpoint *own_of(uintptr_t slot)
{
	return slot & ENDPOINT_TAG ? NULL : (struct endpoint *)slot;
}

/* Fill the slots of a port pair, on one address or on all. */
static void set_slots(struct endpoint_table *table, unsigned local, uint16_t port, uintptr_t value)
{
	unsigned from = local == ENDPOINT_ANY_LOCAL ? 0 : local;
	unsigned to = local == ENDPOINT_ANY_LOCAL ? table->locals : local + 1;

	for (unsigned i = from; i < to; i++)
		for (unsigned j = 0; j < 2; j++) {
			uintptr_t *slot = slot_of(table, i, (uint16_t)(port + j));
			if (slot)
				*slot = value;
		}
}

static uintptr_t first_slot(const struct lcore *lc, unsigned local, uint16_t port)
{
	uintptr_t *slot = slot_of(lc->endpoints, local == ENDPOINT_ANY_LOCAL ? 0 : local, port);

	return slot ? *slot : 0;
}

bool endpoint_is_own(const struct lcore *lc, const struct endpoint *ep, unsigned local, uint16_t port)
{
	return ep && own_of(first_slot(lc, local, port)) == ep;
}

unsigned endpoint_own_count(const struct lcore *lc)
{
	return lc->endpoints->own_count;
}

/* Wherever an endpoint is looked for, @value is found. */
static void put_slots_of(struct lcore *lc, const struct endpoint *ep, uintptr_t value)
{
	if (ep->webrtc)
		ice_put_slots(lc, ep, value);
	else
		set_slots(lc->endpoints, ep->local, ep->port, value);
}

void endpoint_install(struct lcore *lc, struct endpoint *ep)
{
	/* Those that come together are not looked at together. */
	unsigned spread_ms = lc->endpoints->own_count++ % FEEDBACK_LOOK_MS;

	ep->owner = (uint8_t)lc->index;
	if (ep->webrtc)
		lc->held_count += ep->webrtc->held.count;
	wheel_set(&lc->wheel, &ep->timer, lc->now_tsc + lc->tsc_hz * spread_ms / 1000);
	put_slots_of(lc, ep, (uintptr_t)ep);
}

void endpoint_let_go(struct lcore *lc, struct endpoint *ep)
{
	wheel_clear(&lc->wheel, &ep->timer);
	if (ep->webrtc)
		lc->held_count -= ep->webrtc->held.count;
	lc->endpoints->own_count--;
}

static void put_slots(struct lcore *lc, unsigned local, uint16_t port, uintptr_t value)
{
	struct endpoint *ep = own_of(first_slot(lc, local, port));

	if (ep)
		endpoint_let_go(lc, ep);
	set_slots(lc->endpoints, local, port, value);
}

void endpoint_point(struct lcore *lc, unsigned local, uint16_t port, unsigned owner)
{
	/* It may have come here by ring before word of where it went: then it stays ours. */
	if (owner != lc->index)
		put_slots(lc, local, port, (uintptr_t)owner << 1 | ENDPOINT_TAG);
}

void endpoint_remove(struct lcore *lc, unsigned local, uint16_t port)
{
	put_slots(lc, local, port, 0);
}

bool endpoint_move(struct lcore *lc, struct endpoint *ep, unsigned to, struct command *moving)
{
	void *entry = (void *)((uintptr_t)ep | ENDPOINT_TAG);

	/* Once in the ring it is the other's: all that is written here comes before. */
	if (spsc_count(lc->forward[to]) > lc->forward[to]->mask)
		return false;
	ep->moving = moving;
	ep->passed_pkts = ep->own_pkts = 0;
	endpoint_let_go(lc, ep);
	put_slots_of(lc, ep, (uintptr_t)to << 1 | ENDPOINT_TAG);
	spsc_put(lc->forward[to], &entry, 1);
	return true;
}

void endpoint_pass_on(struct lcore *lc, struct rte_mbuf *mbuf, unsigned owner)
{
	struct meta *m = meta_of(mbuf);

	if (m->hops >= ENDPOINT_HOPS_MAX) {
		lcore_drop(lc, mbuf, STAT_LCORE_drop_no_flow);
		return;
	}
	m->hops++;
	m->from = (uint8_t)lc->index;
	if (spsc_put(lc->forward[owner], (void *const *)&mbuf, 1) == 1)
		lcore_count(lc, STAT_LCORE_forwarded_out, 1);
	else
		lcore_drop(lc, mbuf, STAT_LCORE_drop_forward_full);
}

/* Who passes packets on: this is how the owner learns where they really arrive. Where several do, who does so
 * most is found by majority vote (Boyer and Moore): one's packet takes back another's. */
static void note_passed(struct endpoint *ep, unsigned from)
{
	if (ep->passed_pkts && ep->passed_from != from) {
		ep->passed_pkts--;
		return;
	}
	ep->passed_pkts++;
	ep->passed_from = (uint8_t)from;
}

static void note_found(struct endpoint *ep, struct meta *m)
{
	m->endpoint = ep;
	ep->own_pkts++;
	if (m->hops)
		note_passed(ep, m->from);
}

/* What every packet of it touches, and where its first flows are. */
static void prefetch(const struct endpoint *ep)
{
	rte_prefetch0_write(ep);
	rte_prefetch0((const char *)ep + 64);
}

unsigned endpoint_lookup_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	uintptr_t *slots[LCORE_BURST];
	unsigned out = 0;

	assert(count <= LCORE_BURST);
	for (unsigned i = 0; i < count; i++) {
		const struct meta *m = meta_of(pkts[i]);
		slots[i] = slot_of(lc->endpoints, m->local, m->local_port);
		if (slots[i])
			rte_prefetch0(slots[i]);
	}
	for (unsigned i = 0; i < count; i++)
		if (slots[i] && own_of(*slots[i]))
			prefetch(own_of(*slots[i]));
	for (unsigned i = 0; i < count; i++) {
		uintptr_t slot = slots[i] ? *slots[i] : 0;
		struct endpoint *ep = own_of(slot);
		if (ep) {
			note_found(ep, meta_of(pkts[i]));
			pkts[out++] = pkts[i];
		} else if (slot) {
			endpoint_pass_on(lc, pkts[i], (unsigned)(slot >> 1));
		} else if (lc->demux && meta_of(pkts[i])->local_port == lc->webrtc_port) {
			ep = endpoint_webrtc_find(lc, pkts[i]);
			if (!ep)
				continue;
			note_found(ep, meta_of(pkts[i]));
			pkts[out++] = pkts[i];
		} else {
			lcore_drop(lc, pkts[i], STAT_LCORE_drop_no_flow);
		}
	}
	return out;
}

/* An endpoint arrives: it is ours from here on. */
static void adopt(struct lcore *lc, struct endpoint *ep)
{
	struct command *moving = ep->moving;

	ep->moving = NULL;
	endpoint_install(lc, ep);
	command_answer(lc, moving);
}

unsigned endpoint_take_forwarded(struct lcore *lc, struct rte_mbuf **pkts, unsigned max)
{
	void *entries[LCORE_BURST];
	unsigned count = 0;

	/* In turns, so that one that passes on a lot keeps nobody else's waiting. */
	lc->forwarded_turn = (lc->forwarded_turn + 1) % lc->count;
	for (unsigned i = 0; i < lc->count; i++) {
		unsigned from = (lc->forwarded_turn + i) % lc->count;
		if (from == lc->index)
			continue;
		unsigned room = max - count < LCORE_BURST ? max - count : LCORE_BURST;
		unsigned n = spsc_take(lc->forwarded[from], entries, room);
		for (unsigned j = 0; j < n; j++) {
			if ((uintptr_t)entries[j] & ENDPOINT_TAG) {
				adopt(lc, (struct endpoint *)((uintptr_t)entries[j] &
				                              ~(uintptr_t)ENDPOINT_TAG));
				continue;
			}
			pkts[count++] = entries[j];
		}
	}
	return count;
}
