/* SPDX-License-Identifier: BSD-3-Clause */
/* A moving synthetic picture: a gradient that drifts, a square that bounces, and some noise, so that an
 * encoder has work at every bit rate. The same for the same time and size. */
#ifndef TOOLS_GEN_PICTURE_H
#define TOOLS_GEN_PICTURE_H

#include <stdint.h>

/* One plane of 8-bit samples. */
struct picture_plane {
	uint8_t *data;
	unsigned width, height;
	int stride;
};

/* Draw picture number @time: luma in @planes[0], the chroma planes of half its size in [1] and [2]. */
void picture_draw(const struct picture_plane planes[3], unsigned time);

#endif
