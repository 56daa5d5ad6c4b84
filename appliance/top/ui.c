/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/action.h"

const char *ui_view_name(enum ui_view view)
{
	static const char *const names[UI_VIEWS] = { "overview", "lcores", "tracks", "disks", "uploads",
		"events", "log" };

	return names[view];
}

const char *const *ui_keys(const struct ui *ui)
{
	static const char *const tracks[] = { "q quit", "? help", "Enter open", "/ filter", "s sort",
		"r reverse", "x stop session", "f key frame", "1-7 views", NULL };
	static const char *const opened[] = { "q quit", "? help", "Esc back", "x stop session", "f key frame",
		NULL };
	static const char *const uploads[] = { "q quit", "? help", "t retry", "1-7 views", "Up/Down move",
		NULL };
	static const char *const lists[] = { "q quit", "? help", "1-7 views", "Up/Down move", NULL };
	static const char *const plain[] = { "q quit", "? help", "1-7 views", "Tab next", NULL };
	static const char *const help[] = { "any key: back", NULL };

	if (ui->prompt == UI_HELP)
		return help;
	switch (ui->view) {
	case UI_TRACKS:
		return ui->is_open ? opened : tracks;
	case UI_UPLOADS:
		return uploads;
	case UI_EVENTS:
	case UI_LOG:
		return lists;
	default:
		return plain;
	}
}

struct machine_wants ui_wants(const struct ui *ui)
{
	return (struct machine_wants){ .tracks = ui->view == UI_TRACKS,
		.log = ui->view == UI_LOG,
		.shown = { ui->first[UI_TRACKS], ui->page, ui->slot },
		.api = {
		        .uploads = ui->view == UI_UPLOADS, .names = ui->view == UI_TRACKS, .events = true } };
}

unsigned ui_rows(const struct ui *ui, const struct machine *m)
{
	switch (ui->view) {
	case UI_TRACKS:
		return m->tracks ? tracks_count(m->tracks) : 0;
	case UI_UPLOADS:
		return api_uploads(m->api)->count;
	case UI_EVENTS:
		return m->log.count;
	case UI_LOG:
		return m->book.count;
	default:
		return 0;
	}
}

static void arrange(struct ui *ui, struct machine *m)
{
	const struct stat_segment *stat = counters_segment(m->counters);

	if (m->tracks && stat)
		tracks_arrange(m->tracks, stat, ui->sort, ui->reverse, ui->filter);
}

static bool slot_at(const struct machine *m, unsigned index, unsigned *ret_slot)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	struct tracks_row row;

	if (!m->tracks || !stat || index >= tracks_count(m->tracks))
		return false;
	tracks_row(m->tracks, stat, index, &row);
	*ret_slot = row.slot;
	return true;
}

/* Who has gone down a list whose news come in on top stays with what is read there. */
static void follow_news(struct ui *ui, enum ui_view view, unsigned added)
{
	if (ui->selected[view])
		ui->selected[view] += added - ui->added[view];
	ui->added[view] = added;
}

void ui_follow(struct ui *ui, struct machine *m, bool is_refresh)
{
	const struct stat_segment *stat = counters_segment(m->counters);
	unsigned index, rows;
	struct tracks_row row;

	if (ui->view == UI_TRACKS) {
		if (!is_refresh || !m->tracks || tracks_is_whole(m->tracks))
			arrange(ui, m);
		if (ui->follows && m->tracks &&
		        (index = tracks_index(m->tracks, ui->slot)) < tracks_count(m->tracks))
			ui->selected[UI_TRACKS] = index;
		else if (!ui->is_open)
			ui->follows = false;
	}
	follow_news(ui, UI_EVENTS, m->log.added);
	follow_news(ui, UI_LOG, m->book.added);
	rows = ui_rows(ui, m);
	if (ui->selected[ui->view] >= rows)
		ui->selected[ui->view] = rows ? rows - 1 : 0;
	if (!ui->is_open || !is_refresh || !m->tracks || !stat)
		return;
	tracks_of_slot(m->tracks, stat, ui->slot, &row);
	history_add(&ui->fps, row.fps);
	history_add(&ui->loss, row.loss);
	history_add(&ui->jitter, row.jitter_ms);
}

static void move(struct ui *ui, struct machine *m, long rows)
{
	long count = ui_rows(ui, m), to = (long)ui->selected[ui->view] + rows;

	if (!count || ui->is_open)
		return;
	ui->selected[ui->view] = (unsigned)(to < 0 ? 0 : to >= count ? count - 1 : to);
	if (ui->view == UI_TRACKS)
		ui->follows = slot_at(m, ui->selected[UI_TRACKS], &ui->slot);
}

static void go_to(struct ui *ui, unsigned view)
{
	ui->view = (enum ui_view)(view % UI_VIEWS);
	ui->is_open = false;
}

static void open_track(struct ui *ui, struct machine *m)
{
	if (ui->view != UI_TRACKS || ui->is_open || !slot_at(m, ui->selected[UI_TRACKS], &ui->slot))
		return;
	ui->follows = ui->is_open = true;
	ui->fps.count = ui->loss.count = ui->jitter.count = 0;
}

static void ask(struct ui *ui, bool is_possible)
{
	if (is_possible)
		ui->prompt = UI_CONFIRM;
}

static void press_letter(struct ui *ui, struct machine *m, unsigned key)
{
	bool is_list = ui->view == UI_TRACKS && !ui->is_open;

	if (key >= '1' && key < '1' + UI_VIEWS)
		go_to(ui, key - '1');
	else if (key == 'q')
		ui->quits = true;
	else if (key == '?' || key == 'h')
		ui->prompt = UI_HELP;
	else if (key == 'j' || key == 'k')
		move(ui, m, key == 'j' ? 1 : -1);
	else if (is_list && key == '/')
		ui->prompt = UI_FILTER;
	else if (is_list && (key == 's' || key == 'S'))
		ui->sort = (ui->sort + (key == 's' ? 1 : TRACKS_KEYS - 1)) % TRACKS_KEYS;
	else if (is_list && key == 'r')
		ui->reverse = !ui->reverse;
	else if (ui->view == UI_TRACKS && (key == 'x' || key == 'f') &&
	         slot_at(m, ui->selected[UI_TRACKS], &ui->slot))
		ask(ui, key == 'x' ? action_stop(ui, m) : action_key_frame(ui, m));
	else if (ui->view == UI_UPLOADS && key == 't')
		ask(ui, action_retry(ui, m));
}

static void press_key(struct ui *ui, struct machine *m, unsigned key)
{
	long page = ui->page > 1 ? ui->page - 1 : 1;

	switch (key) {
	case UI_KEY_UP:
		move(ui, m, -1);
		break;
	case UI_KEY_DOWN:
		move(ui, m, 1);
		break;
	case UI_KEY_PAGE_UP:
		move(ui, m, -page);
		break;
	case UI_KEY_PAGE_DOWN:
		move(ui, m, page);
		break;
	case UI_KEY_HOME:
		move(ui, m, -(1l << 30));
		break;
	case UI_KEY_END:
		move(ui, m, 1l << 30);
		break;
	case UI_KEY_ENTER:
		open_track(ui, m);
		break;
	case UI_KEY_NEXT:
		go_to(ui, ui->view + 1);
		break;
	case UI_KEY_BEFORE:
		go_to(ui, ui->view + UI_VIEWS - 1);
		break;
	case UI_KEY_ESCAPE:
		if (ui->is_open)
			ui->is_open = false;
		else if (ui->view == UI_TRACKS)
			ui->filter[0] = '\0';
		break;
	default:
		press_letter(ui, m, key);
	}
}

/* ASCII alone: what is looked for in names of other letters is mostly beside them. */
static void press_filter(struct ui *ui, unsigned key)
{
	size_t len = strlen(ui->filter);

	if (key == UI_KEY_ENTER) {
		ui->prompt = UI_NO_PROMPT;
	} else if (key == UI_KEY_ESCAPE) {
		ui->prompt = UI_NO_PROMPT;
		ui->filter[0] = '\0';
	} else if (key == UI_KEY_ERASE && len) {
		ui->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 0x7F && len + 1 < sizeof(ui->filter)) {
		ui->filter[len] = (char)key;
		ui->filter[len + 1] = '\0';
	}
}

static void press_confirm(struct ui *ui, struct machine *m, unsigned key)
{
	ui->prompt = UI_NO_PROMPT;
	if (key == 'y' || key == 'Y')
		action_do(ui, m);
	else
		snprintf(ui->message, sizeof(ui->message), "nothing was done");
}

void ui_press(struct ui *ui, struct machine *m, unsigned key)
{
	ui->message[0] = '\0';
	api_forget_outcome(m->api);
	if (ui->prompt == UI_FILTER)
		press_filter(ui, key);
	else if (ui->prompt == UI_CONFIRM)
		press_confirm(ui, m, key);
	else if (ui->prompt == UI_HELP)
		ui->prompt = UI_NO_PROMPT;
	else
		press_key(ui, m, key);
	ui_follow(ui, m, false);
}
