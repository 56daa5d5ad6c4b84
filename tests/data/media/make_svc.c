/* SPDX-License-Identifier: BSD-3-Clause */
/* Encodes VP9 with three spatial layers (each picture from the layer below and its own past) and packetizes
 * every layer frame by RFC 9628 in non-flexible mode, a scalability structure on key pictures. Writes the
 * encoder's superframes as IVF, and the RTP packets as capture.py does. usage: make_svc OUT.ivf OUT.rtp */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#define WIDTH   320
#define HEIGHT  192
#define LAYERS  3
#define FRAMES  24
#define PAYLOAD 600

static FILE *ivf, *rtp;
static uint16_t seq = 65530;
static uint16_t picture_id = 32760;
static unsigned pictures;

static void le(FILE *f, uint64_t v, int n)
{
	for (; n; n--, v >>= 8)
		fputc((int)(v & 255), f);
}

static void send_layer(const uint8_t *frame, size_t size, int sid, int key, int last, uint32_t time)
{
	size_t at = 0;

	while (at < size) {
		uint8_t p[1500];
		size_t n = 12, room = size - at < PAYLOAD ? size - at : PAYLOAD;
		int start = at == 0, end = at + room == size, ss = key && sid == 0 && start;

		memset(p, 0, sizeof(p));
		p[0] = 0x80;
		p[1] = (uint8_t)(98 | (end && last ? 0x80 : 0));
		p[2] = (uint8_t)(seq >> 8), p[3] = (uint8_t)seq;
		seq++;
		for (int i = 0; i < 4; i++)
			p[4 + i] = (uint8_t)(time >> (24 - 8 * i));
		memcpy(p + 8, "\x12\x34\x56\x7b", 4);
		p[n++] = (uint8_t)(0x80 | (key ? 0 : 0x40) | 0x20 | (start ? 8 : 0) | (end ? 4 : 0) |
		                   (ss ? 2 : 0) | (sid == LAYERS - 1));
		p[n++] = (uint8_t)(0x80 | picture_id >> 8);
		p[n++] = (uint8_t)picture_id;
		p[n++] = (uint8_t)(sid << 1 | (sid > 0)); /* TID 0, SID, D */
		p[n++] = (uint8_t)pictures;               /* TL0PICIDX */
		if (ss) {
			p[n++] = (LAYERS - 1) << 5 | 0x10 | 0x08;
			for (int i = 0; i < LAYERS; i++) {
				int w = WIDTH >> (LAYERS - 1 - i), h = HEIGHT >> (LAYERS - 1 - i);
				p[n++] = (uint8_t)(w >> 8), p[n++] = (uint8_t)w, p[n++] = (uint8_t)(h >> 8),
				p[n++] = (uint8_t)h;
			}
			p[n++] = 1;    /* N_G */
			p[n++] = 0x04; /* TID 0, R 1 */
			p[n++] = 1;    /* P_DIFF */
		}
		memcpy(p + n, frame + at, room);
		n += room;
		at += room;
		fputc((int)(n >> 8), rtp), fputc((int)(n & 255), rtp);
		fwrite(p, 1, n, rtp);
	}
}

/* Annex B of the VP9 specification: the sizes of the layer frames. */
static int split(const uint8_t *data, size_t size, uint32_t sizes[8])
{
	uint8_t marker = data[size - 1];
	int frames = (marker & 7) + 1, mag = (marker >> 3 & 3) + 1;
	const uint8_t *p = data + size - 2 - frames * mag + 1;

	if ((marker & 0xE0) != 0xC0)
		return sizes[0] = (uint32_t)size, 1;
	for (int i = 0; i < frames; i++) {
		sizes[i] = 0;
		for (int b = 0; b < mag; b++)
			sizes[i] |= (uint32_t)*p++ << 8 * b;
	}
	return frames;
}

static void draw(vpx_image_t *img, int n)
{
	for (int plane = 0; plane < 3; plane++) {
		int w = plane ? WIDTH / 2 : WIDTH, h = plane ? HEIGHT / 2 : HEIGHT;
		for (int y = 0; y < h; y++)
			for (int x = 0; x < w; x++)
				img->planes[plane][y * img->stride[plane] + x] =
				        (uint8_t)(plane ? 128 + (plane == 1 ? x : y) / 4
				                        : (x + n * 4) / 2 +
				                                  ((x / 16 + y / 16 + n / 4) & 1) * 20);
	}
}

int main(int argc, char **argv)
{
	vpx_codec_enc_cfg_t cfg;
	vpx_codec_ctx_t ctx;
	vpx_svc_extra_cfg_t svc = { 0 };
	vpx_image_t *img = vpx_img_alloc(NULL, VPX_IMG_FMT_I420, WIDTH, HEIGHT, 32);

	if (argc != 3 || !(ivf = fopen(argv[1], "wb")) || !(rtp = fopen(argv[2], "wb")))
		return 2;
	vpx_codec_enc_config_default(vpx_codec_vp9_cx(), &cfg, 0);
	cfg.g_w = WIDTH, cfg.g_h = HEIGHT;
	cfg.g_timebase.num = 1, cfg.g_timebase.den = 30;
	cfg.g_lag_in_frames = 0, cfg.g_threads = 1, cfg.g_error_resilient = 0;
	cfg.rc_end_usage = VPX_CBR, cfg.rc_target_bitrate = 200;
	cfg.kf_mode = VPX_KF_DISABLED;
	cfg.ss_number_layers = LAYERS, cfg.ts_number_layers = 1;
	cfg.temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_NOLAYERING;
	for (int i = 0; i < LAYERS; i++) {
		static const unsigned rate[LAYERS] = { 40, 60, 100 };
		cfg.ss_target_bitrate[i] = cfg.layer_target_bitrate[i] = rate[i];
		svc.scaling_factor_num[i] = 1, svc.scaling_factor_den[i] = 1 << (LAYERS - 1 - i);
		svc.max_quantizers[i] = 56, svc.min_quantizers[i] = 8;
	}
	if (vpx_codec_enc_init(&ctx, vpx_codec_vp9_cx(), &cfg, 0))
		return 1;
	vpx_codec_control(&ctx, VP8E_SET_CPUUSED, 7);
	vpx_codec_control(&ctx, VP9E_SET_SVC, 1);
	vpx_codec_control(&ctx, VP9E_SET_SVC_PARAMETERS, &svc);
	vpx_codec_control(&ctx, VP9E_SET_AQ_MODE, 3);

	fwrite("DKIF\0\0\x20\0VP90", 1, 12, ivf);
	le(ivf, WIDTH, 2), le(ivf, HEIGHT, 2), le(ivf, 90000, 4), le(ivf, 1, 4), le(ivf, FRAMES, 4),
	        le(ivf, 0, 4);
	for (int n = 0; n < FRAMES; n++) {
		const vpx_codec_cx_pkt_t *pkt;
		vpx_codec_iter_t iter = NULL;

		draw(img, n);
		if (vpx_codec_encode(&ctx, img, n, 1, n % 12 == 0 ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME))
			return fprintf(stderr, "%s: %s\n", vpx_codec_error(&ctx),
			               vpx_codec_error_detail(&ctx)),
			       1;
		while ((pkt = vpx_codec_get_cx_data(&ctx, &iter))) {
			uint32_t sizes[8];
			const uint8_t *at = pkt->data.frame.buf;
			int frames, key = (pkt->data.frame.flags & VPX_FRAME_IS_KEY) != 0;

			if (pkt->kind != VPX_CODEC_CX_FRAME_PKT)
				continue;
			le(ivf, pkt->data.frame.sz, 4), le(ivf, (uint64_t)n * 3000, 8);
			fwrite(at, 1, pkt->data.frame.sz, ivf);
			frames = split(at, pkt->data.frame.sz, sizes);
			fprintf(stderr, "frame %d: %zu bytes, %d layers, key %d\n", n, pkt->data.frame.sz,
			        frames, key);
			for (int i = 0; i < frames; at += sizes[i++])
				send_layer(at, sizes[i], i, key, i == frames - 1,
				        4294960000u + (uint32_t)n * 3000);
			picture_id = (picture_id + 1) & 0x7FFF;
			pictures++;
		}
	}
	vpx_codec_destroy(&ctx);
	return fclose(ivf) || fclose(rtp);
}
