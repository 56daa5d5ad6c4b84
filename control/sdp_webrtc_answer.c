/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer to a WebRTC offer (RFC 9429 section 5.3), printed from the tracks that were opened: what an
 * m-line was chosen to be is found by its mid. */
#include "control/sdp_webrtc_offer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "control/sdp_fmtp.h"

#define START "x-google-start-bitrate" /* in kbit/s, of Google's stack alone */

struct answer {
	FILE *out;
	const struct sdp_webrtc_offer *offer;
	const struct msg_session_open *open;
	const struct conf *conf;
	const char *fingerprint;
	const struct sdp_webrtc_media *first; /* whose transport all use (RFC 9143 section 7.3) */
};

/* a=group:BUNDLE with the m-lines that are served, in the offer's order. */
static void print_bundle(const struct answer *a)
{
	const char *at = a->offer->bundle, *mid;
	bool any = false;

	for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
		size_t len = sdp_line_word(&at, &mid);
		const struct sdp_webrtc_media *m = sdp_webrtc_media_find(a->offer, mid, len);

		if (!m || !sdp_webrtc_tracks_of(a->open, m))
			continue;
		fprintf(a->out, "%s %s", any ? "" : "a=group:BUNDLE", m->mid);
		any = true;
	}
	if (any)
		fputs("\r\n", a->out);
}

static void print_head(const struct answer *a)
{
	fprintf(a->out, "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
	        a->open->opened_unix_ns & INT64_MAX);
	print_bundle(a);
	if (a->offer->allows_mixed)
		fputs("a=extmap-allow-mixed\r\n", a->out);
	fputs("a=ice-lite\r\na=msid-semantic:WMS *\r\n", a->out);
}

/* The payload types of a track, the most wanted first: audio in RED before audio alone. Returns how many. */
static unsigned list_types(const struct msg_track *t, uint8_t ret_types[6])
{
	const uint8_t types[] = { t->rtx_payload_type, t->red_payload_type, t->red_rtx_payload_type,
		t->ulpfec_payload_type, t->flexfec_payload_type };
	bool is_video = codec_info(t->codec)->video;
	unsigned count = 0;

	if (!is_video && t->red_payload_type)
		ret_types[count++] = t->red_payload_type;
	ret_types[count++] = t->payload_type;
	for (unsigned i = 0; i < sizeof(types); i++) {
		if (types[i] && (is_video || types[i] != t->red_payload_type))
			ret_types[count++] = types[i];
	}
	return count;
}

static void print_feedback(FILE *out, const struct msg_track *t, bool has_rrtr)
{
	static const struct {
		uint8_t bit;
		const char *text;
	} kinds[] = { { MSG_FEEDBACK_REMB, "goog-remb" }, { MSG_FEEDBACK_TWCC, "transport-cc" },
		{ MSG_FEEDBACK_FIR, "ccm fir" }, { MSG_FEEDBACK_NACK, "nack" },
		{ MSG_FEEDBACK_PLI, "nack pli" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (t->feedback & kinds[i].bit)
			fprintf(out, "a=rtcp-fb:%u %s\r\n", t->payload_type, kinds[i].text);
	}
	if (has_rrtr)
		fprintf(out, "a=rtcp-fb:%u rrtr\r\n", t->payload_type);
}

/* RFC 7587 section 7: what we like to receive. */
static void print_opus(FILE *out, const struct sdp_webrtc_format *f)
{
	bool is_stereo =
	        sdp_webrtc_format_number(f, "sprop-stereo", 0) || sdp_webrtc_format_number(f, "stereo", 0);

	fprintf(out, "a=fmtp:%u minptime=10;useinbandfec=1%s\r\n", f->type, is_stereo ? ";stereo=1" : "");
}

/* With how much Google's stack begins. By itself it takes 300 kbit/s, makes its first pictures that small,
 * and enlarges them a step every few seconds however much its estimate of the path has grown. 0: nothing is
 * said. */
static unsigned start_kbps(const struct answer *a, const struct msg_track *t)
{
	uint64_t kbps = (uint64_t)a->conf->ingest_start_bitrate_kbps;

	if (!codec_info(t->codec)->video || !(t->feedback & MSG_FEEDBACK_REMB))
		return 0;
	if (t->max_bitrate_bps && t->max_bitrate_bps / 1000 < kbps)
		kbps = t->max_bitrate_bps / 1000;
	return (unsigned)kbps;
}

/* RFC 6184 section 8.2.2: the configuration is what was offered. */
static void print_h264(FILE *out, const struct sdp_webrtc_format *f, unsigned kbps)
{
	struct sdp_h264 h264;

	sdp_fmtp_h264(&h264, f->fmtp ? f->fmtp : "");
	fprintf(out, "a=fmtp:%u level-asymmetry-allowed=1;packetization-mode=%u%s%s", f->type,
	        h264.packetization_mode, *h264.profile ? ";profile-level-id=" : "", h264.profile);
	if (kbps)
		fprintf(out, ";" START "=%u", kbps);
	fputs("\r\n", out);
}

/* These of the parameters, as they were offered, and with how much to begin unless that is 0. */
static void print_numbers(
        FILE *out, const struct sdp_webrtc_format *f, const char *const names[], unsigned kbps)
{
	char head[16];
	const char *separator = head;

	snprintf(head, sizeof(head), "a=fmtp:%u ", f->type);
	for (; *names; names++) {
		unsigned number = sdp_webrtc_format_number(f, *names, UINT32_MAX);

		if (number == UINT32_MAX)
			continue;
		fprintf(out, "%s%s=%u", separator, *names, number);
		separator = ";";
	}
	if (kbps) {
		fprintf(out, "%s" START "=%u", separator, kbps);
		separator = ";";
	}
	if (separator != head)
		fputs("\r\n", out);
}

static void print_parameters(
        const struct answer *a, const struct msg_track *t, const struct sdp_webrtc_format *f)
{
	static const char *const none[] = { NULL };
	static const char *const vp9[] = { "profile-id", NULL };
	static const char *const av1[] = { "level-idx", "profile", "tier", NULL };
	static const char *const apt[] = { "apt", NULL };
	static const char *const window[] = { "repair-window", NULL };
	unsigned kbps = start_kbps(a, t);
	FILE *out = a->out;

	if (f->use == SDP_WEBRTC_RTX)
		print_numbers(out, f, apt, 0);
	else if (f->use == SDP_WEBRTC_FLEXFEC)
		print_numbers(out, f, window, 0);
	else if (f->use == SDP_WEBRTC_RED && f->fmtp)
		fprintf(out, "a=fmtp:%u %.*s\r\n", f->type, (int)strspn(f->fmtp, "0123456789/"), f->fmtp);
	else if (f->use != SDP_WEBRTC_CODEC)
		return;
	else if (f->codec == CODEC_OPUS)
		print_opus(out, f);
	else if (f->codec == CODEC_H264)
		print_h264(out, f, kbps);
	else if (f->codec == CODEC_VP9)
		print_numbers(out, f, vp9, kbps);
	else if (f->codec == CODEC_AV1)
		print_numbers(out, f, av1, kbps);
	else if (codec_info(f->codec)->video)
		print_numbers(out, f, none, kbps);
}

static void print_format(
        const struct answer *a, const struct sdp_webrtc_media *m, const struct msg_track *t, uint8_t type)
{
	const struct sdp_webrtc_format *f = sdp_webrtc_format_of(m, type);
	FILE *out = a->out;

	fprintf(out, "a=rtpmap:%u %s/%u", type, f->name, f->clock_rate);
	if (f->channels)
		fprintf(out, "/%u", f->channels);
	fputs("\r\n", out);
	if (type == t->payload_type)
		print_feedback(out, t, (f->feedback | m->feedback) & t->feedback & MSG_FEEDBACK_RRTR);
	print_parameters(a, t, f);
}

static void print_extensions(const struct answer *a, const struct sdp_webrtc_media *m)
{
#define EXTENSION_URI(id, uri) uri,
	static const char *const uris[] = { MSG_EXTENSION_TABLE(EXTENSION_URI) };
#undef EXTENSION_URI

	for (unsigned i = 0; i < MSG_EXTENSIONS; i++) {
		const struct sdp_webrtc_extension *e = &m->extensions[i];

		if (e->id && e->id == a->open->extensions[i])
			fprintf(a->out, "a=extmap:%u%s %s\r\n", e->id, e->has_sendonly ? "/recvonly" : "",
			        uris[i]);
	}
}

static bool has_layer(const struct answer *a, const struct sdp_webrtc_media *m, const char *rid)
{
	for (unsigned i = 0; i < a->open->track_count; i++) {
		const struct msg_track *t = &a->open->tracks[i];

		if (!strcmp(t->mid, m->mid) && !strcmp(t->rid, rid))
			return true;
	}
	return false;
}

static void print_simulcast(const struct answer *a, const struct sdp_webrtc_media *m)
{
	const char *separator = m->is_old_simulcast ? "a=simulcast: recv rid=" : "a=simulcast:recv ";

	for (unsigned i = 0; i < m->layer_count; i++) {
		if (has_layer(a, m, m->layers[i]))
			fprintf(a->out, "a=rid:%s recv\r\n", m->layers[i]);
	}
	for (unsigned i = 0; i < m->layer_count; i++) {
		if (!has_layer(a, m, m->layers[i]))
			continue;
		fprintf(a->out, "%s%s", separator, m->layers[i]);
		separator = ";";
	}
	if (*separator == ';')
		fputs("\r\n", a->out);
}

static void print_transport(const struct answer *a, const struct sdp_webrtc_media *m)
{
	if (m == a->first)
		sdp_webrtc_candidates_print(a->out, a->conf, a->open->port);
	fprintf(a->out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:passive\r\n",
	        a->open->ice.ufrag, a->open->ice.pwd, a->fingerprint);
}

/* With a transport, which some stacks ask of every m-line. */
static void print_refused(const struct answer *a, const struct sdp_webrtc_media *m)
{
	fprintf(a->out, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", m->kind, m->protocol, m->first_format);
	if (*m->mid)
		fprintf(a->out, "a=mid:%s\r\n", m->mid);
	print_transport(a, m);
	fputs("a=inactive\r\na=rtcp-mux\r\n", a->out);
}

/* How much of it is wanted: RFC 8866 section 5.8, RFC 3890. */
static void print_bandwidth(FILE *out, const struct msg_track *t)
{
	if (t->max_bitrate_bps)
		fprintf(out, "b=AS:%u\r\nb=TIAS:%u\r\n", (t->max_bitrate_bps + 999) / 1000,
		        t->max_bitrate_bps);
}

static void print_served(const struct answer *a, const struct sdp_webrtc_media *m, const struct msg_track *t)
{
	const char *xr = *m->rtcp_xr_rtt ? m->rtcp_xr_rtt : a->offer->rtcp_xr_rtt;
	uint8_t types[6];
	unsigned count = list_types(t, types);

	fprintf(a->out, "m=%s 9 %s", m->kind, m->protocol);
	for (unsigned i = 0; i < count; i++)
		fprintf(a->out, " %u", types[i]);
	fputs("\r\nc=IN IP4 0.0.0.0\r\n", a->out);
	print_bandwidth(a->out, t);
	print_transport(a, m);
	if (*m->mid)
		fprintf(a->out, "a=mid:%s\r\n", m->mid);
	if (m->allows_mixed)
		fputs("a=extmap-allow-mixed\r\n", a->out);
	print_extensions(a, m);
	fprintf(a->out, "a=recvonly\r\na=rtcp-mux\r\n%s", a->open->reduced_rtcp ? "a=rtcp-rsize\r\n" : "");
	if (*xr)
		fprintf(a->out, "a=rtcp-xr:rcvr-rtt=%s\r\n", xr);
	for (unsigned i = 0; i < count; i++)
		print_format(a, m, t, types[i]);
	if (*t->rid)
		print_simulcast(a, m);
}

char *sdp_webrtc_answer(const struct sdp_webrtc_offer *offer, const struct msg_session_open *open,
        const struct conf *conf, const char *fingerprint)
{
	struct answer a = { .offer = offer, .open = open, .conf = conf, .fingerprint = fingerprint };
	char *text = NULL;
	size_t len;

	a.out = open_memstream(&text, &len);
	if (!a.out)
		return NULL;
	a.first = sdp_webrtc_tracks_first(open, offer);
	print_head(&a);
	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct msg_track *t = sdp_webrtc_tracks_of(open, offer->media[i]);

		if (t)
			print_served(&a, offer->media[i], t);
		else
			print_refused(&a, offer->media[i]);
	}
	if (fclose(a.out)) {
		free(text);
		return NULL;
	}
	return text;
}
