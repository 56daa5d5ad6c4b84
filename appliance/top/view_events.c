/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, newest first. */
#include "appliance/top/view.h"

#include <stdio.h>
#include <time.h>
#include "base/clk.h"

#define TYPE_AT 9
#define TEXT_AT 30
#define NARROW  60 /* columns: the type stands in front of its text */

static void draw_row(struct screen *s, unsigned row, const struct eventlog_row *r)
{
	time_t at = (time_t)(r->unix_ns / CLK_NS_PER_S);
	char clock[16];
	struct tm tm;
	unsigned col;

	localtime_r(&at, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	screen_put(s, row, 0, TYPE_AT, SCREEN_DIM, clock);
	col = screen_put(
	        s, row, TYPE_AT, TEXT_AT - TYPE_AT - 1, r->is_seen ? SCREEN_PLAIN : SCREEN_BOLD, r->type);
	col = s->cols < NARROW ? TYPE_AT + col + 1 : TEXT_AT;
	screen_put(s, row, col, s->cols, SCREEN_PLAIN, r->text);
}

void view_events(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	unsigned row = area->row, end = area->row + area->rows, first;
	struct screen *s = area->screen;

	if (area->rows > 3)
		screen_put(s, row++, 0, s->cols, SCREEN_DIM,
		        api_has_feed(m->api) ? "Control's events (bold), and what the counters show"
		                             : "What the counters show: control's events are not there");
	first = view_scroll(ui, m->log.count, end - row);
	for (unsigned i = first; i < m->log.count && row < end; i++, row++) {
		draw_row(s, row, eventlog_get(&m->log, i));
		if (i == ui->selected[UI_EVENTS])
			screen_paint(s, row, SCREEN_SELECTED);
	}
}
