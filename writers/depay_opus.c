/* SPDX-License-Identifier: BSD-3-Clause */
/* Opus in RTP: the payload is one Opus packet (RFC 7587 section 4.2). Its form is checked, its bytes are
 * kept.
 *
 *   RFC 6716 section 3.1, the TOC:    section 3.2, what follows:
 *    0 1 2 3 4 5 6 7                  code 0  one frame
 *   | config  |s| c |                 code 1  two frames of the same length
 *                                     code 2  length of the first, two frames
 *                                     code 3  |v|p| M | padding length | M-1 lengths if v | M frames |
 * padding
 *
 * A frame's length is one byte up to 251, or two: first + 4 * second (section 3.2.1).
 */
#include "writers/depay.h"

#include <errno.h>
#include "base/cur.h"

#define FRAME_BYTES_MAX  1275 /* R2 of RFC 6716 section 3.4 */
#define PACKET_TICKS_MAX 5760 /* 120 ms, R5 */
#define V_VBR            0x80
#define P_PADDING        0x40
#define M_MASK           0x3F

uint32_t depay_opus_frame_rtp(uint8_t toc)
{
	static const uint16_t silk[4] = { 480, 960, 1920, 2880 };
	unsigned config = toc >> 3;

	if (config < 12)
		return silk[config & 3];
	return config < 16 ? 480u << (config & 1) : 120u << (config & 3);
}

/* A frame length of section 3.2.1: 1275 at most. */
static uint32_t read_length(struct cur *c)
{
	uint32_t first = cur_u8(c);

	return first < 252 ? first : first + 4 * (uint32_t)cur_u8(c);
}

static int check_two_sizes(struct cur *c)
{
	uint32_t first = read_length(c);

	if (c->overrun || first > cur_left(c))
		return -EBADMSG;
	return cur_left(c) - first <= FRAME_BYTES_MAX ? 0 : -EBADMSG;
}

/* The padding's length (R7): bytes of 255 add 254 each and one more follows. */
static int skip_padding(struct cur *c)
{
	size_t padding = 0;
	uint8_t byte;

	do {
		byte = cur_u8(c);
		padding += byte == 255 ? 254 : byte;
	} while (byte == 255 && !c->overrun);
	if (c->overrun || padding > cur_left(c))
		return -EBADMSG;
	c->end -= padding;
	return 0;
}

static int check_many(struct cur *c, uint32_t *ret_frames)
{
	uint8_t bits = cur_u8(c);
	uint32_t frames = bits & M_MASK;
	size_t lengths = 0;

	if (c->overrun || !frames)
		return -EBADMSG;
	*ret_frames = frames;
	if ((bits & P_PADDING) && skip_padding(c))
		return -EBADMSG;
	if (!(bits & V_VBR))
		return cur_left(c) % frames == 0 && cur_left(c) / frames <= FRAME_BYTES_MAX ? 0 : -EBADMSG;
	for (uint32_t i = 1; i < frames; i++)
		lengths += read_length(c);
	if (c->overrun || lengths > cur_left(c))
		return -EBADMSG;
	return cur_left(c) - lengths <= FRAME_BYTES_MAX ? 0 : -EBADMSG;
}

int depay_opus(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	struct cur c = cur_of(payload, len);
	uint8_t toc = cur_u8(&c);
	uint32_t frames = 1, duration;
	int err = 0;

	if (c.overrun)
		return -EBADMSG;
	switch (toc & 3) {
	case 0:
		err = cur_left(&c) <= FRAME_BYTES_MAX ? 0 : -EBADMSG;
		break;
	case 1:
		frames = 2;
		err = cur_left(&c) % 2 == 0 && cur_left(&c) / 2 <= FRAME_BYTES_MAX ? 0 : -EBADMSG;
		break;
	case 2:
		frames = 2;
		err = check_two_sizes(&c);
		break;
	default:
		err = check_many(&c, &frames);
	}
	duration = frames * depay_opus_frame_rtp(toc);
	if (err || duration > PACKET_TICKS_MAX)
		return -EBADMSG;
	*ret_piece = depay_audio_piece(payload, len, duration);
	return 0;
}
