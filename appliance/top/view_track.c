/* SPDX-License-Identifier: BSD-3-Clause */
/* One track: all its figures, and how the main ones went. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"

#define SPARK_AT   24
#define ROOMY_ROWS 26 /* high courses */

struct rates {
	const struct tracks *tracks;
	unsigned slot;
};

static double rate_before(const void *arg, unsigned back)
{
	const struct rates *rates = arg;

	return tracks_rate_before(rates->tracks, rates->slot, back);
}

static double value_before(const void *arg, unsigned back)
{
	return history_get(arg, back);
}

static double most(unsigned width, spark_value *value, const void *arg)
{
	double max = 0;

	for (unsigned back = 0; back < width; back++)
		max = fmax(max, value(arg, back)); /* of NAN it takes the other */
	return max;
}

struct course {
	const char *label;
	double now;
	char *(*format)(char *buf, double value);
	spark_value *value;
	const void *arg;
	enum screen_style style;
};

static char *format_bps(char *buf, double value)
{
	return format_unit(buf, value, "bit/s");
}

static char *format_fps(char *buf, double value)
{
	return format_unit(buf, value, "fps");
}

static char *format_loss(char *buf, double part)
{
	char percent[FORMAT_BYTES];

	snprintf(buf, FORMAT_BYTES, "%.16s%s", format_percent(percent, part), isnan(part) ? "" : " %");
	return buf;
}

static char *format_ms(char *buf, double value)
{
	char count[FORMAT_BYTES];

	snprintf(buf, FORMAT_BYTES, "%.16s%s", format_count(count, value), isnan(value) ? "" : " ms");
	return buf;
}

/* The figure, and how it came to be that over @rows rows; below the figure what full height is. Returns the
 * row behind them. */
static unsigned draw_course(
        const struct view_area *area, unsigned row, unsigned rows, const struct course *course)
{
	struct screen *s = area->screen;
	unsigned width = s->cols > SPARK_AT ? s->cols - SPARK_AT : 0;
	char text[FORMAT_BYTES];
	double max;

	if (row + rows > area->row + area->rows)
		return row;
	screen_put(s, row, 0, 8, SCREEN_DIM, course->label);
	screen_put(s, row, 9, SPARK_AT - 10, SCREEN_PLAIN, course->format(text, course->now));
	width = width > TRACKS_HISTORY ? TRACKS_HISTORY : width;
	if (!width)
		return row + rows;
	max = most(width, course->value, course->arg);
	spark_draw(s, &(struct spark_box){ row, SPARK_AT, width, rows, course->style }, max, course->value,
	        course->arg);
	if (rows > 1 && max > 0)
		screen_printf(s, row + 1, 4, SCREEN_DIM, "max  %s", course->format(text, max));
	return row + rows;
}

static unsigned draw_title(const struct view_area *area, const struct tracks_row *r)
{
	struct screen *s = area->screen;
	unsigned row = area->row;

	if (!r->name) {
		screen_printf(s, row, 0, SCREEN_BOLD, "%s, slot %u, SSRC %08llx, %s",
		        *r->label ? r->label : "not named by control", r->slot, (unsigned long long)r->ssrc,
		        tracks_state_name(r->state));
		return row + 1;
	}
	screen_printf(s, row++, 0, SCREEN_BOLD, "%s / %s / %s  %s  %s", r->name->room, r->name->participant,
	        r->name->track, r->name->codec, tracks_state_name(r->state));
	if (area->rows > 6)
		screen_printf(s, row++, 0, SCREEN_DIM, "session %s, slot %u, SSRC %08llx", r->name->session,
		        r->slot, (unsigned long long)r->ssrc);
	return row;
}

struct figure {
	const char *name;
	uint64_t value;
	bool is_bad; /* when it is not 0 */
};

/* As many a row as there is room for. */
static void draw_figures(const struct view_area *area, unsigned row, const struct tracks_row *r)
{
	const struct figure figures[] = { { "packets", r->pkts, false }, { "lost", r->lost_pkts, false },
		{ "repaired", r->repaired_pkts, false }, { "nacked", r->nacked_pkts, false },
		{ "frames", r->frames, false }, { "key frames", r->key_frames, false },
		{ "PLI/FIR sent", r->key_frame_requests, false }, { "broken frames", r->broken_frames, true },
		{ "gaps", r->gaps, true }, { "gap packets", r->gap_pkts, true },
		{ "dropped frames", r->dropped_frames, true }, { "shed packets", r->shed_pkts, true },
		{ "auth failed", r->auth_failed_pkts, true }, { "layer", r->layer, false } };
	unsigned width = 26, a_row = area->screen->cols / width ? area->screen->cols / width : 1;

	for (unsigned i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		unsigned at = row + i / a_row, col = i % a_row * width;
		char text[32];

		if (at >= area->row + area->rows)
			return;
		screen_put(area->screen, at, col, 14, SCREEN_DIM, figures[i].name);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)figures[i].value);
		screen_put_right(area->screen, at, col + 14, 10,
		        figures[i].is_bad && figures[i].value ? SCREEN_WARNING : SCREEN_PLAIN, text);
	}
}

/* What it looks like, in words. */
static unsigned draw_words(const struct view_area *area, unsigned row, const struct tracks_row *r)
{
	char size[FORMAT_BYTES];
	unsigned col;

	if (row >= area->row + area->rows)
		return row;
	col = screen_printf(
	        area->screen, row, 0, SCREEN_PLAIN, "file %s", format_bytes(size, (double)r->file_bytes));
	if (r->width)
		col += screen_printf(area->screen, row, col, SCREEN_PLAIN, ", picture %llux%llu",
		        (unsigned long long)r->width, (unsigned long long)r->height);
	if (!isnan(r->round_trip_ms))
		screen_printf(area->screen, row, col, SCREEN_PLAIN, ", round trip %.1f ms", r->round_trip_ms);
	return row + 1;
}

void view_track(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	struct rates rates = { m->tracks, ui->slot };
	unsigned row, gap = area->rows > 12, rows = area->rows >= ROOMY_ROWS ? 3 : area->rows >= 18 ? 2 : 1;
	struct tracks_row r;

	if (!m->tracks || !stat) {
		screen_put(area->screen, area->row, 0, area->screen->cols, SCREEN_DIM,
		        "No counters: the overview says why.");
		return;
	}
	tracks_of_slot(m->tracks, stat, ui->slot, &r);
	const struct course courses[] = { { "bit rate", r.bps, format_bps, rate_before, &rates, SCREEN_GOOD },
		{ "frames", r.fps, format_fps, value_before, &ui->fps, SCREEN_GOOD },
		{ "loss", r.loss, format_loss, value_before, &ui->loss, SCREEN_WARNING },
		{ "jitter", r.jitter_ms, format_ms, value_before, &ui->jitter, SCREEN_GOOD } };
	row = draw_title(area, &r) + gap;
	for (unsigned i = 0; i < sizeof(courses) / sizeof(courses[0]); i++)
		row = draw_course(area, row, rows, &courses[i]) + (rows > 1);
	row = draw_words(area, row + (gap && rows == 1), &r);
	draw_figures(area, row, &r);
}
