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

view_draw view_overview, view_lcores, view_tracks, view_track, view_disks, view_uploads, view_events,
        view_log, view_help;

/* The whole screen: title, views' names, the current view, prompt or message, keys. */
void view_screen(struct screen *screen, const struct machine *machine, struct ui *ui);

/* The time of day, or the day when it was another than today, in eight columns; nothing for 0. */
void view_clock(struct screen *screen, unsigned row, unsigned col, uint64_t unix_ns);

/* An event as one row of @width columns. */
void view_event(
        struct screen *screen, unsigned row, unsigned col, unsigned width, const struct eventlog_row *event);

/* Keep the selected row of a list of @count within the @rows that there are: sets ui->page and returns the
 * row to begin with. */
unsigned view_scroll(struct ui *ui, unsigned count, unsigned rows);

#endif
