/* SPDX-License-Identifier: BSD-3-Clause */
/*   RTPFB |V=2|P| FMT  | 205 | length | SSRC | media SSRC | FCI
 *                     NACK: (first 16 | mask of the 16 after it) each
 *   PSFB  |V=2|P| FMT  | 206 | length | SSRC | media SSRC | FCI
 *                     REMB: FMT 15, media SSRC 0: "REMB" | count 8 | exponent 6 | mantissa 18 | SSRC x count
 *   XR    |V=2|P| 0    | 207 | length | SSRC | 4 | 0 | 2 | NTP 64 (receiver reference time)
 */
#include "base/rtcp.h"

#include <string.h>
#include "base/cur.h"

#define HEAD_BYTES 12
#define FIR_BYTES  8
#define NACK_BYTES 4
#define XR_BYTES   20

#define RTPFB_NACK        1  /* RFC 4585 section 6.2.1 */
#define PSFB_PLI          1  /* RFC 4585 section 6.3.1 */
#define PSFB_FIR          4  /* RFC 5104 section 4.3.1 */
#define PSFB_AFB          15 /* RFC 4585 section 6.4 */
#define XR_REFERENCE_TIME 4  /* RFC 3611 section 4.4 */
#define MANTISSA_BITS     18

uint8_t *rtcp_put_feedback(uint8_t *out, size_t size, size_t len, uint8_t type, unsigned format, size_t bytes,
        uint32_t ssrc, uint32_t media_ssrc)
{
	if (len > size || size - len < bytes)
		return NULL;
	out += len;
	out[0] = (uint8_t)(2 << 6 | format);
	out[1] = type;
	cur_put16(out + 2, (uint16_t)(bytes / 4 - 1));
	cur_put32(out + 4, ssrc);
	cur_put32(out + 8, media_ssrc);
	return out;
}

size_t rtcp_build_pli(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc)
{
	return rtcp_put_feedback(out, size, len, RTCP_PSFB, PSFB_PLI, HEAD_BYTES, ssrc, media_ssrc)
	               ? len + HEAD_BYTES
	               : 0;
}

size_t rtcp_build_fir(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc, uint8_t seq)
{
	/* The stream is named in the entry; the header's field is 0 (RFC 5104 section 4.3.1.2). */
	uint8_t *at = rtcp_put_feedback(out, size, len, RTCP_PSFB, PSFB_FIR, HEAD_BYTES + FIR_BYTES, ssrc, 0);

	if (!at)
		return 0;
	cur_put32(at + HEAD_BYTES, media_ssrc);
	cur_put32(at + HEAD_BYTES + 4, (uint32_t)seq << 24);
	return len + HEAD_BYTES + FIR_BYTES;
}

/* One entry's worth of @seqs: its first, and those of the 16 after it. Returns how many. */
static unsigned pack(const uint16_t *seqs, unsigned count, uint16_t *ret_mask)
{
	unsigned n = 1;

	*ret_mask = 0;
	for (; n < count; n++) {
		uint16_t distance = (uint16_t)(seqs[n] - seqs[0]);
		if (distance == 0 || distance > 16)
			break;
		*ret_mask |= (uint16_t)(1u << (distance - 1));
	}
	return n;
}

size_t rtcp_build_nack(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc,
        const uint16_t *seqs, unsigned count, unsigned *ret_taken)
{
	size_t room = len < size ? size - len : 0, bytes = HEAD_BYTES;
	unsigned taken = 0;

	*ret_taken = 0;
	while (taken < count && bytes + NACK_BYTES <= room) {
		uint16_t mask;
		unsigned n = pack(seqs + taken, count - taken, &mask);
		cur_put16(out + len + bytes, seqs[taken]);
		cur_put16(out + len + bytes + 2, mask);
		bytes += NACK_BYTES;
		taken += n;
	}
	if (!taken)
		return 0;
	rtcp_put_feedback(out, size, len, RTCP_RTPFB, RTPFB_NACK, bytes, ssrc, media_ssrc);
	*ret_taken = taken;
	return len + bytes;
}

size_t rtcp_build_remb(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t bits_per_s,
        const uint32_t *ssrcs, unsigned count)
{
	size_t bytes = HEAD_BYTES + 8 + 4 * (size_t)count;
	uint8_t *at = count > UINT8_MAX
	                      ? NULL
	                      : rtcp_put_feedback(out, size, len, RTCP_PSFB, PSFB_AFB, bytes, ssrc, 0);
	unsigned exponent = 0;

	if (!at)
		return 0;
	while (bits_per_s >> MANTISSA_BITS) {
		bits_per_s >>= 1;
		exponent++;
	}
	memcpy(at + HEAD_BYTES, "REMB", 4);
	at[HEAD_BYTES + 4] = (uint8_t)count;
	cur_put24(at + HEAD_BYTES + 5, exponent << MANTISSA_BITS | (uint32_t)bits_per_s);
	for (unsigned i = 0; i < count; i++)
		cur_put32(at + HEAD_BYTES + 8 + 4 * i, ssrcs[i]);
	return len + bytes;
}

size_t rtcp_build_reference_time(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t ntp)
{
	if (len > size || size - len < XR_BYTES)
		return 0;
	out += len;
	out[0] = 2 << 6;
	out[1] = RTCP_XR;
	cur_put16(out + 2, XR_BYTES / 4 - 1);
	cur_put32(out + 4, ssrc);
	out[8] = XR_REFERENCE_TIME;
	out[9] = 0;
	cur_put16(out + 10, 2);
	cur_put64(out + 12, ntp);
	return len + XR_BYTES;
}
