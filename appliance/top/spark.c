/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/spark.h"

#include <math.h>

#define LEVELS 8

static const char *const unicode_levels[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii_levels[LEVELS] = { "_", ".", "-", "=", "+", "*", "#", "@" };

void spark_draw(struct screen *s, unsigned row, unsigned col, unsigned width, double max, spark_value *value,
        const void *arg)
{
	for (unsigned i = 0; i < width; i++) {
		double v = value(arg, width - 1 - i);
		int level;

		if (!(v > 0) || !(max > 0))
			continue;
		level = (int)ceil(fmin(v / max, 1) * LEVELS) - 1;
		level = level < 0 ? 0 : level;
		screen_put(s, row, col + i, 1, SCREEN_GOOD,
		        s->unicode ? unicode_levels[level] : ascii_levels[level]);
	}
}

void spark_bar(
        struct screen *s, unsigned row, unsigned col, unsigned width, enum screen_style style, double part)
{
	unsigned inside = width > 2 ? width - 2 : 0;
	unsigned full = (unsigned)lround(fmin(1, fmax(0, part)) * inside);

	screen_put(s, row, col, width, SCREEN_DIM, "[");
	for (unsigned i = 0; i < full; i++)
		screen_put(s, row, col + 1 + i, 1, style, "|");
	screen_put(s, row, col + 1 + inside, 1, SCREEN_DIM, "]");
}
