/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "control/sdp_crypto.h"
#include "control/sdp_line.h"
#include "control/session_request.h"

#define FORMATS     128 /* payload types */
#define FMTP_BYTES  320 /* of one format's parameters; what is longer is not looked at */
#define INTERLEAVED 2   /* packetization-mode, RFC 6184 section 6.4: not taken */

/* The m-line that is being read. */
struct section {
	struct sdp_media *media; /* NULL: the session's own lines */
	uint8_t order[FORMATS];  /* payload types as the m-line lists them */
	unsigned formats;
	bool known[FORMATS]; /* a codec of ours */
	uint8_t channels[FORMATS];
	enum codec codec[FORMATS];
	char fmtp[FORMATS][FMTP_BYTES];
	bool port_zero, bundle_only, secure;
	enum sdp_direction direction;
	const char *crypto_refusal;
};

struct parser {
	struct sdp_offer *offer;
	struct section section;
	enum sdp_direction direction; /* of the session, where an m-line says nothing */
	char bundle[512];             /* mids of a=group:BUNDLE, each with a space before and behind */
	struct sdp_lines lines;
	char *why;
};

/* Whether the format can be recorded as its parameters have it. */
static bool usable(struct section *s, uint8_t type)
{
	if (!s->known[type])
		return false;
	if (s->codec[type] != CODEC_H264)
		return true;
	sdp_fmtp_h264(&s->media->h264, s->fmtp[type]);
	return s->media->h264.packetization_mode < INTERLEAVED;
}

/* The section is whole: choose the format, and say why it is no track. RFC 3264 section 6. */
static const char *judge(struct section *s)
{
	struct sdp_media *m = s->media;
	static const char *const transports[] = { "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF" };
	unsigned i;

	for (i = 0; i < 4 && strcmp(m->transport, transports[i]); i++)
		;
	if (i == 4)
		return "transport other than RTP/AVP, AVPF, SAVP, SAVPF";
	s->secure = i >= 2 || m->crypto.profile != PROFILE_PLAIN || s->crypto_refusal;
	if (s->port_zero && !s->bundle_only)
		return "port 0";
	if (s->direction == SDP_RECVONLY || s->direction == SDP_INACTIVE)
		return "its sender does not send";
	for (i = 0; i < s->formats && !usable(s, s->order[i]); i++)
		;
	if (i == s->formats)
		return "no codec that is supported";
	m->payload_type = s->order[i];
	m->codec = s->codec[m->payload_type];
	m->channels = s->channels[m->payload_type];
	if (codec_info(m->codec)->video != !strcmp(m->kind, "video"))
		return "codec of another kind of media";
	if (s->secure && m->crypto.profile == PROFILE_PLAIN)
		return s->crypto_refusal ? s->crypto_refusal : "no a=crypto line";
	return NULL;
}

static void end_section(struct parser *p)
{
	if (p->section.media)
		p->section.media->refusal = judge(&p->section);
}

/* Payload types that are these codecs unless a=rtpmap says otherwise (RFC 3551 section 6). */
static void begin_section(struct parser *p, struct sdp_media *m)
{
	static const enum codec fixed[][2] = { { 0, CODEC_PCMU }, { 8, CODEC_PCMA } };
	struct section *s = &p->section;

	memset(s, 0, sizeof(*s));
	s->media = m;
	s->direction = p->direction;
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		s->codec[fixed[i][0]] = fixed[i][1];
		s->channels[fixed[i][0]] = 1;
		s->known[fixed[i][0]] = true;
	}
}

/* m=video 5004 RTP/SAVP 96 97 (RFC 8866 section 5.14) */
static int parse_media(struct parser *p, const char *value)
{
	struct sdp_media *m;
	const char *word;
	size_t len;
	uint32_t port;

	end_section(p);
	if (p->offer->media_count == SDP_MEDIA)
		return sdp_line_refuse(&p->lines, p->why, "more than %u m-lines", SDP_MEDIA);
	m = &p->offer->media[p->offer->media_count++];
	begin_section(p, m);
	len = sdp_line_word(&value, &word);
	if (!sdp_line_token(m->kind, sizeof(m->kind), word, len))
		return sdp_line_refuse(&p->lines, p->why, "m= without a kind of media");
	sdp_line_word(&value, &word);
	if (!sdp_line_number(word, " ", 65535, &port))
		return sdp_line_refuse(
		        &p->lines, p->why, "m= with a port that is not one number of 0 to 65535");
	p->section.port_zero = !port;
	len = sdp_line_word(&value, &word);
	if (!sdp_line_token(m->transport, sizeof(m->transport), word, len))
		return sdp_line_refuse(&p->lines, p->why, "m= without a transport");
	if (!sdp_line_token(m->format, sizeof(m->format), value, strcspn(value, " ")))
		return sdp_line_refuse(&p->lines, p->why, "m= without a format");
	while (*value) {
		uint8_t type;

		sdp_line_word(&value, &word);
		if (sdp_line_payload_type(word, &type) && p->section.formats < FORMATS)
			p->section.order[p->section.formats++] = type;
	}
	return 0;
}

/* a=rtpmap:96 VP8/90000, a=rtpmap:111 opus/48000/2 (RFC 8866 section 6.6; names in any case, RFC 4855 section
 * 3) */
static void parse_rtpmap(struct section *s, const char *value)
{
	char name[LIMIT_CODEC_BYTES + 1];
	uint32_t rate, channels = 1;
	enum codec codec;
	const char *slash;
	uint8_t type;

	if (!sdp_line_payload_type(value, &type) || !(value = strchr(value, ' ')))
		return;
	s->known[type] = false;
	slash = strchr(++value, '/');
	if (!slash || (size_t)(slash - value) >= sizeof(name))
		return;
	memcpy(name, value, (size_t)(slash - value));
	name[slash - value] = '\0';
	codec = session_request_codec(name);
	if (codec == CODECS || !sdp_line_number(slash + 1, "/ ", 1u << 20, &rate) ||
	        rate != codec_info(codec)->clock_rate)
		return;
	slash = strchr(slash + 1, '/');
	if (slash && (!sdp_line_number(slash + 1, " ", 2, &channels) || !channels))
		return;
	if (!codec_info(codec)->video && channels > codec_channels(codec))
		return;
	s->codec[type] = codec;
	s->channels[type] = codec_info(codec)->video ? 0 : (uint8_t)channels;
	s->known[type] = !session_request_is_rtcp_conflict(type);
}

/* a=fmtp:111 sprop-stereo=0: the sender of "opus/48000/2" says that it is mono (RFC 7587 section 6.1). */
static void parse_fmtp(struct section *s, const char *value)
{
	const char *text = strchr(value, ' ');
	uint8_t type;

	if (!sdp_line_payload_type(value, &type) || !text)
		return;
	if (strstr(text, "sprop-stereo=0") && s->channels[type] == 2)
		s->channels[type] = 1;
	if (strlen(text) < FMTP_BYTES)
		strcpy(s->fmtp[type], text);
}

static void parse_crypto(struct section *s, const char *value)
{
	struct sdp_crypto crypto;
	const char *why = sdp_crypto_parse(&crypto, value, strlen(value));

	if (why)
		s->crypto_refusal = why;
	else if (s->media->crypto.profile == PROFILE_PLAIN ||
	         sdp_crypto_is_better(&crypto, &s->media->crypto))
		s->media->crypto = crypto;
	explicit_bzero(&crypto, sizeof(crypto));
}

/* The first a=ssrc of an m-line is its sender; retransmissions come behind (RFC 5576). */
static void parse_ssrc(struct sdp_media *m, const char *value)
{
	if (!m->ssrc_known)
		m->ssrc_known = sdp_line_number(value, " ", UINT32_MAX, &m->ssrc);
}

static int parse_session_attribute(struct parser *p, const char *text)
{
	const char *group = sdp_line_value(text, "group");

	sdp_line_direction(text, &p->direction);
	if (group && !strncmp(group, "BUNDLE ", 7)) {
		if ((size_t)snprintf(p->bundle, sizeof(p->bundle), " %s ", group + 7) >= sizeof(p->bundle))
			return sdp_line_refuse(&p->lines, p->why, "a=group:BUNDLE is too long");
	}
	return 0;
}

static int parse_media_attribute(struct parser *p, const char *text)
{
	struct sdp_media *m = p->section.media;
	const char *value;

	if (sdp_line_direction(text, &p->section.direction))
		return 0;
	if ((value = sdp_line_value(text, "rtpmap")))
		parse_rtpmap(&p->section, value);
	else if ((value = sdp_line_value(text, "fmtp")))
		parse_fmtp(&p->section, value);
	else if ((value = sdp_line_value(text, "crypto")))
		parse_crypto(&p->section, value);
	else if ((value = sdp_line_value(text, "ssrc")))
		parse_ssrc(m, value);
	else if ((value = sdp_line_value(text, "rtcp-fb")) && strstr(value, " nack pli"))
		m->has_pli = true;
	else if (!strcmp(text, "rtcp-mux"))
		m->has_rtcp_mux = true;
	else if (!strcmp(text, "bundle-only"))
		p->section.bundle_only = true;
	else if ((value = sdp_line_value(text, "mid")) &&
	         !sdp_line_token(m->mid, sizeof(m->mid), value, strlen(value)))
		return sdp_line_refuse(&p->lines, p->why, "a=mid is empty, too long or no token");
	else if ((value = sdp_line_value(text, "label")) &&
	         !sdp_line_token(m->label, sizeof(m->label), value, strlen(value)))
		return sdp_line_refuse(&p->lines, p->why, "a=label is empty, too long or no token");
	return 0;
}

static void parse_name(struct sdp_offer *offer, const char *value)
{
	static const char *const nothing[] = { "-", " ", "No Name" }; /* the last is ffmpeg's */

	for (unsigned i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		if (!strcmp(value, nothing[i]))
			return;
	}
	if (strlen(value) < sizeof(offer->name))
		memcpy(offer->name, value, strlen(value) + 1);
}

/* One line "x=value", without its end. */
static int parse_line(struct parser *p, const char *line)
{
	const char *value = line + 2, *not_first = p->lines.number == 1 ? sdp_line_not_first(line) : NULL;

	if (not_first)
		return sdp_line_refuse(&p->lines, p->why, "%s", not_first);
	if (!sdp_line_is_sound(line))
		return sdp_line_refuse(&p->lines, p->why, "a line is a letter, '=' and a value");
	if (*line == 'm')
		return parse_media(p, value);
	if (*line == 'a')
		return p->section.media ? parse_media_attribute(p, value) : parse_session_attribute(p, value);
	if (*line == 's' && !p->section.media)
		parse_name(p->offer, value);
	if (*line == 't' && !p->section.media && strspn(value, "0123456789 ") == strlen(value) &&
	        strlen(value) < SDP_WORD)
		memcpy(p->offer->time, value, strlen(value) + 1);
	return 0;
}

static int parse_lines(struct parser *p)
{
	int r;

	while ((r = sdp_line_next(&p->lines, p->why)) > 0) {
		r = parse_line(p, p->lines.text);
		if (r)
			break;
	}
	explicit_bzero(p->lines.text, sizeof(p->lines.text));
	return r;
}

int sdp_parse(struct sdp_offer *ret_offer, const char *text, size_t len, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct parser p = { .offer = ret_offer, .why = ret_why };
	int r;

	memset(ret_offer, 0, sizeof(*ret_offer));
	memcpy(ret_offer->time, "0 0", 4);
	sdp_line_begin(&p.lines, text, len);
	r = parse_lines(&p);
	if (r)
		return r;
	end_section(&p);
	if (!ret_offer->media_count)
		return sdp_line_refuse(&p.lines, p.why, "an offer has m-lines");
	for (unsigned i = 0; i < ret_offer->media_count; i++) {
		struct sdp_media *m = &ret_offer->media[i];
		char mid[SDP_WORD + 2];

		snprintf(mid, sizeof(mid), " %s ", m->mid);
		m->is_bundled = *m->mid && strstr(p.bundle, mid);
	}
	return 0;
}
