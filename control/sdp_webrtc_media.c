/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of an offer's m-line, and the session's, one by one. */
#include "control/sdp_webrtc_offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_MAX 65535

/* m=video 9 UDP/TLS/RTP/SAVPF 96 97 (RFC 8866 section 5.14) */
static const char *read_media(struct sdp_webrtc_media *m, const char *value)
{
	const char *word;
	uint32_t port;
	size_t len = sdp_line_word(&value, &word);

	if (!sdp_line_token(m->kind, sizeof(m->kind), word, len))
		return "m= without a kind of media";
	m->is_video = !strcmp(m->kind, "video");
	sdp_line_word(&value, &word);
	if (!sdp_line_number(word, " ", PORT_MAX, &port))
		return "m= with a port that is not one number of 0 to 65535";
	m->has_port = port;
	len = sdp_line_word(&value, &word);
	if (!sdp_line_token(m->protocol, sizeof(m->protocol), word, len))
		return "m= without a transport";
	if (!sdp_line_token(m->first_format, sizeof(m->first_format), value, strcspn(value, " ")))
		return "m= without a format";
	while (*value) {
		uint8_t type;

		sdp_line_word(&value, &word);
		if (sdp_line_payload_type(word, &type))
			sdp_webrtc_format_add(m, type);
	}
	return NULL;
}

int sdp_webrtc_media_create(struct sdp_webrtc_media **ret_media, const char *value, const char **ret_why)
{
	struct sdp_webrtc_media *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	*ret_why = read_media(m, value);
	if (*ret_why) {
		free(m);
		return -EINVAL;
	}
	*ret_media = m;
	return 0;
}

void sdp_webrtc_media_free(struct sdp_webrtc_media *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->format_count; i++)
		free(m->formats[i].fmtp);
	free(m);
}

const struct sdp_webrtc_media *sdp_webrtc_media_find(
        const struct sdp_webrtc_offer *offer, const char *mid, size_t len)
{
	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct sdp_webrtc_media *m = offer->media[i];

		if (strlen(m->mid) == len && !memcmp(m->mid, mid, len))
			return m;
	}
	return NULL;
}

/* a=extmap:3/sendonly urn:… (RFC 8285 section 8). What we were to send is no matter of ours. */
static void read_extension(struct sdp_webrtc_extension extensions[MSG_EXTENSIONS], const char *value)
{
#define EXTENSION_URI(id, uri) uri,
	static const char *const uris[] = { MSG_EXTENSION_TABLE(EXTENSION_URI) };
#undef EXTENSION_URI
	enum sdp_direction direction = SDP_SENDRECV;
	const char *uri = strchr(value, ' '), *slash = strchr(value, '/');
	char name[sizeof("sendrecv")];
	uint32_t id;
	size_t len;

	if (!uri || !sdp_line_number(value, "/ ", UINT8_MAX, &id) || !id)
		return;
	if (slash && slash < uri &&
	        (!sdp_line_token(name, sizeof(name), slash + 1, (size_t)(uri - slash - 1)) ||
	                !sdp_line_direction(name, &direction)))
		return;
	if (direction == SDP_RECVONLY || direction == SDP_INACTIVE)
		return;
	uri += strspn(uri, " ");
	len = strcspn(uri, " ");
	for (unsigned i = 0; i < MSG_EXTENSIONS; i++) {
		if (strlen(uris[i]) == len && !memcmp(uri, uris[i], len) && !extensions[i].id)
			extensions[i] =
			        (struct sdp_webrtc_extension){ (uint8_t)id, direction == SDP_SENDONLY };
	}
}

/* a=rtcp-xr:rcvr-rtt=all:10000 voip-metrics … (RFC 3611 section 5.1) */
static void read_xr(char ret_mode[8], const char *value)
{
	static const char name[] = "rcvr-rtt=";
	const char *word;
	size_t len;

	while ((len = sdp_line_word(&value, &word))) {
		if (len <= strlen(name) || strncmp(word, name, strlen(name)))
			continue;
		word += strlen(name);
		len -= strlen(name);
		len = strcspn(word, ": ") < len ? strcspn(word, ": ") : len;
		if ((len == 3 && !strncmp(word, "all", 3)) || (len == 6 && !strncmp(word, "sender", 6)))
			sdp_line_token(ret_mode, 8, word, len);
	}
}

/* The first a=ssrc is the media's (RFC 5576); a=ssrc-group:FID and FEC-FR name it and its companion. */
static void read_ssrc(struct sdp_webrtc_media *m, const char *value)
{
	if (!m->has_ssrc)
		m->has_ssrc = sdp_line_number(value, " ", UINT32_MAX, &m->ssrc);
}

static void read_ssrc_group(struct sdp_webrtc_media *m, const char *value)
{
	const char *word, *kind;
	size_t len = sdp_line_word(&value, &kind);
	bool is_fec = len == 6 && !strncmp(kind, "FEC-FR", 6);
	uint32_t first, second;

	if (!is_fec && (len != 3 || strncmp(kind, "FID", 3)))
		return;
	sdp_line_word(&value, &word);
	if (!sdp_line_number(word, " ", UINT32_MAX, &first) ||
	        !sdp_line_number(value, " ", UINT32_MAX, &second) || first == second ||
	        (m->has_ssrc && m->ssrc != first))
		return;
	m->has_ssrc = true;
	m->ssrc = first;
	if (is_fec)
		m->has_fec_ssrc = true, m->fec_ssrc = second;
	else
		m->has_rtx_ssrc = true, m->rtx_ssrc = second;
}

static int read_fingerprint(struct sdp_webrtc_transport *t, const char *value, const char **ret_why)
{
	struct dtls_fingerprint fingerprint;
	int r = dtls_fingerprint_parse(&fingerprint, value, strlen(value));

	if (r == -EINVAL) {
		*ret_why = "a=fingerprint that is none";
		return r;
	}
	t->has_fingerprint = true;
	if (!r && t->fingerprint_count < SDP_WEBRTC_FINGERPRINTS)
		t->fingerprints[t->fingerprint_count++] = fingerprint;
	return 0;
}

/* The ufrag is part of a STUN user name, in which ':' separates (RFC 8445 section 7.2.2). */
static int read_ufrag(struct sdp_webrtc_transport *t, const char *value, const char **ret_why)
{
	if (sdp_line_token(t->ufrag, sizeof(t->ufrag), value, strlen(value)) && !strchr(value, ':'))
		return 0;
	*ret_why = "a=ice-ufrag is empty, too long or no token";
	return -EINVAL;
}

/* *ret_r is set when the attribute was one of these. */
static bool read_transport(struct sdp_webrtc_transport *t, const char *text, const char **ret_why, int *ret_r)
{
	const char *value;

	*ret_r = 0;
	if ((value = sdp_line_value(text, "fingerprint"))) {
		*ret_r = read_fingerprint(t, value, ret_why);
	} else if ((value = sdp_line_value(text, "ice-ufrag"))) {
		*ret_r = read_ufrag(t, value, ret_why);
	} else if ((value = sdp_line_value(text, "ice-pwd"))) {
		t->has_pwd = *value;
	} else if ((value = sdp_line_value(text, "setup"))) {
		t->has_setup = true;
		t->is_passive = !strcasecmp(value, "passive");
		t->is_hold = !strcasecmp(value, "holdconn");
	}
	return value;
}

static int read_session(struct sdp_webrtc_offer *offer, const char *text)
{
	const char *value = sdp_line_value(text, "group");

	if (value && !strncmp(value, "BUNDLE ", 7) && !*offer->bundle)
		snprintf(offer->bundle, sizeof(offer->bundle), " %s ", value + 7);
	else if (!strcmp(text, "ice-lite"))
		offer->is_lite = true;
	else if (!strcmp(text, "extmap-allow-mixed"))
		offer->allows_mixed = true;
	else if ((value = sdp_line_value(text, "extmap")))
		read_extension(offer->extensions, value);
	else if ((value = sdp_line_value(text, "rtcp-xr")))
		read_xr(offer->rtcp_xr_rtt, value);
	else
		sdp_line_direction(text, &offer->direction);
	return 0;
}

/* The flags and the mid. False: another attribute. */
static bool read_flag(struct sdp_webrtc_media *m, const char *text)
{
	const struct {
		const char *text;
		bool *flag;
	} flags[] = { { "rtcp-mux", &m->has_rtcp_mux }, { "rtcp-mux-only", &m->has_rtcp_mux },
		{ "rtcp-rsize", &m->has_rtcp_rsize }, { "bundle-only", &m->is_bundle_only },
		{ "extmap-allow-mixed", &m->allows_mixed } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(text, flags[i].text))
			continue;
		*flags[i].flag = true;
		return true;
	}
	return sdp_line_direction(text, &m->direction);
}

static int read_media_line(struct sdp_webrtc_media *m, const char *text, const char **ret_why)
{
	const char *value;

	if (read_flag(m, text))
		return 0;
	if ((value = sdp_line_value(text, "rtpmap")))
		sdp_webrtc_format_rtpmap(m, value);
	else if ((value = sdp_line_value(text, "fmtp")))
		return sdp_webrtc_format_fmtp(m, value);
	else if ((value = sdp_line_value(text, "rtcp-fb")))
		sdp_webrtc_format_feedback(m, value);
	else if ((value = sdp_line_value(text, "extmap")))
		read_extension(m->extensions, value);
	else if ((value = sdp_line_value(text, "ssrc")))
		read_ssrc(m, value);
	else if ((value = sdp_line_value(text, "ssrc-group")))
		read_ssrc_group(m, value);
	else if ((value = sdp_line_value(text, "rid")))
		sdp_webrtc_simulcast_rid(m, value);
	else if ((value = sdp_line_value(text, "simulcast")))
		sdp_webrtc_simulcast_list(m, value);
	else if ((value = sdp_line_value(text, "rtcp-xr")))
		read_xr(m->rtcp_xr_rtt, value);
	else if ((value = sdp_line_value(text, "mid")) &&
	         !sdp_line_token(m->mid, sizeof(m->mid), value, strlen(value))) {
		*ret_why = "a=mid is empty, too long or no token";
		return -EINVAL;
	}
	return 0;
}

int sdp_webrtc_media_attribute(struct sdp_webrtc_offer *offer, struct sdp_webrtc_media *media,
        const char *text, const char **ret_why)
{
	int r;

	if (read_transport(media ? &media->transport : &offer->transport, text, ret_why, &r))
		return r;
	return media ? read_media_line(media, text, ret_why) : read_session(offer, text);
}
