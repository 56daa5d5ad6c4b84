/* SPDX-License-Identifier: BSD-3-Clause */
/* A WebRTC offer line by line, and whether it can be served at all. */
#include "control/sdp_webrtc_offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the peer's candidates stand: as the lite side we need none, and many are fine. */
static bool is_candidate(const char *line)
{
	return !strncmp(line, "a=candidate:", strlen("a=candidate:"));
}

static int add_media(struct sdp_webrtc_offer *offer, const char *value, const char **ret_why)
{
	struct sdp_webrtc_media *m;
	int r;

	if (offer->media_count == SDP_WEBRTC_MEDIA) {
		*ret_why = "one m-line too many";
		return -EINVAL;
	}
	r = sdp_webrtc_media_create(&m, value, ret_why);
	if (r)
		return r;
	m->number = offer->media_count;
	m->direction = offer->direction;
	offer->media[offer->media_count++] = m;
	return 0;
}

static int parse_line(struct sdp_webrtc_offer *offer, const char *line, unsigned number, const char **ret_why)
{
	const char *not_first = number == 1 ? sdp_line_not_first(line) : NULL;

	if (not_first)
		*ret_why = not_first;
	else if (!sdp_line_is_sound(line))
		*ret_why = "a line is a letter, '=' and a value";
	else if (*line == 'm')
		return add_media(offer, line + 2, ret_why);
	else if (*line != 'a')
		return 0;
	else
		return sdp_webrtc_media_attribute(offer,
		        offer->media_count ? offer->media[offer->media_count - 1] : NULL, line + 2, ret_why);
	return -EINVAL;
}

static int parse_lines(struct sdp_webrtc_offer *offer, const char *text, size_t len, char *ret_why)
{
	struct sdp_lines lines;
	unsigned candidates = 0;
	int r;

	sdp_line_begin(&lines, text, len);
	while ((r = sdp_line_next(&lines, ret_why)) > 0) {
		const char *why = "no memory";

		if (is_candidate(lines.text)) {
			lines.passed_over += ++candidates > LIMIT_SDP_CANDIDATES;
			continue;
		}
		r = parse_line(offer, lines.text, lines.number, &why);
		if (r == -EINVAL)
			return sdp_line_refuse(&lines, ret_why, "%s", why);
		if (r)
			return r;
	}
	if (!r && !offer->media_count)
		return sdp_line_refuse(&lines, ret_why, "an offer has m-lines");
	return r;
}

static bool is_rtp(const char *protocol)
{
	static const char *const protocols[] = { "UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF",
		"TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP" };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (!strcmp(protocol, protocols[i]))
			return true;
	}
	return false;
}

/* Why an m-line cannot be served, whatever its codecs are. */
static const char *judge(const struct sdp_webrtc_media *m)
{
	if (!m->is_video && strcmp(m->kind, "audio"))
		return "neither audio nor video";
	if (!is_rtp(m->protocol))
		return "a transport other than DTLS-SRTP (UDP/TLS/RTP/SAVPF)";
	if (!m->has_port && !(m->is_bundle_only && m->is_bundled)) /* RFC 9143 section 6 */
		return "port 0";
	if (m->direction == SDP_RECVONLY || m->direction == SDP_INACTIVE)
		return "its peer does not send";
	if (strlen(m->mid) > LIMIT_MID_BYTES)
		return "a=mid is longer than is taken";
	return NULL;
}

static bool in_bundle(const struct sdp_webrtc_offer *offer, const char *mid)
{
	char word[SDP_WEBRTC_WORD + 2];

	snprintf(word, sizeof(word), " %s ", mid);
	return *mid && strstr(offer->bundle, word);
}

static int judge_media(struct sdp_webrtc_offer *offer, char *ret_why)
{
	for (unsigned i = 0; i < offer->media_count; i++) {
		struct sdp_webrtc_media *m = offer->media[i];

		for (unsigned j = 0; *m->mid && j < i; j++) {
			if (strcmp(m->mid, offer->media[j]->mid))
				continue;
			snprintf(ret_why, LIMIT_REASON_BYTES + 1, "two m-lines have a=mid:%s", m->mid);
			return -EINVAL;
		}
		for (unsigned j = 0; j < MSG_EXTENSIONS; j++) {
			if (!m->extensions[j].id)
				m->extensions[j] = offer->extensions[j];
		}
		m->is_bundled = in_bundle(offer, m->mid);
		m->refusal = judge(m);
	}
	return 0;
}

/* All that is served shares one transport: the bundle's, else that of the only m-line. NULL, or why not. */
static const char *judge_bundle(struct sdp_webrtc_offer *offer)
{
	unsigned bundled = 0, alone = 0;

	for (unsigned i = 0; i < offer->media_count; i++) {
		if (!offer->media[i]->refusal)
			bundled += offer->media[i]->is_bundled, alone += !offer->media[i]->is_bundled;
	}
	if (!bundled)
		return alone > 1 ? "several m-lines, and they are not bundled (a=group:BUNDLE)" : NULL;
	for (unsigned i = 0; i < offer->media_count; i++) {
		if (!offer->media[i]->refusal && !offer->media[i]->is_bundled)
			offer->media[i]->refusal = "outside of the bundle";
	}
	return NULL;
}

/* What an m-line does not say itself, the session does, or another m-line of the bundle (RFC 9143 section
 * 7.1.3: those that are bundle-only say nothing). */
static void complete(struct sdp_webrtc_transport *t, const struct sdp_webrtc_transport *from)
{
	if (!*t->ufrag) {
		memcpy(t->ufrag, from->ufrag, sizeof(t->ufrag));
		t->has_pwd = t->has_pwd || from->has_pwd;
	}
	if (!t->has_fingerprint) {
		t->has_fingerprint = from->has_fingerprint;
		t->fingerprint_count = from->fingerprint_count;
		memcpy(t->fingerprints, from->fingerprints, sizeof(t->fingerprints));
	}
	if (!t->has_setup) {
		t->has_setup = from->has_setup;
		t->is_passive = from->is_passive;
		t->is_hold = from->is_hold;
	}
}

static void complete_transports(struct sdp_webrtc_offer *offer)
{
	struct sdp_webrtc_transport common = offer->transport;

	for (unsigned i = 0; i < offer->media_count; i++) {
		if (offer->media[i]->is_bundled)
			complete(&common, &offer->media[i]->transport);
	}
	for (unsigned i = 0; i < offer->media_count; i++) {
		complete(&offer->media[i]->transport, &common);
		if (offer->media[i]->is_bundled) /* RFC 9143 section 9.3 */
			offer->media[i]->has_rtcp_mux = true;
	}
}

/* Why the transport of an m-line that could be served cannot be had. -EINVAL, -ENOTSUP. */
static int judge_transport(
        const struct sdp_webrtc_offer *offer, const struct sdp_webrtc_media *m, const char **ret_why)
{
	const struct sdp_webrtc_transport *t = &m->transport;
	int r = -ENOTSUP;

	if (!*t->ufrag || !t->has_pwd)
		*ret_why = "a=ice-ufrag or a=ice-pwd is missing", r = -EINVAL;
	else if (!t->has_fingerprint)
		*ret_why = "a=fingerprint is missing";
	else if (!t->fingerprint_count)
		*ret_why = "a=fingerprint with a hash other than sha-256, sha-384, sha-512";
	else if (t->is_passive)
		*ret_why = "a=setup:passive: we answer as the passive side; offer actpass or active";
	else if (t->is_hold)
		*ret_why = "a=setup:holdconn";
	else if (offer->is_lite)
		*ret_why = "a=ice-lite: we are lite too, and nobody would begin";
	else if (!m->has_rtcp_mux)
		*ret_why = "RTP and RTCP on two ports; a=rtcp-mux is needed";
	else
		return 0;
	return r;
}

static int judge_offer(struct sdp_webrtc_offer *offer, char *ret_why)
{
	const char *why;
	int r = judge_media(offer, ret_why);

	if (r)
		return r;
	why = judge_bundle(offer);
	r = why ? -ENOTSUP : 0;
	complete_transports(offer);
	for (unsigned i = 0; !r && i < offer->media_count; i++) {
		if (!offer->media[i]->refusal)
			r = judge_transport(offer, offer->media[i], &why);
	}
	if (r)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", why);
	return r;
}

int sdp_webrtc_parse(struct sdp_webrtc_offer **ret_offer, const char *text, size_t len,
        char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct sdp_webrtc_offer *offer = calloc(1, sizeof(*offer));
	int r;

	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "no memory");
	if (!offer)
		return -ENOMEM;
	r = parse_lines(offer, text, len, ret_why);
	if (!r)
		r = judge_offer(offer, ret_why);
	if (r) {
		sdp_webrtc_free(offer);
		return r;
	}
	*ret_offer = offer;
	return 0;
}

void sdp_webrtc_free(struct sdp_webrtc_offer *offer)
{
	if (!offer)
		return;
	for (unsigned i = 0; i < offer->media_count; i++)
		sdp_webrtc_media_free(offer->media[i]);
	free(offer);
}

void sdp_webrtc_bound(struct sdp_webrtc_offer *offer, uint32_t bps)
{
	offer->max_bitrate_bps = bps;
}

static bool has_fingerprint(
        const struct dtls_fingerprint *list, unsigned count, const struct dtls_fingerprint *fingerprint)
{
	for (unsigned i = 0; i < count; i++) {
		if (list[i].hash == fingerprint->hash && list[i].len == fingerprint->len &&
		        !memcmp(list[i].bytes, fingerprint->bytes, fingerprint->len))
			return true;
	}
	return false;
}

unsigned sdp_webrtc_fingerprints(
        const struct sdp_webrtc_offer *offer, struct dtls_fingerprint ret_list[SDP_WEBRTC_FINGERPRINTS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct sdp_webrtc_transport *t = &offer->media[i]->transport;

		for (unsigned j = 0; !offer->media[i]->refusal && j < t->fingerprint_count; j++) {
			if (count < SDP_WEBRTC_FINGERPRINTS &&
			        !has_fingerprint(ret_list, count, &t->fingerprints[j]))
				ret_list[count++] = t->fingerprints[j];
		}
	}
	return count;
}
