/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/screen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

int screen_resize(struct screen *s, unsigned rows, unsigned cols)
{
	struct screen_cell *cells = calloc((size_t)rows * cols + 1, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	free(s->cells);
	s->cells = cells;
	s->rows = rows;
	s->cols = cols;
	screen_clear(s);
	return 0;
}

void screen_free(struct screen *s)
{
	free(s->cells);
	s->cells = NULL;
	s->rows = s->cols = 0;
}

void screen_clear(struct screen *s)
{
	for (size_t i = 0; i < (size_t)s->rows * s->cols; i++)
		s->cells[i] = (struct screen_cell){ L' ', SCREEN_PLAIN, false };
}

/* The character @text begins with; its bytes in @ret_len. What is not well-formed is '?', a byte each. */
static wchar_t decode(const char *text, size_t *ret_len)
{
	static const unsigned char masks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	size_t len = utf8_bytes(text);
	uint32_t c;

	*ret_len = len ? len : 1;
	if (!len)
		return L'?';
	c = (unsigned char)text[0] & masks[len];
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)text[i] & 0x3F);
	return (wchar_t)c;
}

/* The next character of @text that is shown, and its columns; false at the end. */
static bool next(const struct screen *s, const char **text, wchar_t *ret_c, unsigned *ret_cols)
{
	size_t len;

	while (**text) {
		wchar_t c = decode(*text, &len);
		int cols = c < 0x80 ? (c >= ' ' && c < 0x7F ? 1 : -1) : s->unicode ? wcwidth(c) : -1;

		*text += len;
		if (cols == 0)
			continue; /* it would go onto the character before */
		*ret_c = cols < 0 ? L'?' : c;
		*ret_cols = cols < 0 ? 1 : (unsigned)cols;
		return true;
	}
	return false;
}

unsigned screen_columns(const struct screen *s, const char *text)
{
	unsigned total = 0, cols;
	wchar_t c;

	while (next(s, &text, &c, &cols))
		total += cols;
	return total;
}

unsigned screen_put(struct screen *s, unsigned row, unsigned col, unsigned width, enum screen_style style,
        const char *text)
{
	unsigned taken = 0, cols;
	wchar_t c;

	if (row >= s->rows || col >= s->cols)
		return 0;
	if (width > s->cols - col)
		width = s->cols - col;
	while (next(s, &text, &c, &cols) && taken + cols <= width) {
		struct screen_cell *cell = &s->cells[(size_t)row * s->cols + col + taken];

		cell[0] = (struct screen_cell){ c, (uint8_t)style, false };
		if (cols == 2)
			cell[1] = (struct screen_cell){ 0, (uint8_t)style, false };
		taken += cols;
	}
	return taken;
}

unsigned screen_printf(
        struct screen *s, unsigned row, unsigned col, enum screen_style style, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return screen_put(s, row, col, s->cols, style, text);
}

void screen_put_right(struct screen *s, unsigned row, unsigned col, unsigned width, enum screen_style style,
        const char *text)
{
	unsigned cols = screen_columns(s, text), gap = cols < width ? width - cols : 0;

	screen_put(s, row, col + gap, width - gap, style, text);
}

void screen_paint(struct screen *s, unsigned row, enum screen_style style)
{
	for (unsigned col = 0; row < s->rows && col < s->cols; col++)
		s->cells[(size_t)row * s->cols + col].style = (uint8_t)style;
}

void screen_select(struct screen *s, unsigned row)
{
	for (unsigned col = 0; row < s->rows && col < s->cols; col++)
		s->cells[(size_t)row * s->cols + col].is_selected = true;
}

void screen_print(const struct screen *s, FILE *out)
{
	for (unsigned row = 0; row < s->rows; row++) {
		const struct screen_cell *cells = &s->cells[(size_t)row * s->cols];
		unsigned end = s->cols;

		while (end && cells[end - 1].c == L' ')
			end--;
		for (unsigned col = 0; col < end; col++)
			if (cells[col].c)
				fprintf(out, "%lc", (wint_t)cells[col].c);
		fputc('\n', out);
	}
}
