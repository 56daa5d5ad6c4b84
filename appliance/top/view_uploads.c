/* SPDX-License-Identifier: BSD-3-Clause */
/* Uploads that grow, wait, run or fail. */
#include "appliance/top/view.h"

#include <stdio.h>
#include <string.h>
#include "appliance/top/format.h"
#include "appliance/top/table.h"
#include "base/clk.h"

static const struct table_column columns[] = {
	{ .title = "recording", .width = 29, .stretch = 1 },
	{ .title = "state", .width = 8 },
	{ .title = "sent", .width = 8, .keep = 2, .right = true },
	{ .title = "of", .width = 8, .keep = 2, .right = true },
	{ .title = "tries", .width = 5, .keep = 3, .right = true },
	{ .title = "next try", .width = 8, .keep = 3, .right = true },
	{ .title = "error", .width = 14, .stretch = 2, .keep = 1 },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void draw_row(const struct table *t, struct screen *s, unsigned row, const struct uploads_row *r)
{
	uint64_t now = clk_wall_ns();
	char text[FORMAT_BYTES];

	table_cell(t, s, row, 0, SCREEN_PLAIN, r->name);
	table_cell(t, s, row, 1,
	        !strcmp(r->state, "stopped") ? SCREEN_BAD
	        : *r->error                  ? SCREEN_WARNING
	                                     : SCREEN_PLAIN,
	        r->growing && !*r->error ? "growing" : r->state);
	table_cell(t, s, row, 2, SCREEN_PLAIN, format_bytes(text, (double)r->bytes_done));
	table_cell(t, s, row, 3, SCREEN_PLAIN, format_bytes(text, (double)r->bytes_total));
	table_cell(t, s, row, 4, SCREEN_PLAIN, format_count(text, (double)r->tries));
	if (r->next_try_unix_ns)
		table_cell(t, s, row, 5, SCREEN_PLAIN,
		        format_duration(text, r->next_try_unix_ns > now
		                                      ? (double)(r->next_try_unix_ns - now) / CLK_NS_PER_S
		                                      : 0));
	table_cell(t, s, row, 6, SCREEN_WARNING, r->error);
}

static void draw_sums(struct screen *s, unsigned row, const struct uploads_sums *u)
{
	char sent[FORMAT_BYTES];
	unsigned col = screen_printf(s, row, 0, SCREEN_PLAIN, "%llu queued, %llu active, %llu done, %s sent",
	        (unsigned long long)u->queued, (unsigned long long)u->active, (unsigned long long)u->done,
	        format_bytes(sent, (double)u->bytes_sent));

	if (u->retrying)
		col += screen_printf(
		        s, row, col, SCREEN_WARNING, ", %llu retry", (unsigned long long)u->retrying);
	if (u->stopped)
		screen_printf(s, row, col, SCREEN_BAD, ", %llu stopped", (unsigned long long)u->stopped);
}

/* Why there is no list; NULL: there is one. */
static const char *reason(const struct machine *m)
{
	const struct uploads *u = api_uploads(m->api);

	if (api_state(m->api) != API_UP)
		return "Uploads are control's, which does not answer.";
	if (u->sums.is_known && !u->sums.is_on)
		return "Upload is off: see upload.enabled.";
	return u->count ? NULL : "No upload waits.";
}

void view_uploads(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct uploads *u = api_uploads(m->api);
	unsigned row = area->row, end = area->row + area->rows, first;
	struct screen *s = area->screen;
	struct table table;

	if (reason(m)) {
		screen_put(s, row, 0, s->cols, SCREEN_DIM, reason(m));
		return;
	}
	if (area->rows > 4)
		draw_sums(s, row++, &u->sums);
	table_lay_out(&table, columns, COLUMNS, s->cols);
	if (area->rows > 1)
		table_head(&table, s, row++, TABLE_NONE);
	first = view_scroll(ui, u->count, end - row);
	for (unsigned i = first; i < u->count && row < end; i++, row++) {
		draw_row(&table, s, row, &u->rows[i]);
		if (i == ui->selected[UI_UPLOADS])
			screen_select(s, row);
	}
}
