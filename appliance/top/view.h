/* SPDX-License-Identifier: BSD-3-Clause */
/* Views: what is known of the machine, written into a part of the screen. They only read; of @ui the list
 * views set what follows from the room there is. One thread. */
#ifndef APPLIANCE_TOP_VIEW_H
#define APPLIANCE_TOP_VIEW_H

#include "appliance/top/machine.h"
#include "appliance/top/screen.h"
#include "appliance/top/ui.h"

/* The part: @rows rows from @row on, all columns. */
struct view_area {
	struct screen *screen;
	unsigned row, rows;
};

typedef void view_draw(const struct view_area *area, const struct machine *machine, struct ui *ui);

view_draw view_overview, view_lcores, view_tracks, view_track, view_disks, view_uploads, view_events;

/* The whole screen: title, views' names, the current view, prompt or message, keys. */
void view_screen(struct screen *screen, const struct machine *machine, struct ui *ui);

/* Keep the selected row of a list of @count within the @rows that there are: sets ui->page and returns the
 * row to begin with. */
unsigned view_scroll(struct ui *ui, unsigned count, unsigned rows);

#endif
