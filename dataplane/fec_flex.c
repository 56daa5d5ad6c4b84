/* SPDX-License-Identifier: BSD-3-Clause */
/* FlexFEC of one protected SSRC: RFC 8627 section 4.2.2, and draft-ietf-payload-flexible-fec-scheme-03
 * section 4.2, which browsers speak. The draft has two words more in front, and its k means the opposite.
 *
 *    0                   1                   2                   3
 *   |R|F|P|X|  CC   |M| PT recovery |        length recovery        |
 *   |                          TS recovery                          |
 *   | SSRCCount = 1 |                  reserved = 0                 |  the draft only: in the RFC's form this
 *   |                             SSRC_i                            |  would be a mask without a bit
 *   |           SN base_i           |k|          Mask [0-14]        |  F = 0; RFC: k = 1 if more follows
 *   |k|                   Mask [15-45]                              |
 *   |                     Mask [46-109], the draft: k, [46-108]     |  two words
 *
 *   |           SN base_i           |  L (columns)  |    D (rows)   |  F = 1
 */
#include <errno.h>
#include "base/cur.h"
#include "dataplane/fec_parity.h"

#define RETRANSMISSION 0x80u /* R */
#define FIXED          0x40u /* F */
#define DRAFT_03       0x01000000u

static void protect_mask(struct fec_parity *p, unsigned from, uint64_t mask, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (mask >> (bits - 1 - i) & 1)
			fec_parity_protect(p, from + i);
}

/* The flexible mask: up to three parts. */
static void read_mask(struct fec_parity *p, struct cur *c, bool draft)
{
	uint32_t part = cur_u16(c);
	uint64_t last;

	protect_mask(p, 0, part & 0x7FFF, 15);
	if ((part >> 15 & 1) == draft)
		return;
	part = cur_u32(c);
	protect_mask(p, 15, part & 0x7FFFFFFF, 31);
	if ((part >> 31 & 1) == draft)
		return;
	last = cur_u64(c);
	if (draft)
		protect_mask(p, 46, last & INT64_MAX, 63);
	else
		protect_mask(p, 46, last, 64);
}

/* Section 4.2.2.2: D of 0 or 1 is a row of L packets, more is a column of D packets, L apart. False: it
 * reaches too far. */
static bool read_block(struct fec_parity *p, struct cur *c)
{
	unsigned columns = cur_u8(c), rows = cur_u8(c);
	unsigned count = rows > 1 ? rows : columns, step = rows > 1 ? columns : 1;

	if (columns == 0)
		return true;
	if ((count - 1) * step >= FEC_PARITY_SPAN)
		return false;
	for (unsigned i = 0; i < count; i++)
		fec_parity_protect(p, i * step);
	return true;
}

static bool protects_nothing(const struct fec_parity *p)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < FEC_PARITY_SPAN / 64; i++)
		all |= p->mask[i];
	return !all;
}

int fec_flex_parse(struct fec_parity *ret_parity, const uint8_t *payload, size_t len)
{
	struct cur c = cur_of(payload, len), ahead;
	struct fec_parity p = { .bits = { cur_u8(&c), cur_u8(&c) } };
	bool near = true;

	p.length = cur_u16(&c);
	p.time = cur_u32(&c);
	ahead = c;
	p.has_ssrc = cur_u32(&ahead) == DRAFT_03;
	if (p.has_ssrc) {
		c = ahead;
		p.ssrc = cur_u32(&c);
	}
	p.base = cur_u16(&c);
	if (p.bits[0] & RETRANSMISSION)
		return c.overrun ? -EBADMSG : -ENOTSUP;
	if (p.bits[0] & FIXED)
		near = read_block(&p, &c);
	else
		read_mask(&p, &c, p.has_ssrc);
	if (c.overrun || cur_left(&c) > UINT16_MAX || (near && protects_nothing(&p)))
		return -EBADMSG;
	if (!near)
		return -ENOTSUP;
	p.bytes = (uint16_t)cur_left(&c);
	p.payload = c.at;
	*ret_parity = p;
	return 0;
}
