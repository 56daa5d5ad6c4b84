/* SPDX-License-Identifier: BSD-3-Clause */
/* ULPFEC, RFC 5109 sections 7.3 and 7.4. Of its levels only the first is read: browsers send no other, and
 * what protects a part of a packet alone brings back no packet.
 *
 *    0                   1                   2                   3
 *   |E|L|P|X|  CC   |M| PT recovery |            SN base            |
 *   |                          TS recovery                          |
 *   |        length recovery        |       Protection Length       |
 *   |             mask              |  mask cont., 32 bits if L     |
 */
#include <errno.h>
#include "base/cur.h"
#include "dataplane/fec_parity.h"

#define EXTENDED  0x80u /* E: reserved */
#define LONG_MASK 0x40u /* L */

int fec_ulp_parse(struct fec_parity *ret_parity, const uint8_t *payload, size_t len)
{
	struct cur c = cur_of(payload, len);
	struct fec_parity p = { .bits = { cur_u8(&c), cur_u8(&c) } };
	unsigned mask_bits = p.bits[0] & LONG_MASK ? 48 : 16;
	uint64_t mask;

	p.base = cur_u16(&c);
	p.time = cur_u32(&c);
	p.length = cur_u16(&c);
	p.bytes = cur_u16(&c);
	mask = (uint64_t)cur_u16(&c) << 48;
	if (mask_bits == 48)
		mask |= (uint64_t)cur_u32(&c) << 16;
	p.payload = cur_bytes(&c, p.bytes);
	if (c.overrun || !mask)
		return -EBADMSG;
	if (p.bits[0] & EXTENDED)
		return -ENOTSUP;
	for (unsigned i = 0; i < mask_bits; i++)
		if (mask >> (63 - i) & 1)
			fec_parity_protect(&p, i);
	*ret_parity = p;
	return 0;
}
