/* SPDX-License-Identifier: BSD-3-Clause */
/* A bounded cursor over bytes: reading past the end yields zeros and sets a flag, so that a parser checks
 * once at its end instead of before every field. All numbers are big-endian unless the name says _le.
 * Hot-path safe. */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cur {
	const uint8_t *at, *end;
	bool overrun; /* something was asked for that was not there */
};

static inline struct cur cur_of(const void *bytes, size_t len)
{
	return (struct cur){ .at = (const uint8_t *)bytes, .end = (const uint8_t *)bytes + len };
}

static inline size_t cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->at);
}

/* The next @n bytes, or NULL (and overrun) when fewer are left. */
static inline const uint8_t *cur_bytes(struct cur *c, size_t n)
{
	if (cur_left(c) < n) {
		c->overrun = true;
		c->at = c->end;
		return NULL;
	}
	const uint8_t *p = c->at;
	c->at += n;
	return p;
}

static inline uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_bytes(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cur_u16(struct cur *c)
{
	const uint8_t *p = cur_bytes(c, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cur_u24(struct cur *c)
{
	const uint8_t *p = cur_bytes(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cur_u32(struct cur *c)
{
	const uint8_t *p = cur_bytes(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t cur_u64(struct cur *c)
{
	uint64_t high = cur_u32(c);
	return high << 32 | cur_u32(c);
}

/* Writers of the same byte orders; the caller has made sure of the room. */
static inline void cur_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}

static inline void cur_put24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16), p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)v;
}

static inline void cur_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24), p[1] = (uint8_t)(v >> 16), p[2] = (uint8_t)(v >> 8), p[3] = (uint8_t)v;
}

static inline void cur_put64(uint8_t *p, uint64_t v)
{
	cur_put32(p, (uint32_t)(v >> 32));
	cur_put32(p + 4, (uint32_t)v);
}

static inline void cur_put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint64_t cur_get_le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

#endif
