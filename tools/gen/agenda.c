/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/agenda.h"

#include <errno.h>
#include <stdlib.h>

int agenda_init(struct agenda *agenda, unsigned size)
{
	*agenda =
	        (struct agenda){ .entries = calloc(size ? size : 1, sizeof(*agenda->entries)), .size = size };
	return agenda->entries ? 0 : -ENOMEM;
}

void agenda_free(struct agenda *agenda)
{
	free(agenda->entries);
	*agenda = (struct agenda){ 0 };
}

void agenda_push(struct agenda *agenda, uint64_t due, unsigned index)
{
	struct agenda_entry *e = agenda->entries;
	unsigned at = agenda->count++;

	for (; at && e[(at - 1) / 2].due > due; at = (at - 1) / 2)
		e[at] = e[(at - 1) / 2];
	e[at] = (struct agenda_entry){ due, index };
}

/* Let @entry sink from the top. */
static void sink(struct agenda *agenda, struct agenda_entry entry)
{
	struct agenda_entry *e = agenda->entries;
	unsigned at = 0;

	for (unsigned child; (child = 2 * at + 1) < agenda->count; at = child) {
		if (child + 1 < agenda->count && e[child + 1].due < e[child].due)
			child++;
		if (e[child].due >= entry.due)
			break;
		e[at] = e[child];
	}
	e[at] = entry;
}

void agenda_move_first(struct agenda *agenda, uint64_t due)
{
	sink(agenda, (struct agenda_entry){ due, agenda->entries[0].index });
}

void agenda_drop_first(struct agenda *agenda)
{
	if (--agenda->count)
		sink(agenda, agenda->entries[agenda->count]);
}
