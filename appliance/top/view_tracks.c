/* SPDX-License-Identifier: BSD-3-Clause */
/* Every track that waits or records, a row each. */
#include "appliance/top/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "appliance/top/format.h"
#include "appliance/top/table.h"

enum column {
	ROOM,
	PARTICIPANT,
	TRACK,
	CODEC,
	RATE,
	FPS,
	LOSS,
	JITTER,
	ROUND_TRIP,
	NACK,
	PLI,
	SIZE,
	LOST,
	GAPS,
	FILE_SIZE,
	SSRC,
	SESSION,
	STATE
};

static const struct table_column columns[] = {
	[ROOM] = { .title = "room", .width = 8, .wish = 14, .stretch = 2 },
	[PARTICIPANT] = { .title = "participant", .width = 11, .wish = 12, .stretch = 1, .keep = 8 },
	[TRACK] = { .title = "track", .width = 9, .wish = 13, .stretch = 1, .keep = 3 },
	[CODEC] = { .title = "codec", .width = 5, .keep = 5 },
	[RATE] = { .title = "kbit/s", .width = 6, .right = true },
	[FPS] = { .title = "fps", .width = 4, .keep = 4, .right = true },
	[LOSS] = { .title = "loss%", .width = 5, .keep = 1, .right = true },
	[JITTER] = { .title = "jit ms", .width = 6, .keep = 5, .right = true },
	[ROUND_TRIP] = { .title = "rtt ms", .width = 6, .keep = 6, .right = true },
	[NACK] = { .title = "nack", .width = 5, .keep = 6, .right = true },
	[PLI] = { .title = "pli", .width = 4, .keep = 6, .right = true },
	[SIZE] = { .title = "size", .width = 9, .keep = 9, .right = true },
	[LOST] = { .title = "lost", .width = 6, .keep = 10, .right = true },
	[GAPS] = { .title = "gaps", .width = 5, .keep = 10, .right = true },
	[FILE_SIZE] = { .title = "file", .width = 8, .keep = 10, .right = true },
	[SSRC] = { .title = "ssrc", .width = 8, .keep = 11 },
	[SESSION] = { .title = "session", .width = 22, .keep = 12 },
	[STATE] = { .title = "state", .width = 10, .keep = 2 },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* The column that tracks are sorted by. */
static const unsigned sorted[TRACKS_KEYS] = { [TRACKS_BY_RATE] = RATE,
	[TRACKS_BY_LOSS] = LOSS,
	[TRACKS_BY_JITTER] = JITTER,
	[TRACKS_BY_FPS] = FPS,
	[TRACKS_BY_NACK] = NACK,
	[TRACKS_BY_ROUND_TRIP] = ROUND_TRIP,
	[TRACKS_BY_ROOM] = ROOM,
	[TRACKS_BY_SLOT] = TABLE_NONE };

static char *decimals(char buf[FORMAT_BYTES], double value)
{
	if (isnan(value))
		snprintf(buf, FORMAT_BYTES, "-");
	else
		snprintf(buf, FORMAT_BYTES, "%.*f", value > 0 && value < 9.95 ? 1 : 0, value);
	return buf;
}

/* "room/participant/track", as the counters have it: what is before the last slash, and what is behind. */
static void draw_label(const struct table *t, struct screen *s, unsigned row, const char *label)
{
	const char *slash = strrchr(label, '/');
	char before[STAT_LABEL_BYTES];

	snprintf(before, sizeof(before), "%.*s", slash ? (int)(slash - label) : 0, label);
	table_cell(t, s, row, ROOM, SCREEN_PLAIN, before);
	table_cell(t, s, row, TRACK, SCREEN_PLAIN, slash ? slash + 1 : label);
}

/* Who it is; without control what the counters have: a label, or the slot's number and the SSRC. */
static void draw_who(const struct table *t, struct screen *s, unsigned row, const struct tracks_row *r)
{
	char text[FORMAT_BYTES];

	if (r->name) {
		table_cell(t, s, row, ROOM, SCREEN_PLAIN, r->name->room);
		table_cell(t, s, row, PARTICIPANT, SCREEN_PLAIN, r->name->participant);
		table_cell(t, s, row, TRACK, SCREEN_PLAIN, r->name->track);
		table_cell(t, s, row, CODEC, SCREEN_PLAIN, r->name->codec);
		table_cell(t, s, row, SESSION, SCREEN_DIM, r->name->session);
		return;
	}
	if (*r->label) {
		draw_label(t, s, row, r->label);
		return;
	}
	snprintf(text, sizeof(text), "#%u", r->slot);
	table_cell(t, s, row, ROOM, SCREEN_DIM, text);
	snprintf(text, sizeof(text), "%08llx", (unsigned long long)r->ssrc);
	table_cell(t, s, row, TRACK, SCREEN_DIM, r->ssrc ? text : "");
}

static void draw_row(
        const struct table *t, struct screen *s, unsigned row, const struct tracks_row *r, bool is_live)
{
	char text[FORMAT_BYTES];

	draw_who(t, s, row, r);
	table_cell(t, s, row, RATE, SCREEN_PLAIN, decimals(text, r->bps / 1000));
	table_cell(t, s, row, FPS, SCREEN_PLAIN, decimals(text, r->fps));
	table_cell(t, s, row, LOSS, r->loss >= 0.001 ? SCREEN_WARNING : SCREEN_PLAIN,
	        format_percent(text, r->loss));
	table_cell(t, s, row, JITTER, SCREEN_PLAIN, decimals(text, r->jitter_ms));
	table_cell(t, s, row, ROUND_TRIP, SCREEN_PLAIN, decimals(text, r->round_trip_ms));
	table_cell(t, s, row, NACK, SCREEN_PLAIN, format_count(text, (double)r->nacked_pkts));
	table_cell(t, s, row, PLI, SCREEN_PLAIN, format_count(text, (double)r->key_frame_requests));
	if (r->width) {
		snprintf(text, sizeof(text), "%llux%llu", (unsigned long long)r->width,
		        (unsigned long long)r->height);
		table_cell(t, s, row, SIZE, SCREEN_PLAIN, text);
	}
	table_cell(t, s, row, LOST, SCREEN_PLAIN, format_count(text, (double)r->lost_pkts));
	table_cell(t, s, row, GAPS, SCREEN_PLAIN, format_count(text, (double)r->gaps));
	table_cell(t, s, row, FILE_SIZE, SCREEN_PLAIN, format_bytes(text, (double)r->file_bytes));
	snprintf(text, sizeof(text), "%08llx", (unsigned long long)r->ssrc);
	table_cell(t, s, row, SSRC, SCREEN_DIM, text);
	table_cell(t, s, row, STATE, is_live && r->state == TRACKS_RECORDING ? SCREEN_GOOD : SCREEN_DIM,
	        tracks_state_name(r->state));
}

static void draw_head(const struct view_area *area, const struct machine *m, const struct ui *ui)
{
	unsigned col = screen_printf(area->screen, area->row, 0, SCREEN_PLAIN, "%u of %u tracks by %s%s",
	        tracks_count(m->tracks), tracks_total(m->tracks), tracks_key_name(ui->sort),
	        ui->reverse ? " reversed" : "");

	if (*ui->filter)
		screen_printf(area->screen, area->row, col, SCREEN_BOLD, " with \"%s\"", ui->filter);
}

void view_tracks(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	unsigned row = area->row, end = area->row + area->rows, first, count;
	struct screen *s = area->screen;
	struct tracks_row track;
	struct table table;

	if (!m->tracks || !stat) {
		screen_put(s, row, 0, s->cols, SCREEN_DIM, "No counters: the overview says why.");
		return;
	}
	if (area->rows > 3) {
		draw_head(area, m, ui);
		row++;
	}
	table_lay_out(&table, columns, COLUMNS, s->cols);
	if (area->rows > 1)
		table_head(&table, s, row++, sorted[ui->sort]);
	count = tracks_count(m->tracks);
	first = view_scroll(ui, count, end - row);
	for (unsigned i = first; i < count && row < end; i++, row++) {
		tracks_row(m->tracks, stat, i, &track);
		draw_row(&table, s, row, &track, counters_state(m->counters) == COUNTERS_LIVE);
		if (i == ui->selected[UI_TRACKS])
			screen_select(s, row);
	}
}
