/* SPDX-License-Identifier: BSD-3-Clause */
/* The file system of the recordings, and the writer threads, a row each. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"
#include "appliance/top/table.h"

static const struct table_column columns[] = {
	{ .title = "writer", .width = 6 },
	{ .title = "packet/s", .width = 8, .keep = 2, .right = true },
	{ .title = "frame/s", .width = 7, .keep = 3, .right = true },
	{ .title = "media/s", .width = 8, .keep = 3, .right = true },
	{ .title = "written/s", .width = 9, .right = true },
	{ .title = "write/s", .width = 7, .keep = 4, .right = true },
	{ .title = "p50 <=", .width = 7, .keep = 5, .right = true },
	{ .title = "p99 <=", .width = 7, .keep = 1, .right = true },
	{ .title = "longest", .width = 7, .keep = 2, .right = true },
	{ .title = "queued", .width = 8, .keep = 1, .right = true },
	{ .title = "blocks", .width = 8, .keep = 4, .right = true },
	{ .title = "files", .width = 5, .keep = 2, .right = true },
	{ .title = "sync/s", .width = 6, .keep = 6, .right = true },
	{ .title = "errors", .width = 6, .keep = 2, .right = true },
	{ .title = "lost frame/s", .width = 12, .keep = 6, .right = true },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void draw_row(
        const struct table *t, struct screen *s, unsigned row, unsigned index, const struct disks_row *r)
{
	char text[FORMAT_BYTES];
	unsigned c = 0;

#define CELL(value) table_cell(t, s, row, c++, SCREEN_PLAIN, value)
	snprintf(text, sizeof(text), "%u", index);
	CELL(text);
	CELL(format_count(text, r->pps));
	CELL(format_count(text, r->fps));
	CELL(format_bytes(text, r->media_bps));
	CELL(format_bytes(text, r->written_bps));
	CELL(format_count(text, r->writes_per_s));
	CELL(format_ns(text, r->write_p50_ns));
	CELL(format_ns(text, r->write_p99_ns));
	CELL(format_ns(text, (double)r->write_max_ns));
	CELL(format_bytes(text, (double)r->queued_bytes));
	CELL(format_bytes(text, (double)r->block_bytes));
	CELL(format_count(text, (double)r->files));
	CELL(format_count(text, r->syncs_per_s));
	table_cell(t, s, row, c++, r->write_errors ? SCREEN_BAD : SCREEN_PLAIN,
	        format_count(text, (double)r->write_errors));
	table_cell(t, s, row, c++, r->dropped_per_s > 0 ? SCREEN_BAD : SCREEN_PLAIN,
	        format_count(text, r->dropped_per_s));
#undef CELL
}

static void draw_space(struct screen *s, unsigned row, const struct machine *m)
{
	const struct disks_space *space = &m->space;
	char a[FORMAT_BYTES], b[FORMAT_BYTES], c[FORMAT_BYTES];
	unsigned col = screen_printf(s, row, 0, SCREEN_PLAIN, "%s free, at this rate enough for %s",
	        format_bytes(a, space->is_known ? (double)space->free_bytes : NAN),
	        format_duration(c, space->is_known ? m->seconds_left : NAN));

	if (space->total_bytes)
		col += screen_printf(
		        s, row, col, SCREEN_PLAIN, ", of %s", format_bytes(b, (double)space->total_bytes));
	if (m->options->record_dir)
		screen_printf(s, row, col, SCREEN_DIM, "  %s", m->options->record_dir);
}

void view_disks(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct counters_sample *now = counters_now(m->counters);
	unsigned row = area->row, end = area->row + area->rows;
	struct screen *s = area->screen;
	struct table table;

	draw_space(s, row++, m);
	if (m->space.total_bytes && area->rows > 4)
		spark_bar(s, row++, 0, s->cols < 60 ? s->cols : 60, SCREEN_GOOD,
		        1 - (double)m->space.free_bytes / (double)m->space.total_bytes);
	row += area->rows > 4;
	if (!now || row >= end)
		return;
	table_lay_out(&table, columns, COLUMNS, s->cols);
	table_head(&table, s, row++, TABLE_NONE);
	for (unsigned i = 0; i < now->writers && row < end; i++)
		draw_row(&table, s, row++, i, &m->writers[i]);
}
