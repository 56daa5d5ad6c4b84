/* SPDX-License-Identifier: BSD-3-Clause */
/* One FEC packet as both kinds of FEC mean it: a parity over some media packets. Of each of them the parity
 * has the first two bytes and the time of the RTP header, the length behind the fixed header, and what is
 * behind it (RFC 5109 section 8, RFC 8627 section 6). Poll loop. */
#ifndef DATAPLANE_FEC_PARITY_H
#define DATAPLANE_FEC_PARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dataplane/fec.h"

#define FEC_PARITY_SPAN FEC_HISTORY /* no parity reaches further */

struct fec_parity {
	uint16_t base;                       /* sequence number of bit 0 */
	uint64_t mask[FEC_PARITY_SPAN / 64]; /* bit i: base + i is protected */
	uint8_t bits[2];                     /* P, X, CC; M, payload type */
	uint16_t length;
	uint32_t time;
	bool has_ssrc; /* says whom it protects */
	uint32_t ssrc;
	uint16_t bytes; /* of the parity over what is behind the fixed headers */
	const uint8_t *payload;
};

static inline void fec_parity_protect(struct fec_parity *parity, unsigned at)
{
	parity->mask[at / 64] |= 1ull << at % 64;
}

static inline bool fec_parity_protects(const struct fec_parity *parity, uint16_t seq)
{
	uint16_t at = (uint16_t)(seq - parity->base);

	return at < FEC_PARITY_SPAN && parity->mask[at / 64] >> at % 64 & 1;
}

/* Read the payload of a FEC packet of that kind. 0; -EBADMSG: it lies about its length, or protects nothing;
 * -ENOTSUP: it reaches further than is remembered, or is a kind of it that nobody sends. */
int fec_ulp_parse(struct fec_parity *ret_parity, const uint8_t *payload, size_t len);
int fec_flex_parse(struct fec_parity *ret_parity, const uint8_t *payload, size_t len);

#endif
