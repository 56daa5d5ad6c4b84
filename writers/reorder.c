/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/reorder.h"

#include <stdlib.h>

#define FIRST_SLOTS 16
#define KEPT_SLOTS  32 /* that many are no burden */

void reorder_init(struct reorder *reorder, unsigned most)
{
	*reorder = (struct reorder){ .most = most };
}

void reorder_free(struct reorder *reorder)
{
	free(reorder->slots);
	reorder->slots = NULL;
	reorder->size = 0;
}

void reorder_restart(struct reorder *reorder)
{
	reorder->started = false;
}

static struct reorder_slot *slot_of(const struct reorder *reorder, uint64_t seq)
{
	return &reorder->slots[seq & (reorder->size - 1)];
}

static uint64_t first_held(const struct reorder *reorder)
{
	uint64_t seq = reorder->next;

	while (!slot_of(reorder, seq)->packet)
		seq++;
	return seq;
}

/* See to it that a packet fits that is @ahead of the one awaited. False: it does not. */
static bool make_room(struct reorder *reorder, uint64_t ahead)
{
	uint32_t size = reorder->size ? reorder->size : FIRST_SLOTS;
	struct reorder_slot *slots;

	if (ahead >= reorder->most)
		return false;
	if (ahead < reorder->size)
		return true;
	while (size <= ahead)
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t i = 0; i < reorder->size; i++)
		slots[(reorder->next + i) & (size - 1)] = *slot_of(reorder, reorder->next + i);
	free(reorder->slots);
	reorder->slots = slots;
	reorder->size = size;
	return true;
}

enum reorder_verdict reorder_put(struct reorder *reorder, struct packet *packet, uint64_t now_ns)
{
	uint64_t seq = packet->ext_seq;
	struct reorder_slot *slot;

	if (!reorder->started) {
		uint64_t back =
		        reorder->most / 4 < REORDER_START_PKTS ? reorder->most / 4 : REORDER_START_PKTS;

		reorder->started = reorder->settling = true;
		reorder->next = seq > back ? seq - back : 0;
	}
	if (seq == reorder->next) {
		reorder->next++;
		reorder->settling = false;
		return REORDER_NEXT;
	}
	if (seq < reorder->next)
		return REORDER_LATE;
	if (!make_room(reorder, seq - reorder->next))
		return REORDER_FULL;
	slot = slot_of(reorder, seq);
	if (slot->packet)
		return REORDER_LATE;
	slot->packet = packet;
	slot->seen_ns = now_ns;
	if (!reorder->held++)
		reorder->gap_since_ns = now_ns;
	return REORDER_HELD;
}

struct packet *reorder_take(struct reorder *reorder)
{
	struct reorder_slot *slot;
	struct packet *packet;

	if (!reorder->held)
		return NULL;
	slot = slot_of(reorder, reorder->next);
	packet = slot->packet;
	if (!packet)
		return NULL;
	slot->packet = NULL;
	reorder->next++;
	if (!--reorder->held) {
		if (reorder->size > KEPT_SLOTS)
			reorder_free(reorder);
	} else if (!slot_of(reorder, reorder->next)->packet) {
		reorder->gap_since_ns = slot_of(reorder, first_held(reorder))->seen_ns;
	}
	return packet;
}

uint64_t reorder_give_up(struct reorder *reorder)
{
	uint64_t missing = reorder->held ? reorder_skip_to(reorder, first_held(reorder)) : 0;
	bool settling = reorder->settling;

	reorder->settling = false;
	return settling ? 0 : missing;
}

uint64_t reorder_skip_to(struct reorder *reorder, uint64_t seq)
{
	uint64_t missing = seq - reorder->next;

	reorder->next = seq;
	return missing;
}
