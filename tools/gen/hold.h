/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of one flow that are kept for a while: those that will come late, and the last ones sent, to be
 * replayed. Storage is taken when it is first needed. One thread an object. */
#ifndef TOOLS_GEN_HOLD_H
#define TOOLS_GEN_HOLD_H

#include <stddef.h>
#include <stdint.h>
#include "base/limits.h"
#include "tools/gen/impair.h"

#define HOLD_HISTORY 64

struct hold_packet {
	uint64_t seq; /* extended */
	unsigned due; /* packets to go */
	bool accepted, duplicate;
	uint16_t len;
};

struct hold_slot {
	struct hold_packet packet;
	uint8_t data[LIMIT_PACKET_BYTES];
};

struct hold {
	struct hold_slot *late; /* IMPAIR_DEPTH_MAX slots, in order of arrival */
	unsigned late_count;
	struct hold_slot *history; /* HOLD_HISTORY slots, a ring */
	uint64_t history_count;
};

void hold_free(struct hold *hold);

/* Keep a copy of @packet, of which data are @data, for packet->due further packets. 0 or -ENOMEM; -ENOSPC:
 * all slots are taken, send it now. */
int hold_late(struct hold *hold, const struct hold_packet *packet, const uint8_t *data);
/* One further packet has gone by: those that are held have one less to go. */
void hold_tick(struct hold *hold);
/* Take a packet that is due; @all: any, at the end. NULL: none. Valid until the next call of hold_late. */
const struct hold_slot *hold_take(struct hold *hold, bool all);

/* Remember a packet that was sent. 0 or -ENOMEM. */
int hold_remember(struct hold *hold, const uint8_t *data, size_t len);
/* One that is remembered, by chance; NULL: none yet. */
const struct hold_slot *hold_recall(const struct hold *hold, uint64_t random);
/* Forget what was sent: a new stream begins. */
void hold_forget(struct hold *hold);

#endif
