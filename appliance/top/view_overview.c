/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine at a glance. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"
#include "base/clk.h"

#define LABEL_COLS  10
#define SPARK_AT    48
#define WIDE_COLS   116 /* drops and events beside the figures */
#define SMALL_ROWS  9   /* with fewer the worst alarm is all that there is room for in front */
#define BAR_COLS    42  /* at most */
#define CELL_COLS   30  /* of an lcore, where several stand in a row, at least */
#define NARROW_COLS 56  /* words are left out so that figures are not */
#define EVENT_ROWS  3   /* fewer are not worth their head */
#define COURSE_ROWS 4   /* and up to twice as many */
#define DAY_S       86400.0

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

static void __attribute__((format(printf, 4, 5)))
line(struct pen *pen, const char *label, enum screen_style style, const char *format, ...)
{
	struct screen *s = begin(pen, label);
	char text[512];
	va_list args;

	if (!s)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	screen_put(s, pen->row - 1, pen->col + LABEL_COLS, pen->width - LABEL_COLS, style, text);
}

static void head(struct pen *pen, const char *text)
{
	if (pen->row < pen->end)
		screen_put(pen->area->screen, pen->row++, pen->col, pen->width, SCREEN_BOLD, text);
}

static double value_of(const void *arg, unsigned back)
{
	return history_get(arg, back);
}

/* Behind the figures of the line just written, where there is room. */
static void spark(struct pen *pen, const struct history *history)
{
	unsigned width = pen->width > SPARK_AT ? pen->width - SPARK_AT : 0;
	const struct spark_box box = { pen->row - 1, pen->col + SPARK_AT, width, 1, SCREEN_GOOD };

	/* Never of full height: two that stand one below the other would run together. */
	if (pen->row > pen->area->row && width >= 8)
		spark_draw(pen->area->screen, &box, history_max(history, width) * 8 / 7, value_of, history);
}

static void draw_traffic(struct pen *pen, const struct machine *m)
{
	const struct overview *o = &m->overview;
	char a[FORMAT_BYTES], b[FORMAT_BYTES];

	line(pen, "In", SCREEN_PLAIN, "%-12s %15s", format_unit(a, o->in_bps, "bit/s"),
	        format_unit(b, o->in_pps, "packet/s"));
	spark(pen, &m->in_bps);
	line(pen, "Out", SCREEN_PLAIN, "%-12s %15s", format_unit(a, o->out_bps, "bit/s"),
	        format_unit(b, o->out_pps, "packet/s"));
	spark(pen, &m->out_bps);
	line(pen, "Dropped", o->dropped_pps > 0 ? SCREEN_WARNING : SCREEN_PLAIN, "%s of %s RTP",
	        format_unit(a, o->dropped_pps, "packet/s"), format_unit(b, o->rtp_pps, "packet/s"));
	line(pen, "Sessions", SCREEN_PLAIN, "%llu, %llu tracks, %llu files open",
	        (unsigned long long)o->sessions, (unsigned long long)o->tracks, (unsigned long long)o->files);
}

static void draw_storage(struct pen *pen, const struct machine *m)
{
	const struct overview *o = &m->overview;
	char a[FORMAT_BYTES], b[FORMAT_BYTES];

	line(pen, "Disk", SCREEN_PLAIN,
	        pen->width < NARROW_COLS ? "%s/s, grows %s/s" : "%s/s written, grows %s/s",
	        format_bytes(a, o->disk_bps), format_bytes(b, m->growth_bps));
	spark(pen, &m->disk_bps);
	line(pen, "Free", m->space.is_known && m->seconds_left < DAY_S ? SCREEN_WARNING : SCREEN_PLAIN,
	        pen->width < NARROW_COLS ? "%s, for %s" : "%s, at this rate enough for %s",
	        format_bytes(a, m->space.is_known ? (double)m->space.free_bytes : NAN),
	        format_duration(b, m->space.is_known ? m->seconds_left : NAN));
	line(pen, "Finished", o->failed ? SCREEN_WARNING : SCREEN_PLAIN, "%llu recordings, %llu failed",
	        (unsigned long long)o->finished, (unsigned long long)o->failed);
}

static void draw_uploads(struct pen *pen, const struct machine *m)
{
	const struct uploads_sums *u = &api_uploads(m->api)->sums;
	uint64_t now = clk_wall_ns();
	char age[FORMAT_BYTES] = "none waits", trouble[64] = "";

	if (!u->is_known || !u->is_on) {
		line(pen, "Uploads", SCREEN_DIM, "%s", u->is_known ? "off" : "not known without control");
		return;
	}
	if (u->oldest_unix_ns)
		format_duration(
		        age, now > u->oldest_unix_ns ? (double)(now - u->oldest_unix_ns) / CLK_NS_PER_S : 0);
	if (u->retrying || u->stopped)
		snprintf(trouble, sizeof(trouble), "; %llu retry, %llu stopped",
		        (unsigned long long)u->retrying, (unsigned long long)u->stopped);
	line(pen, "Uploads",
	        u->stopped    ? SCREEN_BAD
	        : u->retrying ? SCREEN_WARNING
	                      : SCREEN_PLAIN,
	        "%llu queued, %llu active, oldest: %s%s", (unsigned long long)u->queued,
	        (unsigned long long)u->active, age, trouble);
}

/* How much of @text goes into a row of @width: up to a blank where there is one. */
static size_t fitting(const char *text, unsigned width)
{
	size_t len = 0, fits = 0;

	for (; text[len] && len < width; len++)
		if (text[len] == ' ')
			fits = len;
	return !text[len] || !fits ? len : fits;
}

/* Text over as many rows as it takes. */
static void wrap(struct pen *pen, enum screen_style style, const char *text)
{
	char part[512];

	while (*text && pen->row < pen->end) {
		size_t fits = fitting(text, pen->width < sizeof(part) ? pen->width : sizeof(part) - 1);

		if (!fits)
			return;
		snprintf(part, sizeof(part), "%.*s", (int)fits, text);
		screen_put(pen->area->screen, pen->row++, pen->col, pen->width, style, part);
		text += fits;
		while (*text == ' ')
			text++;
	}
}

static unsigned rows_of(const char *text, unsigned width)
{
	unsigned rows = 0;

	for (size_t fits; *text && (fits = fitting(text, width)); rows++) {
		text += fits;
		while (*text == ' ')
			text++;
	}
	return rows;
}

/* The worst first, as many as @rows hold, then how many there are besides. */
static void draw_alarms(struct pen *pen, const struct machine *m, unsigned rows)
{
	struct pen part = *pen;
	unsigned i;

	part.end = pen->row + rows < pen->end ? pen->row + rows : pen->end;
	for (i = 0; i < m->alarms.count && part.row < part.end; i++) {
		const struct alarms_row *row = &m->alarms.rows[i];

		/* One that would be cut stays out, but for the first; and with more to come a row is kept. */
		if (i && part.row + rows_of(row->text, part.width) + (i + 1 < m->alarms.count) > part.end)
			break;
		wrap(&part, row->is_bad ? SCREEN_BAD : SCREEN_WARNING, row->text);
	}
	if (i < m->alarms.count && part.row < part.end)
		screen_printf(pen->area->screen, part.row++, pen->col, SCREEN_WARNING,
		        "and %u more: on a larger screen, or by --once", m->alarms.count - i);
	pen->row = part.row;
}

static void draw_drops(struct pen *pen, const struct machine *m)
{
	const struct overview *o = &m->overview;
	char rate[FORMAT_BYTES], text[80];

	snprintf(text, sizeof(text), "%-20s %10s %14s", "Drops by reason", "packet/s", "since start");
	head(pen, o->drops ? text : "No drops since start");
	for (unsigned i = 0; i < o->drops && pen->row < pen->end; i++) {
		snprintf(text, sizeof(text), "%-20s %10s %14llu", o->drop[i].reason,
		        format_count(rate, o->drop[i].per_s), (unsigned long long)o->drop[i].total);
		screen_put(pen->area->screen, pen->row++, pen->col, pen->width,
		        o->drop[i].per_s > 0 ? SCREEN_WARNING : SCREEN_PLAIN, text);
	}
}

static void draw_events(struct pen *pen, const struct machine *m)
{
	if (pen->row + EVENT_ROWS >= pen->end || !m->log.count)
		return;
	head(pen, "Latest events");
	for (unsigned i = 0; i < m->log.count && pen->row < pen->end; i++)
		view_event(pen->area->screen, pen->row++, pen->col, pen->width, eventlog_get(&m->log, i));
}

/* How much of something is in use, as a bar. */
static void draw_part(struct screen *s, unsigned row, unsigned col, unsigned width, const char *label,
        double part, const char *what)
{
	unsigned bar = width > LABEL_COLS + 16 ? width - LABEL_COLS - 16 : 4;
	char text[FORMAT_BYTES];

	bar = bar > BAR_COLS ? BAR_COLS : bar;
	screen_put(s, row, col, LABEL_COLS, SCREEN_DIM, label);
	spark_bar(s, row, col + LABEL_COLS, bar, part > 0.9 ? SCREEN_WARNING : SCREEN_GOOD, part);
	screen_printf(
	        s, row, col + LABEL_COLS + bar, SCREEN_PLAIN, "%6s %% %s", format_percent(text, part), what);
}

/* One below the other, or in as many columns as it takes that none is missing. */
static void draw_lcores(struct pen *pen, const struct machine *m)
{
	const struct counters_sample *now = counters_now(m->counters);
	unsigned room = pen->end > pen->row ? pen->end - pen->row : 0, count = now ? now->lcores : 0;
	unsigned in_a_row = room ? (count + room - 1) / room : 1, most = pen->width / CELL_COLS;

	in_a_row = in_a_row > most ? most : in_a_row;
	in_a_row = in_a_row ? in_a_row : 1;
	for (unsigned i = 0; i < count && pen->row + i / in_a_row < pen->end; i++) {
		char label[24];

		snprintf(label, sizeof(label), "lcore %u", i);
		draw_part(pen->area->screen, pen->row + i / in_a_row,
		        pen->col + i % in_a_row * (pen->width / in_a_row), pen->width / in_a_row, label,
		        m->lcores[i].busy, "busy");
	}
	pen->row += (count + in_a_row - 1) / in_a_row;
}

static void draw_disk(struct pen *pen, const struct machine *m)
{
	if (!m->space.total_bytes || pen->row >= pen->end)
		return;
	draw_part(pen->area->screen, pen->row++, pen->col, pen->width, "disk",
	        1 - (double)m->space.free_bytes / (double)m->space.total_bytes, "full");
}

/* What came in, over the rows that nothing else has. */
static void draw_course(struct pen *pen, const struct machine *m)
{
	unsigned left = pen->end > pen->row ? pen->end - pen->row : 0, seconds = pen->width;
	double max = history_max(&m->in_bps, seconds);
	char text[80], most[FORMAT_BYTES];

	if (left < COURSE_ROWS + 2)
		return;
	left = left - 2 > 2 * COURSE_ROWS ? 2 * COURSE_ROWS : left - 2;
	snprintf(text, sizeof(text), "In, the last %u s, at most %s",
	        seconds < m->in_bps.count ? seconds : m->in_bps.count, format_unit(most, max, "bit/s"));
	pen->row++;
	head(pen, text);
	spark_draw(pen->area->screen,
	        &(struct spark_box){ pen->row, pen->col, pen->width, left, SCREEN_GOOD }, max, value_of,
	        &m->in_bps);
	pen->row += left;
}

/* Alarms first: they are why somebody looks. */
void view_overview(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	bool is_wide = area->screen->cols >= WIDE_COLS, is_small = area->rows < SMALL_ROWS;
	unsigned cols = area->screen->cols, end = area->row + area->rows,
	         half = is_wide ? cols / 2 - 1 : cols;
	struct pen pen = { area, area->row, 0, end, cols }, side;

	draw_alarms(&pen, m, is_small ? area->rows : area->rows / 3);
	pen.row += !is_small && m->alarms.count;
	pen.width = half > LABEL_COLS ? half : LABEL_COLS;
	side = (struct pen){ area, pen.row, half + 2, end, cols > half + 2 ? cols - half - 2 : 0 };
	if (counters_now(m->counters)) {
		draw_traffic(&pen, m);
		draw_storage(&pen, m);
	}
	draw_uploads(&pen, m);
	if (!counters_now(m->counters))
		return;
	pen.row += !is_small;
	draw_lcores(&pen, m);
	if (!is_wide) {
		pen.row += !is_small;
		draw_drops(&pen, m);
		draw_course(&pen, m);
		return;
	}
	draw_disk(&pen, m);
	draw_course(&pen, m);
	draw_drops(&side, m);
	side.row++;
	draw_events(&side, m);
}
