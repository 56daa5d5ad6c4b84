/* SPDX-License-Identifier: BSD-3-Clause */
/* upload.delete_after_upload: local copies go once the store has confirmed, but not while their name could be
 * given to another recording, whose object would overwrite theirs. */
#include "control/library_keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "control/metrics.h"
#include "control/session.h"

/* After the last write to a file, whose name bears the second of its first packet. */
#define LIBRARY_MOVE_HOLD_S 3

struct library_move_held {
	struct library_move_held *next;
	char name[NAME_BYTES];
};

bool library_move_holds(struct library *library, const struct catalogue_row *row)
{
	uint64_t now_ns = clk_wall_ns(), hold_ns = LIBRARY_MOVE_HOLD_S * CLK_NS_PER_S;

	if (row->finished_unix_ns < now_ns + hold_ns && now_ns < row->finished_unix_ns + hold_ns)
		return true;
	return !strstr(library->conf->record_filename, "{timestamp}") &&
	       sessions_is_live(library->control->sessions, row->session);
}

static void library_move_now(struct library *library, const char *name)
{
	int err = library_remove(library, name, "uploaded");

	if (!err) {
		metrics_add(METRICS_library_moved, 1);
		log_with(LOG_LEVEL_INFO, LOG_IDS(.record = name),
		        "library: %s is uploaded, its local copy removed", name);
	} else if (err != -ENOENT) {
		metrics_add(METRICS_library_errors, 1);
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = name),
		        "library: cannot remove the local copy of %s: %s; the next scan tries again", name,
		        strerror(-err));
	}
}

/* Remove the local copy of @name. False when it is held. */
static bool library_move_try(struct library *library, const char *name)
{
	struct catalogue_row row;

	if (catalogue_get(library->control->catalogue, name, &row))
		return true; /* gone, or the next scan's matter */
	bool known = !strcmp(row.name, name) && row.uploaded;
	bool holds = known && library_move_holds(library, &row);
	catalogue_row_clear(&row);
	if (known && !holds)
		library_move_now(library, name);
	return !holds;
}

void library_move_out(struct library *library, const char *name)
{
	struct library_move_held *held = library->held;

	if (library_move_try(library, name))
		return;
	while (held && strcmp(held->name, name))
		held = held->next;
	if (held)
		return;
	held = calloc(1, sizeof(*held));
	if (!held) {
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = name),
		        "library: no memory to remove the local copy of %s; the next scan tries again", name);
		return;
	}
	strcpy(held->name, name);
	held->next = library->held;
	library->held = held;
}

void library_move_let_go(struct library *library)
{
	for (struct library_move_held **at = &library->held, *held; (held = *at);) {
		if (!library_move_try(library, held->name)) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		free(held);
	}
}

void library_move_forget(struct library *library)
{
	for (struct library_move_held *held; (held = library->held); free(held))
		library->held = held->next;
}
