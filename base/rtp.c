/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/rtp.h"

#include <errno.h>
#include "base/cur.h"
#include "base/limits.h"

/* Profiles of RFC 8285: one-byte elements (section 4.2), two-byte elements (section 4.3; the low bits are
 * "appbits"). */
#define PROFILE_ONE_BYTE      0xBEDE
#define PROFILE_TWO_BYTE      0x1000
#define PROFILE_TWO_BYTE_MASK 0xFFF0

enum rtp_class rtp_classify(const uint8_t *data, size_t len)
{
	if (len < 2)
		return RTP_CLASS_OTHER;
	if (data[0] <= 3)
		return RTP_CLASS_STUN;
	if (data[0] >= 20 && data[0] <= 63)
		return RTP_CLASS_DTLS;
	if (data[0] >= 128 && data[0] <= 191)
		return data[1] >= 192 && data[1] <= 223 ? RTP_CLASS_RTCP : RTP_CLASS_RTP;
	return RTP_CLASS_OTHER;
}

int rtp_parse(struct rtp_header *ret_header, const uint8_t *data, size_t len)
{
	struct cur c = cur_of(data, len);
	uint8_t first = cur_u8(&c), second = cur_u8(&c);
	struct rtp_header h = {
		.payload_type = second & 0x7F,
		.csrc_count = first & 0x0F,
		.marker = second >> 7,
		.padding = first >> 5 & 1,
	};

	/* Offsets are 16 bits wide, as a datagram's length is. */
	if (first >> 6 != 2 || len > UINT16_MAX)
		return -EBADMSG;
	h.seq = cur_u16(&c);
	h.timestamp = cur_u32(&c);
	h.ssrc = cur_u32(&c);
	cur_bytes(&c, 4u * h.csrc_count);
	if (first & 0x10) {
		h.extension_profile = cur_u16(&c);
		size_t bytes = 4u * cur_u16(&c);
		h.extension_offset = (uint16_t)(c.at - data);
		h.extension_bytes = (uint16_t)bytes;
		cur_bytes(&c, bytes);
	}
	if (c.overrun)
		return -EBADMSG;
	h.payload_offset = (uint16_t)(c.at - data);
	*ret_header = h;
	return 0;
}

int rtp_payload_bytes(const struct rtp_header *header, const uint8_t *data, size_t len)
{
	size_t bytes, padding;

	if (len < header->payload_offset)
		return -EBADMSG;
	bytes = len - header->payload_offset;
	if (!header->padding)
		return (int)bytes;
	padding = bytes > 0 ? data[len - 1] : 0;
	if (padding == 0 || padding > bytes)
		return -EBADMSG;
	return (int)(bytes - padding);
}

/* One element at @c, whose first byte, no padding, is there; false when the list ends with it. */
static bool take_extension(struct cur *c, bool two_byte, struct rtp_extension *ret)
{
	uint8_t first = cur_u8(c);

	if (two_byte) {
		ret->id = first;
		ret->len = cur_u8(c);
	} else {
		ret->id = first >> 4;
		ret->len = (first & 0x0F) + 1;
		/* 15 ends the list whatever its length says; 0 is for padding, which has no length. */
		if (ret->id == 15 || ret->id == 0)
			return false;
	}
	ret->data = cur_bytes(c, ret->len);
	return !c->overrun;
}

unsigned rtp_extensions(
        const struct rtp_header *header, const uint8_t *data, struct rtp_extension *ret_list, unsigned max)
{
	struct cur c = cur_of(data + header->extension_offset, header->extension_bytes);
	bool two_byte = (header->extension_profile & PROFILE_TWO_BYTE_MASK) == PROFILE_TWO_BYTE;
	unsigned count = 0;

	if (header->extension_profile != PROFILE_ONE_BYTE && !two_byte)
		return 0;
	if (max > LIMIT_HEADER_EXTENSIONS)
		max = LIMIT_HEADER_EXTENSIONS;
	while (count < max) {
		while (cur_left(&c) > 0 && *c.at == 0)
			c.at++;
		if (cur_left(&c) == 0 || !take_extension(&c, two_byte, &ret_list[count]))
			break;
		count++;
	}
	return count;
}

void rtp_build(
        uint8_t *out, uint8_t payload_type, bool marker, uint16_t seq, uint32_t timestamp, uint32_t ssrc)
{
	out[0] = 2 << 6;
	out[1] = (uint8_t)(marker << 7 | (payload_type & 0x7F));
	cur_put16(out + 2, seq);
	cur_put32(out + 4, timestamp);
	cur_put32(out + 8, ssrc);
}

/* @reference moved by the signed distance @step; an era of @span later when that would be before 0. */
static uint64_t unwrap(uint64_t reference, int64_t step, uint64_t span)
{
	if (step < 0 && reference < (uint64_t)-step)
		return reference + (uint64_t)step + span;
	return reference + (uint64_t)step;
}

uint64_t rtp_unwrap32(uint64_t reference, uint32_t low)
{
	return unwrap(reference, (int32_t)(low - (uint32_t)reference), 1ull << 32);
}

uint64_t rtp_unwrap16(uint64_t reference, uint16_t low)
{
	return unwrap(reference, (int16_t)(low - (uint16_t)reference), 1ull << 16);
}
