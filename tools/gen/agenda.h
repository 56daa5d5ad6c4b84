/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow is due next: a binary heap of indices by time. One thread. */
#ifndef TOOLS_GEN_AGENDA_H
#define TOOLS_GEN_AGENDA_H

#include <stdint.h>

struct agenda_entry {
	uint64_t due;
	unsigned index;
};

struct agenda {
	struct agenda_entry *entries;
	unsigned count, size;
};

/* For up to @size entries. 0 or -ENOMEM. */
int agenda_init(struct agenda *agenda, unsigned size);
void agenda_free(struct agenda *agenda);

/* Add an entry; there is room. */
void agenda_push(struct agenda *agenda, uint64_t due, unsigned index);
/* The earliest stands in entries[0] while count > 0: change its time, or remove it. */
void agenda_move_first(struct agenda *agenda, uint64_t due);
void agenda_drop_first(struct agenda *agenda);

#endif
