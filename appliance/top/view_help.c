/* SPDX-License-Identifier: BSD-3-Clause */
/* All keys, and what is not said where it is shown. What is needed most stands first: the rest may be cut. */
#include "appliance/top/view.h"

#define KEY_COLS  12
#define TEXT_COLS 62
#define WIDE_COLS (2 * (KEY_COLS + TEXT_COLS)) /* keys and figures beside each other */

struct entry {
	const char *name, *text;
};

static const struct entry keys[] = {
	{ "q", "quit" },
	{ "1-7 Tab", "views; Shift-Tab, Left and Right too" },
	{ "Up Down", "move in a list; j and k, Page Up, Page Down, Home, End too" },
	{ "?", "this help" },
	{ "Ctrl-L", "draw the screen anew" },
	{ "", "" },
	{ "tracks", "" },
	{ "Enter Esc", "open the selected one, with its course; and back" },
	{ "/", "filter: a part of room, participant, track, codec, session," },
	{ "", "state, or of the SSRC in hexadecimal; Esc: no filter" },
	{ "s S r", "sort by the next figure, by the one before; reverse" },
	{ "x", "stop its session and finish its files; asks first" },
	{ "f", "ask its sender for a key frame; asks first" },
	{ "", "" },
	{ "uploads", "" },
	{ "t", "try the selected one now; asks first" },
	{ "", "" },
};

static const struct entry figures[] = {
	{ "busy %", "of an lcore's time goes into packets; 100 loses some" },
	{ "cyc/pkt", "TSC cycles a packet: rx, class(ify), srtp, rtp, hand(over)" },
	{ "burst", "packets that one poll finds" },
	{ "poll p99", "from one poll to the next, 99 of 100 of the last second" },
	{ "stall", "the longest time without a poll since start" },
	{ "loss%", "of the last second's packets, before any repair" },
	{ "jit rtt", "jitter and round trip in ms; - is not known" },
	{ "nack pli", "packets and key frames that were asked for again, since start" },
	{ "enough for", "until record.min_free_mb, at the last half minute's growth" },
	{ "colours", "red loses media or will; yellow wants a look; green is well" },
};

static void draw(const struct view_area *area, unsigned *row, unsigned col, const struct entry *entries,
        unsigned count)
{
	struct screen *s = area->screen;

	for (unsigned i = 0; i < count && *row < area->row + area->rows; i++, (*row)++) {
		screen_put(s, *row, col, KEY_COLS - 1, SCREEN_BOLD, entries[i].name);
		screen_put(s, *row, col + KEY_COLS, TEXT_COLS, SCREEN_PLAIN, entries[i].text);
	}
}

#define ALL(entries) entries, sizeof(entries) / sizeof((entries)[0])

void view_help(const struct view_area *area, const struct machine *m, struct ui *ui)
{
	unsigned row = area->row, side = area->row;

	draw(area, &row, 0, ALL(keys));
	if (area->screen->cols >= WIDE_COLS)
		draw(area, &side, KEY_COLS + TEXT_COLS, ALL(figures));
	else
		draw(area, &row, 0, ALL(figures));
}
