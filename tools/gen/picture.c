/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/picture.h"

#include <stdlib.h>
#include "tools/gen/rng.h"

#define NOISE_MASK 7 /* amplitude of the noise in luma steps */

static void draw_luma(const struct picture_plane *p, unsigned time)
{
	struct rng rng = rng_of(1, time);

	for (unsigned y = 0; y < p->height; y++) {
		uint8_t *row = p->data + (ptrdiff_t)y * p->stride;
		uint64_t noise = 0;

		for (unsigned x = 0; x < p->width; x++) {
			if (x % 16 == 0)
				noise = rng_next(&rng);
			row[x] = (uint8_t)(32 + (x + 2 * y + 3 * time) % 176 + (noise & NOISE_MASK));
			noise >>= 4;
		}
	}
}

/* Position of something that runs to and fro over @range. */
static unsigned bounce(unsigned time, unsigned range)
{
	unsigned at = range ? time % (2 * range) : 0;
	return at < range ? at : 2 * range - at;
}

static void draw_square(const struct picture_plane *p, unsigned time)
{
	unsigned side = p->height / 4;
	unsigned left = bounce(5 * time, p->width > side ? p->width - side : 0);
	unsigned top = bounce(3 * time, p->height - side);

	for (unsigned y = top; y < top + side && y < p->height; y++)
		for (unsigned x = left; x < left + side && x < p->width; x++)
			p->data[(ptrdiff_t)y * p->stride + x] = 235;
}

static void draw_chroma(const struct picture_plane *p, unsigned time, unsigned slope)
{
	for (unsigned y = 0; y < p->height; y++)
		for (unsigned x = 0; x < p->width; x++)
			p->data[(ptrdiff_t)y * p->stride + x] = (uint8_t)(64 + (slope * x + y + time) % 128);
}

void picture_draw(const struct picture_plane planes[3], unsigned time)
{
	draw_luma(&planes[0], time);
	draw_square(&planes[0], time);
	draw_chroma(&planes[1], time, 1);
	draw_chroma(&planes[2], 2 * time, 2);
}
