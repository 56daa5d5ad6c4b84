/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/spark.h"

#include <math.h>

#define LEVELS 8

static const char *const unicode_levels[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii_levels[LEVELS] = { "_", ".", "-", "=", "+", "*", "#", "@" };
/* A column of @level eighths of a row; of ASCII only the uppermost row has levels. */
static void draw_column(struct screen *s, const struct spark_box *box, unsigned i, unsigned level)
{
	for (unsigned up = 0; up < box->rows && level > up * LEVELS; up++) {
		unsigned left = level - up * LEVELS, part = left < LEVELS ? left : LEVELS;

		screen_put(s, box->row + box->rows - 1 - up, box->col + i, 1, box->style,
		        s->unicode ? unicode_levels[part - 1] : ascii_levels[part - 1]);
	}
}

void spark_draw(
        struct screen *s, const struct spark_box *box, double max, spark_value *value, const void *arg)
{
	for (unsigned i = 0; i < box->width; i++) {
		double v = value(arg, box->width - 1 - i);

		if (!(v > 0) || !(max > 0))
			continue;
		draw_column(s, box, i, (unsigned)fmax(1, ceil(fmin(v / max, 1) * LEVELS * box->rows)));
	}
}

void spark_bar(
        struct screen *s, unsigned row, unsigned col, unsigned width, enum screen_style style, double part)
{
	unsigned edge = s->unicode ? 0 : 1, inside = width > 2 * edge ? width - 2 * edge : 0;
	unsigned full = (unsigned)lround(fmin(1, fmax(0, part)) * inside);

	if (!s->unicode) {
		screen_put(s, row, col, width, SCREEN_DIM, "[");
		screen_put(s, row, col + edge + inside, 1, SCREEN_DIM, "]");
	}
	for (unsigned i = 0; i < inside; i++)
		screen_put(s, row, col + edge + i, 1, i < full ? style : SCREEN_DIM,
		        !s->unicode ? i < full ? "|" : " "
		        : i < full  ? "━"
		                    : "─");
}
