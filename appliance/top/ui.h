/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the operator is: which view, which row, what is asked; and what a key does to it. Knows no terminal:
 * keys are characters, or the constants below. One thread. */
#ifndef APPLIANCE_TOP_UI_H
#define APPLIANCE_TOP_UI_H

#include <stdbool.h>
#include "appliance/top/history.h"
#include "appliance/top/machine.h"

enum ui_view { UI_OVERVIEW, UI_LCORES, UI_TRACKS, UI_DISKS, UI_UPLOADS, UI_EVENTS, UI_LOG, UI_VIEWS };
enum ui_prompt { UI_NO_PROMPT, UI_FILTER, UI_CONFIRM, UI_HELP };
enum ui_key {
	UI_KEY_ESCAPE = 27,
	UI_KEY_UP = 0x110000, /* beyond all characters */
	UI_KEY_DOWN,
	UI_KEY_PAGE_UP,
	UI_KEY_PAGE_DOWN,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_ENTER,
	UI_KEY_ERASE,
	UI_KEY_NEXT,
	UI_KEY_BEFORE
};

#define UI_TEXT_BYTES 512

/* What the API is asked for once it is confirmed. */
struct ui_action {
	const char *method;
	char path[UI_TEXT_BYTES], what[UI_TEXT_BYTES];
};

struct ui {
	enum ui_view view;
	enum ui_prompt prompt;
	struct ui_action action;     /* of the prompt */
	unsigned selected[UI_VIEWS]; /* row of the list */
	unsigned first[UI_VIEWS];    /* row at its top; drawing sets it */
	unsigned page;               /* rows of the list that fit; drawing sets it */
	unsigned added[UI_VIEWS];    /* rows that ever came to events and log */
	enum tracks_key sort;        /* of tracks */
	bool reverse;
	char filter[TRACKS_FILTER_BYTES];
	bool follows; /* the selection stays with the track at @slot, wherever it goes */
	unsigned slot;
	bool is_open;                     /* the track at @slot is shown by itself */
	struct history fps, loss, jitter; /* of it, since it was opened */
	char message[UI_TEXT_BYTES];      /* about the last key; "" */
	bool quits;
};

/* Do what @key means. */
void ui_press(struct ui *ui, struct machine *machine, unsigned key);
/* After each refresh: put the tracks into order and find the selected one again. */
void ui_follow(struct ui *ui, struct machine *machine, bool is_refresh);
/* What the machine has to read for what is shown. */
struct machine_wants ui_wants(const struct ui *ui);
/* Rows of the current view's list; 0: it has none. */
unsigned ui_rows(const struct ui *ui, const struct machine *machine);

const char *ui_view_name(enum ui_view view);
/* Keys of the view as it is, one after the other as "key what"; NULL at the end. Static storage. */
const char *const *ui_keys(const struct ui *ui);

#endif
