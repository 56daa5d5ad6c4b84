/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine at a glance. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"
#include "base/clk.h"

#define LABEL_COLS 10
#define SPARK_AT   44
#define WIDE_COLS  120 /* drops beside the figures, not below */
#define SMALL_ROWS 9   /* with fewer the worst alarm goes first */

/* Where the next line goes. */
struct pen {
	const struct view_area *area;
	unsigned row, col, end; /* end: the row behind the last */
	unsigned width;         /* columns from col on */
};

static struct screen *begin(struct pen *pen, const char *label)
{
	if (pen->row >= pen->end)
		return NULL;
	screen_put(pen->area->screen, pen->row, pen->col, LABEL_COLS, SCREEN_DIM, label);
	pen->row++;
	return pen->area->screen;
}

static void __attribute__((format(printf, 3, 4)))
line(struct pen *pen, const char *label, const char *format, ...)
{
	struct screen *s = begin(pen, label);
	char text[512];
	va_list args;

	if (!s)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	screen_put(s, pen->row - 1, pen->col + LABEL_COLS, pen->width - LABEL_COLS, SCREEN_PLAIN, text);
}

static double value_of(const void *arg, unsigned back)
{
	return history_get(arg, back);
}

/* Behind the figures of the line just written, where there is room. */
static void spark(struct pen *pen, const struct history *history)
{
	unsigned col = pen->col + SPARK_AT, width = pen->width > SPARK_AT ? pen->width - SPARK_AT : 0;

	if (pen->row > pen->area->row && width >= 8)
		spark_draw(pen->area->screen, pen->row - 1, col, width, history_max(history, width), value_of,
		        history);
}

static void draw_traffic(struct pen *pen, const struct machine *m)
{
	const struct overview *o = &m->overview;
	char a[FORMAT_BYTES], b[FORMAT_BYTES], c[FORMAT_BYTES];

	line(pen, "In", "%s  %s", format_unit(a, o->in_bps, "bit/s"), format_unit(b, o->in_pps, "packet/s"));
	spark(pen, &m->in_bps);
	line(pen, "Out", "%s", format_unit(a, o->out_pps, "packet/s"));
	line(pen, "Dropped", "%s of %s RTP", format_unit(a, o->dropped_pps, "packet/s"),
	        format_unit(b, o->rtp_pps, "packet/s"));
	line(pen, "Sessions", "%llu, %llu tracks, %llu files open", (unsigned long long)o->sessions,
	        (unsigned long long)o->tracks, (unsigned long long)o->files);
	line(pen, "Disk", "%s/s written, grows %s/s", format_bytes(a, o->disk_bps),
	        format_bytes(b, m->growth_bps));
	spark(pen, &m->disk_bps);
	line(pen, "Free", "%s, at this rate enough for %s",
	        format_bytes(a, m->space.is_known ? (double)m->space.free_bytes : NAN),
	        format_duration(c, m->space.is_known ? m->seconds_left : NAN));
	line(pen, "Finished", "%llu recordings, %llu failed", (unsigned long long)o->finished,
	        (unsigned long long)o->failed);
}

static void draw_uploads(struct pen *pen, const struct machine *m)
{
	const struct uploads_sums *u = &api_uploads(m->api)->sums;
	uint64_t now = clk_wall_ns();
	char age[FORMAT_BYTES] = "none waits";

	if (!u->is_known || !u->is_on) {
		line(pen, "Uploads", "%s", u->is_known ? "off" : "not known without control");
		return;
	}
	if (u->oldest_unix_ns)
		format_duration(
		        age, now > u->oldest_unix_ns ? (double)(now - u->oldest_unix_ns) / CLK_NS_PER_S : 0);
	line(pen, "Uploads", "%llu queued, %llu active, %llu retry, %llu stopped; oldest: %s",
	        (unsigned long long)u->queued, (unsigned long long)u->active, (unsigned long long)u->retrying,
	        (unsigned long long)u->stopped, age);
}

/* Text over as many rows as it takes, broken at blanks. */
static void wrap(struct pen *pen, enum screen_style style, const char *text)
{
	char part[512];

	while (*text && pen->row < pen->end) {
		size_t len = 0, fits = 0;

		for (; text[len] && len < pen->width && len + 1 < sizeof(part); len++)
			if (text[len] == ' ')
				fits = len;
		if (!text[len] || !fits)
			fits = len;
		snprintf(part, sizeof(part), "%.*s", (int)fits, text);
		screen_put(pen->area->screen, pen->row++, pen->col, pen->width, style, part);
		text += fits;
		while (*text == ' ')
			text++;
	}
}

static void draw_alarms(struct pen *pen, const struct machine *m, unsigned from, unsigned count)
{
	for (unsigned i = from; i < m->alarms.count && i < from + count; i++)
		wrap(pen, m->alarms.rows[i].is_bad ? SCREEN_BAD : SCREEN_WARNING, m->alarms.rows[i].text);
}

static void draw_drops(struct pen *pen, const struct machine *m)
{
	const struct overview *o = &m->overview;
	char rate[FORMAT_BYTES], text[80];

	if (pen->row >= pen->end)
		return;
	snprintf(text, sizeof(text), "%-20s %10s %14s", "Drops by reason", "packet/s", "since start");
	screen_put(pen->area->screen, pen->row++, pen->col, pen->width, SCREEN_DIM,
	        o->drops ? text : "No drops since start");
	for (unsigned i = 0; i < o->drops && pen->row < pen->end; i++) {
		snprintf(text, sizeof(text), "%-20s %10s %14llu", o->drop[i].reason,
		        format_count(rate, o->drop[i].per_s), (unsigned long long)o->drop[i].total);
		screen_put(pen->area->screen, pen->row++, pen->col, pen->width,
		        o->drop[i].per_s > 0 ? SCREEN_WARNING : SCREEN_PLAIN, text);
	}
}

static void draw_lcores(struct pen *pen, const struct machine *m)
{
	const struct counters_sample *now = counters_now(m->counters);
	struct screen *s = pen->area->screen;
	char busy[FORMAT_BYTES], label[24];

	for (unsigned i = 0; now && i < now->lcores; i++) {
		snprintf(label, sizeof(label), "lcore %u", i);
		if (!begin(pen, label))
			return;
		spark_bar(s, pen->row - 1, pen->col + LABEL_COLS, pen->width > 60 ? 42 : 22,
		        m->lcores[i].busy > 0.9 ? SCREEN_WARNING : SCREEN_GOOD, m->lcores[i].busy);
		screen_printf(s, pen->row - 1, pen->col + LABEL_COLS + (pen->width > 60 ? 43 : 23),
		        SCREEN_PLAIN, "%s %% busy", format_percent(busy, m->lcores[i].busy));
	}
}

void view_overview(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	bool is_wide = area->screen->cols >= WIDE_COLS, is_small = area->rows < SMALL_ROWS;
	unsigned cols = area->screen->cols, half = is_wide ? cols / 2 : cols;
	struct pen pen = { area, area->row, 0, area->row + area->rows,
		half > LABEL_COLS ? half : LABEL_COLS };
	struct pen side = { area, area->row, half + 2, area->row + area->rows,
		cols > half + 2 ? cols - half - 2 : 0 };

	if (is_small)
		draw_alarms(&pen, m, 0, 1);
	if (counters_now(m->counters))
		draw_traffic(&pen, m);
	draw_uploads(&pen, m);
	pen.row += !is_small;
	draw_alarms(&pen, m, is_small ? 1 : 0, ALARMS_ROWS);
	if (!counters_now(m->counters))
		return;
	pen.row += !is_small && m->alarms.count;
	draw_lcores(&pen, m);
	pen.row += !is_small;
	draw_drops(is_wide ? &side : &pen, m);
}
