/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame around the views. */
#include "appliance/top/view.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "appliance/top/format.h"
#include "base/clk.h"

#define ROOMY_ROWS 10 /* with fewer there are no views' names, and no line of its own for messages */

unsigned view_scroll(struct ui *ui, unsigned count, unsigned rows)
{
	unsigned *first = &ui->first[ui->view], selected = ui->selected[ui->view];

	ui->page = rows;
	if (!rows || selected < *first)
		*first = selected;
	else if (selected >= *first + rows)
		*first = selected - rows + 1;
	if (*first && *first + rows > count)
		*first = count > rows ? count - rows : 0;
	return *first;
}

static unsigned draw_alarms(struct screen *s, unsigned col, const struct machine *m)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < m->alarms.count; i++)
		bad += m->alarms.rows[i].is_bad;
	if (bad)
		return screen_printf(s, 0, col, SCREEN_BAD, "%u ALARM%s", bad, bad > 1 ? "S" : "");
	if (m->alarms.count)
		return screen_printf(s, 0, col, SCREEN_WARNING, "%u warning%s", m->alarms.count,
		        m->alarms.count > 1 ? "s" : "");
	return screen_printf(s, 0, col, SCREEN_GOOD, "all well");
}

/* What matters most in front: the rest may be cut. */
static void draw_title(struct screen *s, const struct machine *m)
{
	static const char *const dataplane[] = { "absent", "foreign", "STANDS STILL", "live" };
	static const char *const control[] = { "?", "up", "down", "refuses" };
	enum counters_state state = counters_state(m->counters);
	enum api_state api = api_state(m->api);
	time_t now = (time_t)(clk_wall_ns() / CLK_NS_PER_S);
	char up[FORMAT_BYTES], clock[16], host[HOST_NAME_MAX + 1] = "";
	struct tm tm;
	unsigned col;

	col = screen_put(s, 0, 0, s->cols, SCREEN_BOLD, "wirespool ");
	col += draw_alarms(s, col, m);
	col += screen_put(s, 0, col, s->cols, SCREEN_PLAIN, "  dataplane ");
	col += screen_put(
	        s, 0, col, s->cols, state == COUNTERS_LIVE ? SCREEN_GOOD : SCREEN_BAD, dataplane[state]);
	if (state == COUNTERS_LIVE)
		col += screen_printf(
		        s, 0, col, SCREEN_PLAIN, " %s", format_duration(up, (double)m->overview.uptime_s));
	col += screen_put(s, 0, col, s->cols, SCREEN_PLAIN, "  control ");
	col += screen_put(s, 0, col, s->cols,
	        api == API_UP        ? SCREEN_GOOD
	        : api == API_UNKNOWN ? SCREEN_DIM
	                             : SCREEN_BAD,
	        control[api]);
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (col + 2 + strlen(clock) > s->cols)
		return;
	screen_put_right(s, 0, col + 2, s->cols - col - 2, SCREEN_DIM, clock);
	if (!gethostname(host, sizeof(host) - 1) && col + 4 + strlen(clock) + strlen(host) <= s->cols)
		screen_put_right(
		        s, 0, col + 2, s->cols - col - 4 - (unsigned)strlen(clock), SCREEN_DIM, host);
}

/* Columns of all views' names: " 1 overview " and a gap each. */
static unsigned names_columns(void)
{
	unsigned cols = 0;

	for (unsigned v = 0; v < UI_VIEWS; v++)
		cols += (unsigned)strlen(ui_view_name(v)) + 5;
	return cols;
}

/* On a narrow screen numbers, and the current view's name. */
static void draw_names(struct screen *s, unsigned row, const struct ui *ui)
{
	bool is_narrow = s->cols + 1 < names_columns();
	unsigned col = 0;

	for (unsigned v = 0; v < UI_VIEWS; v++) {
		bool is_named = !is_narrow || v == ui->view;

		col += 1 + screen_printf(s, row, col, v == ui->view ? SCREEN_SELECTED : SCREEN_DIM,
		                   is_named ? " %u %s " : "%u", v + 1, ui_view_name(v));
	}
}

/* Only keys that are there whole. */
static void draw_keys(struct screen *s, unsigned row, const struct ui *ui)
{
	unsigned col = 0;

	for (const char *const *key = ui_keys(ui); *key; key++) {
		if (col + screen_columns(s, *key) > s->cols)
			break;
		col += screen_put(s, row, col, s->cols, SCREEN_HEAD, *key) + 2;
	}
	screen_paint(s, row, SCREEN_HEAD);
}

static const char *message_of(const struct machine *m, const struct ui *ui)
{
	return *ui->message ? ui->message : api_outcome(m->api);
}

/* The last row, and the one above it where there is room. */
static void draw_foot(struct screen *s, const struct machine *m, const struct ui *ui)
{
	const char *message = message_of(m, ui);
	unsigned last = s->rows - 1;

	if (ui->prompt == UI_FILTER) {
		screen_printf(s, last, 0, SCREEN_PLAIN, "filter: %s_", ui->filter);
		screen_paint(s, last, SCREEN_SELECTED);
	} else if (ui->prompt == UI_CONFIRM) {
		screen_printf(s, last, 0, SCREEN_PLAIN, "y/n? %s", ui->action.what);
		screen_paint(s, last, SCREEN_SELECTED);
	} else if (*message && s->rows < ROOMY_ROWS) {
		screen_put(s, last, 0, s->cols, SCREEN_BOLD, message);
	} else {
		draw_keys(s, last, ui);
		if (*message)
			screen_put(s, last - 1, 0, s->cols, SCREEN_BOLD, message);
	}
}

void view_screen(struct screen *s, const struct machine *m, struct ui *ui)
{
	static view_draw *const views[UI_VIEWS] = { view_overview, view_lcores, view_tracks, view_disks,
		view_uploads, view_events, view_log };
	bool is_roomy = s->rows >= ROOMY_ROWS;
	struct view_area area = { s, is_roomy ? 3 : 1, 0 };

	screen_clear(s);
	if (!s->rows)
		return;
	draw_title(s, m);
	if (is_roomy)
		draw_names(s, 1, ui);
	if (s->rows > area.row + 1)
		area.rows = s->rows - area.row - 1 - (is_roomy && *message_of(m, ui) ? 1 : 0);
	if (area.rows)
		(ui->prompt == UI_HELP ? view_help
		        : ui->is_open  ? view_track
		                       : views[ui->view])(&area, m, ui);
	if (s->rows > 1)
		draw_foot(s, m, ui);
}
