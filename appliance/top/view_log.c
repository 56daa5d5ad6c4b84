/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemons logged, newest first. */
#include "appliance/top/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UNIT_AT 9
#define TEXT_AT 22
#define NARROW  60 /* columns: the unit stands in front of its text */

/* By syslog's priorities: an error, a warning, and what is only of use to who looks for a defect. */
static enum screen_style style_of(const struct logbook_row *r)
{
	return r->priority <= 3   ? SCREEN_BAD
	       : r->priority == 4 ? SCREEN_WARNING
	       : r->priority == 7 ? SCREEN_DIM
	                          : SCREEN_PLAIN;
}

static void draw_row(struct screen *s, unsigned row, const struct logbook_row *r)
{
	unsigned col = TEXT_AT;

	view_clock(s, row, 0, r->unix_ns);
	col = screen_put(s, row, UNIT_AT, TEXT_AT - UNIT_AT - 1, SCREEN_BOLD, r->unit);
	col = s->cols < NARROW ? UNIT_AT + col + 1 : TEXT_AT;
	screen_put(s, row, col, s->cols, style_of(r), r->text);
}

/* Why there is nothing. */
static void draw_none(const struct view_area *area, const struct machine *m)
{
	struct screen *s = area->screen;
	unsigned row = area->row;

	if (m->follow_error == -ENOENT)
		screen_put(s, row, 0, s->cols, SCREEN_DIM, "There is no journalctl on this machine.");
	else if (m->follow_error)
		screen_printf(s, row, 0, SCREEN_WARNING, "journalctl: %s",
		        *m->book.said                ? m->book.said
		        : m->follow_error == -ECHILD ? "it has ended"
		                                     : strerror(-m->follow_error));
	else
		screen_put(s, row, 0, s->cols, SCREEN_DIM,
		        *m->book.said ? m->book.said : "The journal has nothing of wirespool-*.");
	if (area->rows > 1)
		screen_put(s, row + 1, 0, s->cols, SCREEN_DIM,
		        "Daemons that systemd did not start log to their standard error.");
}

void view_log(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	unsigned row = area->row, end = area->row + area->rows, first;
	struct screen *s = area->screen;

	if (!m->book.count) {
		draw_none(area, m);
		return;
	}
	if (area->rows > 3)
		screen_printf(s, row++, 0, m->follow_error ? SCREEN_WARNING : SCREEN_DIM,
		        "journalctl --unit 'wirespool-*'%s%s",
		        m->follow_error ? " has ended: " : ", newest first",
		        m->follow_error ? m->book.said : "");
	first = view_scroll(ui, m->book.count, end - row);
	for (unsigned i = first; i < m->book.count && row < end; i++, row++) {
		draw_row(s, row, logbook_get(&m->book, i));
		if (i == ui->selected[UI_LOG])
			screen_select(s, row);
	}
}
