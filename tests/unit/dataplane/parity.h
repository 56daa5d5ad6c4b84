/* SPDX-License-Identifier: BSD-3-Clause */
/* FEC packets made from the formulas of RFC 5109 section 8 and RFC 8627 section 6.2, to check what repairs by
 * them: the sum of the protected packets first, then the header of either kind in front of it. */
#ifndef TESTS_UNIT_DATAPLANE_PARITY_H
#define TESTS_UNIT_DATAPLANE_PARITY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"
#include "base/rtp.h"

#define PARITY_MAX 64

/* The bit string of the packets: 8 bytes of header, 2 of length, and what is behind the fixed header. */
struct parity {
	uint8_t sum[10];
	unsigned bytes; /* of the longest */
	uint8_t payload[LIMIT_PACKET_BYTES];
};

static inline void parity_add(struct parity *p, const uint8_t *packet, unsigned len)
{
	uint8_t length[2];

	cur_put16(length, (uint16_t)(len - RTP_HEADER_BYTES));
	for (unsigned i = 0; i < 8; i++)
		p->sum[i] ^= packet[i];
	for (unsigned i = 0; i < 2; i++)
		p->sum[8 + i] ^= length[i];
	for (unsigned i = RTP_HEADER_BYTES; i < len; i++)
		p->payload[i - RTP_HEADER_BYTES] ^= packet[i];
	p->bytes = len - RTP_HEADER_BYTES > p->bytes ? len - RTP_HEADER_BYTES : p->bytes;
}

/* RFC 5109 section 7.3: @mask has bit 47 for @base; a long one is used where it has to be. Its length. */
static inline unsigned parity_ulp(const struct parity *p, uint8_t *out, uint16_t base, uint64_t mask)
{
	bool is_long = mask & 0xFFFFFFFF;
	unsigned at = is_long ? 18 : 14;

	out[0] = (uint8_t)((p->sum[0] & 0x3F) | (is_long ? 0x40 : 0));
	out[1] = p->sum[1];
	cur_put16(out + 2, base);
	memcpy(out + 4, p->sum + 4, 4);
	memcpy(out + 8, p->sum + 8, 2);
	cur_put16(out + 10, (uint16_t)p->bytes);
	cur_put16(out + 12, (uint16_t)(mask >> 32));
	if (is_long)
		cur_put32(out + 14, (uint32_t)mask);
	memcpy(out + at, p->payload, p->bytes);
	return at + p->bytes;
}

/* What both forms of FlexFEC begin with; the draft's third and fourth word too. */
static inline unsigned parity_flex_head(const struct parity *p, uint8_t *out, bool draft, uint32_t ssrc)
{
	out[0] = p->sum[0] & 0x3F;
	out[1] = p->sum[1];
	memcpy(out + 2, p->sum + 8, 2);
	memcpy(out + 4, p->sum + 4, 4);
	if (!draft)
		return 8;
	cur_put32(out + 8, 1u << 24);
	cur_put32(out + 12, ssrc);
	return 16;
}

/* RFC 8627 section 4.2.2.1, and the draft's: protected are base + each of @at, ascending. */
static inline unsigned parity_flex_mask(const struct parity *p, uint8_t *out, bool draft, uint32_t ssrc,
        uint16_t base, const unsigned *ats, unsigned count)
{
	unsigned at = parity_flex_head(p, out, draft, ssrc), last = ats[count - 1];
	unsigned parts = last < 15 ? 1 : last < 46 ? 2 : 3;
	uint64_t mask[3] = { 0, 0, 0 };

	for (unsigned i = 0; i < count; i++) {
		if (ats[i] < 15)
			mask[0] |= 1ull << (14 - ats[i]);
		else if (ats[i] < 46)
			mask[1] |= 1ull << (45 - ats[i]);
		else
			mask[2] |= 1ull << ((draft ? 108 : 109) - ats[i]);
	}
	/* k: the RFC sets it where more follows, the draft at the last. */
	mask[0] |= (uint64_t)((parts == 1) == draft) << 15;
	mask[1] |= (uint64_t)((parts == 2) == draft) << 31;
	mask[2] |= (uint64_t)draft << 63;
	cur_put16(out + at, base);
	cur_put16(out + at + 2, (uint16_t)mask[0]);
	at += 4;
	if (parts > 1)
		cur_put32(out + at, (uint32_t)mask[1]), at += 4;
	if (parts > 2)
		cur_put64(out + at, mask[2]), at += 8;
	memcpy(out + at, p->payload, p->bytes);
	return at + p->bytes;
}

/* RFC 8627 section 4.2.2.2. */
static inline unsigned parity_flex_block(const struct parity *p, uint8_t *out, bool draft, uint32_t ssrc,
        uint16_t base, uint8_t columns, uint8_t rows)
{
	unsigned at = parity_flex_head(p, out, draft, ssrc);

	out[0] |= 0x40;
	cur_put16(out + at, base);
	out[at + 2] = columns;
	out[at + 3] = rows;
	memcpy(out + at + 4, p->payload, p->bytes);
	return at + 4 + p->bytes;
}

#endif
