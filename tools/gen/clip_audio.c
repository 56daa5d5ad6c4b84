/* SPDX-License-Identifier: BSD-3-Clause */
/* Opus clips: a tone that steps up a scale, by libopus; with DTX half of each second is silence. */
#include "tools/gen/clip.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <opus/opus.h>
#include "base/log.h"

#define RATE         48000
#define PACKET_BYTES 1275 /* RFC 6716 section 3.2.1: the longest frame */
#define DTX_BYTES    2    /* opus_encode: a packet of so few bytes need not be sent */
#define STEP_TICKS   (RATE / 4)

static void draw_tone(int16_t *pcm, unsigned samples, unsigned channels, uint64_t at, bool pauses)
{
	for (unsigned i = 0; i < samples; i++) {
		uint64_t t = at + i;
		double hz = 220.0 * pow(2.0, (double)(t / STEP_TICKS % 12) / 12.0);
		bool quiet = pauses && t / (RATE / 2) % 2;

		for (unsigned c = 0; c < channels; c++)
			pcm[i * channels + c] =
			        quiet ? 0 : (int16_t)(9000.0 * sin(2.0 * M_PI * hz * (double)t / RATE));
	}
}

static int encode(struct clip *clip, const struct clip_cfg *cfg, OpusEncoder *encoder, int16_t *pcm)
{
	unsigned samples = (unsigned)((uint64_t)cfg->frame_us * RATE / 1000000);
	uint64_t end = (uint64_t)cfg->seconds * RATE;
	uint8_t packet[PACKET_BYTES];

	for (uint64_t at = 0; at < end; at += samples) {
		draw_tone(pcm, samples, cfg->channels, at, cfg->dtx);
		int len = opus_encode(encoder, pcm, (int)samples, packet, sizeof(packet));
		if (len < 0) {
			log_error("libopus refuses frames of %u us: %s", cfg->frame_us, opus_strerror(len));
			return -EINVAL;
		}
		if (clip_append(clip, packet, (size_t)len, samples, true))
			return -ENOMEM;
		clip->frames[clip->count - 1].silent = cfg->dtx && len <= DTX_BYTES;
	}
	return 0;
}

int clip_encode_audio(struct clip *clip, const struct clip_cfg *cfg)
{
	int err, status;
	OpusEncoder *encoder = opus_encoder_create(
	        RATE, (int)cfg->channels, cfg->dtx ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO, &err);
	int16_t *pcm = calloc((size_t)RATE * cfg->channels, sizeof(*pcm));

	if (!encoder || !pcm) {
		status = -ENOMEM;
	} else {
		opus_encoder_ctl(encoder, OPUS_SET_BITRATE((opus_int32)cfg->audio_kbps * 1000));
		opus_encoder_ctl(encoder, OPUS_SET_DTX(cfg->dtx));
		opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(3));
		status = encode(clip, cfg, encoder, pcm);
	}
	free(pcm);
	if (encoder)
		opus_encoder_destroy(encoder);
	return status;
}
