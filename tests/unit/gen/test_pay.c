/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/pay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MAX 100

static uint8_t media[1000];

static struct clip clip_of(enum codec codec, unsigned layers)
{
	struct clip c = { .codec = codec, .layers = layers, .one_reference = true };

	for (unsigned i = 0; i < layers; i++) {
		c.layer[i].width = (uint16_t)(160 << i);
		c.layer[i].height = (uint16_t)(90 << i);
	}
	for (size_t i = 0; i < sizeof(media); i++)
		media[i] = (uint8_t)(i * 7 + i / 256);
	return c;
}

static struct clip_frame frame_of(uint32_t len, bool key)
{
	return (struct clip_frame){
		.data = media, .len = len, .key = key, .layers = 1, .layer_bytes = { len }
	};
}

/* RFC 7741 section 4.2: X|R|N|S|R|PID, I|L|T|K|RSV, M|PictureID 15 bits. */
static void vp8_descriptor_is_that_of_the_rfc(void **state)
{
	struct clip clip = clip_of(CODEC_VP8, 1);
	struct clip_frame f = frame_of(250, true), next = frame_of(10, false);
	struct pay p;
	uint8_t out[MAX];
	bool marker;

	next.droppable = true;
	pay_init(&p, &clip, MAX, false, 0x7FFF);
	assert_int_equal(pay_count(&p, &f), 3);
	pay_begin(&p, &f);
	assert_int_equal(pay_next(&p, out, &marker), MAX);
	assert_memory_equal(out, ((uint8_t[]){ 0x90, 0x80, 0xFF, 0xFF }), 4);
	assert_memory_equal(out + 4, media, 96);
	assert_false(marker);
	assert_int_equal(pay_next(&p, out, &marker), MAX);
	assert_memory_equal(out, ((uint8_t[]){ 0x80, 0x80, 0xFF, 0xFF }), 4);
	assert_memory_equal(out + 4, media + 96, 96);
	assert_false(marker);
	assert_int_equal(pay_next(&p, out, &marker), 4 + 58);
	assert_memory_equal(out + 4, media + 192, 58);
	assert_true(marker);
	assert_int_equal(pay_next(&p, out, &marker), 0);
	/* the picture id wraps after 15 bits; N: nothing refers to it */
	pay_begin(&p, &next);
	assert_int_equal(pay_next(&p, out, &marker), 14);
	assert_memory_equal(out, ((uint8_t[]){ 0xB0, 0x80, 0x80, 0x00 }), 4);
	assert_true(marker);
}

/* RFC 9628 section 4.2: I|P|L|F|B|E|V|Z, M|PictureID, then the scalability structure N_S|Y|G|-, sizes, N_G,
 * TID|U|R|-, P_DIFF. */
static void vp9_non_flexible_descriptor_is_that_of_the_rfc(void **state)
{
	struct clip clip = clip_of(CODEC_VP9, 1);
	struct clip_frame f = frame_of(150, true), next = frame_of(50, false);
	struct pay p;
	uint8_t out[MAX];
	bool marker;

	pay_init(&p, &clip, MAX, false, 0x0102);
	pay_begin(&p, &f);
	assert_int_equal(pay_next(&p, out, &marker), MAX);
	assert_memory_equal(out, ((uint8_t[]){ 0x8A, 0x81, 0x02, 0x18, 0, 160, 0, 90, 1, 0x04, 1 }), 11);
	assert_memory_equal(out + 11, media, MAX - 11);
	assert_false(marker);
	assert_int_equal(pay_next(&p, out, &marker), 3 + 150 - (MAX - 11));
	assert_memory_equal(out, ((uint8_t[]){ 0x84, 0x81, 0x02 }), 3);
	assert_true(marker);
	pay_begin(&p, &next);
	assert_int_equal(pay_next(&p, out, &marker), 53);
	assert_memory_equal(out, ((uint8_t[]){ 0xCC, 0x81, 0x03 }), 3);
	assert_true(marker);
}

static void vp9_flexible_mode_names_its_reference(void **state)
{
	struct clip clip = clip_of(CODEC_VP9, 1);
	struct clip_frame f = frame_of(50, true), next = frame_of(50, false);
	struct pay p;
	uint8_t out[MAX];
	bool marker;

	pay_init(&p, &clip, MAX, true, 5);
	pay_begin(&p, &f);
	pay_next(&p, out, &marker);
	assert_memory_equal(out, ((uint8_t[]){ 0x9E, 0x80, 0x05, 0x10, 0, 160, 0, 90 }), 8);
	pay_begin(&p, &next);
	pay_next(&p, out, &marker);
	assert_memory_equal(out, ((uint8_t[]){ 0xDC, 0x80, 0x06, 0x02 }), 4); /* P_DIFF 1, N 0 */
}

/* The layers of a picture share time and picture id; the marker ends the last. The superframe's index stays
 * behind. */
static void vp9_layers_follow_each_other(void **state)
{
	struct clip clip = clip_of(CODEC_VP9, 3);
	struct clip_frame f = frame_of(60, true);
	struct pay p;
	uint8_t out[MAX];
	bool marker;

	f.layers = 3;
	memcpy(f.layer_bytes, ((uint32_t[]){ 10, 15, 30 }), sizeof(f.layer_bytes));
	pay_init(&p, &clip, MAX, false, 1);
	assert_int_equal(pay_count(&p, &f), 3);
	pay_begin(&p, &f);
	pay_next(&p, out, &marker);
	assert_memory_equal(out,
	        ((uint8_t[]){ 0xAE, 0x80, 0x01, 0x00, 0x00, 0x58, 0, 160, 0, 90, 1, 64, 0, 180, 2, 128, 1,
	                104, 1, 0x04, 1 }),
	        21);
	assert_false(marker);
	assert_int_equal(pay_next(&p, out, &marker), 5 + 15);
	assert_memory_equal(out, ((uint8_t[]){ 0xAC, 0x80, 0x01, 0x03, 0x00 }), 5); /* SID 1, D */
	assert_memory_equal(out + 5, media + 10, 15);
	assert_false(marker);
	assert_int_equal(pay_next(&p, out, &marker), 5 + 30);
	assert_memory_equal(
	        out, ((uint8_t[]){ 0xAD, 0x80, 0x01, 0x05, 0x00 }), 5); /* SID 2, D; Z: nothing above */
	assert_memory_equal(out + 5, media + 25, 30);
	assert_true(marker);
	f.key = false;
	pay_begin(&p, &f);
	pay_next(&p, out, &marker);
	assert_memory_equal(out, ((uint8_t[]){ 0xEC, 0x80, 0x02, 0x00, 0x01 }), 5); /* P, TL0PICIDX 1 */
}

/* RFC 7587 section 4.1: the marker begins a talk spurt. */
static void opus_marks_talk_spurts(void **state)
{
	struct clip clip = clip_of(CODEC_OPUS, 1);
	struct clip_frame f = frame_of(40, true), silence = frame_of(1, true);
	struct pay p;
	uint8_t out[MAX];
	bool marker;

	silence.silent = true;
	pay_init(&p, &clip, MAX, false, 0);
	pay_begin(&p, &f);
	assert_int_equal(pay_next(&p, out, &marker), 40);
	assert_memory_equal(out, media, 40);
	assert_true(marker);
	assert_int_equal(pay_next(&p, out, &marker), 0);
	pay_begin(&p, &f);
	pay_next(&p, out, &marker);
	assert_false(marker);
	assert_int_equal(pay_count(&p, &silence), 0);
	pay_begin(&p, &silence);
	assert_int_equal(pay_next(&p, out, &marker), 0);
	pay_begin(&p, &f);
	pay_next(&p, out, &marker);
	assert_true(marker);
}

static void every_length_comes_through_whole(void **state)
{
	for (enum codec codec = CODEC_VP8; codec <= CODEC_VP9; codec++)
		for (uint32_t len = 1; len < 400; len++) {
			struct clip clip = clip_of(codec, 1);
			struct clip_frame f = frame_of(len, false);
			struct pay p;
			uint8_t out[MAX], whole[400];
			size_t n, sum = 0, head = codec == CODEC_VP8 ? 4 : 3;
			unsigned count = 0;
			bool marker = false;

			pay_init(&p, &clip, MAX, false, 0);
			pay_begin(&p, &f);
			while ((n = pay_next(&p, out, &marker))) {
				assert_in_range(n, head + 1, MAX);
				memcpy(whole + sum, out + head, n - head);
				sum += n - head;
				count++;
				assert_int_equal(marker, sum == len);
			}
			assert_int_equal(sum, len);
			assert_memory_equal(whole, media, len);
			assert_int_equal(count, pay_count(&p, &f));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vp8_descriptor_is_that_of_the_rfc),
		cmocka_unit_test(vp9_non_flexible_descriptor_is_that_of_the_rfc),
		cmocka_unit_test(vp9_flexible_mode_names_its_reference),
		cmocka_unit_test(vp9_layers_follow_each_other),
		cmocka_unit_test(opus_marks_talk_spurts),
		cmocka_unit_test(every_length_comes_through_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
