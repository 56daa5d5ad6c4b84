/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, newest first. */
#include "appliance/top/view.h"

#include <stdio.h>
#include <time.h>
#include "base/clk.h"

#define TYPE_AT 9
#define TEXT_AT 29
#define NARROW  60 /* columns: the type stands in front of its text */

void view_clock(struct screen *s, unsigned row, unsigned col, uint64_t unix_ns)
{
	time_t at = (time_t)(unix_ns / CLK_NS_PER_S), now = (time_t)(clk_wall_ns() / CLK_NS_PER_S);
	struct tm tm, today;
	char text[24];

	if (!unix_ns || !localtime_r(&at, &tm) || !localtime_r(&now, &today))
		return;
	strftime(text, sizeof(text),
	        tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year ? "%H:%M:%S" : "%b %d", &tm);
	screen_put(s, row, col, 8, SCREEN_DIM, text);
}

void view_event(struct screen *s, unsigned row, unsigned col, unsigned width, const struct eventlog_row *r)
{
	enum screen_style type = r->is_bad ? SCREEN_WARNING : r->is_seen ? SCREEN_PLAIN : SCREEN_BOLD;
	unsigned at = width < TYPE_AT ? width : TYPE_AT;

	view_clock(s, row, col, r->unix_ns);
	at += screen_put(s, row, col + at,
	        width - at < TEXT_AT - TYPE_AT ? width - at : TEXT_AT - TYPE_AT - 1, type, r->type);
	at = width < NARROW || at >= TEXT_AT ? at + 1 : TEXT_AT;
	if (at < width)
		screen_put(s, row, col + at, width - at, r->is_bad ? SCREEN_WARNING : SCREEN_PLAIN, r->text);
}

void view_events(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	unsigned row = area->row, end = area->row + area->rows, first;
	struct screen *s = area->screen;

	if (area->rows > 3)
		screen_put(s, row++, 0, s->cols, api_has_feed(m->api) ? SCREEN_DIM : SCREEN_WARNING,
		        api_has_feed(m->api) ? "Control's events (bold), and what the counters show"
		                             : "What the counters show: control's events are not there");
	first = view_scroll(ui, m->log.count, end - row);
	for (unsigned i = first; i < m->log.count && row < end; i++, row++) {
		view_event(s, row, 0, s->cols, eventlog_get(&m->log, i));
		if (i == ui->selected[UI_EVENTS])
			screen_select(s, row);
	}
}
