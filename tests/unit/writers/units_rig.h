/* SPDX-License-Identifier: BSD-3-Clause */
/* A payload of units taken apart (writers/depay.h). Header only: each test is one source file. */
#ifndef TESTS_UNIT_WRITERS_UNITS_RIG_H
#define TESTS_UNIT_WRITERS_UNITS_RIG_H

#include "writers/depay.h"

static struct depay_piece piece;
static struct depay_unit units[16];

/* The number of units, or the error. */
static inline int take(depay_fn *depay, depay_unit_fn *next, const void *bytes, size_t len, bool marker)
{
	struct depay_walk walk = { 0 };
	int err = depay(bytes, (uint32_t)len, marker, &piece), n = 0;

	while (!err && next(&piece, &walk, &units[n]))
		assert_true(++n < 16);
	return err ? err : n;
}

#endif
