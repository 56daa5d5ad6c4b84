/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fnv.h"
#include "tools/gen/clip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/cur.h"

static const struct clip_cfg small = { .width = 64,
	.height = 48,
	.fps = 30,
	.kbps = 100,
	.gop = 15,
	.seconds = 1,
	.layers = 1,
	.frame_us = 20000,
	.audio_kbps = 32,
	.channels = 2 };

static struct clip *make(enum codec codec, struct clip_cfg cfg)
{
	struct clip *clip = NULL;

	cfg.codec = codec;
	assert_int_equal(clip_create(&clip, &cfg), 0);
	return clip;
}

static void video_has_key_frames_where_asked(void **state)
{
	for (enum codec codec = CODEC_VP8; codec <= CODEC_VP9; codec++) {
		struct clip *clip = make(codec, small);

		assert_int_equal(clip->count, 30);
		assert_int_equal(clip->keys, 2);
		for (size_t i = 0; i < clip->count; i++) {
			assert_int_equal(clip->frames[i].key, i % 15 == 0);
			assert_int_equal(clip->frames[i].ticks, 3000);
			assert_true(clip->frames[i].hash ==
			            fnv_1a(FNV_BASIS, clip->frames[i].data, clip->frames[i].len));
		}
		assert_int_equal(clip_key_from(clip, 1), 15);
		assert_int_equal(clip_key_from(clip, 15), 15);
		assert_int_equal(clip_key_from(clip, 16), 0);
		assert_int_equal(clip_key(clip, 0), 0);
		assert_int_equal(clip_key(clip, 1), 15);
		assert_int_equal(clip_key(clip, 2), 0);
		clip_free(clip);
	}
}

static void svc_pictures_are_split_into_layer_frames(void **state)
{
	struct clip_cfg cfg = small;

	cfg.width = 256, cfg.height = 192, cfg.layers = 3;
	struct clip *clip = make(CODEC_VP9, cfg);
	assert_int_equal(clip->layers, 3);
	assert_int_equal(clip->layer[0].width, 64);
	assert_int_equal(clip->layer[2].height, 192);
	for (size_t i = 0; i < clip->count; i++) {
		struct clip_frame *f = &clip->frames[i];
		uint32_t sum = 0;

		assert_int_equal(f->layers, 3);
		for (unsigned l = 0; l < 3; l++)
			sum += f->layer_bytes[l];
		assert_in_range(f->len - sum, 2 + 3, 2 + 3 * 4); /* the superframe's index */
	}
	clip_free(clip);
}

static void opus_packets_last_as_asked(void **state)
{
	static const unsigned us[] = { 2500, 10000, 60000 };

	for (size_t i = 0; i < 3; i++) {
		struct clip_cfg cfg = small;

		cfg.frame_us = us[i];
		struct clip *clip = make(CODEC_OPUS, cfg);
		assert_int_equal(clip->frames[0].ticks, us[i] * 48 / 1000);
		assert_int_equal(clip->keys, clip->count);
		assert_false(clip->frames[0].silent);
		clip_free(clip);
	}
}

static void dtx_leaves_silence_out(void **state)
{
	struct clip_cfg cfg = small;
	unsigned silent = 0;

	cfg.dtx = true, cfg.seconds = 3;
	struct clip *clip = make(CODEC_OPUS, cfg);
	for (size_t i = 0; i < clip->count; i++)
		silent += clip->frames[i].silent;
	assert_in_range(silent, clip->count / 10, clip->count / 2);
	clip_free(clip);
}

struct ivf_frame {
	uint64_t time;
	const char *bytes;
};

/* An IVF file of a VP8 or VP9 clip in @path; frames end with bytes NULL. */
static void write_ivf(
        char *path, const char *fourcc, unsigned rate, unsigned scale, const struct ivf_frame *frames)
{
	uint8_t head[32] = "DKIF", frame[12];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "wb");

	memcpy(head + 8, fourcc, 4);
	cur_put_le(head + 6, 32, 2);
	cur_put_le(head + 12, 320, 2);
	cur_put_le(head + 14, 180, 2);
	cur_put_le(head + 16, rate, 4);
	cur_put_le(head + 20, scale, 4);
	fwrite(head, sizeof(head), 1, f);
	for (; frames->bytes; frames++) {
		cur_put_le(frame, strlen(frames->bytes), 4);
		cur_put_le(frame + 4, frames->time, 8);
		fwrite(frame, sizeof(frame), 1, f);
		fwrite(frames->bytes, strlen(frames->bytes), 1, f);
	}
	fclose(f);
}

static int read_ivf(enum codec codec, const char *fourcc, unsigned rate, unsigned scale,
        const struct ivf_frame *frames, struct clip **ret)
{
	char path[] = "/tmp/test-clip-XXXXXX";
	struct clip_cfg cfg = { .codec = codec, .ivf = path };

	write_ivf(path, fourcc, rate, scale, frames);
	int status = clip_create(ret, &cfg);
	unlink(path);
	return status;
}

static void ivf_frames_keep_their_times(void **state)
{
	/* 30000/1001 pictures a second: 3003 ticks each, no error adds up */
	const struct ivf_frame frames[] = { { 5, "\x10key" }, { 6, "\x11p" }, { 8, "\x10K" }, { 0, NULL } };
	struct clip *clip;

	assert_int_equal(read_ivf(CODEC_VP8, "VP80", 30000, 1001, frames, &clip), 0);
	assert_int_equal(clip->count, 3);
	assert_int_equal(clip->keys, 2);
	assert_int_equal(clip->frames[0].ticks, 3003);
	assert_int_equal(clip->frames[1].ticks, 6006);
	assert_int_equal(clip->frames[2].ticks, 6006);
	assert_int_equal(clip->layer[0].width, 320);
	assert_false(clip->one_reference);
	clip_free(clip);
}

/* The VP9 uncompressed header: marker 2, profile, show_existing_frame, frame_type. */
static void vp9_key_frames_are_known_by_their_header(void **state)
{
	const struct ivf_frame frames[] = { { 0, "\x82" }, { 1, "\x86" }, { 2, "\x8A" }, { 3, "\xB1" },
		{ 4, "\xB2" }, { 0, NULL } };
	struct clip *clip;

	assert_int_equal(read_ivf(CODEC_VP9, "VP90", 30, 1, frames, &clip), 0);
	assert_true(clip->frames[0].key);
	assert_false(clip->frames[1].key); /* inter */
	assert_false(clip->frames[2].key); /* shows an existing frame */
	assert_true(clip->frames[3].key);  /* profile 3 has a reserved bit */
	assert_false(clip->frames[4].key);
	clip_free(clip);
}

static void what_is_no_use_is_refused(void **state)
{
	const struct ivf_frame delta[] = { { 0, "\x11p" }, { 0, NULL } },
	                       back[] = { { 5, "\x10k" }, { 4, "\x11p" }, { 0, NULL } };
	const struct ivf_frame none[] = { { 0, NULL } }, good[] = { { 0, "\x10k" }, { 0, NULL } };
	struct clip_cfg missing = { .codec = CODEC_VP8, .ivf = "/nowhere/clip.ivf" };
	struct clip *clip;

	assert_int_equal(read_ivf(CODEC_VP8, "VP80", 30, 1, delta, &clip), -EINVAL);
	assert_int_equal(read_ivf(CODEC_VP8, "VP80", 30, 1, back, &clip), -EBADMSG);
	assert_int_equal(read_ivf(CODEC_VP8, "VP80", 30, 1, none, &clip), -EBADMSG);
	assert_int_equal(read_ivf(CODEC_VP9, "VP80", 30, 1, good, &clip), -EBADMSG);
	assert_int_equal(read_ivf(CODEC_VP8, "VP80", 0, 1, good, &clip), -EBADMSG);
	assert_int_equal(clip_create(&clip, &missing), -ENOENT);
}

static void a_cut_ivf_is_refused(void **state)
{
	const struct ivf_frame frames[] = { { 0, "\x10k" }, { 1, "\x11pppp" }, { 0, NULL } };
	char path[] = "/tmp/test-clip-XXXXXX";
	struct clip_cfg cfg = { .codec = CODEC_VP8, .ivf = path };
	struct clip *clip;

	write_ivf(path, "VP80", 30, 1, frames);
	assert_int_equal(truncate(path, 32 + 12 + 2 + 12 + 3), 0);
	assert_int_equal(clip_create(&clip, &cfg), -EBADMSG);
	unlink(path);
}

static void what_libvpx_cannot_do_is_refused(void **state)
{
	struct clip_cfg cfg = small;
	struct clip *clip;

	cfg.codec = CODEC_VP8, cfg.layers = 3;
	assert_int_equal(clip_create(&clip, &cfg), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(video_has_key_frames_where_asked),
		cmocka_unit_test(svc_pictures_are_split_into_layer_frames),
		cmocka_unit_test(opus_packets_last_as_asked),
		cmocka_unit_test(dtx_leaves_silence_out),
		cmocka_unit_test(ivf_frames_keep_their_times),
		cmocka_unit_test(vp9_key_frames_are_known_by_their_header),
		cmocka_unit_test(what_is_no_use_is_refused),
		cmocka_unit_test(a_cut_ivf_is_refused),
		cmocka_unit_test(what_libvpx_cannot_do_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
