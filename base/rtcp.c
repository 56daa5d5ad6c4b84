/* SPDX-License-Identifier: BSD-3-Clause */
/*   SR    |V=2|P|  RC  | 200 | length | SSRC | NTP 64 | RTP time | packets | bytes | block x RC | extensions
 *   RR    |V=2|P|  RC  | 201 | length | SSRC | block x RC | extensions
 *   block |SSRC | fraction 8, lost 24 | highest sequence | jitter | last SR | delay since SR |
 *   SDES  |V=2|P|  SC  | 202 | length | (SSRC | type 8, len 8, text ... | 0 ... to a word) x SC
 *   BYE   |V=2|P|  SC  | 203 | length | SSRC x SC | len 8, reason
 *   XR    |V=2|P| 0    | 207 | length | SSRC | (block type 8 | 0 8 | length 16 | ...) each
 *   PSFB  |V=2|P| FMT  | 206 | length | SSRC | media SSRC | FCI (PLI: none; FIR: (SSRC | seq 8, 0 24) each)
 */
#include "base/rtcp.h"

#include <errno.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"

#define BLOCK_BYTES 24
#define FIR_BYTES   8
#define MAX_COUNT   31

#define SDES_CNAME 1 /* RFC 3550 section 6.5.1 */
#define PSFB_PLI   1 /* RFC 4585 section 6.3.1 */
#define PSFB_FIR   4 /* RFC 5104 section 4.3.1 */
#define XR_DLRR    5 /* RFC 3611 section 4.5 */
#define DLRR_BYTES 12

/* One packet of a compound: what follows its header, without padding. */
struct packet {
	uint8_t count, type;
	struct cur body;
};

/* Take the packet at @c. Padding is for the last packet alone (RFC 3550 section 6.4.1). */
static int take_packet(struct cur *c, struct packet *ret)
{
	uint8_t first = cur_u8(c);
	uint8_t type = cur_u8(c);
	size_t len = 4u * cur_u16(c), padding = 0;
	const uint8_t *body = cur_bytes(c, len);

	if (c->overrun || first >> 6 != 2)
		return -EBADMSG;
	if (first & 0x20) {
		if (cur_left(c) > 0 || len == 0)
			return -EBADMSG;
		padding = body[len - 1];
		if (padding == 0 || padding % 4 != 0 || padding > len)
			return -EBADMSG;
	}
	*ret = (struct packet){ .count = first & 0x1F, .type = type, .body = cur_of(body, len - padding) };
	return 0;
}

/* RFC 3550 section 6.5: chunks begin at words; a chunk's items end with a zero byte, which the packet's end
 * may stand for. */
static int check_sdes(const struct packet *p)
{
	struct cur c = p->body;

	for (unsigned i = 0; i < p->count; i++) {
		cur_u32(&c);
		while (cur_left(&c) > 0 && cur_u8(&c) != 0)
			cur_bytes(&c, cur_u8(&c));
		cur_bytes(&c, cur_left(&c) % 4);
		if (c.overrun)
			return -EBADMSG;
	}
	return 0;
}

/* RFC 3611 section 3: blocks fill the packet. */
static int check_report_blocks(const struct packet *p)
{
	struct cur c = p->body;

	cur_u32(&c);
	while (cur_left(&c) > 0) {
		cur_u16(&c);
		cur_bytes(&c, 4u * cur_u16(&c));
	}
	return c.overrun ? -EBADMSG : 0;
}

/* Whether what the count promises is there. */
static int check_packet(const struct packet *p)
{
	size_t len = cur_left(&p->body), need = 0;

	switch (p->type) {
	case RTCP_SR:
		need = 24 + BLOCK_BYTES * (size_t)p->count;
		break;
	case RTCP_RR:
		need = 4 + BLOCK_BYTES * (size_t)p->count;
		break;
	case RTCP_SDES:
		return check_sdes(p);
	case RTCP_XR:
		return check_report_blocks(p);
	case RTCP_BYE:
		need = 4 * (size_t)p->count;
		break;
	case RTCP_APP:
	case RTCP_RTPFB:
		need = 8;
		break;
	case RTCP_PSFB:
		need = 8;
		if (p->count == PSFB_FIR && len >= 8 && (len - 8) % FIR_BYTES != 0)
			return -EBADMSG;
		break;
	default:
		break;
	}
	return len < need ? -EBADMSG : 0;
}

static int check_compound(struct cur c)
{
	unsigned count = 0;

	do {
		struct packet p;
		if (++count > LIMIT_RTCP_COMPOUND || take_packet(&c, &p) < 0 || check_packet(&p) < 0)
			return -EBADMSG;
	} while (cur_left(&c) > 0);
	return 0;
}

static void tell_blocks(struct cur *c, unsigned count, const struct rtcp_handlers *h)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t ssrc = cur_u32(c);
		uint8_t fraction_lost = cur_u8(c);
		int32_t lost = (int32_t)(cur_u24(c) << 8) >> 8; /* signed 24 bits */
		uint32_t highest_seq = cur_u32(c), jitter = cur_u32(c);

		cur_bytes(c, 8);
		if (h->report_block)
			h->report_block(h->arg, ssrc, fraction_lost, lost, highest_seq, jitter);
	}
}

static void tell_sender_report(struct cur *c, const struct rtcp_handlers *h)
{
	uint32_t ssrc = cur_u32(c);
	uint64_t ntp = cur_u64(c);
	uint32_t rtp_time = cur_u32(c), packets = cur_u32(c), bytes = cur_u32(c);

	if (h->sender_report)
		h->sender_report(h->arg, ssrc, ntp, rtp_time, packets, bytes);
}

/* A PLI names its stream in the header, a FIR in each of its entries (RFC 5104 section 4.3.1.1). */
static void tell_key_frame_request(struct cur *c, unsigned format, const struct rtcp_handlers *h)
{
	uint32_t media_ssrc;

	cur_u32(c);
	media_ssrc = cur_u32(c);
	if (!h->key_frame_request)
		return;
	if (format == PSFB_PLI)
		h->key_frame_request(h->arg, media_ssrc);
	while (format == PSFB_FIR && cur_left(c) >= FIR_BYTES) {
		h->key_frame_request(h->arg, cur_u32(c));
		cur_u32(c);
	}
}

static void tell_report_blocks(struct cur *c, const struct rtcp_handlers *h)
{
	cur_u32(c);
	while (h->delay_since_reference && cur_left(c) > 0) {
		uint8_t type = cur_u8(c);
		struct cur block;
		size_t len;

		cur_u8(c);
		len = 4u * cur_u16(c);
		block = cur_of(cur_bytes(c, len), len);
		while (type == XR_DLRR && cur_left(&block) >= DLRR_BYTES) {
			uint32_t ssrc = cur_u32(&block), last_rr = cur_u32(&block);
			h->delay_since_reference(h->arg, ssrc, last_rr, cur_u32(&block));
		}
	}
}

static void tell_packet(struct packet *p, const struct rtcp_handlers *h)
{
	switch (p->type) {
	case RTCP_SR:
		tell_sender_report(&p->body, h);
		tell_blocks(&p->body, p->count, h);
		break;
	case RTCP_RR:
		cur_u32(&p->body);
		tell_blocks(&p->body, p->count, h);
		break;
	case RTCP_BYE:
		for (unsigned i = 0; h->bye && i < p->count; i++)
			h->bye(h->arg, cur_u32(&p->body));
		break;
	case RTCP_PSFB:
		tell_key_frame_request(&p->body, p->count, h);
		break;
	case RTCP_XR:
		tell_report_blocks(&p->body, h);
		break;
	default:
		break;
	}
}

int rtcp_parse(const uint8_t *data, size_t len, const struct rtcp_handlers *handlers)
{
	struct cur c = cur_of(data, len);
	struct packet p;

	if (check_compound(c) < 0)
		return -EBADMSG;
	while (cur_left(&c) > 0 && take_packet(&c, &p) == 0)
		tell_packet(&p, handlers);
	return 0;
}

int rtcp_sender_ssrc(const uint8_t *data, size_t len, uint32_t *ret_ssrc)
{
	struct cur c = cur_of(data, len);
	uint8_t first = cur_u8(&c), type = cur_u8(&c);
	uint32_t ssrc;

	cur_u16(&c);
	ssrc = cur_u32(&c);
	if (c.overrun || first >> 6 != 2 || type < 192 || type > 223)
		return -EBADMSG;
	*ret_ssrc = ssrc;
	return 0;
}

/* The header and the SSRC of a packet of @bytes in all, a multiple of 4; NULL when there is no room. */
static uint8_t *put_head(
        uint8_t *out, size_t size, size_t len, unsigned count, uint8_t type, size_t bytes, uint32_t ssrc)
{
	if (len > size || size - len < bytes)
		return NULL;
	out += len;
	out[0] = (uint8_t)(2 << 6 | count);
	out[1] = type;
	cur_put16(out + 2, (uint16_t)(bytes / 4 - 1));
	cur_put32(out + 4, ssrc);
	return out;
}

static void put_block(uint8_t *out, const struct rtcp_report_block *block)
{
	int32_t lost = block->lost > 0x7FFFFF ? 0x7FFFFF : block->lost < -0x800000 ? -0x800000 : block->lost;

	cur_put32(out, block->ssrc);
	out[4] = block->fraction_lost;
	cur_put24(out + 5, (uint32_t)lost & 0xFFFFFF);
	cur_put32(out + 8, block->highest_seq);
	cur_put32(out + 12, block->jitter);
	cur_put32(out + 16, block->last_sr);
	cur_put32(out + 20, block->delay_since_sr);
}

size_t rtcp_build_rr(uint8_t *out, size_t size, size_t len, uint32_t ssrc,
        const struct rtcp_report_block *blocks, unsigned count)
{
	size_t bytes = 8 + BLOCK_BYTES * (size_t)count;
	uint8_t *at = count > MAX_COUNT ? NULL : put_head(out, size, len, count, RTCP_RR, bytes, ssrc);

	if (!at)
		return 0;
	for (unsigned i = 0; i < count; i++)
		put_block(at + 8 + BLOCK_BYTES * i, &blocks[i]);
	return len + bytes;
}

size_t rtcp_build_sr(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time,
        uint32_t packets, uint32_t bytes)
{
	uint8_t *at = put_head(out, size, len, 0, RTCP_SR, 28, ssrc);

	if (!at)
		return 0;
	cur_put64(at + 8, ntp);
	cur_put32(at + 16, rtp_time);
	cur_put32(at + 20, packets);
	cur_put32(at + 24, bytes);
	return len + 28;
}

size_t rtcp_build_sdes(uint8_t *out, size_t size, size_t len, uint32_t ssrc, const char *cname)
{
	size_t text = strlen(cname);
	size_t bytes = (8 + 2 + text + 1 + 3) / 4 * 4;
	uint8_t *at = text > UINT8_MAX ? NULL : put_head(out, size, len, 1, RTCP_SDES, bytes, ssrc);

	if (!at)
		return 0;
	at[8] = SDES_CNAME;
	at[9] = (uint8_t)text;
	memcpy(at + 10, cname, text);
	memset(at + 10 + text, 0, bytes - 10 - text);
	return len + bytes;
}

size_t rtcp_build_bye(uint8_t *out, size_t size, size_t len, uint32_t ssrc)
{
	return put_head(out, size, len, 1, RTCP_BYE, 8, ssrc) ? len + 8 : 0;
}
