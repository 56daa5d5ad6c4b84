/* SPDX-License-Identifier: BSD-3-Clause */
/* From an offer to a session's tracks: one codec an m-line, with what repairs it. */
#include "control/sdp_webrtc_offer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/conf.h"
#include "base/utf8.h"
#include "control/sdp_fmtp.h"

#define NAME_BYTES_MAX 36 /* of a participant in a track id: leaves room for "-video31-" and a rid */
#define HASH_CHARS     9  /* "-" and eight digits, where it is cut */

#define AUDIO_FEEDBACK (MSG_FEEDBACK_NACK | MSG_FEEDBACK_TWCC | MSG_FEEDBACK_RRTR)

/* What is put into an opening, and why not. */
struct choice {
	struct msg_session_open *open;
	const struct sdp_webrtc_offer *offer;
	const struct conf *conf;
	char prefix[NAME_BYTES_MAX + 1];
};

static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

/* The participant as track ids bear it: long ones are cut between characters and stay distinct by a hash. */
static void make_prefix(char prefix[NAME_BYTES_MAX + 1], const char *participant)
{
	size_t at = 0, n;

	if (strlen(participant) <= NAME_BYTES_MAX) {
		strcpy(prefix, participant);
		return;
	}
	while ((n = utf8_bytes(participant + at)) && at + n <= NAME_BYTES_MAX - HASH_CHARS)
		at += n;
	memcpy(prefix, participant, at);
	snprintf(prefix + at, HASH_CHARS + 1, "-%08" PRIx32, hash(participant));
}

static uint8_t type_with(
        const struct sdp_webrtc_media *m, enum sdp_webrtc_use use, const struct sdp_webrtc_format *primary)
{
	const struct sdp_webrtc_format *f = primary ? sdp_webrtc_format_with(m, use, primary) : NULL;

	return f ? f->type : 0;
}

/* Opus is decoded as stereo whatever was sent, unless its sender says that it is mono (RFC 7587 section 6.1).
 */
static uint8_t channels_of(const struct sdp_webrtc_format *f)
{
	if (codec_info(f->codec)->video)
		return 0;
	if (f->codec == CODEC_OPUS && !sdp_webrtc_format_number(f, "sprop-stereo", 1))
		return 1;
	return (uint8_t)codec_channels(f->codec);
}

static uint8_t feedback_of(
        const struct choice *c, const struct sdp_webrtc_media *m, const struct sdp_webrtc_format *f)
{
	uint8_t bits = f->feedback | m->feedback;

	if (*m->rtcp_xr_rtt || *c->offer->rtcp_xr_rtt)
		bits |= MSG_FEEDBACK_RRTR;
	if (!m->is_video)
		bits &= AUDIO_FEEDBACK;
	if (!m->extensions[MSG_EXTENSION_TWCC].id)
		bits &= (uint8_t)~MSG_FEEDBACK_TWCC;
	return bits;
}

static uint32_t bound_of(const struct choice *c)
{
	uint64_t bps = (uint64_t)c->conf->ingest_max_bitrate_kbps * 1000;

	if (c->offer->max_bitrate_bps && (!bps || c->offer->max_bitrate_bps < bps))
		bps = c->offer->max_bitrate_bps;
	return bps < UINT32_MAX ? (uint32_t)bps : UINT32_MAX;
}

static void fill_h264(struct msg_track *track, const struct sdp_webrtc_format *f)
{
	struct sdp_h264 h264;

	if (f->codec != CODEC_H264 || !f->fmtp)
		return;
	sdp_fmtp_h264(&h264, f->fmtp);
	track->parameter_set_bytes = h264.parameter_set_bytes;
	memcpy(track->parameter_sets, h264.parameter_sets, sizeof(track->parameter_sets));
}

static void fill_track(struct msg_track *track, const struct choice *c, const struct sdp_webrtc_media *m,
        const struct sdp_webrtc_format *f)
{
	const struct sdp_webrtc_format *red = sdp_webrtc_format_with(m, SDP_WEBRTC_RED, f);
	uint8_t ulpfec = m->is_video && red ? type_with(m, SDP_WEBRTC_ULPFEC, f) : 0;

	if (m->is_video && !ulpfec)
		red = NULL; /* it would bring nothing */
	*track = (struct msg_track){
		.codec = (uint8_t)f->codec,
		.payload_type = f->type,
		.channels = channels_of(f),
		.clock_rate = f->clock_rate,
		.rtx_payload_type = type_with(m, SDP_WEBRTC_RTX, f),
		.red_payload_type = red ? red->type : 0,
		.red_rtx_payload_type = type_with(m, SDP_WEBRTC_RTX, red),
		.ulpfec_payload_type = ulpfec,
		.flexfec_payload_type = m->is_video ? type_with(m, SDP_WEBRTC_FLEXFEC, f) : 0,
		.feedback = feedback_of(c, m, f),
		.max_bitrate_bps = m->is_video ? bound_of(c) : 0,
	};
	memcpy(track->mid, m->mid, sizeof(track->mid));
	fill_h264(track, f);
}

/* Whether a track of the session has that SSRC already: then the offer lies, and packets will tell. */
static bool is_taken(const struct msg_session_open *open, uint32_t ssrc)
{
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];

		if ((t->ssrc_known && t->ssrc == ssrc) || (t->rtx_ssrc_known && t->rtx_ssrc == ssrc) ||
		        (t->fec_ssrc_known && t->fec_ssrc == ssrc))
			return true;
	}
	return false;
}

static void fill_ssrcs(
        struct msg_track *track, const struct msg_session_open *open, const struct sdp_webrtc_media *m)
{
	if (!m->has_ssrc || is_taken(open, m->ssrc))
		return;
	track->ssrc_known = true;
	track->ssrc = m->ssrc;
	if (m->has_rtx_ssrc && track->rtx_payload_type && !is_taken(open, m->rtx_ssrc)) {
		track->rtx_ssrc_known = true;
		track->rtx_ssrc = m->rtx_ssrc;
	}
	if (m->has_fec_ssrc && track->flexfec_payload_type && !is_taken(open, m->fec_ssrc) &&
	        (!m->has_rtx_ssrc || m->fec_ssrc != m->rtx_ssrc)) {
		track->fec_ssrc_known = true;
		track->fec_ssrc = m->fec_ssrc;
	}
}

/* The tracks of one m-line: one, or one a simulcast layer. 0, -E2BIG. */
static int add_tracks(struct choice *c, const struct sdp_webrtc_media *m, const struct sdp_webrtc_format *f)
{
	const char *rids[SDP_WEBRTC_TAKEN], *kind = m->is_video ? "video" : "audio";
	unsigned layers = sdp_webrtc_simulcast_layers(m, f->type, rids), first = c->open->track_count;
	bool is_each = c->conf->ingest_simulcast == CONF_SIMULCAST_ALL;

	if (first + (layers ? layers : 1) > LIMIT_TRACKS_PER_SESSION)
		return -E2BIG;
	for (unsigned i = 0; i == 0 || i < layers; i++) {
		struct msg_track *track = &c->open->tracks[c->open->track_count];
		int n;

		fill_track(track, c, m, f);
		n = snprintf(track->id, sizeof(track->id), "%s%s%s%u", c->prefix, *c->prefix ? "-" : "", kind,
		        m->number);
		if (!layers) {
			fill_ssrcs(track, c->open, m);
		} else {
			snprintf(track->rid, sizeof(track->rid), "%s", rids[i]);
			track->layer = is_each ? 0 : (uint8_t)i;
			track->layer_of = is_each || i == 0 ? 0 : (uint8_t)(first + 1);
			if (is_each || i > 0)
				snprintf(track->id + n, sizeof(track->id) - (size_t)n, "-%s", rids[i]);
		}
		c->open->track_count++;
	}
	return 0;
}

/* The extensions of an m-line that is served: an id is the same in all of a bundle (RFC 9143 section 8). */
static void add_extensions(
        struct msg_session_open *open, const struct sdp_webrtc_extension extensions[MSG_EXTENSIONS])
{
	for (unsigned i = 0; i < MSG_EXTENSIONS; i++) {
		bool is_free = extensions[i].id && !open->extensions[i];

		for (unsigned j = 0; is_free && j < MSG_EXTENSIONS; j++)
			is_free = open->extensions[j] != extensions[i].id;
		if (is_free)
			open->extensions[i] = extensions[i].id;
	}
}

static int add_media(struct choice *c, const struct sdp_webrtc_media *m, const struct sdp_webrtc_format *f)
{
	bool is_first = !c->open->track_count;
	int r = add_tracks(c, m, f);

	if (r)
		return r;
	add_extensions(c->open, m->extensions);
	c->open->reduced_rtcp = (is_first || c->open->reduced_rtcp) && m->has_rtcp_rsize;
	return 0;
}

const struct msg_track *sdp_webrtc_tracks_of(
        const struct msg_session_open *open, const struct sdp_webrtc_media *m)
{
	for (unsigned i = 0; !m->refusal && i < open->track_count; i++) {
		if (!strcmp(open->tracks[i].mid, m->mid))
			return &open->tracks[i];
	}
	return NULL;
}

const struct sdp_webrtc_media *sdp_webrtc_tracks_first(
        const struct msg_session_open *open, const struct sdp_webrtc_offer *offer)
{
	const char *at = offer->bundle, *mid;

	for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
		size_t len = sdp_line_word(&at, &mid);
		const struct sdp_webrtc_media *m = sdp_webrtc_media_find(offer, mid, len);

		if (m && sdp_webrtc_tracks_of(open, m))
			return m;
	}
	for (unsigned i = 0; i < offer->media_count; i++) {
		if (sdp_webrtc_tracks_of(open, offer->media[i]))
			return offer->media[i];
	}
	return NULL;
}

int sdp_webrtc_tracks(struct msg_session_open *open, const struct sdp_webrtc_offer *offer,
        const struct conf *conf, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct choice c = { .open = open, .offer = offer, .conf = conf };
	const char *refusal = NULL;

	make_prefix(c.prefix, open->participant);
	open->track_count = 0;
	memset(open->extensions, 0, sizeof(open->extensions));
	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct sdp_webrtc_media *m = offer->media[i];
		const struct sdp_webrtc_format *f =
		        m->refusal ? NULL : sdp_webrtc_format_choose(m, conf->ingest_codecs);
		int r = f ? add_media(&c, m, f) : 0;

		if (r) {
			snprintf(ret_why, LIMIT_REASON_BYTES + 1, "more than %u tracks and layers",
			        LIMIT_TRACKS_PER_SESSION);
			return r;
		}
		if (!f && !refusal)
			refusal = m->refusal ? m->refusal : "none of its codecs is in ingest.codecs";
	}
	if (open->track_count) {
		memcpy(open->ice.remote_ufrag, sdp_webrtc_tracks_first(open, offer)->transport.ufrag,
		        sizeof(open->ice.remote_ufrag));
		return 0;
	}
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "no m-line can be served; the first: %s", refusal);
	return -ENOENT;
}
