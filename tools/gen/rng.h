/* SPDX-License-Identifier: BSD-3-Clause */
/* Seeded random numbers: the same seed and stream give the same run. SplitMix64 (Steele, Lea, Flood 2014),
 * whose state is one word; good enough for loss and for test keys, not for real ones. One thread an object.
 */
#ifndef TOOLS_GEN_RNG_H
#define TOOLS_GEN_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	return z ^ z >> 31;
}

/* An independent sequence for each @stream of a @seed. */
static inline struct rng rng_of(uint64_t seed, uint64_t stream)
{
	struct rng r = { seed };
	uint64_t mixed = rng_next(&r);

	r.state = mixed ^ (stream + 1) * 0xD1342543DE82EF95ull;
	rng_next(&r);
	return r;
}

/* 0 to @bound - 1; 0 when bound is 0. */
static inline uint64_t rng_below(struct rng *r, uint64_t bound)
{
	uint64_t value = rng_next(r);
	return bound ? value % bound : 0;
}

/* True in @percent of 100 cases; always draws one number. */
static inline bool rng_chance(struct rng *r, double percent)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53 * 100.0 < percent;
}

static inline void rng_fill(struct rng *r, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)(rng_next(r) >> 32);
}

#endif
