/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/term.h"

#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "appliance/top/ui.h"

#define ESCAPE_MS 50 /* so long an ESC may be the beginning of another key */

static SCREEN *terminal;

/* What a style is made of; ink and ground are colours, -1 the terminal's own. */
struct look {
	attr_t attributes;
	short ink, ground;
};

static const struct look plain_looks[SCREEN_STYLES] = { [SCREEN_DIM] = { A_DIM, 0, 0 },
	[SCREEN_BOLD] = { A_BOLD, 0, 0 },
	[SCREEN_HEAD] = { A_REVERSE, 0, 0 },
	[SCREEN_WARNING] = { A_BOLD, 0, 0 },
	[SCREEN_BAD] = { A_BOLD | A_REVERSE, 0, 0 },
	[SCREEN_SELECTED] = { A_REVERSE, 0, 0 } };

/* Of eight colours. Text keeps the terminal's own ground, be it dark or light. */
static const struct look looks_of_8[SCREEN_STYLES] = { [SCREEN_PLAIN] = { 0, -1, -1 },
	[SCREEN_DIM] = { A_DIM, -1, -1 },
	[SCREEN_BOLD] = { A_BOLD, -1, -1 },
	[SCREEN_HEAD] = { 0, COLOR_WHITE, COLOR_BLUE },
	[SCREEN_GOOD] = { 0, COLOR_GREEN, -1 },
	[SCREEN_WARNING] = { A_BOLD, COLOR_YELLOW, -1 },
	[SCREEN_BAD] = { A_BOLD, COLOR_WHITE, COLOR_RED },
	[SCREEN_SELECTED] = { 0, COLOR_BLACK, COLOR_CYAN } };

/* Of xterm's 256: greys from 232 on, 24 is a dark blue, 160 red. */
static const struct look looks_of_256[SCREEN_STYLES] = { [SCREEN_PLAIN] = { 0, -1, -1 },
	[SCREEN_DIM] = { 0, 244, -1 },
	[SCREEN_BOLD] = { A_BOLD, -1, -1 },
	[SCREEN_HEAD] = { 0, 252, 237 },
	[SCREEN_GOOD] = { 0, COLOR_GREEN, -1 },
	[SCREEN_WARNING] = { A_BOLD, COLOR_YELLOW, -1 },
	[SCREEN_BAD] = { A_BOLD, 231, 160 },
	[SCREEN_SELECTED] = { A_BOLD, 231, 24 } };

/* Ink in the selected row, by style. */
static const short selected_of_8[SCREEN_STYLES] = { [SCREEN_BAD] = COLOR_RED };
static const short selected_of_256[SCREEN_STYLES] = { 231, 250, 231, 231, 120, 227, 217, 231 };

static attr_t attributes[2][SCREEN_STYLES]; /* of rows that are not selected, and of those that are */
static short pairs[2][SCREEN_STYLES];       /* 0: no colours */

static void set_attributes(const struct look *looks)
{
	for (unsigned i = 0; i < SCREEN_STYLES; i++) {
		attributes[0][i] = looks[i].attributes;
		attributes[1][i] = looks[i].attributes | A_REVERSE;
		pairs[0][i] = pairs[1][i] = 0;
	}
}

static void set_colours(void)
{
	bool many;
	short pair = 1;

	if (start_color() == ERR || COLORS < 8 || COLOR_PAIRS <= 2 * SCREEN_STYLES)
		return;
	use_default_colors();
	many = COLORS >= 256;
	const struct look *looks = many ? looks_of_256 : looks_of_8;
	for (unsigned i = 0; i < SCREEN_STYLES; i++) {
		attributes[0][i] = looks[i].attributes;
		attributes[1][i] = looks[i].attributes & ~(attr_t)A_DIM;
		init_pair(pairs[0][i] = pair++, looks[i].ink, looks[i].ground);
		init_pair(pairs[1][i] = pair++, many ? selected_of_256[i] : selected_of_8[i],
		        many ? 24 : COLOR_CYAN);
	}
}

/* Without a cursor that can be moved there is no screen, only a roll of paper. */
static bool has_cursor(void)
{
	return tigetstr("cup") && tigetstr("cup") != (char *)-1;
}

int term_open(bool colour)
{
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return -ENOTTY;
	set_term(terminal);
	if (!has_cursor()) {
		term_close();
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	set_attributes(plain_looks);
	if (colour && has_colors())
		set_colours();
	return 0;
}

void term_close(void)
{
	if (!terminal)
		return;
	curs_set(1);
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

bool term_has_unicode(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

int term_fit(struct screen *screen)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	clearok(stdscr, TRUE);
	return screen_resize(screen, (unsigned)LINES, (unsigned)COLS);
}

void term_show(const struct screen *screen)
{
	for (unsigned row = 0; row < screen->rows; row++) {
		for (unsigned col = 0; col < screen->cols; col++) {
			const struct screen_cell *cell = &screen->cells[(size_t)row * screen->cols + col];
			wchar_t text[2] = { cell->c, 0 };
			cchar_t out;

			if (!cell->c)
				continue;
			setcchar(&out, text, attributes[cell->is_selected][cell->style],
			        pairs[cell->is_selected][cell->style], NULL);
			mvadd_wch((int)row, (int)col, &out);
		}
	}
	refresh();
}

unsigned term_key(void)
{
	static const struct {
		unsigned code, key;
	} keys[] = { { KEY_UP, UI_KEY_UP }, { KEY_DOWN, UI_KEY_DOWN }, { KEY_PPAGE, UI_KEY_PAGE_UP },
		{ KEY_NPAGE, UI_KEY_PAGE_DOWN }, { KEY_HOME, UI_KEY_HOME }, { KEY_END, UI_KEY_END },
		{ KEY_ENTER, UI_KEY_ENTER }, { KEY_BACKSPACE, UI_KEY_ERASE }, { KEY_RIGHT, UI_KEY_NEXT },
		{ KEY_LEFT, UI_KEY_BEFORE }, { KEY_BTAB, UI_KEY_BEFORE }, { KEY_RESIZE, TERM_KEY_RESIZE } };
	wint_t c;
	int kind = get_wch(&c);

	if (kind == ERR)
		return TERM_NO_KEY;
	if (kind == KEY_CODE_YES) {
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (keys[i].code == c)
				return keys[i].key;
		return term_key();
	}
	switch (c) {
	case '\r':
	case '\n':
		return UI_KEY_ENTER;
	case '\t':
		return UI_KEY_NEXT;
	case 8:
	case 127:
		return UI_KEY_ERASE;
	default:
		return c;
	}
}
