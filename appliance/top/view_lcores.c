/* SPDX-License-Identifier: BSD-3-Clause */
/* The poll loops, a row each, and the ports below. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"
#include "appliance/top/table.h"

static const struct table_column columns[] = {
	{ .title = "lcore", .width = 5 },
	{ .title = "busy %", .width = 6, .right = true },
	{ .title = "packet/s", .width = 8, .right = true },
	{ .title = "bit/s", .width = 6, .keep = 3, .right = true },
	{ .title = "drop/s", .width = 6, .keep = 4, .right = true },
	{ .title = "cyc/pkt", .width = 7, .right = true },
	{ .title = "rx", .width = 5, .keep = 2, .right = true },
	{ .title = "class", .width = 5, .keep = 2, .right = true },
	{ .title = "srtp", .width = 5, .keep = 2, .right = true },
	{ .title = "rtp", .width = 5, .keep = 2, .right = true },
	{ .title = "hand", .width = 5, .keep = 2, .right = true },
	{ .title = "burst", .width = 5, .keep = 1, .right = true },
	{ .title = "poll p99", .width = 8, .keep = 5, .right = true },
	{ .title = "stall", .width = 7, .keep = 1, .right = true },
};
#define COLUMNS        (sizeof(columns) / sizeof(columns[0]))
#define COURSE_COLS    10 /* at least */
#define STAGE_COLS     12
#define STAGE_BAR_COLS 60

static const struct table_column port_columns[] = {
	{ .title = "port", .width = 14, .wish = 30 },
	{ .title = "link", .width = 4 },
	{ .title = "rx packets", .width = 10, .right = true },
	{ .title = "rx bytes", .width = 10, .right = true },
	{ .title = "tx packets", .width = 10, .keep = 2, .right = true },
	{ .title = "missed", .width = 7, .right = true },
	{ .title = "errors", .width = 7, .keep = 1, .right = true },
	{ .title = "no buffer", .width = 9, .keep = 1, .right = true },
};
#define PORT_COLUMNS (sizeof(port_columns) / sizeof(port_columns[0]))

static double busy_before(const void *arg, unsigned back)
{
	return history_get(arg, back);
}

/* How busy it was, behind the figures: full height is all of its time. */
static void draw_course(
        const struct table *t, struct screen *s, unsigned row, const struct machine *m, unsigned index)
{
	unsigned at = t->at[COLUMNS - 1] + t->width[COLUMNS - 1] + 2;
	const struct spark_box box = { row, at, s->cols > at ? s->cols - at : 0, 1, SCREEN_GOOD };

	if (box.width >= COURSE_COLS)
		spark_draw(s, &box, 1, busy_before, &m->busy[index]);
}

static void draw_row(
        const struct table *t, struct screen *s, unsigned row, unsigned index, const struct lcores_row *r)
{
	char text[FORMAT_BYTES];
	unsigned c = 0;

#define CELL(value) table_cell(t, s, row, c++, SCREEN_PLAIN, value)
	snprintf(text, sizeof(text), "%u", index);
	CELL(text);
	table_cell(
	        t, s, row, c++, r->busy > 0.9 ? SCREEN_WARNING : SCREEN_PLAIN, format_percent(text, r->busy));
	CELL(format_count(text, r->pps));
	CELL(format_count(text, r->bps));
	table_cell(t, s, row, c++, r->dropped_pps > 0 ? SCREEN_WARNING : SCREEN_PLAIN,
	        format_count(text, r->dropped_pps));
	CELL(format_count(text, r->cycles_a_packet));
	for (unsigned stage = 0; stage < LCORES_STAGES; stage++)
		CELL(format_count(text, r->stage[stage]));
	CELL(format_count(text, r->burst));
	CELL(format_ns(text, r->poll_p99_ns));
	CELL(format_ns(text, (double)r->stall_max_ns));
#undef CELL
}

static void draw_port(
        const struct table *t, struct screen *s, unsigned row, const struct machine *m, unsigned index)
{
	const uint64_t *slot = counters_now(m->counters)->port[index];
	const char *label = stat_label(counters_segment(m->counters), STAT_SCOPE_PORT, index);
	static const unsigned ids[] = { STAT_PORT_tx_pkts, STAT_PORT_rx_missed, STAT_PORT_rx_errors,
		STAT_PORT_rx_nombuf };
	char text[FORMAT_BYTES];

	snprintf(text, sizeof(text), "%u", index);
	table_cell(t, s, row, 0, SCREEN_PLAIN, *label ? label : text);
	table_cell(t, s, row, 1, slot[STAT_PORT_link_up] ? SCREEN_GOOD : SCREEN_BAD,
	        slot[STAT_PORT_link_up] ? "up" : "down");
	table_cell(t, s, row, 2, SCREEN_PLAIN, format_count(text, (double)slot[STAT_PORT_rx_pkts]));
	table_cell(t, s, row, 3, SCREEN_PLAIN, format_bytes(text, (double)slot[STAT_PORT_rx_bytes]));
	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		table_cell(t, s, row, 4 + i, i && slot[ids[i]] ? SCREEN_WARNING : SCREEN_PLAIN,
		        format_count(text, (double)slot[ids[i]]));
}

/* Where a packet's cycles go. */
static void draw_stages(struct screen *s, unsigned row, unsigned index, const struct lcores_row *r)
{
	unsigned bar = s->cols > STAGE_COLS + 24 ? s->cols - STAGE_COLS - 24 : 8;
	char text[FORMAT_BYTES], percent[FORMAT_BYTES];

	bar = bar > STAGE_BAR_COLS ? STAGE_BAR_COLS : bar;
	screen_printf(s, row, 0, SCREEN_BOLD, "lcore %u: %s cycles a packet, in bursts of %s", index,
	        format_count(text, r->cycles_a_packet), format_count(percent, r->burst));
	for (unsigned stage = 0; stage < LCORES_STAGES; stage++) {
		double part = r->stage[stage] / r->cycles_a_packet;

		screen_put(s, ++row, 2, STAGE_COLS - 2, SCREEN_DIM, lcores_stage_name(stage));
		spark_bar(s, row, STAGE_COLS, bar, SCREEN_GOOD, part);
		screen_printf(s, row, STAGE_COLS + bar, SCREEN_PLAIN, "%7s %% %7s",
		        format_percent(percent, part), format_count(text, r->stage[stage]));
	}
}

void view_lcores(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct counters_sample *now = counters_now(m->counters);
	unsigned row = area->row, end = area->row + area->rows;
	struct screen *s = area->screen;
	struct table table;

	if (!now) {
		screen_put(s, row, 0, s->cols, SCREEN_DIM, "No counters: the overview says why.");
		return;
	}
	table_lay_out(&table, columns, COLUMNS, s->cols);
	table_head(&table, s, row++, TABLE_NONE);
	for (unsigned i = 0; i < now->lcores && row < end; i++, row++) {
		draw_row(&table, s, row, i, &m->lcores[i]);
		draw_course(&table, s, row, m, i);
	}
	if (row + 2 >= end)
		return;
	table_lay_out(&table, port_columns, PORT_COLUMNS, s->cols);
	table_head(&table, s, ++row, TABLE_NONE);
	for (unsigned i = 0; i < now->ports && ++row < end; i++)
		draw_port(&table, s, row, m, i);
	row += 2;
	for (unsigned i = 0; i < now->lcores && row + LCORES_STAGES < end; i++) {
		if (isnan(m->lcores[i].cycles_a_packet))
			continue; /* it had none */
		draw_stages(s, row, i, &m->lcores[i]);
		row += LCORES_STAGES + 2;
	}
}
