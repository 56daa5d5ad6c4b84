/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   VP8, RFC 7741 section 4.2          VP9, RFC 9628 section 4.2
 *    0 1 2 3 4 5 6 7                    0 1 2 3 4 5 6 7
 *   |X|R|N|S|R| PID |                  |I|P|L|F|B|E|V|Z|
 *   |I|L|T|K|  RSV  |                  |M| PictureID   |  7 more bits of it follow
 *   |M| PictureID   |                  | TID |U| SID |D|  L
 *   |   PictureID   |                  |   TL0PICIDX   |  L, not F
 *                                      |   P_DIFF    |N|  F and P
 *                                      scalability structure, V:
 *                                      | N_S |Y|G|-----|  then width 16, height 16 a layer (Y),
 *                                      |      N_G      |  | TID |U| R |-|-| and R times P_DIFF 8,
 *                                                         a picture (G)
 */
#include "tools/gen/pay.h"

#include <string.h>
#include "base/cur.h"

#define PICTURE_ID_MASK 0x7FFF

void pay_init(struct pay *pay, const struct clip *clip, size_t max_bytes, bool flexible, uint16_t picture_id)
{
	*pay = (struct pay){ .clip = clip,
		.max_bytes = max_bytes,
		.flexible = flexible,
		.picture_id = picture_id & PICTURE_ID_MASK };
}

void pay_begin(struct pay *pay, const struct clip_frame *frame)
{
	if (pay->begun) {
		pay->picture_id = (pay->picture_id + 1) & PICTURE_ID_MASK;
		pay->tl0_index++;
	}
	pay->marker = !pay->begun || pay->silent;
	pay->begun = true;
	pay->silent = frame->silent;
	pay->frame = frame;
	pay->layer = 0;
	pay->offset = pay->layer_start = 0;
}

static size_t put_picture_id(uint8_t *out, uint16_t id)
{
	cur_put16(out, (uint16_t)(0x8000 | id));
	return 2;
}

static size_t describe_vp8(const struct pay *pay, uint8_t *out)
{
	out[0] = (uint8_t)(0x80 | pay->frame->droppable << 5 | (pay->offset == 0) << 4);
	out[1] = 0x80;
	return 2 + put_picture_id(out + 2, pay->picture_id);
}

static size_t put_structure(const struct pay *pay, uint8_t *out)
{
	const struct clip *clip = pay->clip;
	bool group = !pay->flexible && clip->one_reference;
	size_t n = 0;

	out[n++] = (uint8_t)((clip->layers - 1) << 5 | 0x10 | group << 3);
	for (unsigned i = 0; i < clip->layers; i++, n += 4) {
		cur_put16(out + n, clip->layer[i].width);
		cur_put16(out + n + 2, clip->layer[i].height);
	}
	if (group) {
		out[n++] = 1;      /* pictures in the group */
		out[n++] = 1 << 2; /* TID 0, one reference */
		out[n++] = 1;      /* the picture before */
	}
	return n;
}

static size_t describe_vp9(const struct pay *pay, uint8_t *out, bool end)
{
	const struct clip_frame *f = pay->frame;
	bool layers = pay->clip->layers > 1, start = pay->offset == pay->layer_start, inter = !f->key;
	bool structure = f->key && pay->layer == 0 && start;
	bool top = layers && pay->layer + 1 == pay->clip->layers;
	size_t n = 1;

	out[0] = (uint8_t)(0x80 | inter << 6 | layers << 5 | pay->flexible << 4 | start << 3 | end << 2 |
	                   structure << 1 | top);
	n += put_picture_id(out + n, pay->picture_id);
	if (layers) {
		out[n++] = (uint8_t)(pay->layer << 1 | (pay->layer > 0));
		if (!pay->flexible)
			out[n++] = pay->tl0_index;
	}
	if (pay->flexible && inter)
		out[n++] = 1 << 1;
	if (structure)
		n += put_structure(pay, out + n);
	return n;
}

/* The descriptor of the payload that comes next; *ret_bytes: how many of the @left bytes of the layer frame
 * fit. */
static size_t describe(const struct pay *pay, uint8_t *out, uint32_t left, uint32_t *ret_bytes)
{
	size_t len;

	*ret_bytes = left;
	if (!codec_info(pay->clip->codec)->video)
		return 0;
	len = pay->clip->codec == CODEC_VP8 ? describe_vp8(pay, out) : describe_vp9(pay, out, false);
	if (len + left > pay->max_bytes)
		*ret_bytes = (uint32_t)(pay->max_bytes - len);
	else if (pay->clip->codec == CODEC_VP9)
		describe_vp9(pay, out, true);
	return len;
}

/* One payload; @out NULL: only go on. */
static size_t advance(struct pay *pay, uint8_t *out, bool *ret_marker)
{
	const struct clip_frame *f = pay->frame;
	uint8_t descriptor[PAY_DESCRIPTOR_MAX];
	uint32_t left, bytes;
	size_t head;

	if (!f || f->silent || pay->layer == f->layers)
		return 0;
	left = pay->layer_start + f->layer_bytes[pay->layer] - pay->offset;
	head = describe(pay, descriptor, left, &bytes);
	if (out) {
		memcpy(out, descriptor, head);
		memcpy(out + head, f->data + pay->offset, bytes);
	}
	pay->offset += bytes;
	if (bytes == left) {
		pay->layer++;
		pay->layer_start = pay->offset;
	}
	*ret_marker = codec_info(pay->clip->codec)->video ? pay->layer == f->layers : pay->marker;
	return head + bytes;
}

unsigned pay_count(const struct pay *pay, const struct clip_frame *frame)
{
	struct pay trial = *pay;
	unsigned count = 0;
	bool marker;

	pay_begin(&trial, frame);
	while (advance(&trial, NULL, &marker))
		count++;
	return count;
}

size_t pay_next(struct pay *pay, uint8_t *out, bool *ret_marker)
{
	return advance(pay, out, ret_marker);
}
