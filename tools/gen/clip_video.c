/* SPDX-License-Identifier: BSD-3-Clause */
/* Clips of the synthetic picture by libvpx: constant bit rate, no look-ahead, key frames where we say, each
 * picture predicted from the one before alone. With several spatial layers (VP9) the encoder gives one
 * superframe a picture:
 *
 *   layer frame 0 | layer frame 1 | … | marker | size 0 | size 1 | … | marker         VP9 bitstream, annex B
 *   marker: 110 | bytes of a size - 1, 2 bits | frames - 1, 3 bits; sizes are little-endian
 */
#include "tools/gen/clip.h"

#include <errno.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>
#include "base/cur.h"
#include "base/log.h"
#include "tools/gen/picture.h"

#define ONE_REFERENCE                                                                                        \
	(VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF)

/* Take the index of a superframe: lengths of its layer frames. False when the frame is none of ours. */
static bool split_layers(struct clip_frame *f)
{
	uint8_t marker = f->len ? f->data[f->len - 1] : 0;
	unsigned bytes = (marker >> 3 & 3) + 1u, frames = (marker & 7) + 1u;
	size_t index = 2 + (size_t)bytes * frames, sum = 0;

	if ((marker & 0xE0) != 0xC0)
		return true;
	if (frames > CLIP_LAYERS_MAX || f->len < index || f->data[f->len - index] != marker)
		return false;
	for (unsigned i = 0; i < frames; i++) {
		f->layer_bytes[i] = (uint32_t)cur_get_le(f->data + f->len - index + 1 + i * bytes, bytes);
		sum += f->layer_bytes[i];
	}
	f->layers = (uint8_t)frames;
	return sum + index == f->len;
}

static void layer_config(
        struct clip *clip, const struct clip_cfg *cfg, vpx_codec_enc_cfg_t *v, vpx_svc_extra_cfg_t *svc)
{
	unsigned layers = cfg->layers, weights = (1u << layers) - 1;

	v->ss_number_layers = layers;
	v->ts_number_layers = 1;
	v->ts_rate_decimator[0] = 1;
	v->temporal_layering_mode = 0;
	for (unsigned i = 0; i < layers; i++) {
		unsigned den = 1u << (layers - 1 - i);

		svc->scaling_factor_num[i] = 1;
		svc->scaling_factor_den[i] = (int)den;
		svc->min_quantizers[i] = 2;
		svc->max_quantizers[i] = 56;
		v->ss_target_bitrate[i] = v->layer_target_bitrate[i] = cfg->kbps * (1u << i) / weights;
		clip->layer[i].width = (uint16_t)((cfg->width + den - 1) / den);
		clip->layer[i].height = (uint16_t)((cfg->height + den - 1) / den);
	}
	clip->layers = layers;
}

static vpx_codec_err_t start(struct clip *clip, const struct clip_cfg *cfg, vpx_codec_ctx_t *codec)
{
	bool vp9 = cfg->codec == CODEC_VP9;
	vpx_codec_iface_t *iface = vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
	vpx_codec_enc_cfg_t v;
	vpx_svc_extra_cfg_t svc = { 0 };
	vpx_codec_err_t err = vpx_codec_enc_config_default(iface, &v, 0);

	if (err)
		return err;
	v.g_w = cfg->width;
	v.g_h = cfg->height;
	v.g_timebase = (vpx_rational_t){ 1, (int)cfg->fps };
	v.g_threads = 1;
	v.g_lag_in_frames = 0;
	v.g_error_resilient = 0;
	v.kf_mode = VPX_KF_DISABLED;
	v.rc_end_usage = VPX_CBR;
	v.rc_target_bitrate = cfg->kbps;
	v.rc_dropframe_thresh = 0;
	v.rc_min_quantizer = 2;
	v.rc_max_quantizer = 56;
	if (cfg->layers > 1)
		layer_config(clip, cfg, &v, &svc);
	err = vpx_codec_enc_init(codec, iface, &v, 0);
	if (err)
		return err;
	/* of VP8 a positive speed would follow the clock, and no two clips be the same */
	err = vpx_codec_control(codec, VP8E_SET_CPUUSED, vp9 ? 8 : -12);
	if (!err && cfg->layers > 1)
		err = vpx_codec_control(codec, VP9E_SET_SVC, 1);
	if (!err && cfg->layers > 1)
		err = vpx_codec_control(codec, VP9E_SET_SVC_PARAMETERS, &svc);
	if (!err && vp9)
		err = vpx_codec_control(codec, VP9E_SET_AQ_MODE, 0u);
	return err;
}

static int take_packets(struct clip *clip, const struct clip_cfg *cfg, vpx_codec_ctx_t *codec)
{
	const vpx_codec_cx_pkt_t *p;
	vpx_codec_iter_t at = NULL;

	while ((p = vpx_codec_get_cx_data(codec, &at))) {
		if (p->kind != VPX_CODEC_CX_FRAME_PKT)
			continue;
		if (clip_append(clip, p->data.frame.buf, p->data.frame.sz, clip->clock_rate / cfg->fps,
		            p->data.frame.flags & VPX_FRAME_IS_KEY))
			return -ENOMEM;
		struct clip_frame *f = &clip->frames[clip->count - 1];
		f->droppable = p->data.frame.flags & VPX_FRAME_IS_DROPPABLE;
		if (cfg->layers > 1 && !split_layers(f))
			return -EINVAL;
	}
	return 0;
}

static int encode(struct clip *clip, const struct clip_cfg *cfg, vpx_codec_ctx_t *codec, vpx_image_t *image)
{
	unsigned count = cfg->seconds * cfg->fps;
	int status = 0;

	for (unsigned i = 0; i < count && !status; i++) {
		struct picture_plane planes[3];
		vpx_enc_frame_flags_t flags = cfg->layers > 1 ? 0 : ONE_REFERENCE;

		for (unsigned p = 0; p < 3; p++)
			planes[p] = (struct picture_plane){ image->planes[p],
				p ? (cfg->width + 1) / 2 : cfg->width,
				p ? (cfg->height + 1) / 2 : cfg->height, image->stride[p] };
		picture_draw(planes, i);
		if (i % cfg->gop == 0)
			flags = VPX_EFLAG_FORCE_KF;
		if (vpx_codec_encode(codec, image, i, 1, flags, VPX_DL_REALTIME))
			return -EINVAL;
		status = take_packets(clip, cfg, codec);
	}
	return status;
}

int clip_encode_video(struct clip *clip, const struct clip_cfg *cfg)
{
	vpx_codec_ctx_t codec = { 0 };
	vpx_image_t image;
	int status = -EINVAL;

	if (!vpx_img_alloc(&image, VPX_IMG_FMT_I420, cfg->width, cfg->height, 16))
		return -ENOMEM;
	clip->layer[0].width = (uint16_t)cfg->width;
	clip->layer[0].height = (uint16_t)cfg->height;
	clip->one_reference = true;
	if (!start(clip, cfg, &codec))
		status = encode(clip, cfg, &codec, &image);
	if (status == -EINVAL)
		log_error("libvpx refuses to encode %s of %ux%u, %u spatial layers: %s",
		        codec_info(cfg->codec)->name, cfg->width, cfg->height, cfg->layers,
		        vpx_codec_error_detail(&codec) ? vpx_codec_error_detail(&codec)
		                                       : vpx_codec_error(&codec));
	vpx_codec_destroy(&codec);
	vpx_img_free(&image);
	return status;
}
