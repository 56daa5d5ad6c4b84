/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One slot more than is held: the packet that hold_take gave last. */
#define SLOTS (IMPAIR_DEPTH_MAX + 1)

void hold_free(struct hold *hold)
{
	free(hold->late);
	free(hold->history);
	*hold = (struct hold){ 0 };
}

static void copy(struct hold_slot *to, const struct hold_packet *packet, const uint8_t *data)
{
	to->packet = *packet;
	memcpy(to->data, data, packet->len);
}

int hold_late(struct hold *hold, const struct hold_packet *packet, const uint8_t *data)
{
	if (!hold->late)
		hold->late = malloc(SLOTS * sizeof(*hold->late));
	if (!hold->late)
		return -ENOMEM;
	if (hold->late_count == IMPAIR_DEPTH_MAX)
		return -ENOSPC;
	copy(&hold->late[hold->late_count++], packet, data);
	return 0;
}

void hold_tick(struct hold *hold)
{
	for (unsigned i = 0; i < hold->late_count; i++)
		if (hold->late[i].packet.due)
			hold->late[i].packet.due--;
}

const struct hold_slot *hold_take(struct hold *hold, bool all)
{
	for (unsigned i = 0; i < hold->late_count; i++) {
		struct hold_slot *slot = &hold->late[i], *out = &hold->late[SLOTS - 1];

		if (slot->packet.due && !all)
			continue;
		copy(out, &slot->packet, slot->data);
		for (hold->late_count--; i < hold->late_count; i++)
			copy(&hold->late[i], &hold->late[i + 1].packet, hold->late[i + 1].data);
		return out;
	}
	return NULL;
}

int hold_remember(struct hold *hold, const uint8_t *data, size_t len)
{
	if (!hold->history)
		hold->history = malloc(HOLD_HISTORY * sizeof(*hold->history));
	if (!hold->history)
		return -ENOMEM;
	copy(&hold->history[hold->history_count++ % HOLD_HISTORY],
	        &(struct hold_packet){ .len = (uint16_t)len }, data);
	return 0;
}

const struct hold_slot *hold_recall(const struct hold *hold, uint64_t random)
{
	uint64_t count = hold->history_count < HOLD_HISTORY ? hold->history_count : HOLD_HISTORY;

	return count ? &hold->history[random % count] : NULL;
}

void hold_forget(struct hold *hold)
{
	hold->history_count = 0;
}
