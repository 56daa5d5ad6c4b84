/* SPDX-License-Identifier: BSD-3-Clause */
/* One track: all its figures, and how the main ones went. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdio.h>
#include "appliance/top/format.h"
#include "appliance/top/spark.h"

#define SPARK_AT 24

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

static void draw_course(const struct view_area *area, unsigned row, const char *label, const char *now,
        spark_value *value, const void *arg)
{
	struct screen *s = area->screen;
	unsigned width = s->cols > SPARK_AT ? s->cols - SPARK_AT : 0;

	if (row >= area->row + area->rows)
		return;
	screen_put(s, row, 0, 8, SCREEN_DIM, label);
	screen_put(s, row, 9, SPARK_AT - 10, SCREEN_PLAIN, now);
	width = width > TRACKS_HISTORY ? TRACKS_HISTORY : width;
	if (width)
		spark_draw(s, row, SPARK_AT, width, most(width, value, arg), value, arg);
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

/* Plain figures, as many a row as there is room for. */
static void draw_figures(const struct view_area *area, unsigned row, const struct tracks_row *r)
{
	const struct {
		const char *name;
		uint64_t value;
	} figures[] = { { "packets", r->pkts }, { "lost", r->lost_pkts }, { "repaired", r->repaired_pkts },
		{ "nacked", r->nacked_pkts }, { "frames", r->frames }, { "key frames", r->key_frames },
		{ "PLI/FIR sent", r->key_frame_requests }, { "broken frames", r->broken_frames },
		{ "gaps", r->gaps }, { "gap packets", r->gap_pkts }, { "dropped frames", r->dropped_frames },
		{ "shed packets", r->shed_pkts }, { "auth failed", r->auth_failed_pkts },
		{ "width", r->width }, { "height", r->height }, { "layer", r->layer },
		{ "file bytes", r->file_bytes } };
	unsigned width = 26, a_row = area->screen->cols / width ? area->screen->cols / width : 1;

	for (unsigned i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		unsigned at = row + i / a_row, col = i % a_row * width;
		char text[48];

		if (at >= area->row + area->rows)
			return;
		snprintf(text, sizeof(text), "%-14s %9llu", figures[i].name,
		        (unsigned long long)figures[i].value);
		screen_put(area->screen, at, col, width - 1, SCREEN_PLAIN, text);
	}
}

void view_track(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	struct rates rates = { m->tracks, ui->slot };
	char a[FORMAT_BYTES], text[FORMAT_BYTES + 4];
	struct tracks_row r;
	unsigned row;

	if (!m->tracks || !stat) {
		screen_put(area->screen, area->row, 0, area->screen->cols, SCREEN_DIM,
		        "No counters: the overview says why.");
		return;
	}
	tracks_of_slot(m->tracks, stat, ui->slot, &r);
	row = draw_title(area, &r) + (area->rows > 10);
	draw_course(area, row++, "bit rate", format_unit(a, r.bps, "bit/s"), rate_before, &rates);
	draw_course(area, row++, "frames", format_unit(a, r.fps, "fps"), value_before, &ui->fps);
	snprintf(text, sizeof(text), "%s %%", format_percent(a, r.loss));
	draw_course(area, row++, "loss", text, value_before, &ui->loss);
	snprintf(text, sizeof(text), "%s%s", format_count(a, r.jitter_ms), isnan(r.jitter_ms) ? "" : " ms");
	draw_course(area, row++, "jitter", text, value_before, &ui->jitter);
	if (!isnan(r.round_trip_ms) && row < area->row + area->rows)
		screen_printf(area->screen, row++, 0, SCREEN_PLAIN, "round trip %.1f ms", r.round_trip_ms);
	draw_figures(area, row + (area->rows > 10), &r);
}
