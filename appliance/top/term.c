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
static attr_t styles[SCREEN_STYLES] = { [SCREEN_DIM] = A_DIM,
	[SCREEN_BOLD] = A_BOLD,
	[SCREEN_HEAD] = A_REVERSE,
	[SCREEN_WARNING] = A_BOLD,
	[SCREEN_BAD] = A_BOLD | A_REVERSE,
	[SCREEN_SELECTED] = A_REVERSE };

static void set_colours(void)
{
	short green = 1, yellow = 2, red = 3, blue = 4;

	if (start_color() == ERR || COLORS < 8)
		return;
	use_default_colors();
	init_pair(green, COLOR_GREEN, -1);
	init_pair(yellow, COLOR_YELLOW, -1);
	init_pair(red, COLOR_WHITE, COLOR_RED);
	init_pair(blue, COLOR_WHITE, COLOR_BLUE);
	styles[SCREEN_GOOD] = (attr_t)COLOR_PAIR(green);
	styles[SCREEN_WARNING] = (attr_t)COLOR_PAIR(yellow) | A_BOLD;
	styles[SCREEN_BAD] = (attr_t)COLOR_PAIR(red) | A_BOLD;
	styles[SCREEN_HEAD] = (attr_t)COLOR_PAIR(blue);
}

int term_open(bool colour)
{
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return -ENOTTY;
	set_term(terminal);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
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
			setcchar(&out, text, styles[cell->style] & ~(attr_t)A_COLOR,
			        (short)PAIR_NUMBER(styles[cell->style]), NULL);
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
