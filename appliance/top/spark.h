/* SPDX-License-Identifier: BSD-3-Clause */
/* Small pictures of figures: the course of one, and how full something is. One thread. */
#ifndef APPLIANCE_TOP_SPARK_H
#define APPLIANCE_TOP_SPARK_H

#include "appliance/top/screen.h"

/* The value @back refreshes ago, NAN where there is none. */
typedef double spark_value(const void *arg, unsigned back);

/* Where a course goes: @width columns from @col on, @rows rows from @row on. */
struct spark_box {
	unsigned row, col, width, rows;
	enum screen_style style;
};

/* A column a value, the newest at the right end, as high as its part of @max; 0 and what is not known is
 * blank. */
void spark_draw(
        struct screen *screen, const struct spark_box *box, double max, spark_value *value, const void *arg);
/* "[|||||     ]" for a @part of 0 to 1; of lines, heavy and light, where the screen has them. */
void spark_bar(struct screen *screen, unsigned row, unsigned col, unsigned width, enum screen_style style,
        double part);

#endif
