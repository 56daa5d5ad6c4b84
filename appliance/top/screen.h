/* SPDX-License-Identifier: BSD-3-Clause */
/* A screen in memory: views write into it, a terminal shows it, a test prints it. Whatever is written beyond
 * an edge is cut. Control characters never get in; characters of two columns take two cells. One thread. */
#ifndef APPLIANCE_TOP_SCREEN_H
#define APPLIANCE_TOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_DIM,
	SCREEN_BOLD,
	SCREEN_HEAD, /* heads of tables, the line of keys */
	SCREEN_GOOD,
	SCREEN_WARNING,
	SCREEN_BAD,
	SCREEN_SELECTED, /* of several names the one that is meant */
	SCREEN_STYLES
};

struct screen_cell {
	wchar_t c; /* 0: the right half of the cell before */
	uint8_t style;
	bool is_selected; /* part of the selected row: it keeps its style, on another ground */
};

struct screen {
	unsigned rows, cols;
	bool unicode; /* otherwise only ASCII gets in, '?' for the rest */
	struct screen_cell *cells;
};

/* Make it @rows by @cols, all blank. 0, or -ENOMEM: it is as it was. */
int screen_resize(struct screen *screen, unsigned rows, unsigned cols);
void screen_free(struct screen *screen);
void screen_clear(struct screen *screen);

/* Write UTF-8 @text from @col on, at most @width columns of it. Returns the columns taken. */
unsigned screen_put(struct screen *screen, unsigned row, unsigned col, unsigned width,
        enum screen_style style, const char *text);
/* The same, as printf has it, up to the right edge. */
unsigned screen_printf(struct screen *screen, unsigned row, unsigned col, enum screen_style style,
        const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Right-aligned within @width columns; what is too long is cut at its end. */
void screen_put_right(struct screen *screen, unsigned row, unsigned col, unsigned width,
        enum screen_style style, const char *text);
/* Give the whole row another style. */
void screen_paint(struct screen *screen, unsigned row, enum screen_style style);
/* Make it the selected one. */
void screen_select(struct screen *screen, unsigned row);

/* Columns that @text takes. */
unsigned screen_columns(const struct screen *screen, const char *text);

/* As text, a line a row, blanks at the end of lines left out. */
void screen_print(const struct screen *screen, FILE *out);

#endif
